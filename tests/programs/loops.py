"""Loops of every kind, and the ways out of them."""

from __future__ import annotations

import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n),))
def sum_by_index(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] ** 2
    return total


@program(lambda r, n, m: (r(n), r()))
def integer_becomes_float(x, s):
    total = 0
    for i in range(x.shape[0]):
        total += x[i] * s
    return total


@program(lambda r, n, m: (r(n + 3),))
def steps_of_two(x):
    total = 1.0
    for i in range(1, len(x), 2):
        total = total * x[i] + x[i - 1]
    return total


@program(lambda r, n, m: (r(n),))
def counts_down(x):
    value = 0.0
    for i in range(len(x) - 1, -1, -1):
        value = value * 0.9 + math.sin(x[i] + value)
    return value


@program(lambda r, n, m: (r(n + 4),))
def negative_step_of_two(x):
    value = 1.0
    for i in range(len(x) - 1, 0, -2):
        value = value * x[i] - x[i - 1]
    return value


@program(lambda r, n, m: (r(), n, n + 3))
def bounds_at_run_time(x, lo, hi):
    for k in range(lo, hi):
        x = math.sin(x) + k * x
    return x


@program(lambda r, n, m: (r(n), r()))
def loop_that_never_runs(x, s):
    last = s
    for i in range(len(x), 0):
        last = last * x[i]
    return last * np.sum(x)


@program(lambda r, n, m: (r(n),))
def triangle(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            total += x[i] * math.sin(x[j])
    return total + x[0]


@program(lambda r, n, m: (r(n, m), r(m)))
def over_rows(A, w):
    total = 0.0
    for row in A:
        total += math.tanh(row @ w)
    return total


@program(lambda r, n, m: (r(n, m),))
def over_elements_of_rows(A):
    value = 1.0
    for row in A:
        for v in row:
            value = math.sin(value) + v
    return value


@program(lambda r, n, m: (r(n, m), r(n), r(m)))
def over_zip(A, b, w):
    total = 0.0
    for row, target in zip(A, b):
        total += (row @ w - target) ** 2
    return total


@program(lambda r, n, m: (r(n), r(n + 2)))
def zip_stops_at_the_shortest(x, y):
    total = 0.0
    for a, b in zip(x, y):
        total += a * b**2
    return total


@program(lambda r, n, m: (r(n), r()))
def over_enumerate(x, q):
    total = 0.0
    for k, v in enumerate(x):
        total += v * q**k
    return total


@program(lambda r, n, m: (r(n), r(n)))
def enumerate_zip_from_one(x, y):
    total = 0.0
    for k, (a, b) in enumerate(zip(x, y), start=1):
        total += a * b / k
    return total


@program(lambda r, n, m: (r(n), r()))
def over_reversed_range(x, s):
    for i in reversed(range(len(x))):
        s = s * x[i] + 1.0
    return s


@program(lambda r, n, m: (r(n), r()))
def over_reversed_array(x, s):
    for v in reversed(x):
        s = math.cos(s) * v
    for v in x[::-1]:
        s = s + v * s
    return s


@program(lambda r, n, m: ({"a": r(n), "b": r(m)}, {"a": 2.0, "b": -1.0}))
def over_dict_items(params, weights):
    total = 0.0
    for name, value in params.items():
        total += weights[name] * np.sum(value**2)
    return total


@program(lambda r, n, m: ([r(m, m), r(m, m), r(m, m)], r(m)))
def over_list_argument(layers, x):
    for W in layers:
        x = np.tanh(W @ x)
    return np.sum(x)


@program(lambda r, n, m: (r(n),))
def over_list_built_before(x):
    squares = []
    for v in x:
        squares.append(v * v)
    total = 0.0
    for k, s in enumerate(squares):
        total += math.sin(s) * (k + 1)
    return total


@program(lambda r, n, m: (r(n),))
def loop_variable_after_loop(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s * x[i] * i


@program(lambda r, n, m: (r(n) + np.arange(n),))
def element_after_break(x):
    for k, v in enumerate(x):
        if v > 1.3:
            break
    return v**2 * (k + 1)


@program(lambda r, n, m: (r(n), r(), r()))
def swaps_names(x, a, b):
    for v in x:
        a, b = b, a * v + b
    return a - b


@program(lambda r, n, m: (r(), r(), r(), n))
def rotates_names(a, b, c, count):
    for _ in range(count):
        a, b, c = b, c, a * 0.5
    return a + 10.0 * b + 100.0 * c


@program(lambda r, n, m: (r(n), r(n), n))
def swaps_arrays(x, y, count):
    for k in range(count):
        x, y = y, np.sin(x)
    return np.sum(x**2) + np.sum(y)


@program(lambda r, n, m: (r(n),))
def bound_in_loop_only(x):
    for v in x:
        y = v * v
        z = y if v > 0.1 else v
    return y * z


@program(lambda r, n, m: (r(n),))
def reuses_name_of_iterable(x):
    total = 0.0
    for x in x:
        total += x**2
    return total * x


@program(lambda r, n, m: (r(n), r()))
def rebinds_iterable_in_loop(x, s):
    y = x
    for v in y:
        y = y * v
        s = s + v
    return np.sum(y) * s


@program(lambda r, n, m: (0.01 * r(), 0.01 * r()))
def doubles_its_graph(x, y):
    for _ in range(40):
        x, y = 0.5 * (x + y), x * 0.6 + y * 0.4
    return x * y


@program(lambda r, n, m: (r(), 11))
def power_by_squaring(x, k):
    result = 1.0
    while k > 0:
        if k % 2:
            result *= x
        x *= x
        k //= 2
    return result


@program(lambda r, n, m: (r(n), r()))
def horner(c, x):
    value = 0.0
    for a in c[::-1]:
        value = value * x + a
    return value


@program(lambda r, n, m: (r(n), 0.5 * r()))
def tanh_recurrence(x, w):
    h = 0.0
    for v in x:
        h = math.tanh(w * h + v)
    return h


@program(lambda r, n, m: (0.3 * r(), r() + 2.0))
def logistic_map(x, rate):
    for _ in range(6):
        x = rate * x * (1.0 - x)
    return x


@program(lambda r, n, m: (r(n, m), r(m, n)))
def matmul_by_loops(A, B):
    n, m = A.shape
    C = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            for k in range(m):
                C[i, j] += A[i, k] * B[k, j]
    return C


@program(lambda r, n, m: (r(n), r()))
def walks_by_modulus(x, s):
    j = 0
    for _ in range(7):
        j = (j * 2 + 1) % len(x)
        s = math.sin(s + x[j])
    return s


@program(lambda r, n, m: (np.cumsum(r(n)), 1.7))
def while_over_sorted(x, t):
    i, total = 0, 0.0
    while i < len(x) and x[i] < t:
        total += (t - x[i]) ** 2
        i += 1
    return total + t


@program(lambda r, n, m: (0.8 + r(),))
def bisection(a):
    lo, hi = 0.0, 2.0 * a
    for _ in range(6):
        mid = 0.5 * (lo + hi)
        if mid * mid > 0.37:
            hi = mid
        else:
            lo = mid
    return hi * lo


@program(lambda r, n, m: (r(n),))
def sum_of_generator(x):
    return sum(v**2 for v in x) + sum(x[i] * i for i in range(len(x)))


@program(lambda r, n, m: (r(n),))
def running_maximum(x):
    best = x[0]
    for v in x[1:]:
        if v > best:
            best = v
    return best**2


@program(lambda r, n, m: (r(n, m), r(m)))
def vector_state(A, h):
    for i in range(A.shape[0]):
        h = np.tanh(h + A[i] * h[0])
    return h


@program(lambda r, n, m: (r(n),))
def else_of_a_short_loop_continues(x):
    s = 0.0
    for v in x:
        for factor in (1.0, 2.0):
            if factor * v > 0.93:
                s += v * x[0]
                break
        else:
            s += v**2
            continue
        s *= 1.5
    return s


@program(lambda r, n, m: (r(n),))
def else_of_a_short_loop_leaves_in_every_way(x):
    s = 0.0
    for v in x:
        for factor in (1.0, 2.0):
            if factor * v > 1.73:
                return s * x[0]
            if factor * v > 0.93:
                s += v * x[0]
                break
        else:
            s += v**2
            if v > 0.61:
                break
            if v > 0.33:
                continue
            if s > 2.1:
                return s * v
        s *= 1.5
    else:
        s += 5.0 * x[-1] ** 2
    return s


@program(lambda r, n, m: (r(n), r(m), r(n, m)))
def loop_over_columns_then_rows_changed(x, y, A):
    for _ in A.T:
        x[1:] = x[:-1] * x[1:]
    for row in A:
        row[:] = np.cos(row) * y
    return np.sum(x) + np.sum(A * A)
