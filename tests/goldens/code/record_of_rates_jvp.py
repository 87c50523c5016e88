import math


def record_of_rates_jvp(rates, t, rates_dot):
    """Value and tangent of record_of_rates along rates (zoo.py:213).

    rates: Rates(growth=float, decay=float)
    t: float
    rates_dot: Rates(growth=float, decay=float)
    """
    growth = rates.growth
    decay = rates.decay
    growth_dot = rates_dot.growth
    decay_dot = rates_dot.decay
    exp = math.exp(growth * t)  # zoo.py:214
    total = 1.0 + decay * t
    value = exp / total
    value_dot = (growth_dot * t * exp - value * decay_dot * t) / total
    return value, value_dot
