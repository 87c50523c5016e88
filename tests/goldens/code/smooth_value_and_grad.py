def smooth_value_and_grad(u, steps):
    """Value and gradient of smooth with respect to u (region_zoo.py:110).

    u: f64[n]
    steps: int
    """
    # forward sweep
    u = u.copy()  # region_zoo.py:112
    for _ in range(steps):
        u[1:-1] = 0.5 * (u[:-2] + u[2:])  # region_zoo.py:113
    value = (u ** 2).sum()  # region_zoo.py:114
    # reverse sweep
    u_bar = 2 * u
    for _ in range(steps):  # region_zoo.py:112
        prod_bar = u_bar[1:-1].copy()  # region_zoo.py:113
        u_bar[1:-1] = 0.0
        prod_bar *= 0.5
        u_bar[2:] += prod_bar
        u_bar[:-2] += prod_bar
    return value, u_bar
