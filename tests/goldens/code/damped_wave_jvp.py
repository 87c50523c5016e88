import numpy as np


def damped_wave_jvp(a, t, a_dot, t_dot):
    """Value and tangent of damped_wave along a, t (zoo.py:223).

    a: float
    t: f64[n]
    a_dot: float
    t_dot: f64[n]
    """
    prod = a_dot * t  # zoo.py:224
    exp = np.exp(-a * t)
    prod1 = a * exp
    prod1_dot = a_dot * exp - (prod + t_dot * a) * exp * a
    prod = 2.0 * t
    cos_prod = np.cos(prod)
    sin_prod = np.sin(prod)
    value = (prod1 * cos_prod).sum()
    value_dot = (prod1_dot * cos_prod - 2.0 * prod1 * sin_prod * t_dot).sum()
    return value, value_dot
