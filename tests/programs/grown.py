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
def fibonacci_memo(x):
    memo = [0.0] * (len(x) + 2)
    memo[1] = 1.0
    for i in range(2, len(x) + 2):
        memo[i] = memo[i - 1] * x[i - 2] + memo[i - 2]
    return memo[-1]


@program(lambda r, n, m: (r(n), [-1, 0, 0, 1, 2]))
def chain_by_parents(q, parents):
    R = []
    for i in range(len(parents)):
        local = math.sin(q[i % len(q)])
        if parents[i] < 0:
            R.append(local)
        else:
            R.append(R[parents[i]] * local + 1.0)
    return sum(R)


@program(lambda r, n, m: (r(n), np.array([-1, 0, 0, 1, 2])))
def chain_of_rotations(q, parents):
    R = []
    for i in range(len(parents)):
        c, s = math.cos(q[i % len(q)]), math.sin(q[i % len(q)])
        T = np.array([[c, -s], [s, c]])
        if parents[i] < 0:
            R.append(T)
        else:
            R.append(R[parents[i]] @ T)
    total = 0.0
    for T in R:
        total += T[0, 0] * T[0, 1]
    return total


@program(lambda r, n, m: (r(n, m), r(m)))
def states_by_time(X, h):
    states = {-1: h}
    for t in range(X.shape[0]):
        states[t] = np.tanh(X[t] * states[t - 1])
    total = 0.0
    for t in range(X.shape[0]):
        total += np.sum(states[t] * states[t - 1])
    return total


@program(lambda r, n, m: (r(n), r()))
def numbers_by_time(x, s):
    states = {-1: s, 0: 1.0}
    for t in range(len(x)):
        states[t] = states[t - 1] * x[t]
    return states[len(x) - 1] + len(states) * s


@program(lambda r, n, m: (r(n), np.array([1, 0, 1, 2, 1])))
def counts_if_new(x, keys):
    totals = {}
    for i in range(len(keys)):
        k = int(keys[i])
        if k in totals:
            totals[k] += x[i % len(x)] ** 2
        else:
            totals[k] = x[i % len(x)]
    t = 0.0
    for k, v in totals.items():
        t += k * v * v
    for v in totals.values():
        t += v
    for k in totals:
        t += k * x[0]
    return t


@program(lambda r, n, m: (r(n),))
def get_with_default(x):
    memo = {}
    t = 0.0
    for i in range(len(x)):
        t += memo.get(i - 1, x[0]) * x[i]
        memo[i] = t * 0.5
    return t + memo[0]


@program(lambda r, n, m: (r(n),))
def deletes_key(x):
    window = {}
    t = 0.0
    for i in range(len(x)):
        window[i] = x[i] * x[i]
        if i >= 2:
            t += window[i - 2]
            del window[i - 2]
    for v in window.values():
        t += v * 3
    return t


@program(lambda r, n, m: (r(n),))
def dict_of_pairs(x):
    table = {}
    for i in range(len(x)):
        table[i] = (x[i], x[i] * x[0])
    t = 0.0
    for i in range(len(x)):
        a, b = table[i]
        t += a * b
    return t


@program(lambda r, n, m: (r(n),))
def memo_by_branch(x):
    memo = {0: x[0], 1: x[0] * 2}
    if x[0] > 0.3:
        memo[2] = memo[1] * memo[0]
    return sum(memo.values()) * len(memo)


@program(lambda r, n, m: (r(n),))
def returns_list_of_numbers(x):
    return [v * x[0] for v in x]


@program(lambda r, n, m: (r(n, m), r(m)))
def returns_states(X, h):
    hs = [h]
    for row in X:
        h = np.tanh(row * h + hs[0])
        hs.append(h)
    return hs, np.sum(h)


@program(lambda r, n, m: (r(n),))
def returns_filtered_in_dict(x):
    kept = [x[0]]
    for v in x:
        if v < 0.6:
            kept.append(v * kept[-1])
    return {"kept": kept, "all": x * 2.0}


@program(lambda r, n, m: (r(n),))
def returns_one_array_twice(x):
    h = x * x[0]
    hs = []
    for v in x:
        hs.append(h)
    return hs


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
