import numpy as np
from gradgen.runtime.support import masked_divide


def gravity_grad(p, mass):
    """Gradient of gravity with respect to p (zoo.py:131).

    p: f64[n,m]
    mass: f64[n]
    """
    # forward sweep
    d = p[:, None] - p[None]  # zoo.py:132
    r2 = (d ** 2).sum(axis=2) + 0.01  # zoo.py:133
    sqrt_r2 = np.sqrt(r2)  # zoo.py:134
    ratio = mass[:, None] * mass / sqrt_r2
    # reverse sweep
    prod = masked_divide(-0.5 / sqrt_r2 * ratio, sqrt_r2)[:, :, None] * d  # zoo.py:133
    p_bar = prod.sum(axis=0)  # zoo.py:132
    p_bar -= prod.sum(axis=1)
    return p_bar
