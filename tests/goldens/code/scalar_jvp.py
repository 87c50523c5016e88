import math


def scalar_jvp(x, x_dot):
    """Value and tangent of scalar along x (zoo.py:218).

    x: float
    x_dot: float
    """
    sin_x = math.sin(x)  # zoo.py:219
    prod_dot = x_dot * math.cos(x) * x + x_dot * sin_x
    exp_x = math.exp(x)
    exp_x_dot = x_dot * exp_x
    total = 1 + x * x
    ratio = exp_x / total
    value = sin_x * x + ratio
    value_dot = prod_dot + (exp_x_dot - 2 * ratio * x_dot * x) / total
    return value, value_dot
