"""Loops that run while a condition holds, and ways out of loops."""

from __future__ import annotations

import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r() + 1.0,))
def while_large(x):
    while x > 0.01:
        x = 0.4 * x**1.5
    return x


@program(lambda r, n, m: (r(n), r()))
def while_counting(x, s):
    i = 0
    while i < len(x):
        s += x[i] * s
        i += 1
    return s


@program(lambda r, n, m: (r(), 50))
def while_with_two_conditions(x, limit):
    k, term, total = 0, 1.0, 0.0
    while abs(term) > 1e-3 and k < limit:
        total += term
        k += 1
        term = term * x / k
    return total


@program(lambda r, n, m: (r(),))
def while_true_break(x):
    k = 0
    while True:
        x = math.cos(x)
        k += 1
        if k >= 5:
            break
        x = x * 1.1
    return x


@program(lambda r, n, m: (0.5 * r(n) + np.arange(n),))
def break_on_value(x):
    total = 0.0
    for v in x:
        if v > 2.0:
            break
        total += v**2
    return total


@program(lambda r, n, m: (r(n) * np.where(np.arange(n) % 2, -1.0, 1.0),))
def continue_on_value(x):
    total = 0.0
    for v in x:
        if v < 0:
            continue
        total += v**3
    return total


@program(lambda r, n, m: (r(n), r()))
def break_before_and_after(x, s):
    for i in range(len(x)):
        if i == 2:
            s = s * 3.0
            break
        s = s + x[i] * s
        if s > 100.0:
            break
        s = math.sin(s)
    return s


@program(lambda r, n, m: (r(n), r()))
def else_without_break(x, s):
    for v in x:
        if v > 5.0:
            s = v
            break
        s += v * s
    else:
        s = s**2
    return s


@program(lambda r, n, m: (r(n) + np.arange(n), r()))
def else_with_break(x, s):
    for v in x:
        s *= v
        if v > 0.1:
            break
    else:
        s = -s
    return s


@program(lambda r, n, m: (r(),))
def while_else(x):
    k = 0
    while k < 4:
        k += 1
        if k == 2:
            continue
        x = math.sin(x) + 0.5 * x
    else:
        x = x * 2.0
    return x


@program(lambda r, n, m: (r(n, m),))
def break_of_inner_loop(A):
    total = 0.0
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            if j > i:
                break
            total += A[i, j] * (total + 1.0)
        total = total * 0.5
    return total


@program(lambda r, n, m: (r(n, m),))
def break_of_both_loops(A):
    total, found = 0.0, False
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            total += A[i, j] ** 2
            if i + j == 2:
                found = True
                break
        if found:
            break
    return total**2


@program(lambda r, n, m: (r(n, n),))
def skips_the_diagonal(A):
    total = 0.0
    for i in range(len(A)):
        for j in range(len(A)):
            if i == j:
                continue
            total += A[i, j] * A[j, i]
    return total + A[0, 0]
