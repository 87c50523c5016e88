"""Lists and dicts that grow and shrink, so that only a run knows what is in them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True)
class Frozen:
    a: float
    b: np.ndarray


@program(lambda r, n, m: (r(n),))
def list_of_sines(x):
    ys = [math.sin(v) * v for v in x]
    return ys[0] * ys[-1] + sum(ys)


@program(lambda r, n, m: (r(n),))
def list_of_some(x):
    ys = [v * v for v in x if v > 0.5]
    return sum(ys) + len(ys) * x[0]


@program(lambda r, n, m: (r(n, m),))
def list_of_pairs(A):
    ys = [A[i, j] ** 2 for i in range(A.shape[0]) for j in range(min(i, A.shape[1]))]
    return sum(ys) + A[0, 0]


@program(lambda r, n, m: (r(n),))
def comprehension_over_list(x):
    ys = [v * 2 for v in x]
    zs = [a * b for a, b in zip(ys, ys[1:])]
    ws = [z + i for i, z in enumerate(zs)]
    return sum(ws) + sum(reversed(ys)) * ys[0]


@program(lambda r, n, m: (r(n),))
def tuples_in_list(x):
    ps = []
    for i, v in enumerate(x):
        ps.append((v, v * x[0], i))
    total = 0.0
    for a, b, i in ps:
        total += a * b * i
    return total + ps[-1][1]


@program(lambda r, n, m: (r(n),))
def named_tuples_in_list(x):
    ps = [Point(0.0, 1.0)]
    for v in x:
        p = ps[-1]
        ps.append(Point(p.x + v * p.y, p.y * v))
    return ps[-1].x + ps[len(ps) // 2].y


@program(lambda r, n, m: (r(n, m),))
def frozen_records(A):
    ps = []
    for row in A:
        ps.append(Frozen(row[0], row * 2.0))
    total = 0.0
    for p in ps:
        total += p.a * np.sum(p.b**2)
    return total


@program(lambda r, n, m: (r(n), r()))
def list_by_sums(x, s):
    ys = [s]
    for v in x:
        ys = ys + [v * ys[-1]]
    return sum(ys)


@program(lambda r, n, m: (r(n),))
def list_in_branch(x):
    ys = [1.0, x[0]]
    if x[0] > 0.3:
        ys.append(x[0] ** 2)
    return sum(ys) * ys[-1]


@program(lambda r, n, m: (r(n),))
def grows_in_nested_loops(x):
    ys = []
    for i in range(len(x)):
        for j in range(i + 1):
            if x[j] > 0.2:
                ys.append(x[i] * x[j])
    return sum(ys) + x[0]


@program(lambda r, n, m: (r(n),))
def fresh_list_each_turn(x):
    total = 0.0
    for i in range(len(x)):
        ys = []
        for j in range(i + 1):
            ys.append(x[j] ** 2)
        total += ys[-1] * ys[0]
    return total


@program(lambda r, n, m: (r(n),))
def stack_until_empty(x):
    stack = [x[0]]
    k = 0
    while stack and k < 7:
        v = stack.pop()
        k += 1
        if v < 0.4:
            stack.append(v * 1.7)
            stack.append(v + 0.1)
    return sum(stack) + k * x[0] + v


@program(lambda r, n, m: (r(n),))
def break_while_growing(x):
    ys = []
    for v in x:
        ys.append(v * v)
        if v > 0.7:
            break
    else:
        ys.append(x[0])
    return sum(ys) * ys[-1]


@program(lambda r, n, m: (r(n),))
def early_return_from_list(x):
    ys = []
    for v in x:
        if v > 0.8:
            return v * 2.0 + sum(ys)
        ys.append(v)
    return sum(ys)


@program(lambda r, n, m: (r(n),))
def grows_under_two_names(x):
    ys = []
    zs = ys
    for v in x:
        ys.append(v)
        zs.append(v * 2)
    return sum(zs) + len(ys)


@program(lambda r, n, m: (r(n),))
def copies_list(x):
    ys = [v for v in x]
    zs = ys.copy()
    ws = list(ys)
    us = ys[:]
    zs[0] = 5.0 * x[0]
    ws.append(x[0])
    us.pop()
    return sum(ys) + 2 * sum(zs) + 3 * sum(ws) + 4 * sum(us)


@program(lambda r, n, m: (r(n),))
def list_in_dict(x):
    class_ = {"items": [], "total": 0.0}
    for v in x:
        class_["items"].append(v * v)
        class_["total"] += class_["items"][-1]
    return class_["total"] * class_["items"][0]


def push(ys, v):
    ys.append(v)
    return len(ys)


@program(lambda r, n, m: (r(n),))
def appends_in_helper(x):
    ys = []
    t = 0.0
    for v in x:
        t += push(ys, v * v) * v
    return t + sum(ys)


@program(lambda r, n, m: (r(n),))
def appends_in_closure(x):
    ys = []

    def add(v):
        ys.append(v * v)

    for v in x:
        add(v)
    return sum(ys)


@program(lambda r, n, m: (r(n),))
def append_as_function(x):
    ys = []
    add = ys.append
    for v in x:
        add(v * v)
    return sum(ys)


@program(lambda r, n, m: ([(r(m, m), r(m)) for _ in range(3)], r(m), r(n)))
def layer_by_number(layers, h, x):
    for i in range(len(x)):
        W, b = layers[i % 3]
        h = np.tanh(W @ h + b * x[i])
    return np.sum(h)


@program(lambda r, n, m: (r(3), r(n)))
def tuple_by_number(w, x):
    ws = (w[0], w[1] * w[2], 2.0)
    total = 0.0
    for i in range(len(x)):
        total += ws[i % 3] * x[i]
    return total


@program(lambda r, n, m: (r(n), r()))
def set_by_number(x, s):
    ys = [s, s * s, 1.0]
    for i in range(len(x)):
        ys[i % 3] = ys[(i + 1) % 3] * x[i] + ys[-1]
    return ys[0] + ys[1] * ys[2]


@program(lambda r, n, m: (r(n, m), r(m)))
def list_of_states(X, h):
    hs = [h]
    for t in range(X.shape[0]):
        hs.append(np.tanh(X[t] * hs[t] + hs[0]))
    total = 0.0
    for t in range(1, len(hs)):
        total += np.sum(hs[t] * hs[t - 1])
    return total


@program(lambda r, n, m: (r(n, m),))
def stack_array(A):
    rows = [np.sin(row) for row in A]
    B = np.stack(rows)
    C = np.array(rows)
    D = np.concatenate(rows)
    E = np.vstack(rows)
    F = np.stack(rows, axis=1)
    return np.sum(B * C) + np.sum(D**2) + np.sum(E) + np.sum(F[:, 0])


@program(lambda r, n, m: (r(n, m),))
def reductions_of_list(A):
    rows = [row * 2.0 for row in A]
    return (
        np.sum(rows)
        + np.sum(np.mean(rows, axis=0) ** 2)
        + np.max([v * v for v in A[0]])
    )


@program(lambda r, n, m: (r(n),))
def extends_by_itself(x):
    a = [v for v in x]
    b = [v * v for v in x]
    a.extend(b)
    a += b
    a += [x[0], 1.0]
    return sum(a) * a[-2]


@program(lambda r, n, m: (r(n),))
def deletes_items(x):
    a = [v for v in x]
    a.append(x[0] * 3)
    del a[0]
    a.insert(0, x[-1] * 2)
    a.reverse()
    return a[0] * a[-1] + sum(a)


@program(lambda r, n, m: (r(n),))
def clears_list(x):
    cur = []
    done = 0.0
    for v in x:
        cur.append(v)
        if v > 0.5:
            done += sum(cur)
            cur.clear()
    return done + sum(cur) * x[0]


@program(lambda r, n, m: (r(n),))
def resets_list(x):
    cur = []
    done = 0.0
    for v in x:
        cur.append(v)
        if v > 0.5:
            done += sum(cur)
            cur = []
    return done + sum(cur) * x[0]


@program(lambda r, n, m: (r(n),))
def lengths_differ_by_branch(x):
    if x[0] > 0.4:
        ys = [x[0], x[0] ** 2]
    else:
        ys = [x[0] * 3]
    return sum(ys) * len(ys)


@program(lambda r, n, m: (r(n),))
def negative_numbers(x):
    ys = [v for v in x]
    t = 0.0
    for i in range(1, len(ys) + 1):
        t += ys[-i] * i
    return t


@program(lambda r, n, m: (r(n),))
def seen_numbers(x):
    seen = []
    t = 0.0
    for i in range(len(x)):
        k = (i * i) % 3
        if k not in seen:
            seen.append(k)
            t += x[i]
    return t * len(seen)


@program(lambda r, n, m: (r(n), r(m)))
def copies_of_buffer(x, u):
    us = []
    for v in x:
        u[0] += v
        us.append(u.copy())
    return np.sum(np.array(us) ** 2)


@program(lambda r, n, m: (r(n),))
def extrema_of_list(x):
    ys = [v * v for v in x]
    if any(y > 0.5 for y in ys):
        return max(ys)
    return min(ys) * 2


@program(lambda r, n, m: (r(n),))
def chained_and_paired(x):
    ys = [v * v for v in x]
    total = sum(itertools.chain(ys, x, [x[0], 2.0]))
    for a, b in itertools.pairwise(ys):
        total += a * b
    for a, b in itertools.pairwise(x):
        total += a * b * b
    for total_so_far in itertools.accumulate([x[0], x[-1], 3.0]):
        total *= total_so_far
    return total


@program(lambda r, n, m: (r(n), r()))
def list_with_known_list(x, s):
    ys = [v * v for v in x]
    total = 0.0
    for y, w, i in zip(ys, [s, 1.0, s * s], range(7)):
        total += y * w + i * s
    return total


@program(lambda r, n, m: (r(n),))
def array_of_pairs(x):
    points = [(v, v * x[0]) for v in x]
    A = np.array(points)
    return np.sum(A[:, 0] * A[:, 1]) + A[-1, 1] ** 2
