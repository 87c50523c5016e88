import numpy as np


def tanh_network_grad(layers, x):
    """Gradient of tanh_network with respect to layers (zoo.py:96).

    layers: [(f32[n,m], f32[m]), (f32[m,q], f32[q])]
    x: f32[s,n]
    """
    (W1, b1), (W2, b2) = layers
    # forward sweep
    x1 = np.tanh(x @ W1 + b1)  # zoo.py:98
    x2 = np.tanh(x1 @ W2 + b2)
    # reverse sweep
    total_bar = 2 * (1 - x2 * x2) * x2
    b2_bar = total_bar.sum(axis=0)
    x1_bar = total_bar @ W2.T
    W2_bar = x1.T @ total_bar
    x1_bar *= 1 - x1 * x1
    b1_bar = x1_bar.sum(axis=0)
    W1_bar = x.T @ x1_bar
    return [(W1_bar, b1_bar), (W2_bar, b2_bar)]
