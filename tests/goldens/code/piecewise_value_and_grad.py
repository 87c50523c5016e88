import numpy as np


def piecewise_value_and_grad(x):
    """Value and gradient of piecewise with respect to x (region_zoo.py:75).

    x: float
    """
    # forward sweep
    mask = x > 1.0  # region_zoo.py:76
    if mask:
        y = x * x  # region_zoo.py:77
        y = np.float64(y)  # region_zoo.py:76
    elif x > 0.0:  # region_zoo.py:78
        y = np.sin(x)  # region_zoo.py:79
    else:
        y = np.exp(x) - 1.0  # region_zoo.py:81
    # reverse sweep
    if mask:  # region_zoo.py:76
        x_bar = np.float64(2 * x)  # region_zoo.py:78
    elif x > 0.0:
        x_bar = np.cos(x)  # region_zoo.py:79
    else:
        x_bar = np.exp(x)  # region_zoo.py:81
    return y, x_bar
