import numpy as np


def several_results_vjp(x, w, value_bar):
    """Value and adjoint of several_results in x, w (zoo.py:282).

    x: f64[n,m]
    w: f64[m]
    value_bar: {'sum': f64[m], 'all': [f64[n,m], f64[n,m]]}
    """
    value_bar_sum = value_bar['sum']
    value_bar_all_0 = value_bar['all'][0]
    x_bar = value_bar['all'][1]
    # forward sweep
    z = x * w  # zoo.py:283
    sum_z = z.sum(axis=0)  # zoo.py:284
    tanh_z = np.tanh(z)
    # reverse sweep
    z_bar = value_bar_all_0 * (1 - tanh_z * tanh_z)
    z_bar += value_bar_sum
    x_bar = x_bar + z_bar * w  # zoo.py:283
    w_bar = (z_bar * x).sum(axis=0)
    x = x.copy()
    return {'sum': sum_z, 'all': [tanh_z, x]}, (x_bar, w_bar)
