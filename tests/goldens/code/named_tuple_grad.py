import numpy as np


def named_tuple_grad(p, x):
    """Gradient of named_tuple with respect to p (zoo.py:202).

    p: Affine(scale=f64[n], shift=f64[n])
    x: f64[k,n]
    """
    scale = p.scale
    shift = p.shift
    # forward sweep
    tanh = np.tanh(scale * x + shift)  # zoo.py:203
    # reverse sweep
    total_bar = 1 - tanh * tanh
    shift_bar = total_bar.sum(axis=0)
    scale_bar = (total_bar * x).sum(axis=0)
    return Affine(scale=scale_bar, shift=shift_bar)
