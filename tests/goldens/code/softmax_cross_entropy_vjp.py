import numpy as np
from gradgen.runtime.support import masked_divide


def softmax_cross_entropy_vjp(w, x, y, value_bar=1.0):
    """Value and adjoint of softmax_cross_entropy in w (zoo.py:68).

    w: f64[n,m]
    x: f64[k,n]
    y: f64[k,m]
    value_bar: f64
    """
    # forward sweep
    z = x @ w  # zoo.py:69
    max_z = z.max(axis=1, keepdims=True)  # zoo.py:70
    z1 = z - max_z
    exp_z1 = np.exp(z1)  # zoo.py:71
    sum_exp_z1 = exp_z1.sum(axis=1, keepdims=True)
    log_p = z1 - np.log(sum_exp_z1)
    value = -(y * log_p).sum(axis=1).mean()  # zoo.py:72
    # reverse sweep
    ratio = value_bar / x.shape[0]
    prod = ratio * y.sum(axis=1, keepdims=True)  # zoo.py:71
    sum_exp_z1_bar = masked_divide(prod, sum_exp_z1)
    z1_bar = sum_exp_z1_bar * exp_z1 - ratio * y
    chosen = z == max_z  # zoo.py:70
    sum_chosen = chosen.sum(axis=1, keepdims=True)
    z_bar = (
        z1_bar
        + chosen * ((prod - sum_exp_z1_bar * sum_exp_z1) / np.maximum(sum_chosen, 1))
    )
    w_bar = x.T @ z_bar  # zoo.py:69
    return value, w_bar
