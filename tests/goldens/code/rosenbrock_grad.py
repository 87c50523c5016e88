import numpy as np


def rosenbrock_grad(x):
    """Gradient of rosenbrock with respect to x (zoo.py:103).

    x: f64[n]
    """
    # forward sweep
    x_part = x[:-1]  # zoo.py:104
    diff = x[1:] - x_part ** 2
    diff1 = 1.0 - x_part
    # reverse sweep
    diff *= 200.0
    x_bar = np.zeros_like(x)
    x_bar[:-1] -= 2 * (diff1 + diff * x_part)
    x_bar[1:] += diff
    return x_bar
