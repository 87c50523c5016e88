import numpy as np


def convolution_grad(k, x):
    """Gradient of convolution with respect to k, x (zoo.py:180).

    k: f64[n]
    x: f64[m]
    """
    # forward sweep
    k0 = k[0]  # zoo.py:181
    x_part = x[:-2]
    k1 = k[1]
    x_part1 = x[1:-1]
    k2 = k[2]
    x_part2 = x[2:]
    y = k0 * x_part + k1 * x_part1 + k2 * x_part2
    # reverse sweep
    y_bar = 2 * y  # zoo.py:182
    x_bar = np.zeros_like(x)  # zoo.py:181
    x_bar[2:] += y_bar * k2
    k_bar = np.zeros_like(k)
    k_bar[2] += y_bar @ x_part2
    x_bar[1:-1] += y_bar * k1
    k_bar[1] += y_bar @ x_part1
    x_bar[:-2] += y_bar * k0
    k_bar[0] += y_bar @ x_part
    return k_bar, x_bar
