"""Writes through the items of lists whose length only a run knows."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n, m), r(m)), copies=True)
def writes_through_items(X, v):
    hs = [np.zeros(len(v)) for _ in range(X.shape[0])]
    for i in range(X.shape[0]):
        hs[i][0] = X[i, 0]
        hs[i][1:] += X[i, 1:] * v[0]
        hs[i] *= v
    return np.sum(np.array(hs) ** 2)


@program(lambda r, n, m: (r(n),), copies=True)
def rows_changed_in_place(x):
    hs = [x * v for v in x]
    for h in hs:
        h *= 2.0
    for i, h in enumerate(hs):
        h[0] = i * x[0]
        h[-1] = h[0] * x[-1]
    return sum(np.sum(h * h) for h in hs)


@program(lambda r, n, m: (r(n),))
def last_item_changed(x):
    hs = [x.copy()]
    for v in x:
        hs.append(hs[-1] * v)
    for t in range(1, len(hs)):
        hs[t] += hs[t - 1]
        hs[-1][:] = 0.5 * hs[t]
    return np.sum(hs[-1]) * np.sum(hs[1])


@program(lambda r, n, m: (r(n),), copies=True)
def grid_of_numbers(x):
    grid = [[v * w for v in x] for w in x]
    for i in range(len(x)):
        for j in range(len(x)):
            above = grid[i - 1][j] if i > 0 else x[0]
            grid[i][j] = grid[i][j] * 2.0 + above
    total = 0.0
    for row in grid:
        for v in row:
            total += v * v
    return total


@program(lambda r, n, m: (r(n),))
def rows_grow(x):
    rows = []
    for v in x:
        rows.append([v] * len(x))
    rows[0][0] = x[-1] ** 2
    rows[-1].append(x[0])
    rows[0] += [x[0]]
    return sum(rows[0]) * sum(rows[-1]) + len(rows[-1])


@program(lambda r, n, m: (r(n),))
def items_of_dict_changed(x):
    d = {}
    for i in range(len(x)):
        d[i] = x * x[i]
    for i in range(len(x)):
        d[i][0] += x[i]
        d[i] *= 2.0
    return sum(np.sum(v * v) for v in d.values())


@program(lambda r, n, m: (r(n),))
def array_in_pair_changed(x):
    pairs = []
    for v in x:
        pairs.append((x * v, v))
    for a, b in pairs:
        a *= b
    pairs[0][0][-1] = x[0] ** 2
    return sum(np.sum(a) * b for a, b in pairs)


@program(lambda r, n, m: (r(n), r()), copies=True)
def items_changed_in_branch_and_closure(x, s):
    hs = [x * v for v in x]
    ys = zs = hs
    if s > 0.6:
        hs[0][0] = x[0] ** 2
    i = 0
    while i < len(hs):
        ys[i][i % 1] *= x[i]
        i += 1

    def halve(k):
        zs[k][-1] *= 0.5 * s

    halve(0)
    halve(-1)
    return np.sum(np.array(hs) ** 2)


@program(lambda r, n, m: (r(n),))
def shallow_copy_written(x):
    hs = [x * v for v in x]
    us = list(hs)
    us[0][0] = x[-1] ** 2
    us[-1][-1] *= 2.0
    return np.sum(us[0]) * np.sum(us[-1])
