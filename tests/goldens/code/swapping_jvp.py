def swapping_jvp(x, n, x_dot):
    """Value and tangent of swapping along x (region_zoo.py:92).

    x: float
    n: int
    x_dot: float
    """
    b = 2.0 * x  # region_zoo.py:93
    b_dot = 2.0 * x_dot
    a = x
    a_dot = x_dot
    for _ in range(n):  # region_zoo.py:94
        a, b, a_dot, b_dot = b, a * b, b_dot, a_dot * b + b_dot * a  # region_zoo.py:95
    return a, a_dot
