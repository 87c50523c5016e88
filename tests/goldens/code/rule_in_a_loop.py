import numpy as np


def softplus(x):
    """softplus itself (test_rule.py:36).

    x: f64[n]
    """
    log1p = np.log1p(np.exp(x))  # test_rule.py:37
    return log1p


def clipped(x):
    """clipped itself (test_rule.py:155).

    x: f64[n]
    """
    upper = np.maximum(x, 0.0)  # test_rule.py:156
    return upper


def clipped_adjoint(value_bar):
    """Adjoint of clipped, by its rule (test_rule.py:160).

    value_bar: f64[n]
    """
    value_bar = value_bar.copy()
    return value_bar


def softplus_adjoint(value_bar, value):
    """Adjoint of softplus, by its rule (test_rule.py:41).

    value_bar: f64[n]
    value: f64[n]
    """
    x_bar = value_bar * (1.0 - np.exp(-value))  # test_rule.py:42
    return x_bar


def tracked_grad(x, steps):
    """Gradient of tracked with respect to x (test_rule.py:165).

    x: f64[n]
    steps: int
    """
    # forward sweep
    softplus_x_tape = np.empty((max(steps, 0), *x.shape))
    for i in range(steps):  # test_rule.py:166
        softplus_x = softplus(x)  # test_rule.py:167
        softplus_x_tape[i] = softplus_x
        x = clipped(x - 0.1 * softplus_x)
    # reverse sweep
    x_bar = 2 * x  # test_rule.py:168
    for softplus_x in reversed(softplus_x_tape):  # test_rule.py:166
        x_bar = clipped_adjoint(x_bar)  # test_rule.py:167
        x_bar1 = softplus_adjoint(-0.1 * x_bar, softplus_x)
        x_bar += x_bar1
    return x_bar
