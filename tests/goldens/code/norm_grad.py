import numpy as np
from gradgen.runtime.support import masked_divide


def norm_grad(x):
    """Gradient of norm with respect to x (zoo.py:161).

    x: f64[n]
    """
    # forward sweep
    value = np.sqrt((x ** 2).sum())  # zoo.py:162
    # reverse sweep
    x_bar = masked_divide(1.0, value) * x
    return x_bar
