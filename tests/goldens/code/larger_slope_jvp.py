def larger_slope_jvp(x, w, x_dot, w_dot):
    """Value and tangent of larger_slope along x, w (region_zoo.py:86).

    x: float
    w: float
    x_dot: float
    w_dot: float
    """
    if not x > 0.0:  # region_zoo.py:87
        w *= 0.1
        w_dot *= 0.1
    value = w * x  # region_zoo.py:88
    value_dot = w_dot * x + x_dot * w
    return value, value_dot
