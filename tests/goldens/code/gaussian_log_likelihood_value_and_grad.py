import numpy as np


def gaussian_log_likelihood_value_and_grad(mu, sigma, x):
    """Value and gradient of gaussian_log_likelihood with respect to mu, sigma
    (zoo.py:113).

    mu: float
    sigma: float
    x: f64[n]
    """
    # forward sweep
    z = (x - mu) / sigma  # zoo.py:114
    size = x.size  # zoo.py:115
    value = -0.5 * (z ** 2).sum() - size * np.log(sigma)
    # reverse sweep
    sigma_bar = z / sigma @ z - size / sigma  # zoo.py:114
    mu_bar = z.sum() / sigma
    return value, (mu_bar, sigma_bar)
