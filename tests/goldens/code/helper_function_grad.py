import numpy as np
from gradgen.runtime.support import masked_divide


def helper_function_grad(x, y):
    """Gradient of helper_function with respect to x (zoo.py:233).

    x: f64[n]
    y: f64[n]
    """
    # forward sweep
    shifted = x - x.mean()  # zoo.py:228
    sqrt = np.sqrt((shifted ** 2).mean())  # zoo.py:229
    ratio = 2.0 * shifted / sqrt
    # reverse sweep
    prod_bar = y / sqrt
    prod = prod_bar @ ratio
    shifted_bar = 2.0 * prod_bar - masked_divide(prod, sqrt) / x.shape[0] * shifted
    x_bar = shifted_bar - 2.0 * prod_bar.mean()  # zoo.py:228
    return x_bar
