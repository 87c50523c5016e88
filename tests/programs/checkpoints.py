"""Functions and loops that derivatives compute again instead of storing them."""

from __future__ import annotations

import math

import numpy as np

from gradgen import checkpoint, checkpointed
from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)
ROOM = 700
"""Bytes for a few small states."""


@checkpoint
def layer(h, w):
    a = w * h + np.sum(h)
    b = np.tanh(a)
    return b * b


@checkpoint
def overwrites(x, y, *, scale=2.0):
    y[1:] = x[1:] * x[:-1]
    y[0] *= scale
    assert np.sum(y) < 1e9
    return {"sum": np.sum(y), "both": (x, y, 3)}


@checkpoint
def searches(x, s):
    total = 0.0
    for v in x:
        if v < 0.4:
            total += v**2
            continue
        total = math.sin(total) + v
        if total > 1.4:
            break
    while total > 0.5:
        total = total * s * 0.5
    return total


@program(lambda r, n, m: (r(n), r(n)))
def checkpoint_of_layers(x, w):
    for _ in range(2):
        x = layer(x, w)
    return layer(x, w) + w


@program(lambda r, n, m: (r(n), r(n)))
def checkpoint_in_run_time_loop(x, w):
    for v in w:
        x = layer(x, w * v)
    return x


@program(lambda r, n, m: (r(n),))
def checkpoint_that_writes(x):
    y = x * x
    found = overwrites(x, y, scale=3.0)
    z, w, count = found["both"]
    return found["sum"] * np.sum(y * w) * count + np.sum(z)


@program(lambda r, n, m: (r(n), 0.5 * r()))
def checkpoint_with_loops_and_branches(x, s):
    return searches(x, s) * searches(x[::-1], s)


@program(lambda r, n, m: (r(n), r()))
def checkpoint_of_closures(x, s):
    seen = []

    def scaled(z):
        seen.append(z * s)
        return np.sin(z * s) * z

    again = checkpoint(scaled)
    twice = checkpoint(lambda z: again(again(z)))
    return twice(twice(x)) + seen[1]


@program(lambda r, n, m: (r(n),))
def checkpoint_of_unknown_length(x):
    large = checkpoint(lambda z: z[z > 0.5] ** 2)(x)
    return np.sum(large * np.sin(large))


@program(lambda r, n, m: (r(n), m))
def every_two_turns(x, count):
    v = 0.5 * x
    for i in checkpointed(range(2 * count, 1, -1), every=2):
        v = np.sin(v) * x + 0.1 * i
        x = 0.9 * x + 0.1 * v * v
    return v * x


@program(lambda r, n, m: (r(n), m, m))
def every_run_time_number_of_turns(x, count, k):
    for i in checkpointed(range(1, 3 * count, 2), every=k):
        if x[0] > 0.6:
            x = 0.7 * x
        else:
            x = np.exp(x) * 0.8 + 0.1 * i
    else:
        x = 2.0 * x
    return x


@program(lambda r, n, m: (r(n), r(2 * n, m)))
def every_third_row(x, a):
    total, count = x[0], 0
    for row in checkpointed(a, every=3):
        total = math.sin(total) + np.sum(row) * x[count % len(x)]
        count += 1
    return total * count


@program(lambda r, n, m: (r(n), 2 * m + 1))
def every_writes(x, count):
    y = np.zeros(count)
    y[0] = x[0]
    for i in checkpointed(range(1, count), every=2):
        y[i] = y[i - 1] * math.cos(y[i - 1]) + x[i % len(x)]
    return y


@program(lambda r, n, m: (r(n), m))
def every_in_every(x, count):
    for _ in range(count):
        for i in checkpointed(range(2 * count), every=3):
            for _ in checkpointed(range(i), every=2):
                x = np.sin(1.3 * x)
            x = 1.2 * x
    return x


@program(lambda r, n, m: (r(n), m))
def memory_of_vectors(x, count):
    v = 0.5 * x
    for i in checkpointed(range(4 * count, 1, -2), memory=ROOM):
        v = np.sin(v) * x + 0.1 * i
        x = 0.9 * x + 0.1 * v * v
    return v * x


@program(lambda r, n, m: (r(n), m, 300 * m))
def memory_of_run_time_size(x, count, room):
    for i in checkpointed(range(3 * count), memory=room):
        if x[0] > 0.6:
            x = 0.7 * x
        else:
            x = np.exp(x) * 0.8 + 0.1 * i
    return x


@program(lambda r, n, m: (r(n), r(2 * n, m)))
def memory_of_numbers(x, a):
    total, count = x[0], 0
    for row in checkpointed(a, memory=ROOM):
        total = math.sin(total) + np.sum(row) * x[count % len(x)]
        count += 1
    return total * count


@program(lambda r, n, m: (r(n), 2 * m + 1))
def memory_writes(x, count):
    y = np.zeros(count)
    y[0] = x[0]
    for i in checkpointed(range(1, count), memory=ROOM):
        y[i] = y[i - 1] * math.cos(y[i - 1]) + x[i % len(x)]
    return y


@program(lambda r, n, m: (r(n), m))
def memory_round_loops(x, count):
    for i in checkpointed(range(2 * count), memory=ROOM):
        for j in range(i):
            if j > 3:
                break
            x = np.tanh(1.1 * x + j)
        for _ in checkpointed(range(i), every=2):
            x = np.sin(1.3 * x)
    return x


@program(lambda r, n, m: (r(n), r(), m))
def memory_of_linear_loop(x, s, count):
    for _ in checkpointed(range(3 * count), memory=ROOM):
        x = s * x + s
    return x


@program(lambda r, n, m: (r(n), m))
def memory_of_what_is_bound_inside(x, count):
    for _ in checkpointed(range(3 * count), memory=ROOM):
        t = np.sin(1.3 * x[0])
        x = t * x
    return t * x
