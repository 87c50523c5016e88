import math


def pendulum_energy_jvp(theta, omega, length, theta_dot, omega_dot):
    """Value and tangent of pendulum_energy along theta, omega (zoo.py:125).

    theta: float
    omega: float
    length: float
    theta_dot: float
    omega_dot: float
    """
    prod = 0.5 * length ** 2  # zoo.py:126
    kinetic = prod * omega ** 2
    kinetic_dot = 2 * prod * omega_dot * omega
    prod = 9.81 * length  # zoo.py:127
    value = kinetic + prod * (1.0 - math.cos(theta))
    value_dot = kinetic_dot + theta_dot * math.sin(theta) * prod
    return value, value_dot
