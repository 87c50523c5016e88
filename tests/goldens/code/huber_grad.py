import numpy as np


def huber_grad(x, delta):
    """Gradient of huber with respect to x (zoo.py:271).

    x: f64[n]
    delta: float
    """
    # forward sweep
    a = abs(x)  # zoo.py:272
    mask = a < delta  # zoo.py:273
    # reverse sweep
    x_bar = np.where(mask, x, 0.0)
    x_bar += np.where(mask, 0.0, delta) * np.sign(x)  # zoo.py:272
    return x_bar
