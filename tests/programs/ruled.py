"""Functions with rules of the user's, and functions that are called as they are."""

from __future__ import annotations

import math

import numpy as np

from gradgen import checkpoint, checkpointed, grad, jvp, nondiff, rule, vjp
from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)

SCALES = np.array([0.5, 1.5])


def wave(x, a):
    return np.sin(a * x)


@rule(wave)
def wave_adjoint(value_bar, value, x, a):
    common = value_bar * slope(x, a)
    return a * common, np.sum(x * common)


@rule(wave, mode="tangent")
def wave_tangent(x_dot, a_dot, value, x, a):
    return slope(x, a) * (a * x_dot + x * a_dot)


def slope(x, a):
    return np.cos(a * x)


@rule(slope)
def slope_adjoint(value_bar, value, x, a):
    common = -value_bar * wave(x, a)
    return a * common, np.sum(x * common)


@rule(slope, mode="tangent")
def slope_tangent(x_dot, a_dot, value, x, a):
    return -wave(x, a) * (a * x_dot + x * a_dot)


def logistic(x):
    """Call what cannot be read."""
    return eval("1.0 / (1.0 + exp(-x))", {"exp": np.exp, "x": x})


@rule(logistic, result=lambda x: 1.0 / (1.0 + np.exp(-x)))
def logistic_adjoint(value_bar, value, x):
    return value_bar * value * (1.0 - value)


@rule(logistic, mode="tangent")
def logistic_tangent(x_dot, value, x):
    return value * (1.0 - value) * x_dot


def solve(a, b):
    """Return the root of x ** 3 + a x = b by Newton's method."""
    x = b
    for _ in range(60):
        x = x - (x**3 + a * x - b) / (3.0 * x**2 + a)
    return x


@rule(solve)
def solve_adjoint(x_bar, x, a, b):
    b_bar = x_bar / (3.0 * x**2 + a)
    return -b_bar * x, b_bar


@rule(solve, mode="tangent")
def solve_tangent(a_dot, b_dot, x, a, b):
    return (b_dot - a_dot * x) / (3.0 * x**2 + a)


def halves(x, parts):
    """Return two arrays of other lengths, and a number."""
    k = len(x) // 2
    return {"low": x[:k] * parts[0], "high": (np.exp(x[k:]), parts[1] * 2.0)}


@rule(halves)
def halves_adjoint(bar, value, x, parts):
    high_bar, number_bar = bar["high"]
    k = len(x) // 2
    x_bar = np.concatenate([bar["low"] * parts[0], high_bar * value["high"][0]])
    return x_bar, [np.sum(bar["low"] * x[:k]), 2.0 * number_bar]


@rule(halves, mode="tangent")
def halves_tangent(x_dot, parts_dot, value, x, parts):
    k = len(x) // 2
    low_dot = x_dot[:k] * parts[0] + x[:k] * parts_dot[0]
    high_dot = value["high"][0] * x_dot[k:]
    return {"low": low_dot, "high": (high_dot, 2.0 * parts_dot[1])}


def scaled(x, k):
    return x * SCALES[k]


@rule(scaled)
def scaled_adjoint(value_bar, value, x, k):
    return value_bar * SCALES[k], None


@rule(scaled, mode="tangent")
def scaled_tangent(x_dot, k_dot, value, x, k):
    assert k_dot is None
    return SCALES[k] * x_dot


@nondiff
def sign(x):
    return 1.0 if np.sum(x) > 0.0 else -1.0


@program(lambda r, n, m: (r(n), r()))
def rule_of_an_array_and_a_number(x, a):
    return wave(x, a) * wave(a * x, 2.0)


@program(lambda r, n, m: (r(), r()))
def rule_of_numbers(x, a):
    return wave(x, a) + wave(wave(a, x), a)


@program(lambda r, n, m: (r(n, m), r(n, 1)))
def rule_of_matrices_broadcast_outside(x, w):
    return np.sum(wave(x * w, 1.5), axis=0)


@program(lambda r, n, m: (r(n), r(), 5))
def rule_in_a_loop(x, a, k):
    for i in range(k):
        x = wave(x, a) + 0.1 * i
        a = 0.5 * a + np.sum(x) / len(x)
    return x


@program(lambda r, n, m: (r(n), r()))
def rule_of_elements(x, a):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = wave(x[i], a) * y[i - 1] + wave(a, x[i])
    return y


@program(lambda r, n, m: (r(n), r()))
def rule_on_one_path(x, a):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.6:
            total += wave(x[i], a)
        else:
            total = total * 0.5 + x[i] * a
    return total


@program(lambda r, n, m: (r(), r()))
def rule_until_small(x, a):
    count = 0
    while abs(x) > 0.05 and count < 20:
        x = 0.6 * wave(x, a) + 0.1 * x
        count += 1
    return x * a


@program(lambda r, n, m: (r(n),))
def opaque_of_an_array(x):
    y = logistic(x) * x
    y += logistic(y)
    return logistic(y)


@program(lambda r, n, m: (r(), 4))
def opaque_in_a_loop(x, k):
    total = x
    for _ in range(k):
        total = total * logistic(total) + logistic(2.0 * x)
    return total


@program(lambda r, n, m: (r(n),))
def opaque_result_written_to(x):
    y = logistic(x)
    z = logistic(x)
    y[0] = z[-1] * x[0]
    z *= y
    return y + z


@program(lambda r, n, m: (r(), r()))
def implicit_root(a, b):
    return solve(a, b) * b + solve(b, a)


@program(lambda r, n, m: (r(n), r(n)))
def implicit_roots(a, b):
    return np.sum(solve(a, b) ** 2)


@program(lambda r, n, m: (r(n), r(), r()))
def rule_of_trees(x, p, q):
    found = halves(x, [p, q])
    high, number = found["high"]
    return np.sum(found["low"]) * number + np.sum(high) * p


@program(lambda r, n, m: (r(n),))
def rule_with_an_index(x):
    y = x
    for k in range(2):
        y = y + scaled(x * y, k) + scaled(y, 1 - k)
    return y


@program(lambda r, n, m: (r(n), r()))
def rule_in_a_derivative(x, a):
    def energy(x):
        return np.sum(wave(x, a) ** 2)

    value, tangent = jvp(energy, (x,), (x,))
    return grad(energy)(x) * tangent + value


@program(lambda r, n, m: (r(n), r()))
def rule_in_a_pullback(x, a):
    y, pullback = vjp(lambda x, a: wave(x, a), x, a)
    x_bar, a_bar = pullback(np.cos(y))
    return x_bar * a_bar


@program(lambda r, n, m: (r(n), r(), 6))
def rule_in_a_checkpointed_loop(x, a, k):
    for i in checkpointed(range(k), every=2):
        x = wave(x, a) * 1.1 + 0.01 * i
    return x


@program(lambda r, n, m: (r(n), r(), 6))
def rule_in_a_loop_in_memory(x, a, k):
    for i in checkpointed(range(k), memory=600):
        x = wave(x, a) * 1.1 + logistic(x) * 0.01 * i
    return x


@program(lambda r, n, m: (r(n), r()))
def rule_computed_again(x, a):
    layer = checkpoint(lambda x: wave(logistic(x), a))
    return layer(layer(x))


def nested(x, k):
    return x if k == 0 else wave(x, 0.9) * nested(0.7 * x, k - 1)


@program(lambda r, n, m: (r(), 4))
def rule_in_a_recursion(x, k):
    return nested(x, k)


@program(lambda r, n, m: (r(n),))
def rule_of_a_part(x):
    chosen = x[x > 0.5]
    return np.sum(wave(chosen, 1.3)) + np.sum(logistic(chosen)) + math.sqrt(x[0])


@program(lambda r, n, m: (r(n),), least=2)
def rule_of_views(x):
    return wave(x[1:], 1.2) * logistic(x[:-1][::-1]) + wave(x[::-1][1:], 0.8)


@program(lambda r, n, m: (r(n),))
def without_derivative(x):
    return x * sign(x) + np.sum(x) * sign(-x)
