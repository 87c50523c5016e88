def autoregression_grad(phi, c, x):
    """Gradient of autoregression with respect to phi, c (zoo.py:148).

    phi: float
    c: float
    x: f64[n]
    """
    # forward sweep
    x1 = x[1]  # zoo.py:151
    x0 = x[0]
    diff = x1 - c - phi * x0
    x2 = x[2]
    diff1 = x2 - c - phi * x1
    diff2 = x[3] - c - phi * x2
    # reverse sweep
    phi_bar = -2 * (x2 * diff2 + x1 * diff1 + x0 * diff)
    c_bar = -2 * (diff2 + diff1 + diff)
    return phi_bar, c_bar
