import numpy as np


def simulate_value_and_grad(x, dt, steps):
    """Value and gradient of simulate with respect to x, dt (region_zoo.py:30).

    x: f64[n]
    dt: float
    steps: int
    """
    # forward sweep
    x = x.copy()  # region_zoo.py:32
    x_part_tape = np.empty(max(steps - 1, 0))
    for i in range(1, steps):
        x_part = x[i - 1]  # region_zoo.py:33
        x_part_tape[i - 1] = x_part
        x[i] = x_part + dt * np.sin(x_part)
    value = x[-1]  # region_zoo.py:34
    # reverse sweep
    x_bar = np.zeros_like(x)
    x_bar[-1] += 1.0
    dt_bar = np.float64(0.0)
    for i in reversed(range(1, steps)):  # region_zoo.py:32
        x_part = x_part_tape[i - 1]
        total_bar = x_bar[i]  # region_zoo.py:33
        x_bar[i] = 0.0
        dt_bar += total_bar * np.sin(x_part)
        x_bar[i - 1] += total_bar * dt * np.cos(x_part) + total_bar
    return value, (x_bar, dt_bar)
