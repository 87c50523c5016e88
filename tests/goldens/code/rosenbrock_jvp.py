def rosenbrock_jvp(x, x_dot):
    """Value and tangent of rosenbrock along x (zoo.py:103).

    x: f64[n]
    x_dot: f64[n]
    """
    x_part = x[:-1]  # zoo.py:104
    prod = 2 * x_dot[:-1]
    squared_dot = prod * x_part
    diff = x[1:] - x_part ** 2
    diff1 = 1.0 - x_part
    value = (100.0 * diff ** 2 + diff1 ** 2).sum()
    value_dot = (200.0 * (x_dot[1:] - squared_dot) * diff - prod * diff1).sum()
    return value, value_dot
