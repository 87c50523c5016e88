"""Recursion that changes what it is given, and what it finds around it."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)

RATE = 0.6


class Account:
    """An instance whose method calls itself and changes it."""

    def __init__(self, rate):
        self.rate = rate
        self.total = 0.0

    def spend(self, amount):
        if amount < 0.1:
            return self.total
        self.total = self.total + amount**2 * self.rate
        return self.spend(amount * RATE)


@program(lambda r, n, m: (r(n),))
def variable_outside_changes(x):
    s = 1.0

    def rec(k):
        nonlocal s
        if k >= len(x):
            return s
        s = s * x[k]
        found = rec(k + 1)
        s = s + 1.0
        return found + s**2

    return rec(0) + s


@program(lambda r, n, m: (r(),))
def instance_changes(x):
    account = Account(0.7)
    found = account.spend(x)
    return found * account.total + account.spend(x * 2.0)


@program(lambda r, n, m: (r(n),))
def items_change(x):
    box = [0.5, 1.0]

    def rec(k):
        if k < len(x):
            box[0] = box[0] + x[k] ** 2
            rec(k + 1)
            box[1] = box[1] * x[k]

    rec(0)
    return box[0] * box[1]


@program(lambda r, n, m: (r(n),))
def new_list_in_each_call(x):
    def rec(k, acc):
        if k == len(x):
            return acc[0] * acc[1]
        acc[1] = acc[1] + 1.0
        return rec(k + 1, [acc[0] + x[k] ** 2, acc[1]]) + acc[1]

    box = [0.0, 1.0]
    return rec(0, box) + box[1]


@program(lambda r, n, m: (r(n),))
def list_handed_back(x):
    def rec(k, acc):
        if k == len(x):
            return acc
        acc[0] = acc[0] + x[k] ** 2
        return rec(k + 1, acc)

    box = [0.0]
    found = rec(0, box)
    found[0] = found[0] * 2.0
    return box[0]


@program(lambda r, n, m: (r(n),))
def list_that_recursion_fills(x):
    found = []

    def rec(k):
        if k < len(x):
            found.append(x[k] ** 2)
            rec(k + 1)

    rec(0)
    return sum(found) * found[0]


@program(lambda r, n, m: (r(n),))
def rest_of_a_list(x):
    def rec(values):
        if len(values) == 0:
            return 0.0
        return values[0] ** 2 + 0.5 * rec(values[1:])

    return rec([v * 2.0 for v in x])


@program(lambda r, n, m: (r(n),))
def array_argument_written(x):
    def rec(k):
        if k < len(x):
            x[k] = x[k] * 2.0
            rec(k + 1)
            x[0] = x[0] + x[k] ** 2

    x = x * 1.0
    rec(0)
    return x @ x


@program(lambda r, n, m: (r(n),))
def array_passed_twice(x):
    def rec(u, v, k):
        if k >= len(u):
            return 0.0
        u[k] = u[k] * 2.0
        return v[k] ** 2 + rec(u, v, k + 1)

    y = x * 1.0
    return rec(y, y, 0) * y[0]


@program(lambda r, n, m: (r(n),))
def arrays_swapped(x):
    def rec(a, b, k):
        if k >= len(a):
            return a @ b + a[0]
        a[k] = a[k] * 3.0
        return rec(b, a, k + 1) + a[0] ** 2

    a, b = x * 1.0, x * 2.0
    return rec(a, b, 0) + a @ a + b @ x


@program(lambda r, n, m: (r(n),))
def halves_written(x):
    def rec(out, y):
        n = len(y)
        if n == 1:
            out[0] = y[0] ** 2
        else:
            rec(out[: n // 2], y[: n // 2])
            rec(out[n // 2 :], y[n // 2 :])
            out[0] = out[0] * out[n - 1]

    out = np.zeros(len(x))
    rec(out, x)
    return out


@program(lambda r, n, m: (r(n),))
def sorted_in_place(x):
    def sort(lo, hi):
        if lo < hi:
            i = lo
            for j in range(lo, hi):
                if a[j] < a[hi]:
                    a[i], a[j] = a[j], a[i]
                    i = i + 1
            a[i], a[hi] = a[hi], a[i]
            sort(lo, i - 1)
            sort(i + 1, hi)

    a = x * 1.0
    sort(0, len(a) - 1)
    return a * np.arange(len(a))


@program(lambda r, n, m: (r(n),))
def result_before_a_write(x):
    def rec(k):
        if k >= len(a):
            return np.sum(a)
        found = rec(k + 1)
        a[k] = found * 0.1
        return found + a[k] ** 2

    a = x * 1.0
    return rec(0) + np.sum(a)
