import numpy as np


def damped_wave_jvp(a, t, a_dot, t_dot):
    """Value and tangent of damped_wave along a, t (zoo.py:223).

    a: float
    t: f64[n]
    a_dot: float
    t_dot: f64[n]
    """
    prod = a_dot * t  # zoo.py:224
    prod1 = t_dot * a
    exp = np.exp(-a * t)
    prod2 = a * exp
    prod2_dot = a_dot * exp - (prod + prod1) * exp * a
    prod = 2.0 * t
    cos_prod = np.cos(prod)
    prod = np.sin(prod) * t_dot
    value = (prod2 * cos_prod).sum()
    value_dot = (prod2_dot * cos_prod - 2.0 * (prod2 * prod)).sum()
    return value, value_dot
