def horner_jvp(x, c, x_dot):
    """Value and tangent of horner along x (zoo.py:108).

    x: float
    c: f64[n]
    x_dot: float
    """
    part = c[3]  # zoo.py:109
    prod_dot = x_dot * part
    total = c[2] + x * part
    prod = x_dot * total
    total = c[1] + x * total
    prod_dot = x_dot * total + (prod + prod_dot * x) * x
    value = c[0] + x * total
    return value, prod_dot
