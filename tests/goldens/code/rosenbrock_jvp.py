def rosenbrock_jvp(x, x_dot):
    """Value and tangent of rosenbrock along x (zoo.py:103).

    x: f64[n]
    x_dot: f64[n]
    """
    part = x[:-1]  # zoo.py:104
    part_dot = x_dot[:-1]
    diff = x[1:] - part ** 2
    prod = (x_dot[1:] - 2 * (part_dot * part)) * diff
    diff1 = 1.0 - part
    value = (100.0 * diff ** 2 + diff1 ** 2).sum()
    value_dot = (200.0 * prod - 2 * (part_dot * diff1)).sum()
    return value, value_dot
