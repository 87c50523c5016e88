import numpy as np


def simulate_jvp(x, dt, steps, x_dot, dt_dot):
    """Value and tangent of simulate along x, dt (region_zoo.py:30).

    x: f64[n]
    dt: float
    steps: int
    x_dot: f64[n]
    dt_dot: float
    """
    x = x.copy()  # region_zoo.py:32
    x_dot = x_dot.copy()
    for i in range(1, steps):
        x_part = x[i - 1]  # region_zoo.py:33
        x_dot_part = x_dot[i - 1]
        sin_x_part = np.sin(x_part)
        cos_x_part = np.cos(x_part)
        x[i] = x_part + dt * sin_x_part
        x_dot[i] = x_dot_part + (dt_dot * sin_x_part + x_dot_part * cos_x_part * dt)
    value = x[-1]  # region_zoo.py:34
    value_dot = x_dot[-1]
    return value, value_dot
