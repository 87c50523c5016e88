import numpy as np


def damped_wave_grad(a, t):
    """Gradient of damped_wave with respect to a, t (zoo.py:223).

    a: float
    t: f64[n]
    """
    # forward sweep
    exp = np.exp(-a * t)  # zoo.py:224
    prod = 2.0 * t
    cos_prod = np.cos(prod)
    # reverse sweep
    sin_prod = np.sin(prod)
    prod_bar = cos_prod * a * exp
    t_bar = -(2.0 * a * sin_prod * exp + prod_bar * a)
    a_bar = cos_prod @ exp - prod_bar @ t
    return a_bar, t_bar
