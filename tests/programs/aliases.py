"""Names that stand for one of several arrays, and writes through them."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n), r()))
def alias_by_name(x, s):
    y = x * 2.0
    z = y
    z[0] = s
    y *= s
    z = z + 1.0
    z[0] = 0.5
    return np.sum(y) * np.sum(z)


@program(lambda r, n, m: (r(n), r()))
def alias_in_containers(x, s):
    y = x * 2.0
    pair = [y, (y, {"y": y})]
    pair[0][0] = s
    pair[1][0][-1] *= s
    pair[1][1]["y"] += s
    return np.sum(y**2)


@program(lambda r, n, m: (r(n), r()))
def two_names_of_one_buffer(x, s):
    a = b = np.zeros(len(x))
    a += x
    b *= s
    a = a * 2.0
    b[0] = 1.0
    return np.sum(a) * np.sum(b)


@program(lambda r, n, m: (r(n), r(n), r()))
def alias_chosen_by_branch(x, y, s):
    a, b = x * 2.0, y * 3.0
    w = a if s > 0.1 else b
    w[0] = s
    w *= s
    return np.sum(a * x) + np.sum(b * y)


@program(lambda r, n, m: (r(n), r(n), r()))
def alias_chosen_in_statement(x, y, s):
    a, b = x * 2.0, y * 3.0
    if s > 5.0:
        w = a
    else:
        w = b
    w += a
    b[0] = s
    return np.sum(w * a * b)


@program(lambda r, n, m: (r(n), r()))
def alias_chosen_and_names_written(x, s):
    a, b = x * 2.0, np.cos(x)
    w = a if s > 0.6 else b
    for i in range(len(x)):
        a[i] *= s
        w[i] += x[i]
        b[i] = w[0] * a[i]
    return np.sum(w * a * b)


@program(lambda r, n, m: (r(n), r()))
def alias_chosen_in_each_turn(x, s):
    a, b = x * 2.0, np.cos(x)
    for i in range(len(x)):
        w = a if x[i] < 0.6 else b
        w[i] += x[i] * w[0]
        b[0] *= s
        w[-1] = a[0] * s
    return np.sum(a * a) + np.sum(w * b)


@program(lambda r, n, m: (r(n), r()))
def alias_or_new_array(x, s):
    a = x * 2.0
    w = a if s > 0.6 else np.sin(x)
    w[0] = s
    a[-1] = s * s
    return np.sum(w * w * a)


@program(lambda r, n, m: (r(n), r()))
def two_chosen_aliases(x, s):
    a, b = x * 2.0, np.cos(x)
    w = a if s > 0.6 else b
    z = b if x[0] > 0.6 else a
    w[0] = s
    z[-1] = s * s
    w += z
    return np.sum(w * z * a * b)


@program(lambda r, n, m: (r(n), r()))
def view_of_chosen_alias(x, s):
    a, b = x * 2.0, np.cos(x)
    w = a[::-1] if s > 0.6 else b[::-1]
    u = w[:1]
    u[0] = s
    np.add.at(w, [0, 0], x[:1] * s)
    a *= 2.0
    return np.sum(a * a) + np.sum(w) * np.sum(b)


@program(lambda r, n, m: (r(n), r(n), r()))
def names_swapped_in_branch(x, y, s):
    a, b = x * 2.0, y * 3.0
    if s > 0.6:
        a, b = b, a
    a[0] = s
    b *= s
    return np.sum(a * a * x) + np.sum(b)


@program(lambda r, n, m: (r(n), r(n), r()))
def chosen_array_that_loses_its_name(x, y, s):
    a = x * 1.0
    if s > 0.0:
        a = y

    def rebind():
        nonlocal a
        a = np.sin(a)
        return np.sum(a)

    a[0] *= np.cos(rebind())
    return np.sum(a * y) + np.sum(x)
