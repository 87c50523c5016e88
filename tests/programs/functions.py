"""Calls: recursion, functions as values, closures, arguments, comprehensions."""

from __future__ import annotations

import functools
import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)

FACTOR = 1.5
CENTRES = np.array([0.1, 0.4])


def square(x):
    return x * x


def is_even(x, k):
    return x * x if k == 0 else is_odd(math.sin(x), k - 1)


def is_odd(x, k):
    return x if k == 0 else 0.7 * is_even(x * 1.3, k - 1)


def power(x, k):
    if k == 0:
        return 1.0
    half = power(x, k // 2)
    return half * half * x if k % 2 else half * half


def sum_between(x, lo, hi):
    if hi - lo == 1:
        return math.sin(x[lo])
    middle = (lo + hi) // 2
    return sum_between(x, lo, middle) * 0.9 + sum_between(x, middle, hi)


def fill_from(x, out, k):
    if k < len(x):
        out[k] = x[k] ** 2
        fill_from(x, out, k + 1)


def shrink(x):
    return x if x < 0.3 else shrink(0.5 * x * x + 0.2 * x)


@program(lambda r, n, m: (r(), 5))
def recursive_power(x, k):
    return power(x, k) + power(x, 3)


@program(lambda r, n, m: (r(),))
def recursion_until_small(x):
    return shrink(x) * 2.0


@program(lambda r, n, m: (r(), 4))
def mutual_recursion(x, k):
    return is_even(x, k) * is_odd(x, 3)


@program(lambda r, n, m: (r(n),))
def recursion_by_halves(x):
    return sum_between(x, 0, len(x))


@program(lambda r, n, m: (r(n),))
def recursion_that_writes(x):
    out = np.zeros(len(x))
    fill_from(x, out, 0)
    return out @ x


@program(lambda r, n, m: (r(),))
def fibonacci(x):
    def fib(k):
        return x if k < 2 else fib(k - 1) + 0.5 * fib(k - 2)

    return fib(6) * x


@program(lambda r, n, m: (r(n), r()))
def function_as_argument(x, s):
    def fold(f, values, start):
        for v in values:
            start = f(start, v)
        return start

    return fold(lambda a, b: math.sin(a) + b, x, s) + fold(max, x, 0.0)


@program(lambda r, n, m: (r(n), r()))
def function_as_result(x, s):
    def scaled_by(factor):
        def scaled(v):
            return factor * v

        return scaled

    twice, more = scaled_by(2.0), scaled_by(s)
    return np.sum(more(twice(x)) ** 2)


@program(lambda r, n, m: (r(),))
def composes(x):
    def compose(*functions):
        def composed(v):
            for f in reversed(functions):
                v = f(v)
            return v

        return composed

    return compose(math.sin, square, math.exp)(x)


@program(lambda r, n, m: (r(n), r()))
def closure_reads_late(x, s):
    def scaled(v):
        return v * factor

    factor = s
    first = scaled(x)
    factor = s**2
    return np.sum(first) * np.sum(scaled(x))


@program(lambda r, n, m: (r(),))
def lambdas_of_a_loop(x):
    functions = [lambda v: v**k for k in range(4)]
    bound = [lambda v, k=k: v**k for k in range(4)]
    return sum(f(x) for f in functions) + sum(f(x) for f in bound)


@program(lambda r, n, m: (r(n),))
def nonlocal_accumulator(x):
    total = 0.0

    def add(v):
        nonlocal total
        total = total * 0.5 + v**2

    for v in x:
        add(v)
        add(total)
    return total


@program(lambda r, n, m: (r(n), r()))
def counter_in_closure(x, s):
    def make():
        count = 0

        def step(v):
            nonlocal count
            count += 1
            return v * count

        return step

    first, second = make(), make()
    for v in x:
        s = first(s) * v + second(v)
    return s * second(s)


@program(lambda r, n, m: (r(n),))
def defaults_and_keywords(x):
    def affine(v, scale=FACTOR, *, shift=0.1):
        return v * scale + shift

    y = affine(x) + affine(x, 2.0) + affine(x, shift=x[0])
    return np.sum(affine(scale=y, v=x))


@program(lambda r, n, m: (r(), r(), r()))
def star_arguments(x, y, z):
    def weighted(first, *rest, power=2, **named):
        total = first
        for k, v in enumerate(rest):
            total += (k + 1) * v**power
        return total * named["scale"] + named.get("missing", 0.0)

    return weighted(x, y, z, scale=y) + weighted(*(x, y), **{"scale": z, "power": 3})


@program(lambda r, n, m: (r(n),))
def list_comprehension(x):
    ys = [math.sin(v) for v in x]
    return sum(ys) + ys[0] * ys[-1]


@program(lambda r, n, m: (r(n) * np.where(np.arange(n) % 2, -1.0, 1.0),))
def comprehension_with_condition(x):
    positive = [v * v for v in x if v > 0]
    return sum(positive) * len(positive)


@program(lambda r, n, m: (r(n),))
def comprehension_over_range(x):
    odd = [x[i] * i for i in range(len(x)) if i % 2 == 1]
    even = [x[i] + i for i in range(0, len(x), 2)]
    return sum(odd) + sum(v * v for v in even)


@program(lambda r, n, m: (r(n, m),))
def nested_comprehension(A):
    rows = [sum([v**2 for v in row]) for row in A]
    return sum(s * s for s in rows)


@program(lambda r, n, m: (r(n),))
def array_of_comprehension(x):
    y = np.array([v * x[0] for v in x])
    return y @ x


@program(lambda r, n, m: (r(),))
def comprehension_over_constants(x):
    basis = {k: x**k for k in range(4)}
    pairs = [(a, b) for a in range(3) for b in range(a)]
    return sum(basis[a] * basis[b] for a, b in pairs) + basis[3]


@program(lambda r, n, m: (r(n),))
def map_and_filter(x):
    total = sum(map(square, x))
    return total + sum(filter(lambda v: v > 0.1, [x[0], -x[0]]))


@program(lambda r, n, m: (r(), r(), r()))
def reduces(x, y, z):
    return functools.reduce(lambda a, b: a * b + a, [x, y, z])


@program(lambda r, n, m: (r(n), r()))
def partial_application(x, s):
    scaled = functools.partial(np.multiply, s)
    return np.sum(scaled(scaled(x)))


@program(lambda r, n, m: (r(m),))
def captured_constants(x):
    total = 0.0
    for centre in CENTRES:
        total += np.sum((x - centre) ** 2) * FACTOR
    return total


@program(lambda r, n, m: (r(n),))
def helper_with_branch_in_loop(x):
    def soft(v, t):
        return v - t if v > t else 0.1 * v

    total = 0.0
    for i in range(len(x)):
        total += soft(x[i] * 2.0, 0.1) * soft(0.01 * x[i], 0.1)
    return total


@program(lambda r, n, m: (r(), 1))
def function_from_dict(x, k):
    table = {0: math.sin, 1: square}
    return table[k](x) * x


@program(lambda r, n, m: (r(), r()))
def function_chosen_when_running(x, y):
    f = math.cos if y > 3.0 else math.sin
    g = square if y > 0.1 else math.exp
    return f(x) * g(y)
