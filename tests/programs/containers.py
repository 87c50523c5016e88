"""Lists, dicts, tuples and instances that change while the program runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@dataclass
class State:
    position: float
    velocity: float
    steps: int = 0

    def advance(self, dt):
        self.velocity -= dt * math.sin(self.position)
        self.position += dt * self.velocity
        self.steps += 1


@dataclass
class Motion:
    position: float
    velocity: float


class Accumulator:
    def __init__(self, size):
        self.total = np.zeros(size)
        self.count = 0

    def add(self, value):
        self.total += value
        self.count += 1

    @property
    def mean(self):
        return self.total / self.count


class Pair(NamedTuple):
    left: float
    right: float


class Last:
    def __init__(self):
        self.value = None

    def step(self, v, s):
        if self.value is not None:
            s = s * self.value + v
        self.value = v * v
        return s


@program(lambda r, n, m: (r(n),))
def appends_numbers(x):
    ys = []
    for v in x:
        ys.append(v * v)
    return sum(ys) * ys[0] + ys[-1]


@program(lambda r, n, m: (r(n, m), r(m)))
def appends_arrays(A, h):
    states = [h]
    for i in range(len(A)):
        states.append(np.tanh(states[-1] * A[i]))
    total = 0.0
    for state in states:
        total += np.sum(state**2)
    return total + np.sum(states[1])


@program(lambda r, n, m: (r(n),))
def reads_what_it_appended(x):
    fs = [1.0, x[0]]
    for i in range(len(x)):
        fs.append(fs[i] + x[i] * fs[i + 1])
    return fs[-1] * fs[-2]


@program(lambda r, n, m: (r(n),))
def extends(x):
    ys = [x[0]]
    for v in x:
        ys.extend([v, v * v])
        ys += [v * ys[0]]
    return sum(ys) * len(ys)


@program(lambda r, n, m: (r(n),))
def stack_of_numbers(x):
    stack = []
    for v in x:
        stack.append(v)
        stack.append(math.sin(v))
    total = 1.0
    while stack:
        v = stack.pop()
        total = total * v + v
    return total


@program(lambda r, n, m: (r(n),))
def pops_while_it_pushes(x):
    stack = [1.0]
    for i in range(len(x)):
        v = stack.pop() * x[i]
        stack.append(v)
        if i % 2 == 0:
            stack.append(v + x[i])
    return sum(stack) + stack.pop(0)


@program(lambda r, n, m: (r(n + 1),))
def overwrites_items_of_list(x):
    ys = [v * 2.0 for v in x]
    ys[0] = x[1] ** 2
    for i in range(1, len(ys)):
        ys[i] = ys[i] * ys[i - 1]
        ys[i - 1] += x[i]
    return sum(ys)


@program(lambda r, n, m: (r(n),))
def list_of_zeros(x):
    ys = [0.0] * (len(x) + 1)
    for i in range(len(x)):
        ys[i + 1] = math.sin(ys[i]) + x[i]
    return ys[-1] + sum(ys)


@program(lambda r, n, m: (r(n),))
def slices_of_list(x):
    ys = []
    for v in x:
        ys.append(v**2)
    total = 0.0
    for a, b in zip(ys[:-1], ys[1:]):
        total += a * b
    return total + sum(ys[::-1])


@program(lambda r, n, m: (r(3), [2, 0, 0, 1]))
def list_indexed_by_list(x, order):
    ys = [x[0], x[1] * x[2], x[2] ** 2]
    total = 1.0
    for k in order:
        total = total * ys[k] + ys[order[k]]
    return total


@program(lambda r, n, m: (r(n), np.arange(n)[::-1].copy()))
def list_indexed_by_array(x, order):
    ys = []
    for v in x:
        ys.append(math.exp(v))
    total = 0.0
    for k in range(len(order)):
        total += ys[order[k]] * x[k]
    return total


@program(lambda r, n, m: (r(n),))
def array_of_grown_list(x):
    ys = []
    for i in range(len(x)):
        ys.append(x[i] * x[0])
    y = np.array(ys)
    return y @ x


@program(lambda r, n, m: (r(n, m),))
def stack_of_grown_list(A):
    rows = []
    for row in A:
        rows.append(np.sin(row))
    B = np.stack(rows)
    return np.sum(B * A)


@program(lambda r, n, m: (r(n),))
def dict_built_by_number(x):
    table = {}
    for i in range(len(x)):
        table[i] = x[i] ** 2
    total = 0.0
    for i in range(len(x)):
        total += table[i] * table[0]
    return total


@program(lambda r, n, m: (r(3), np.array([1, 0, 1, 2, 1])))
def dict_counts_by_key(x, keys):
    totals = {0: 0.0, 1: 0.0, 2: 1.0}
    for i in range(len(keys)):
        totals[keys[i]] += x[i % 3]
    return totals[0] * totals[1] + totals[2]


@program(lambda r, n, m: (r(n),))
def dict_of_names(x):
    stats = {}
    stats["sum"] = np.sum(x)
    stats["square"] = stats["sum"] ** 2
    stats.update(mean=stats["sum"] / len(x))
    del stats["sum"]
    if "sum" in stats:
        return stats["sum"]
    return sum(stats.values()) + stats.get("missing", x[0])


@program(lambda r, n, m: (r(n),))
def dict_changes_in_loop(x):
    state = {"a": 1.0, "b": x[0]}
    for v in x:
        state["a"], state["b"] = state["b"], state["a"] * v
        for key in state:
            state[key] = state[key] + 0.1
    return state["a"] * state["b"]


@program(lambda r, n, m: (r(n),))
def dict_of_lists(x):
    groups = {"even": [], "odd": []}
    for i in range(len(x)):
        groups["odd" if i % 2 else "even"].append(x[i])
    return sum(groups["even"]) ** 2 + sum(groups["odd"])


@program(lambda r, n, m: (r(), r(), r(n)))
def tuples_unpacked(a, b, x):
    pair = (a, (b, x))
    first, (second, third) = pair
    head, *rest = (first, second, first * second)
    *init, last = [*rest, *pair[:1], np.sum(third)]
    return head * last + sum(init)


@program(lambda r, n, m: (r(n), r()))
def tuple_carried_through_loop(x, s):
    state = (s, 1.0)
    for v in x:
        position, velocity = state
        state = (position + 0.1 * velocity, velocity - v * position)
    return state[0] * state[1]


@program(lambda r, n, m: (r(n), r()))
def named_tuple_in_loop(x, s):
    pair = Pair(s, 1.0)
    for v in x:
        pair = Pair(pair.right * v, pair.left)
        pair = pair._replace(left=pair.left + 0.5)
    return pair.left + pair.right**2


@program(lambda r, n, m: (r(), r(), n))
def dataclass_in_loop(position, velocity, steps):
    state = State(position, velocity)
    for _ in range(steps):
        state.advance(0.1)
    return state.position * state.velocity * state.steps


@program(lambda r, n, m: (Motion(0.4, 0.7), r(n)))
def dataclass_argument(state, x):
    copy = Motion(state.position, state.velocity)
    for v in x:
        copy.position += v * copy.velocity
        copy.velocity *= 0.9
    return copy.position * state.position


@program(lambda r, n, m: (r(n, m),))
def instance_with_buffer(A):
    mean = Accumulator(A.shape[1])
    for row in A:
        mean.add(row**2)
    return np.sum(mean.mean**2)


@program(lambda r, n, m: (r(n), r()))
def instance_seen_by_two_names(x, s):
    first = State(s, 1.0)
    second = first
    for v in x:
        second.position = first.position * v + first.velocity
        first.velocity += 0.1
    return first.position * second.velocity


@program(lambda r, n, m: ([r(m), r(m), r(m)], {"scale": r(), "shift": r()}))
def unpacks_arguments(xs, options):
    def affine(a, b, c, scale=1.0, shift=0.0):
        return np.sum(a * b + c) * scale + shift

    merged = {**options, "shift": options["scale"] ** 2}
    return affine(*xs, **options) + affine(*[*xs[1:], xs[0]], **merged)


@program(lambda r, n, m: (r(n, n),))
def list_of_lists(A):
    rows = [[0.0, 0.0], [0.0, 0.0]]
    for i in range(2):
        for j in range(2):
            rows[i][j] = A[i % len(A), j % len(A)] * (i + j + 1)
    rows[0], rows[1] = rows[1], rows[0]
    return rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0]


@program(lambda r, n, m: (r(n), r(n)))
def list_of_buffers_filled(x, y):
    buffers = [np.zeros(len(x)), np.zeros(len(x))]
    for k in range(4):
        buffers[k % 2] += x * (k + 1)
        buffers[(k + 1) % 2][0] = y[-1] * k
    return np.sum(buffers[0] * buffers[1])


@program(lambda r, n, m: (r(n), r()))
def list_seen_by_helper(x, s):
    def record(values, v):
        values.append(v * s)
        return len(values)

    values = []
    for v in x:
        s = s + record(values, v) * 0.1
    return sum(values) * s


@program(lambda r, n, m: (r(n),))
def queue_from_the_front(x):
    queue = [x[0], x[-1] * 2.0]
    total = 0.0
    for k in range(4):
        v = queue.pop(0)
        total += v * (k + 1)
        queue.append(v * total)
    return total + queue[0]


@program(lambda r, n, m: (r(n), r()))
def inserts_and_reverses(x, s):
    ys = [s]
    for v in x[:2]:
        ys.insert(0, v * ys[0])
    ys.reverse()
    zs = ys.copy()
    zs[0] = 2.0
    return ys[0] * ys[-1] + zs[0] * zs[-1]


@program(lambda r, n, m: (r(n), r(n)))
def zip_of_grown_lists(x, y):
    a, b = [], []
    for u, v in zip(x, y):
        a.append(u * v)
        b.append(u + v)
    return sum(p * q for p, q in zip(a, b))


@program(lambda r, n, m: (r(n),))
def item_is_none_at_first(x):
    best = [None, 0.0]
    for v in x:
        if best[0] is None or v > best[0]:
            best[0] = v * 1.0
        best[1] += best[0]
    return best[0] * best[1]


@program(lambda r, n, m: (r(n), r()))
def field_is_none_at_first(x, s):
    last = Last()
    for v in x:
        s = last.step(v, s)
    return s if last.value is None else s * last.value


@program(lambda r, n, m: (r(n + 1),))
def closest_pair_or_none(x):
    best = None
    for i in range(len(x)):
        for j in range(i):
            apart = abs(x[i] - x[j])
            if best is None or apart < best[0]:
                best = (apart, i, j)
    if best is None:
        return 0.0
    apart, i, j = best
    return apart * x[i] + x[j]


@program(lambda r, n, m: (r(n),))
def tuple_in_a_tuple_or_none(x):
    found = None
    if x[0] > 0.5:
        found = x[0], (x[-1], 2.0)
    if found:
        return found[0] * found[1][0] * found[1][1]
    return x[-1]
