import numpy as np


def gaussian_log_likelihood_jvp(mu, sigma, x, mu_dot, sigma_dot):
    """Value and tangent of gaussian_log_likelihood along mu, sigma (zoo.py:113).

    mu: float
    sigma: float
    x: f64[n]
    mu_dot: float
    sigma_dot: float
    """
    z = (x - mu) / sigma  # zoo.py:114
    prod = z * sigma_dot
    size = x.size  # zoo.py:115
    value = -0.5 * (z ** 2).sum() - size * np.log(sigma)
    value_dot = (mu_dot + prod) / sigma @ z - sigma_dot / sigma * size
    return value, value_dot
