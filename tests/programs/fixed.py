"""Programs that were once compiled to wrong code, most found by the generator."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n + 1), r(n + 1), m))
def view_before_loop_is_array_after(x, y, count):
    x = x * y
    v = x[:-1]
    for _ in range(count):
        v = np.cos(y[:-1] - x[:-1])
    return np.sum(v * x[1:])


@program(lambda r, n, m: (r(n), r(n + 1), r()))
def view_read_between_returns(x, y, s):
    k = 0
    while k < 3:
        k += 1
        if y[k % len(x)] > 1.0:
            return s * y[0]
        for _ in range(3):
            v = y[:-1]
            v += 0.3 * np.tanh(v[::-1])
    return np.sum(x * np.cos(x)) + np.sum(y * np.cos(y))


@program(lambda r, n, m: (r(n, m), r(n), r()))
def alias_of_one_array_by_branch(A, y, s):
    v = A if y[0] > 0.1 else A  # noqa: RUF034
    for i, e in enumerate(y):
        if v[i, -1] > 0.1 and v[i, -1] < 5.0:
            v[i] = s * e
            v[0] += 0.3 * np.tanh(v[0]) * v[-1]
    return np.sum(v * np.cos(v))


@program(lambda r, n, m: (r(n), r(n, m)))
def continue_over_write_through_view(x, A):
    for _ in x:
        if A[-1, -1] > 5.0:
            continue
        x[::-1] *= x
    return np.sum(x * np.cos(x))


@program(lambda r, n, m: (r(n), r(n), r(n, m)))
def view_of_new_array_in_loop(x, y, A):
    y = x * y * A[:, 0]
    for i in reversed(range(len(A))):
        y = A[i, -1] * np.sin(x)
        y = y[::-1]
    return np.sum(A * np.cos(A)) + np.sum(y * x)


@program(lambda r, n, m: (r(n), r(n, m), r()))
def returns_from_nested_loops(x, A, s):
    n, m = A.shape
    for i in range(m):
        if i > 1:
            return np.sum(np.sin(A)) / 8.0
        for _ in range(3):
            if x[-1] > 5.0:
                return np.tanh(0.1 * i) * A[-1, i]
        for _ in range(n - 1, -1, -1):
            s = s * 1.0
    v = s
    return np.sum(A * np.cos(A)) + v * np.cos(v)


@program(lambda r, n, m: (r(n), r(n), r(n, m), r()))
def returns_around_a_loop_that_overwrites(x, y, A, s):
    n = len(x)
    s += 0.01 * np.sum(x * y * A[:, 0])
    if n > 4:
        return np.sin(A[-1, -1]) * np.cos(y[-1])
    for i, _ in enumerate(y):
        k = 0
        while k < 3:
            k += 1
            if i == 1:
                x[k % n] += 0.3 * np.tanh(s) * x[i]
            A[:] = np.sin(A)
        if i > 0:
            return np.sum(np.sin(y)) / 8.0 + np.sum(x)
        if n > 3:
            return np.tanh(A[i, -1]) * 0.3
    return s + np.sum(x * np.cos(x)) + np.sum(A * np.cos(A))


@program(lambda r, n, m: (r(n), r()))
def dict_in_a_turn_that_may_leave(x, s):
    while True:
        s = 0.4 * s
        if s < 0.15:
            break
        states = {-1: s}
        for i in range(len(x)):
            states[i] = np.tanh(states[i - 1] + x[i])
        for i in range(len(x)):
            s += 0.01 * states[i - 1] * states[i]
    return s


@program(lambda r, n, m: (r(n), r(n), r(n)))
def while_with_else_after_a_loop(x, y, z):
    for i in range(len(y) - 1):
        y[i] *= x[i]
    k = 0
    while k < 3 and z[-1] < 5.0:
        k += 1
        y[0] += np.cos(z[0])
        z *= 1.1
    else:
        y *= 2.0
    return np.sum(x * y)


@program(lambda r, n, m: (r(n), r()))
def masked_part_bound_on_one_path(x, s):
    if s > 5.0:
        v = np.sin(x[x > 0.5])
    if s > 6.0:
        s += np.sum(v)
    return s * np.sum(x * x)


@program(lambda r, n, m: (r(n), r(n), r()))
def part_written_in_inner_branch(x, y, s):
    b = x * 1.0
    if s > 0.01:
        if s > 5.0:
            y[0] = s
        elif s > 4.0:
            x[-2::-1] *= b[0] + y[0]
    return s + np.sum(x * x) + np.sum(b * y)


@program(lambda r, n, m: (r(n), r(n, m)))
def part_written_unless_left(y, A):
    for column in A.T:
        if A.shape[0] > 2:
            return np.tanh(y[-1])
        y[1:] *= np.cos(column[:-1])
    return np.sum(y * np.cos(y))


@program(lambda r, n, m: (r(n),))
def new_array_of_a_branch_in_a_list(x):
    a = x * 1.0
    kept = [a]
    c = a
    if a[0] > 0.5:
        c = x * 2.0
        kept = [c]
    c[-1] = c[0] * 7.0
    return np.sum(kept[0] * x) + np.sum(a)
