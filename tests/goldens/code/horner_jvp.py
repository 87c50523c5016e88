def horner_jvp(x, c, x_dot):
    """Value and tangent of horner along x (zoo.py:108).

    x: float
    c: f64[n]
    x_dot: float
    """
    c3 = c[3]  # zoo.py:109
    prod_dot = x_dot * c3
    total = c[2] + x * c3
    total1 = c[1] + x * total
    value_dot = x_dot * total1 + (x_dot * total + prod_dot * x) * x
    value = c[0] + x * total1
    return value, value_dot
