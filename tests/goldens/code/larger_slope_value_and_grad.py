def larger_slope_value_and_grad(x, w):
    """Value and gradient of larger_slope with respect to x, w (region_zoo.py:86).

    x: float
    w: float
    """
    # forward sweep
    mask = x > 0.0  # region_zoo.py:87
    if not mask:
        w *= 0.1
    value = w * x  # region_zoo.py:88
    # reverse sweep
    if mask:  # region_zoo.py:87
        w_bar = x
    else:
        w_bar = 0.1 * x
    return value, (w, w_bar)
