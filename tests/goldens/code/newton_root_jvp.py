def newton_root_jvp(a, a_dot):
    """Value and tangent of newton_root along a (region_zoo.py:55).

    a: float
    a_dot: float
    """
    x = a
    x_dot = a_dot
    while abs(x * x - a) > 1e-10:  # region_zoo.py:57
        ratio = a / x  # region_zoo.py:58
        x_dot = 0.5 * (x_dot + (a_dot - ratio * x_dot) / x)
        x = 0.5 * (x + ratio)
    return x, x_dot
