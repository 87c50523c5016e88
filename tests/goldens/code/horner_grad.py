def horner_grad(x, c):
    """Gradient of horner with respect to x (zoo.py:108).

    x: float
    c: f64[n]
    """
    # forward sweep
    c3 = c[3]  # zoo.py:109
    prod = x * (c[2] + x * c3)
    total = c[1] + prod
    # reverse sweep
    x_bar = total + prod + x * x * c3
    return x_bar
