import numpy as np


def log_sum_exp_jvp(x, x_dot):
    """Value and tangent of log_sum_exp along x (zoo.py:166).

    x: f64[n]
    x_dot: f64[n]
    """
    top = x.max()  # zoo.py:167
    chosen = x == top
    top_dot = (x_dot * chosen).sum() / np.maximum(np.count_nonzero(chosen), 1)
    exp = np.exp(x - top)  # zoo.py:168
    sum_exp = exp.sum()
    value = top + np.log(sum_exp)
    value_dot = top_dot + (x_dot - top_dot) @ exp / sum_exp
    return value, value_dot
