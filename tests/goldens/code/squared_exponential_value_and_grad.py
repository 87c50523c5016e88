import numpy as np


def squared_exponential_value_and_grad(x, y, length):
    """Value and gradient of squared_exponential with respect to x, length (zoo.py:119).

    x: f64[n,m]
    y: f64[k,m]
    length: float
    """
    # forward sweep
    diff = x[:, None] - y[None]  # zoo.py:120
    d2 = (diff ** 2).sum(axis=2)
    squared = length ** 2  # zoo.py:121
    ratio = -0.5 * d2 / squared
    exp_ratio = np.exp(ratio)
    value = exp_ratio.sum()
    # reverse sweep
    exp_ratio /= squared
    length_bar = -2 * (exp_ratio * ratio).sum() * length
    x_bar = -(exp_ratio[:, :, None] * diff).sum(axis=1)  # zoo.py:120
    return value, (x_bar, length_bar)
