"""Dicts that grow, with keys that only a run knows."""

from __future__ import annotations

import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


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
