import numpy as np


def logistic_regression_jvp(w, x, y, w_dot):
    """Value and tangent of logistic_regression along w (zoo.py:62).

    w: f64[n]
    x: f64[m,n]
    y: f64[m]
    w_dot: f64[n]
    """
    z = x @ w  # zoo.py:63
    z_dot = x @ w_dot
    exp_z = np.exp(z)  # zoo.py:64
    total = 1.0 + exp_z
    value = (np.log(total) - y * z).mean()
    value_dot = (z_dot * exp_z / total - z_dot * y).mean()
    return value, value_dot
