"""Keys, names and lists of which only a run knows which one is meant."""

from __future__ import annotations

import enum
import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


class Kind(enum.Enum):
    LOW = 1
    HIGH = 2


class Box:
    def __init__(self, total):
        self.total = total
        self.items = []

    def add(self, v):
        self.items.append(v)
        self.total += v * len(self.items)


@program(lambda r, n, m: (r(n),))
def key_by_condition(x):
    totals = {"low": 0.0, "high": 1.0}
    for v in x:
        name = "low" if v < 0.6 else "high"
        totals[name] += v * v
        totals[name] *= 1.5
    return totals["low"] * totals["high"] + totals[name]


@program(lambda r, n, m: (r(n),))
def key_that_alternates(x):
    totals = {"a": 1.0, "b": 2.0}
    name = "a"
    for v in x:
        totals[name] = totals[name] * v + 1.0
        name = "b" if name == "a" else "a"
    return totals["a"] * totals["b"] + 3.0 * totals[name]


@program(lambda r, n, m: (r(n),))
def key_of_three_by_statements(x):
    totals = {"a": 0.0, "b": 0.0, "c": 0.0}
    for i in range(len(x)):
        if i % 3 == 0:
            key = "a"
        elif x[i] < 0.6:
            key = "b"
        else:
            key = "c"
        totals[key] += math.sin(x[i])
        if key != "c" and key in ("a", "b"):
            totals["c"] += 0.1 * x[i]
    return totals["a"] ** 2 + totals["b"] * totals["c"]


@program(lambda r, n, m: (r(n, m), r(m)))
def arrays_by_key(A, v):
    sums = {"odd": np.zeros(A.shape[1]), "even": A[0].copy()}
    for i in range(A.shape[0]):
        key = "odd" if i % 2 else "even"
        sums[key] += A[i]
        sums[key][0] *= 2.0
        sums[key][1:] = sums[key][:-1] * A[i, 1:]
    return np.sum(sums["odd"] ** 2) + np.sum(sums["even"] * v)


@program(lambda r, n, m: (r(n),))
def key_from_list(x):
    names = ["a", "b", "c"]
    scale = {"a": 1.0, "b": 2.0, "c": 3.0}
    for i in range(len(x)):
        scale[names[i % 3]] *= x[i]
        scale[names[-1 - i % 2]] += 0.1
    return scale["a"] + scale["b"] ** 2 + scale["c"] ** 3


@program(lambda r, n, m: (r(n),))
def key_is_a_member(x):
    found = {Kind.LOW: [1.0], Kind.HIGH: [2.0]}
    for v in x:
        kind = Kind.LOW if v < 0.6 else Kind.HIGH
        found[kind].append(v * found[kind][-1])
        if kind is Kind.LOW:
            found[kind][0] = v
    return sum(found[Kind.LOW]) * sum(found[Kind.HIGH]) * len(found[kind])


@program(lambda r, n, m: (r(n),))
def key_is_a_pair(x):
    table = {("a", 0): 1.0, ("a", 1): 2.0, ("b", 0): 3.0, ("b", 1): 4.0}
    for i in range(len(x)):
        name = "a" if x[i] < 0.6 else "b"
        table[name, 0] += table[name, i % 2] * x[i]
    return table["a", 0] * table["b", 0]


@program(lambda r, n, m: (r(n),))
def mode_or_none(x):
    mode = None
    total = 0.0
    for v in x:
        if mode is None:
            total += v
        elif mode == "square":
            total += v * v
        else:
            total += v**3
        mode = "square" if v < 0.6 else "cube"
    return total if mode is not None else -total


@program(lambda r, n, m: (r(n),))
def lists_read_by_key(x):
    groups = {"low": [0.5], "high": [0.5]}
    for v in x:
        groups["low" if v < 0.6 else "high"].append(v)
    name = "high" if x[0] < 0.6 else "low"
    total = 0.0
    for v in groups[name]:
        total += v * v
    for i, v in enumerate(groups[name]):
        total += i * v
    for a, b in zip(groups[name], groups["low"]):
        total += a * b
    return total + sum(groups[name]) * len(groups[name]) + max(groups[name])


@program(lambda r, n, m: (r(n), r()))
def key_tested_and_defaulted(x, s):
    table = {"a": 1.0, "b": s}
    name = "a" if x[0] < 0.6 else "c"
    if name in table:
        table["a"] = x[0] * s
    return table.get(name, s * s) * table["a"]


@program(lambda r, n, m: (r(n),))
def one_of_three_functions(x):
    if x[0] < 0.4:
        f = np.sin
    elif x[0] < 0.8:
        f = np.cos
    else:
        f = np.tanh
    return np.sum(f(x) * x)


@program(lambda r, n, m: (r(n),))
def function_by_key(x):
    functions = {"sin": np.sin, "cos": np.cos, "double": lambda v: v * 2.0}
    total = 0.0
    for i in range(len(x)):
        name = "sin" if i % 2 else ("cos" if x[i] < 0.6 else "double")
        total += functions[name](x[i]) * x[i]
    return total


@program(lambda r, n, m: (r(n),))
def one_list_of_two(x):
    low, high = [], []
    for v in x:
        chosen = low if v < 0.6 else high
        chosen.append(v)
        chosen[-1] *= 2.0
        chosen += [v * v]
    return sum(low) ** 2 + sum(high) * len(low)


@program(lambda r, n, m: (r(n),))
def one_dict_of_two(x):
    first, second = {"a": 1.0}, {"a": x[0]}
    for i in range(len(x)):
        chosen = first if i % 2 else second
        chosen["a"] += x[i] * first["a"]
    return first["a"] * second["a"]


@program(lambda r, n, m: (r(n),))
def one_instance_of_two(x):
    low, high = Box(0.0), Box(x[0])
    for v in x:
        chosen = low if v < 0.6 else high
        chosen.add(v)
        chosen.total *= 1.5
    return low.total * high.total + sum(low.items) * len(high.items)


@program(lambda r, n, m: (r(n),))
def buckets_by_number(x):
    buckets = [[], [], []]
    for i in range(len(x)):
        buckets[i % 3].append(x[i])
        buckets[i % 3][0] += 0.5 * x[i]
    return sum(buckets[0]) ** 2 + sum(buckets[1]) * len(buckets[2])


@program(lambda r, n, m: (r(n),))
def grid_of_lists(x):
    grid = [[0.0] * 3 for _ in range(3)]
    for i in range(len(x)):
        grid[i % 3][(2 * i) % 3] += x[i]
        grid[-1][i % 2] = grid[i % 3][0] * x[i]
    return grid[0][0] ** 2 + grid[2][0] * grid[2][1] + grid[1][2]


@program(lambda r, n, m: (r(n, m),))
def arrays_by_number(A):
    sums = (np.zeros(A.shape[1]), np.ones(A.shape[1]))
    for i in range(A.shape[0]):
        sums[i % 2][:] += A[i]
        sums[(i + 1) % 2][0] = A[i, 0] * sums[i % 2][0]
    return np.sum(sums[0] ** 2) + np.sum(sums[1] ** 3)


@program(lambda r, n, m: (r(n),))
def same_list_under_two_keys(x):
    shared = [0.0]
    table = {"a": shared, "b": shared, "c": [1.0]}
    for i in range(len(x)):
        table["a" if i % 2 else "c"][0] += x[i]
        table["b"][0] *= 1.5
    return table["a"][0] * table["c"][0] + shared[0] ** 2


@program(lambda r, n, m: (r(n), r()))
def key_in_closure_and_helper(x, s):
    totals = {"a": s, "b": 1.0}

    def add(key, v):
        totals[key] += v * v
        return totals[key]

    out = 0.0
    for v in x:
        out += add("a" if v < 0.6 else "b", v) * v
    return out + totals["a"] * totals["b"]


@program(lambda r, n, m: (r(n), r()))
def returns_one_list_of_two(x, s):
    low, high = [s], [x[0]]
    for v in x:
        (low if v < 0.6 else high).append(v)
    low[0] *= s
    return low if s < 0.6 else high
