"""Recursion to a depth that only a run knows."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)

RATE = 0.6


class Total(NamedTuple):
    """What is passed on from call to call."""

    value: float
    weight: float


def even_turn(v):
    return v * v if v < 0.1 else odd_turn(0.6 * v) + 1.0


def odd_turn(v):
    return v if v < 0.2 else 0.5 * even_turn(0.8 * v)


def outer_shrink(v):
    return v if v < 0.1 else outer_shrink(v * 0.5) * v + inner_shrink(v)


def inner_shrink(v):
    return math.sin(v) if v < 0.2 else 0.3 * inner_shrink(v * 0.7) + 0.1


@program(lambda r, n, m: (r(n),))
def own_recursion(x):
    if np.sum(x) < 1.0:
        return x * x
    return own_recursion(x * 0.5) + x


@program(lambda r, n, m: (r(n),))
def mutual_recursion_until_small(x):
    return even_turn(x[0]) * odd_turn(2.0 * x[0])


@program(lambda r, n, m: (r(),))
def recursion_in_recursion(x):
    return outer_shrink(x) * x


@program(lambda r, n, m: (r(),))
def two_calls_in_an_expression(x):
    def fib(v):
        return v if v < 0.4 else fib(v - 0.3) + 0.5 * fib(v * 0.6)

    return fib(x + 0.5)


@program(lambda r, n, m: (r(n),))
def calls_in_both_branches(x):
    def rec(v):
        if v < 0.05:
            return v
        if v > 0.4:
            return rec(v * 0.5) + v**2
        else:
            return rec(v * 0.3) * v

    return rec(x[0]) + rec(2.0 * x[-1])


@program(lambda r, n, m: (r(),))
def calls_in_a_test(x):
    def is_even(v):
        return v < 0.1 or (v > 0.5 and is_even(v - 0.31)) or not is_even(v - 0.17)

    return x * x if is_even(x) else math.sin(x)


@program(lambda r, n, m: (r(n),))
def accumulator_in_arguments(x):
    def rec(k, acc):
        if k == len(x):
            return acc
        return rec(k + 1, acc * 0.5 + x[k] ** 2)

    return rec(0, 0)


@program(lambda r, n, m: (r(n),))
def accumulated_tuple(x):
    def rec(k, both):
        total, product = both
        if k == len(x):
            return both
        return rec(k + 1, (total + x[k] ** 2, product * x[k]))

    total, product = rec(0, (0.0, 1.0))
    return total * product


@program(lambda r, n, m: (r(n),))
def tuple_result(x):
    def rec(k):
        if k == len(x):
            return 0.0, 1.0
        total, product = rec(k + 1)
        return total + x[k] ** 2, product * x[k]

    total, product = rec(0)
    return total * product


@program(lambda r, n, m: (r(n),))
def container_result(x):
    def rec(k):
        if k == len(x):
            return {"sums": [0.0, 1.0], "count": 0}
        found = rec(k + 1)
        found["sums"][0] = found["sums"][0] + x[k] ** 2
        found["count"] = found["count"] + 1
        return found

    found = rec(0)
    return found["sums"][0] * found["sums"][1] * found["count"]


@program(lambda r, n, m: (r(n),))
def record_argument(x):
    def rec(k, total):
        if k == len(x):
            return total.value * total.weight
        return rec(k + 1, Total(total.value + x[k] ** 2, total.weight * x[k]))

    return rec(0, Total(0.0, 1.0))


@program(lambda r, n, m: (r(n),))
def number_or_none(x):
    def rec(v, last=None):
        if v < 0.1:
            return v if last is None else last * v
        return rec(v * 0.5, v)

    return rec(x[0]) + rec(x[0] * 0.01)


@program(lambda r, n, m: (r(n),))
def none_as_result(x):
    def rec(v):
        if v < 0.2:
            return None
        rest = rec(v * 0.5)
        return v * v if rest is None else rest + v

    found = rec(x[0] + 0.3)
    return 0.0 if found is None else found


@program(lambda r, n, m: (r(n),))
def keyword_arguments(x):
    def rec(*values, **more):
        if values[0] < 0.1:
            return values[1] * more["scale"]
        return rec(values[0] * 0.5, values[1] + 1.0, scale=more["scale"] * values[0])

    return rec(x[0], 0.5, scale=x[-1])


@program(lambda r, n, m: (r(n),))
def flag_argument(x):
    def rec(v, up):
        if v < 0.1:
            return v if up else v * v
        return rec(v * 0.5, not up)

    return rec(x[0], True) + rec(x[-1] * 2.0, False)


@program(lambda r, n, m: (r(n),))
def default_argument_of_before(x):
    s = 2.0

    def rec(k, factor=s):
        return 0.0 if k >= len(x) else factor * x[k] ** 2 + rec(k + 1)

    s = 5.0
    return rec(0) * s


@program(lambda r, n, m: (r(n),))
def function_argument(x):
    def rec(f, v):
        return f(v) if v < 0.1 else rec(f, v * 0.5) * f(v)

    return rec(math.sin, x[0]) + rec(lambda t: t * x[0], x[-1])


@program(lambda r, n, m: (r(n),))
def function_made_inside(x):
    def rec(v):
        def scaled(t):
            return t * v

        if v < 0.2:
            return scaled(1.0)
        return scaled(rec(v * 0.5)) + rec(scaled(0.2))

    return rec(x[0])


@program(lambda r, n, m: (r(n),))
def returns_before_the_call(x):
    def rec(k):
        if k >= len(x):
            return 0.0
        if x[k] < 0.4:
            return x[k] ** 3
        y = x[k] ** 2
        if y > 1.1:
            return y
        return y + rec(k + 1) * x[k]

    return rec(0)


@program(lambda r, n, m: (r(n),))
def call_in_a_loop(x):
    def rec(y):
        total = y[0] ** 2
        for i in range(1, len(y)):
            total = total + rec(y[i:]) * 0.5 * y[i]
        return total

    return rec(x)


@program(lambda r, n, m: (r(n),))
def call_in_a_comprehension(x):
    def rec(y):
        return y[0] ** 2 + sum([rec(y[i:]) * 0.5 for i in range(1, len(y))])

    return rec(x)


@program(lambda r, n, m: (r(n),))
def call_in_a_while(x):
    def rec(v):
        total = 0.0
        while v > 0.1:
            v = v * 0.5
            total = total + rec(v * 0.2) + v**2
        return total

    return rec(x[0])


@program(lambda r, n, m: (r(n, n),), least=1)
def determinant(a):
    def det(m):
        n = len(m)
        if n == 1:
            return m[0, 0]
        total = 0.0
        for j in range(n):
            minor = np.concatenate([m[1:, :j], m[1:, j + 1 :]], axis=1)
            total = total + (-1.0) ** j * m[0, j] * det(minor)
        return total

    return det(a)


@program(lambda r, n, m: (r(n),))
def recursion_in_a_loop(x):
    def rec(v):
        return v if v < 0.15 else rec(v * 0.6) * v

    total = 0.1
    for v in x:
        total = total * 0.5 + rec(v) * total
    return total


@program(lambda r, n, m: (r(n),))
def recursion_in_a_branch(x):
    def rec(v):
        return v if v < 0.15 else rec(v * 0.6) * v

    if x[0] > 0.5:
        found = rec(x[0])
    else:
        found = rec(x[-1]) * 2.0
    return found * x[0]


@program(lambda r, n, m: (r(n),))
def whole_and_other_numbers(x):
    def rec(v, k):
        return v * k if v < 0.1 else rec(v * 0.5, k + 1)

    return rec(x[0], 0) + rec(x[0], 5) * rec(x[-1], 1.5)


@program(lambda r, n, m: (r(n),))
def known_depth_and_a_test(x):
    def rec(v, k):
        if k == 0:
            return v
        if v > 0.5:
            return rec(v * 0.7, k - 1)
        return rec(v * 1.3, k - 1) * v

    return rec(x[0], 4)


@program(lambda r, n, m: (r(n),))
def known_depth_that_must_be_known(x):
    def rec(v, k):
        if k == 0:
            return v
        scale = (1.0, 0.5, 0.25)[k - 1 :][0]
        if v > 0.5:
            return rec(v * 0.7 * scale, k - 1)
        return rec(v * 1.3 + scale, k - 1)

    return rec(x[0], 3)


@program(lambda r, n, m: (r(),))
def deeper_than_is_unrolled(x):
    def rec(k):
        return x if k == 0 else 0.98 * rec(k - 1) + 0.001 * x**2

    return rec(100)


@program(lambda r, n, m: (r(),))
def raises_deep_down(x):
    def rec(v):
        if v < 0:
            raise ValueError("negative")
        return v * v if v < 0.1 else rec(v * 0.5)

    return rec(x)


@program(lambda r, n, m: (r(n),))
def decorated_recursion(x):
    def scaled(f):
        def g(v):
            return f(v) * 1.5

        return g

    @scaled
    def rec(v):
        return v * v if v < 0.1 else rec(v * 0.5)

    return rec(x[0])


@program(lambda r, n, m: (r(n),))
def nothing_kept_but_the_test(x):
    def rec(y, k):
        if k > 1.5:
            return y[0] + y[-1]
        rec(y * 2.0, k + 1.0)
        return y[0] * 3.0

    return rec(x, x[0]) + rec(x, x[0] + 1.5)


@program(lambda r, n, m: (r(n),))
def view_and_what_it_views(x):
    def rec(a, k):
        if k > 2.0:
            return a[0]
        a[0] = a[0] * x[0]
        return rec(a, k + x[0]) + p[0]

    p = np.concatenate([x, x])
    return rec(p[1:], 0.5) + p[1] * p[0]
