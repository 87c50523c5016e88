import numpy as np


def convolution_grad(k, x):
    """Gradient of convolution with respect to k, x (zoo.py:180).

    k: f64[n]
    x: f64[m]
    """
    # forward sweep
    part = k[0]  # zoo.py:181
    part1 = x[:-2]
    part2 = k[1]
    part3 = x[1:-1]
    part4 = k[2]
    part5 = x[2:]
    y = part * part1 + part2 * part3 + part4 * part5
    # reverse sweep
    y_bar = 2 * y  # zoo.py:182
    x_bar = np.zeros_like(x)  # zoo.py:181
    x_bar[2:] += y_bar * part4
    k_bar = np.zeros_like(k)
    k_bar[2] += y_bar @ part5
    x_bar[1:-1] += y_bar * part2
    k_bar[1] += y_bar @ part3
    x_bar[:-2] += y_bar * part
    k_bar[0] += y_bar @ part1
    return k_bar, x_bar
