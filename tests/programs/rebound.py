"""Names bound anew on one path, where another path keeps what they stood for."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n), r(m)))
def new_array_on_one_path_of_three(x, v):
    if x[0] > 0.93:
        flag = 2.0
    elif x[-1] > 0.57:
        x = v * v
        flag = 3.0
    else:
        x[-1] += v[0] * x[0]
        flag = 4.0
    x[0] = flag * v[-1] ** 2
    return x @ x


@program(lambda r, n, m: (r(n),))
def array_written_then_out_of_reach(x):
    a = x * 1.0
    c = x * 2.0
    if x[0] > 0.63:
        a[0] = 5.0 * x[-1] ** 2
        c[0] += a[0]
        a = x * x
    else:
        a[-1] += x[0] * a[0]
        c = a
    a[0] *= a[-1]
    return a @ x + c @ c


@program(lambda r, n, m: (r(n), r(m)))
def array_kept_by_another_name(x, v):
    a = x * 1.0
    kept = a
    if v[0] > 0.63:
        a[0] *= v[0]
        a = x * v[-1]
    else:
        a[-1] += v[0] * a[0]
    a[0] *= v[-1]
    return a @ x + kept @ kept


@program(lambda r, n, m: (r(), r()))
def one_of_two_lists_the_other_out_of_reach(s, t):
    a, b = [s], [t]
    if s > 0.63:
        c = a
        b = None
    else:
        c = b
        b[0] = s * t
    c[0] *= 2.0
    return c[0] * a[0]


@program(lambda r, n, m: (r(n), r()))
def one_of_two_dicts_the_other_out_of_reach(x, s):
    a, b = {"u": x * 1.0}, {"u": x * 2.0}
    if s > 0.63:
        c = b
        b["u"] = x * x
        a = None
    else:
        c = a
        a["u"][0] = s**2
        b = None
    c["u"][-1] *= 2.0
    return c["u"] @ x


@program(lambda r, n, m: (r(n), r(m)))
def array_written_in_the_next_turn_or_forgotten(x, v):
    kept = None
    s = 0.0
    for w in v:
        if kept is not None:
            kept[0] += x[-1] ** 2
            s += kept @ x
            if w > 0.63:
                kept = None
                continue
        kept = x * w
    if kept is not None:
        kept[0] = x[0] ** 3
        s += kept @ kept
    return s


@program(lambda r, n, m: (r(n), r()))
def part_of_one_of_two_lengths_or_nothing(x, s):
    part = None
    if s > 0.9:
        part = x * 2.0
    elif s > 0.3:
        part = np.sin(x[1:])
    if part is None:
        return x @ x * s
    return np.sum(part) * s


@program(lambda r, n, m: (r(n), r()))
def part_bound_on_inner_paths_and_read_there(x, s):
    if s > 0.1:
        if s > 0.9:
            part = x[x > 0.2] * s
        elif s > 0.3:
            part = x[1:] ** 2
        if s > 0.3:
            s = s * np.sum(np.cos(part))
    else:
        s = s * x[0]
    return s + x @ x


@program(lambda r, n, m: (r(n),))
def part_found_by_recursion_or_nothing(x):
    def found(i):
        if i == 2:
            return None
        if x[i % x.shape[0]] > 0.6:
            return x[i:] * 2.0
        return found(i + 1)

    part = found(0)
    if part is None:
        return x @ x
    return np.sum(part**2)


@program(lambda r, n, m: (r(n), r(n)))
def argument_bound_anew_in_a_loop_that_returns(x, y):
    if y[-1] > 5.0:
        x[-1] *= 2.0
    elif x[0] > 0.0:
        e = 0.9
        while e > 0.15:
            e = 0.4 * e
            if x[-1] < 0.1:
                return x[0] * y[0]
            if e < 0.3:
                y[0] = x[-1] * y[-1]
            else:
                y = np.sin(y)
    return np.sum(x) + np.sum(y)


@program(lambda r, n, m: (r(n), r(n)))
def part_of_itself_added_twice_in_a_loop(x, y):
    for v, _ in zip(y, y):
        x[:-1] *= np.cos(0.5 * (y[:-1] + y[:-1]) + v)
        y[-1] += 0.1 * v
    return np.sum(x) + y @ y


@program(lambda r, n, m: (r(n), r(n, m)))
def rebound_after_a_row_that_may_stay(x, A):
    k = 0
    while k < len(x) and x[0] > 0.0:
        k += 1
        e = 0.1 * k
        while e > 0.15:
            e = 0.5 * e
            for row in A:
                e += 1e-3 * row[0]
        A = np.sin(A) * e
    return np.sum(A)
