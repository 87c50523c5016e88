import numpy as np
from gradgen.runtime.support import masked_divide


def skips_negative_value_and_grad(x):
    """Value and gradient of skips_negative with respect to x (region_zoo.py:118).

    x: f64[n]
    """
    # forward sweep
    n = x.shape[0]
    total = np.float64(0.0)
    for i in range(0, n, 2):  # region_zoo.py:120
        x_part = x[i]  # region_zoo.py:121
        if not x_part < 0.0:
            total += np.sqrt(x_part)  # region_zoo.py:123
    # reverse sweep
    x_bar = np.zeros_like(x)  # region_zoo.py:120
    for i in reversed(range(0, n, 2)):
        x_part = x[i]  # region_zoo.py:121
        if not x_part < 0.0:
            # region_zoo.py:123
            x_bar[i] += masked_divide(np.float64(0.5), np.sqrt(x_part))
    return total, x_bar
