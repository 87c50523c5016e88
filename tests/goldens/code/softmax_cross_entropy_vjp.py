import numpy as np


def softmax_cross_entropy_vjp(w, x, y, value_bar=1.0):
    """Value and adjoint of softmax_cross_entropy in w (zoo.py:68).

    w: f64[n,m]
    x: f64[k,n]
    y: f64[k,m]
    value_bar: f64
    """
    # forward sweep
    z = x @ w  # zoo.py:69
    z -= z.max(axis=1, keepdims=True)  # zoo.py:70
    exp_z = np.exp(z)  # zoo.py:71
    sum_exp_z = exp_z.sum(axis=1, keepdims=True)
    log_p = z - np.log(sum_exp_z)
    value = -(y * log_p).sum(axis=1).mean()  # zoo.py:72
    # reverse sweep
    ratio = value_bar / x.shape[0]
    # zoo.py:71
    z_bar = ratio * y.sum(axis=1, keepdims=True) / sum_exp_z * exp_z - ratio * y
    w_bar = x.T @ z_bar  # zoo.py:69
    return value, w_bar
