"""Branches on run-time values, conditions, assertions and contexts."""

from __future__ import annotations

import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(), r()))
def if_else(x, y):
    if x > 2.0:
        z = x * y
    else:
        z = math.sin(x) + y**2
    return z * x


@program(lambda r, n, m: (r(n), 0.55))
def if_without_else(x, s):
    if s > 0.5:
        x = x * s
    return np.sum(x**2)


@program(lambda r, n, m: (r(n) + np.arange(n),))
def elif_chain(x):
    total = 0.0
    for v in x:
        if v < 1.3:
            total += v**2
        elif v < 2.3:
            total += math.sin(v)
        elif v < 3.3:
            total += v * total
        else:
            total -= 0.1 * v**3
    return total


@program(lambda r, n, m: (r(), r(), 3.0))
def nested_if(x, y, z):
    if x > 0:
        if y > 2.0:
            w = x
        elif z > 2.5:
            w = x * y * z
            if w > 0:
                w = w + math.exp(-w)
        else:
            w = y
    else:
        w = z
    return w * w


@program(lambda r, n, m: (r(), r()))
def conditional_expression(x, y):
    z = x * y if x > 0.1 else x + y
    return z**2 * (x if z > 5.0 else y)


@program(lambda r, n, m: (r(n, m), r(n, m), r()))
def conditional_arrays(x, y, c):
    z = x if c > 0.7 else y
    w = 2.0 * x if c > 0.1 else y
    return np.sum(z * w)


@program(lambda r, n, m: (r(), r(), r()))
def nested_conditional_expression(x, y, z):
    return x**2 if z > 2 else y**3 if y > 2 else z**4 * x


@program(lambda r, n, m: (r(), r(), r() + 1.0))
def and_or_not(x, y, z):
    if x > 0 and (y > 2 or not z < 1):
        return x * y * z
    return x + y + z


@program(lambda r, n, m: (r(n), r()))
def condition_that_must_not_run(x, y):
    k = 0
    while k < x.shape[0] and x[k] > 0:
        y = y * x[k]
        k += 1
    return y


@program(lambda r, n, m: (r(), r()))
def value_of_or(x, z):
    a = (x - x) or x
    b = z and x
    return a * b + (x and z) ** 2


@program(lambda r, n, m: (r(), r() + 1.5, r() + 3.0))
def chained_comparison(x, y, z):
    if 0.0 < x < y < z:
        return x * y + z
    if x < z > y:
        return x
    return y


@program(lambda r, n, m: (r(n, m), r()))
def branch_reassigns_arrays(x, y):
    if np.sum(x) > 0.1:
        z = x * y
        x = x + 1.0
    else:
        z = x
    return np.sum(z * x)


@program(lambda r, n, m: (r(n), r()))
def branch_writes_element(x, s):
    y = x * 2.0
    if s > 0.1:
        y[0] = s**2
    else:
        y[-1] = 0.0
    return np.sum(y * x)


@program(lambda r, n, m: (r(n), r(n)))
def branch_exchanges(x, y):
    if np.sum(x) > 0:
        a, b = y, x
    else:
        a, b = x, y
    return np.sum(a**2 * b)


@program(lambda r, n, m: (r(n), r()))
def bound_on_one_path(x, s):
    inside = s > 0.1
    if inside:
        scale = 2.0 * s
    y = np.sum(x)
    if inside:
        y = y * scale
    return y


@program(lambda r, n, m: (r(n), r()))
def raise_if_negative(x, s):
    if s < 0:
        raise ValueError("s is negative")
    if np.any(x < 0):
        raise ValueError(f"x is negative: {s}")
    return np.sum(np.sqrt(x)) * math.log(s)


@program(lambda r, n, m: (r(n),))
def assert_in_loop(x):
    total = 1.0
    for v in x:
        assert v > 0, f"{v} is not positive"
        assert total > 0
        total *= v
    return total


@program(lambda r, n, m: (r(n) * np.where(np.arange(n) % 2, -1.0, 1.0),))
def errstate_block(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(x)
        z = np.where(x > 0, y * x, 0.0)
    return np.sum(z**2)


@program(lambda r, n, m: (r(), 3))
def branch_on_integer(x, k):
    if k % 2 == 1:
        x = x**2
    if k > 2:
        x = x + k
    elif k in (0, 1):
        x = -x
    return x * k


@program(lambda r, n, m: (r(n), np.arange(n) % 3))
def branch_on_integer_array(x, kind):
    total = 0.0
    for i in range(len(x)):
        if kind[i] == 0:
            total += x[i]
        elif kind[i] == 1:
            total += x[i] ** 2
        else:
            total *= x[i]
    return total


@program(lambda r, n, m: (r(n), r(n)))
def any_and_all(x, y):
    if np.all(x > 0) and not (y < 0).any():
        return x @ y
    if np.all(x == y):
        return np.sum(x)
    return np.sum(y)


@program(lambda r, n, m: (r(), r() + 1.5, r() - 3.0))
def builtin_min_max(x, y, z):
    return max(x, y, z) * min(x, y) + abs(z) * max(0.0, z + 5.0)


@program(lambda r, n, m: (r(n) * np.where(np.arange(n) % 2, 4.0, 1.0),))
def huber_by_elements(x):
    total = 0.0
    for v in x:
        a = abs(v)
        total += 0.5 * v * v if a < 0.8 else 0.5 * (a - 0.25)
    return total


@program(lambda r, n, m: (r(n), r(), r()))
def flag_decides_later(x, s, t):
    large = s > 5.0
    y = np.sum(x) * s
    positive = t > 0
    if large:
        y = y + t
    if not large and positive:
        y = y * t
    return y


@program(lambda r, n, m: (r(),))
def walrus_in_condition(x):
    if (y := x * x) > 0.001:
        return y * x
    return y


@program(lambda r, n, m: (r(n), r()))
def truth_of_a_number(x, s):
    k = 0
    while len(x) - k:
        s = s * x[k] if s else x[k]
        k += 1
    return s


@program(lambda r, n, m: (r(n),))
def loop_in_branch_in_loop(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.1:
            for j in range(i + 1):
                total += x[i] * x[j]
        else:
            total = -total
    return total


@program(lambda r, n, m: (r(), r()))
def unused_branch_is_singular(x, y):
    z = x - x
    if z > 0:
        w = y / z
    else:
        w = y
    return w * math.sqrt(x)


@program(lambda r, n, m: (r(n, m), r(m)))
def none_until_found(x, y):
    best = None
    for i in range(x.shape[0]):
        if best is None:
            best = x[i] * y
        else:
            best = best + x[i] ** 2
    return np.sum(best)


@program(lambda r, n, m: (r(n), "mean"))
def branch_on_string(x, reduction):
    if reduction == "mean":
        return np.mean(x**2)
    elif reduction == "sum":
        return np.sum(x**2)
    raise ValueError(reduction)
