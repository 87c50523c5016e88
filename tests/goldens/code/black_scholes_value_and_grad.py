import math


def black_scholes_value_and_grad(s, k, sigma, r, t):
    """Value and gradient of black_scholes with respect to s, sigma (zoo.py:138).

    s: float
    k: float
    sigma: float
    r: float
    t: float
    """
    # forward sweep
    sqrt_t = math.sqrt(t)  # zoo.py:139
    spread = sigma * sqrt_t
    ratio = s / k  # zoo.py:140
    d1 = (math.log(ratio) + (r + 0.5 * sigma ** 2) * t) / spread
    d2 = d1 - spread  # zoo.py:141
    exp = math.exp(-1.702 * d1)  # zoo.py:142
    total = 1.0 + exp
    n1 = 1.0 / total
    exp1 = math.exp(-1.702 * d2)  # zoo.py:143
    total1 = 1.0 + exp1
    n2 = 1.0 / total1
    prod = k * math.exp(-r * t)  # zoo.py:144
    value = s * n1 - prod * n2
    # reverse sweep
    d2_bar = -1.702 * prod / total1 * n2 * exp1  # zoo.py:143
    total_bar = (d2_bar + 1.702 * s / total * n1 * exp) / spread  # zoo.py:140
    s_bar = n1 + total_bar / ratio / k
    sigma_bar = sigma * total_bar * t - (d2_bar + total_bar * d1) * sqrt_t  # zoo.py:139
    return value, (s_bar, sigma_bar)
