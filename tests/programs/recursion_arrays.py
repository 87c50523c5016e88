"""Recursion over arrays whose lengths differ from call to call."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n),))
def halves_of_arrays(x):
    def rec(y):
        n = len(y)
        if n == 1:
            return y[0] ** 2
        return rec(y[: n // 2]) * rec(y[n // 2 :]) + 0.1

    return rec(x)


@program(lambda r, n, m: (r(n),))
def every_other_element(x):
    def rec(y):
        if len(y) <= 1:
            return np.sum(y**2)
        return rec(y[::2]) + 2.0 * rec(y[1::2]) * y[0]

    return rec(x)


@program(lambda r, n, m: (r(n),))
def arrays_of_one_length(x):
    def rec(a, b):
        if len(a) <= 1:
            return np.sum(a * b)
        return rec(a[1:], b[1:]) + np.sum(a * np.sin(b))

    return rec(x, x * 2.0)


@program(lambda r, n, m: (r(n, m),))
def array_result_of_other_length(x):
    def rec(y):
        if len(y) <= 1:
            return y * 2.0
        return np.concatenate([rec(y[1:]), y[:1] * rec(y[1:])[:1]])

    return rec(x)


@program(lambda r, n, m: (r(n),))
def array_that_grows(x):
    def rec(y):
        if len(y) > 9:
            return np.sum(y**2)
        return rec(np.concatenate([y, y * 0.5])) * y[0]

    return rec(x)


@program(lambda r, n, m: (r(n),))
def same_shape_throughout(x):
    def rec(y, k):
        if np.sum(y) < 0.3:
            return y * k
        return rec(np.sin(y) * 0.5, k + 1) + y

    return rec(x, 0)
