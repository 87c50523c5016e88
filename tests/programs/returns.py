"""Early and several returns."""

from __future__ import annotations

import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(), r()))
def early_return(x, y):
    if x > 5.0:
        return x
    z = x * y
    return z * math.sin(z)


@program(lambda r, n, m: (r(), r()))
def return_in_both_branches(x, y):
    if x * y > 5.0:
        return x
    else:
        return x * y**2


@program(lambda r, n, m: (r(n) + np.arange(n), r()))
def return_in_loop(x, s):
    for v in x:
        s = s * v + 1.0
        if v > 1.2:
            return s**2
    return s


@program(lambda r, n, m: (r(n, m), 1.5))
def return_in_nested_loops(A, limit):
    total = 0.0
    for row in A:
        for v in row:
            total += v * v
            if total > limit:
                return math.sqrt(total) * v
        total = total * 0.9
    return total


@program(lambda r, n, m: (r(n), r()))
def return_from_endless_loop(x, s):
    k = 0
    while True:
        if k == len(x):
            return s
        s = math.sin(s + x[k])
        k = k + 1


@program(lambda r, n, m: (r(n), r(n)))
def returns_of_arrays(x, y):
    if np.sum(x) > 100.0:
        return x
    for k in range(3):
        y = y * x
        if y[0] > 2.0:
            return y + x
    return y


@program(lambda r, n, m: (r(n), r()))
def returns_of_tuples(x, s):
    if s > 5.0:
        return x, s
    return s * x, np.sum(x) * s


@program(lambda r, n, m: (r(n),))
def helper_returns_early(x):
    def limited(v):
        if v < 0.6:
            return v**2
        if v < 0.9:
            return 1.2 * v - 0.36
        return 2.0 * math.sqrt(v)

    total = 0.0
    for v in x:
        total += limited(v) * total + limited(v * 0.5)
    return total + limited(x[0])


@program(lambda r, n, m: (r(n), r()))
def helper_searches(x, t):
    def search(values, target):
        for k in range(len(values)):
            if values[k] > target:
                return k, values[k]
        return -1, target

    k, v = search(x + np.arange(len(x)), 1.3)
    return v * t + k


@program(lambda r, n, m: (r(n), r()))
def return_in_while_else(x, s):
    k = 0
    while k < len(x):
        s += x[k] * s
        k += 1
        if s > 50.0:
            return s
    else:
        s = 2.0 * s
    return s * x[0]


@program(lambda r, n, m: (r(), r()))
def guard_clauses(x, y):
    if x < 0:
        return 0.0
    if y < 0:
        return x
    if x + y > 10:
        return y
    if x == 0:
        return y
    return x / y


@program(lambda r, n, m: (r(n),))
def return_of_constant_branch(x):
    if np.sum(x) < 0:
        return 0.0
    if x[0] < 0:
        return 1
    return np.mean(x * x)


@program(lambda r, n, m: (r(n), r()))
def return_inside_with_and_loop(x, s):
    with np.errstate(all="ignore"):
        for v in x:
            s = np.sqrt(s) * v
            if s > 40.0:
                return s
    return s + 1.0


@program(lambda r, n, m: (r(n), r()))
def helper_returns_nothing_sometimes(x, s):
    def root(v):
        if v < 0:
            return None
        return math.sqrt(v)

    y = root(s)
    if y is None:
        return np.sum(x)
    return np.sum(x) * y


def first_above(x, limit):
    for v in x:
        if v > limit:
            return v
        if v < -limit:
            return None


def above_zero(v):
    if v > 0.6:
        return None
    return v * v


def clip_until(target, limit):
    for i, v in enumerate(target):
        if v > limit:
            target[i] = limit * v
            continue
        if v < 0.25:
            return
        target[i] *= 2.0


@program(lambda r, n, m: (r(n), r()))
def helper_returns_none_on_some_paths(x, s):
    for v in x:
        found = above_zero(v)
        if found is None:
            s = s * v
        else:
            s = s + found
    return s


@program(lambda r, n, m: (r(n), r()))
def helper_falls_off_its_end(x, s):
    found = first_above(x, 0.9)
    if found is None:
        return np.sum(x * x) * s
    return found * np.sum(x) * s


@program(lambda r, n, m: (r(n), r()))
def none_of_an_expression(x, s):
    if (x[0] if s > 0.5 else None) is None:
        return s * s
    t = above_zero(x[0] * 0.1) + s
    return t if above_zero(s) is not None else t * x[-1]


@program(lambda r, n, m: (r(n, m), r(m)))
def procedure_returns_from_its_loop(A, v):
    B = A * 1.0
    for row in B:
        clip_until(row, 0.8)
    clip_until(v, 0.6)
    return np.sum(B * v)


@program(lambda r, n, m: (r(n), r(m)))
def returned_in_the_first_turn(x, y):
    for v in x:
        return y[-1] * v


@program(lambda r, n, m: (r(n), r(m)))
def left_in_the_first_turn(x, y):
    for v in x:
        z = y[-1] * v
        break
    return z * z


@program(lambda r, n, m: (r(n), r(m)))
def returned_by_either_branch(x, y):
    for v in x:
        if v > 0.7:
            return y[-1] * v
        else:
            return np.sin(y[0])


@program(lambda r, n, m: (r(n), r(m)))
def left_by_one_branch_and_returned_by_the_other(x, y):
    for v in x:
        if v > 0.7:
            z = y[-1] * v
            break
        else:
            return np.sin(y[0])
    return z + x[-1]


@program(lambda r, n, m: (r(n), r(m)))
def returned_from_a_loop_in_a_loop(x, y):
    for v in x:
        for w in y:
            if v * w > 0.5:
                return v * w
            break
        y[0] *= v
        return y[0] + y[-1]


@program(lambda r, n, m: (r(n), r(m)))
def returned_in_the_first_turn_of_a_range(x, y):
    for i in range(len(x)):
        if y[i % len(y)] > 5.0:
            continue
        total = 0.0
        for w in y:
            total += w * x[i]
        return total
    return 0.0


@program(lambda r, n, m: (r(n), r(m), r()))
def returned_before_what_a_loop_binds_anew(x, y, s):
    for i in range(3):
        if len(x) > 3:
            return np.tanh(y[-1])
        k = 0
        while k < 3 and y[-1] < 5.0:
            k += 1
            s = np.cos(y[0]) * np.cos(x[0] - 0.1 * i)
        else:
            s += 0.1 * x[0]
        s += 0.1 * np.sin(s)
    return s + np.sum(x * np.cos(x))
