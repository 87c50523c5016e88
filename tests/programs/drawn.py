"""Random numbers that are drawn on the way, from generators that the programs make.

Each run draws the same numbers, so that differences see the derivative at fixed draws.
"""

from __future__ import annotations

import numpy as np

from gradgen import checkpoint, checkpointed
from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n), r()))
def locations_and_scales(x, s):
    rng = np.random.default_rng(1)
    y = rng.normal(x, s) + rng.laplace(s, x) * rng.logistic(x, 0.5)
    y = y + rng.gumbel(x, s, len(x)) * rng.uniform(x - 1.0, s)
    y = y + rng.exponential(s, size=len(x)) + rng.rayleigh(x)
    return y * rng.lognormal(s, 0.1 * x) + rng.gamma(2.5, x) + rng.uniform(s, 2.0)


@program(lambda r, n, m: (r(n, m), r(m)))
def drawn_to_a_size(a, b):
    rng = np.random.default_rng(2)
    n, m = a.shape
    y = a * rng.normal(b, size=(n, m)) + rng.triangular(b - 1.0, b, 2.0, (n, m))
    return y * rng.weibull(b + 1.0, (n, m)) * rng.pareto(a + 3.0) * rng.power(a)


@program(lambda r, n, m: (r(n), n))
def order_of_draws(x, count):
    rng = np.random.default_rng(3)
    rng.random()
    y = np.sin(x) * rng.standard_normal(count)
    rng.standard_normal(2)
    z = rng.standard_normal(count) * y + rng.standard_normal(count)
    return z * z * np.random.default_rng(3).random()


@program(lambda r, n, m: (r(n), r()))
def draws_in_a_loop(x, s):
    rng = np.random.default_rng(4)
    total = 0.0
    for v in x:
        if rng.random() < 0.5:
            total = np.tanh(total * rng.normal(v, s)) + v * s
        else:
            total = total + rng.exponential(v) * np.sin(total + s)
        if rng.random() < 0.1:
            break
    return total * rng.normal(s)


@program(lambda r, n, m: (r(n),))
def draws_that_end_a_loop(x):
    rng = np.random.default_rng(5)
    while rng.random() < 0.7:
        x = np.sin(x) * rng.normal(x, 0.3)
    return x


@program(lambda r, n, m: (r(n), n))
def generators_in_a_loop(x, count):
    total = x * 0.5
    for i in range(count):
        rng = np.random.default_rng(i)
        other = rng if rng.random() < 0.5 else np.random.default_rng([i, 7])
        total = total * x + other.standard_normal(len(x)) * np.cos(total)
    return total


def walk(x, depth, rng):
    if rng.random() < 0.2 or depth < 1:
        return x * rng.standard_normal()
    return np.sin(walk(x * rng.normal(x, 0.1), depth - 1, rng)) + x * rng.random()


@program(lambda r, n, m: (r(), 2 * n))
def draws_in_recursion(x, depth):
    rng = np.random.default_rng(6)
    return walk(x, depth, rng) * rng.random()


def noisy(x, w, rng):
    e = rng.standard_normal(len(x))
    rng.random()
    return np.tanh(x * w + 0.3 * e) * x[rng.integers(len(x))]


@program(lambda r, n, m: (r(n), r(n)))
def draws_that_are_recorded(x, w):
    rng = np.random.default_rng(7)
    again = checkpoint(noisy)
    for v in w:
        x = again(x, w * v, rng)
    return again(x, w, rng) * rng.random()


def wanders(x, w, rng):
    for v in w:
        for i in range(3):
            x = np.sin(x * rng.normal(v, 0.2)) + 0.1 * i
        if rng.random() < 0.5:
            x = x * rng.exponential(v)
        else:
            x = x + 0.3 * rng.standard_normal(len(x))
    return x


@program(lambda r, n, m: (r(n), r(m)))
def recorded_in_loops_and_branches(x, w):
    rng = np.random.default_rng(12)
    twice = checkpoint(lambda z: checkpoint(wanders)(z * rng.random(), w, rng))
    return twice(x) * rng.random()


@program(lambda r, n, m: (r(n), m))
def recorded_in_every_turn(x, count):
    rng = np.random.default_rng(13)
    y = x
    for i in checkpointed(range(2 * count), every=3):
        y = np.tanh(y * rng.normal(x, 0.3)) * rng.random() + 0.1 * i
        if i > 1:
            y = y + x * rng.standard_normal()
    return y * rng.random()


@program(lambda r, n, m: (r(n, m), r(m)))
def places_and_orders(a, b):
    rng = np.random.default_rng(8)
    y = np.sin(a)
    rng.shuffle(y, axis=1)
    z = rng.choice(b, (2, 3)).sum() * rng.choice(a, len(b), axis=0)[0]
    chosen = rng.permuted(a, axis=0) * rng.permutation(a, axis=1)
    index = rng.integers(0, len(b), size=2)
    row = y[rng.integers(len(a))]
    rng.shuffle(row[::2])
    return chosen * y * z + rng.permutation(b) * b[index].sum() * row


@program(lambda r, n, m: (r(m), r(m, m), n))
def correlated(mean, a, count):
    rng = np.random.default_rng(9)
    cov = a @ a.T + 3.0 * np.eye(len(mean))
    y = rng.multivariate_normal(mean, cov, count, method="cholesky")
    z = rng.multivariate_normal(np.sin(mean), np.eye(len(mean)))
    return np.sin(y) * rng.multivariate_normal(mean, cov, method="cholesky") * z


@program(lambda r, n, m: (r(n), r()))
def filled_with_draws(x, s):
    rng = np.random.default_rng(10)
    buffer = np.zeros((2, len(x)))
    rng.standard_normal(out=buffer[1])
    rng.random(out=buffer[0])
    counts = rng.poisson(3.0, len(x)) + rng.binomial(4, 0.5)
    return buffer * x * counts + s * rng.choice(5, p=[0.1, 0.2, 0.3, 0.2, 0.2])
