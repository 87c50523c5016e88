import numpy as np


def cross_entropy_f32_value_and_grad(p, q):
    """Value and gradient of cross_entropy_f32 with respect to p, q (zoo.py:277).

    p: f32[n]
    q: f32[n]
    """
    # forward sweep
    log_q = np.log(q)  # zoo.py:278
    value = -(p * log_q).sum()
    # reverse sweep
    p_bar = -log_q
    q_bar = -(p / q)
    return value, (p_bar, q_bar)
