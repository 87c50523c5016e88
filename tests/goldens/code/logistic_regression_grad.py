import numpy as np


def logistic_regression_grad(w, x, y):
    """Gradient of logistic_regression with respect to w (zoo.py:62).

    w: f64[n]
    x: f64[m,n]
    y: f64[m]
    """
    # forward sweep
    z = x @ w  # zoo.py:63
    exp_z = np.exp(z)  # zoo.py:64
    total = 1.0 + exp_z
    # reverse sweep
    ratio = 1.0 / x.shape[0]
    z_bar = ratio / total * exp_z - ratio * y
    w_bar = z_bar @ x  # zoo.py:63
    return w_bar
