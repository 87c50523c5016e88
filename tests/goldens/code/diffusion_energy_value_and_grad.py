import numpy as np


def diffusion_energy_value_and_grad(u):
    """Value and gradient of diffusion_energy with respect to u (zoo.py:260).

    u: f64[n]
    """
    # forward sweep
    v = u[2:] - 2.0 * u[1:-1] + u[:-2]  # zoo.py:261
    squared = v ** 2  # zoo.py:262
    value = squared.mean()
    # reverse sweep
    v_bar = 2.0 / max(squared.size, 1) * v
    u_bar = np.zeros_like(u)  # zoo.py:261
    u_bar[:-2] += v_bar
    u_bar[1:-1] -= 2.0 * v_bar
    u_bar[2:] += v_bar
    return value, u_bar
