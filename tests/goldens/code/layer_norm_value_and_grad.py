import numpy as np
from gradgen.runtime.support import masked_divide


def layer_norm_value_and_grad(x):
    """Value and gradient of layer_norm with respect to x (zoo.py:252).

    x: f64[n,m]
    """
    # forward sweep
    mu = x.mean(axis=1, keepdims=True)  # zoo.py:253
    centred = x - mu  # zoo.py:254
    var = (centred ** 2).mean(axis=1, keepdims=True)  # zoo.py:255
    sqrt = np.sqrt(var + 1e-05)  # zoo.py:256
    ratio = centred / sqrt
    value = (ratio ** 3).sum()
    # reverse sweep
    centred_bar = 3 * ratio ** 2 / sqrt
    total = (centred_bar * ratio).sum(axis=1, keepdims=True)
    # zoo.py:255
    centred_bar1 = centred_bar - masked_divide(total, sqrt) / x.shape[1] * centred
    x_bar = centred_bar1 - centred_bar.mean(axis=1, keepdims=True)  # zoo.py:253
    return value, x_bar
