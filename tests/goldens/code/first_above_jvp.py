def first_above_jvp(x, n, x_dot):
    """Value and tangent of first_above along x (region_zoo.py:100).

    x: float
    n: int
    x_dot: float
    """
    total = 0.0
    total_dot = 0.0
    for i in range(n):  # region_zoo.py:102
        total += x * i  # region_zoo.py:103
        total_dot += x_dot * i
        if total > 3.0:  # region_zoo.py:104
            prod = total * total  # region_zoo.py:105
            prod_dot = 2 * total_dot * total
            return prod, prod_dot
    return total, total_dot
