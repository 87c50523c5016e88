"""Functions with branches and loops whose generated code is kept as goldens.

The goldens hold line numbers of this file: append new functions at the end.
"""

from __future__ import annotations

import numpy as np

from tests.codegen.zoo import Example

REGION_ZOO: list[Example] = []


def example(*args, mode="grad", params=(0,)):
    """Enter a function, for arguments like ``args``, once for each word of ``mode``."""

    def enter(function):
        REGION_ZOO.extend(Example(function, m, args, params) for m in mode.split())
        return function

    return enter


VECTOR = np.array([0.5, -1.0, 2.0, 0.25])
MATRIX = np.arange(12.0).reshape(4, 3) / 7.0


@example(VECTOR, 0.1, 4, mode="value_and_grad vjp jvp", params=(0, 1))
def simulate(x, dt, steps):
    x = x.copy()
    for i in range(1, steps):
        x[i] = x[i - 1] + dt * np.sin(x[i - 1])
    return x[-1]


@example(VECTOR, 0.7, 3, mode="value_and_grad", params=(0, 1))
def recurrent(x, w, steps):
    h = np.zeros_like(x)
    for _ in range(steps):
        h = np.tanh(w * h + x)
    return np.sum(h)


@example(MATRIX, VECTOR, mode="grad", params=(0,))
def row_by_row(A, v):
    total = 0.0
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            total += np.sin(A[i, j] * v[i])
    return total


@example(2.0, mode="value_and_grad jvp")
def newton_root(a):
    x = a
    while abs(x * x - a) > 1e-10:
        x = 0.5 * (x + a / x)
    return x


@example(0.8, mode="value_and_grad")
def taylor_exp(x):
    total = 0.0
    term = 1.0
    for k in range(1, 50):
        total += term
        term = term * x / k
        if abs(term) < 1e-12:
            break
    return total


@example(0.4, mode="value_and_grad jvp")
def piecewise(x):
    if x > 1.0:
        y = x * x
    elif x > 0.0:
        y = np.sin(x)
    else:
        y = np.exp(x) - 1.0
    return y


@example(0.4, 2.0, mode="value_and_grad jvp", params=(0, 1))
def larger_slope(x, w):
    slope = w if x > 0.0 else 0.1 * w
    return slope * x


@example(0.7, 5, mode="value_and_grad jvp")
def swapping(x, n):
    a, b = x, 2.0 * x
    for _ in range(n):
        a, b = b, a * b
    return a


@example(0.7, 6, mode="value_and_grad jvp")
def first_above(x, n):
    total = 0.0
    for i in range(n):
        total = total + x * i
        if total > 3.0:
            return total * total
    return total


@example(VECTOR, 3, mode="value_and_grad")
def smooth(u, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1] = 0.5 * (u[:-2] + u[2:])
    return np.sum(u**2)


@example(VECTOR, mode="value_and_grad")
def skips_negative(x):
    total = 0.0
    for i in range(0, x.shape[0], 2):
        if x[i] < 0.0:
            continue
        total += np.sqrt(x[i])
    return total
