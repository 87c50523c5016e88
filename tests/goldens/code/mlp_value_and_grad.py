import numpy as np
from gradgen.runtime.support import larger


def mlp_value_and_grad(layers, x, y):
    """Value and gradient of mlp with respect to layers (zoo.py:81).

    layers: [(f64[n,m], f64[m]), (f64[m,q], f64[q])]
    x: f64[s,n]
    y: f64[s,q]
    """
    (W1, b1), (W2, b2) = layers
    # forward sweep
    total = x @ W1  # zoo.py:83
    total += b1
    x1 = np.maximum(total, 0)
    z = x1 @ W2  # zoo.py:85
    z += b2
    z -= z.max(axis=1, keepdims=True)  # zoo.py:86
    exp_z = np.exp(z)  # zoo.py:87
    sum_exp_z = exp_z.sum(axis=1, keepdims=True)
    log_p = z - np.log(sum_exp_z)
    value = -(y * log_p).sum(axis=1).mean()  # zoo.py:88
    # reverse sweep
    log_p_bar = -1.0 / x.shape[0] * y
    # zoo.py:87
    z_bar = log_p_bar - log_p_bar.sum(axis=1, keepdims=True) / sum_exp_z * exp_z
    b2_bar = z_bar.sum(axis=0)  # zoo.py:85
    x1_bar = z_bar @ W2.T
    W2_bar = x1.T @ z_bar
    x1_bar *= larger(total, 0)  # zoo.py:83
    b1_bar = x1_bar.sum(axis=0)
    W1_bar = x.T @ x1_bar
    return value, [(W1_bar, b1_bar), (W2_bar, b2_bar)]
