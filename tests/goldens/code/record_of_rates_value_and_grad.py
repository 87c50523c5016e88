import math


def record_of_rates_value_and_grad(rates, t):
    """Value and gradient of record_of_rates with respect to rates (zoo.py:213).

    rates: Rates(growth=float, decay=float)
    t: float
    """
    growth = rates.growth
    decay = rates.decay
    # forward sweep
    exp = math.exp(growth * t)  # zoo.py:214
    total = 1.0 + decay * t
    value = exp / total
    # reverse sweep
    exp_bar = 1.0 / total
    decay_bar = -(exp_bar * value * t)
    growth_bar = exp_bar * exp * t
    return value, Rates(growth=growth_bar, decay=decay_bar)
