import math


def scalar_value_and_grad(x):
    """Value and gradient of scalar with respect to x (zoo.py:218).

    x: float
    """
    # forward sweep
    sin_x = math.sin(x)  # zoo.py:219
    exp_x = math.exp(x)
    total = 1 + x * x
    ratio = exp_x / total
    value = sin_x * x + ratio
    # reverse sweep
    exp_x_bar = 1.0 / total
    prod = 2 * exp_x_bar * ratio * x
    x_bar = exp_x_bar * exp_x - prod + sin_x + x * math.cos(x)
    return value, x_bar
