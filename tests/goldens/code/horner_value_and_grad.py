def horner_value_and_grad(x, c):
    """Value and gradient of horner with respect to x (zoo.py:108).

    x: float
    c: f64[n]
    """
    # forward sweep
    c3 = c[3]  # zoo.py:109
    prod = x * (c[2] + x * c3)
    total = c[1] + prod
    value = c[0] + x * total
    # reverse sweep
    x_bar = total + prod + x * x * c3
    return value, x_bar
