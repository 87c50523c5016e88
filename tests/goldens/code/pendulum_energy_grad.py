import math


def pendulum_energy_grad(theta, omega, length):
    """Gradient of pendulum_energy with respect to theta, omega (zoo.py:125).

    theta: float
    omega: float
    length: float
    """
    # forward sweep
    squared = length ** 2  # zoo.py:126
    # reverse sweep
    theta_bar = 9.81 * math.sin(theta) * length  # zoo.py:127
    omega_bar = omega * squared  # zoo.py:126
    return theta_bar, omega_bar
