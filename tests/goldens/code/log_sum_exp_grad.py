import numpy as np


def log_sum_exp_grad(x):
    """Gradient of log_sum_exp with respect to x (zoo.py:166).

    x: f64[n]
    """
    # forward sweep
    top = x.max()  # zoo.py:167
    exp = np.exp(x - top)  # zoo.py:168
    sum_exp = exp.sum()
    # reverse sweep
    x_bar = exp / sum_exp
    return x_bar
