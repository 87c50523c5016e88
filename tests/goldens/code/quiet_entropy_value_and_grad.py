import numpy as np


def quiet_entropy_value_and_grad(p):
    """Value and gradient of quiet_entropy with respect to p (zoo.py:288).

    p: f64[n]
    """
    # forward sweep
    with np.errstate(divide="ignore", invalid="ignore"):
        mask = p > 0.0  # zoo.py:290
        log_p = np.log(p)
        terms = np.where(mask, p * log_p, 0.0)
    value = -terms.sum()  # zoo.py:291
    # reverse sweep
    with np.errstate(divide="ignore", invalid="ignore"):
        p_bar = np.where(mask, -(log_p + p / p), 0.0)  # zoo.py:290
    return value, p_bar
