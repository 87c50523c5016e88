import numpy as np


def huber_grad(x, delta):
    """Gradient of huber with respect to x (zoo.py:271).

    x: f64[n]
    delta: float
    """
    # forward sweep
    a = np.abs(x)  # zoo.py:272
    mask = a < delta  # zoo.py:273
    # reverse sweep
    a_bar = np.where(mask, 0.0, delta)
    x_bar = np.where(mask, x, 0.0)
    x_bar += a_bar * np.sign(x)  # zoo.py:272
    return x_bar
