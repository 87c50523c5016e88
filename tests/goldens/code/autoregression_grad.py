def autoregression_grad(phi, c, x):
    """Gradient of autoregression with respect to phi, c (zoo.py:148).

    phi: float
    c: float
    x: f64[n]
    """
    # forward sweep
    part = x[1]  # zoo.py:151
    part1 = x[0]
    diff = part - c - phi * part1
    part2 = x[2]
    diff1 = part2 - c - phi * part
    diff2 = x[3] - c - phi * part2
    # reverse sweep
    prod = 2 * diff2
    prod1 = prod * part2
    prod2 = 2 * diff1
    prod3 = 2 * diff
    phi_bar = -(prod1 + prod2 * part + prod3 * part1)
    c_bar = -(prod + prod2 + prod3)
    return phi_bar, c_bar
