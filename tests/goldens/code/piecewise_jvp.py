import numpy as np


def piecewise_jvp(x, x_dot):
    """Value and tangent of piecewise along x (region_zoo.py:75).

    x: float
    x_dot: float
    """
    if x > 1.0:  # region_zoo.py:76
        y = x * x  # region_zoo.py:77
        y_dot = 2 * x_dot * x
        y = np.float64(y)  # region_zoo.py:76
        y_dot = np.float64(y_dot)
    elif x > 0.0:  # region_zoo.py:78
        y = np.sin(x)  # region_zoo.py:79
        y_dot = x_dot * np.cos(x)
    else:
        exp_x = np.exp(x)  # region_zoo.py:81
        y_dot = x_dot * exp_x
        y = exp_x - 1.0
    return y, y_dot
