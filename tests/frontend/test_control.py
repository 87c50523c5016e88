"""Branches, loops and what is folded over items, where only a run knows the way."""

from __future__ import annotations

import functools
import itertools
import math
import warnings
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from gradgen.errors import UnsupportedError
from gradgen.ir.core import walk_ops
from tests.frontend.harness import agree, lowered, run

X = np.array([0.5, -1.5, 2.5, 0.25, 1.0])
LONG = np.linspace(-0.4, 2.0, 20)
A = np.linspace(-1.0, 2.0, 12).reshape(4, 3)
AGREES = []


def agrees(*calls: tuple[Any, ...]):
    def enter(function):
        for k, args in enumerate(calls):
            AGREES.append(pytest.param(function, args, id=f"{function.__name__}-{k}"))
        return function

    return enter


@agrees((0.5,), (-0.5,), (0.0,))
def branches(x):
    if x > 0:
        y = x * 2
    elif x < 0:
        y = -x
    else:
        y = 1.0
    return y


@agrees((0.5,), (-0.5,), (2.0,))
def returns_early(x):
    if x > 1:
        return x
    if x < 0:
        return -x
    y = x * x
    return y + 1.0


@agrees((0.5, 0.25), (-0.5, 0.25), (0.5, -1.0))
def values_of_and_and_or(x, y):
    a = x > 0 and y > 0
    b = (x > 0) or (y > 0)
    c = (x and y) + (x or y)
    return (1.0 if a else 2.0) + (3.0 if not b else 4.0), c


@agrees((0.5,), (1.5,), (-0.5,))
def chained_comparisons(x):
    return x if 0 < x < 1 else -x if 1 <= x < 2 else x * 3


@agrees((X,), (LONG,))
def for_with_break_continue_else(x):
    total = 0.0
    for i, v in enumerate(x):
        if v < -1.2:
            continue
        if v > 2.0:
            break
        total += v * i
    else:
        total = -total
    return total


@agrees((X, 3), (X, 0))
def loop_variables_after_the_loop(x, n):
    i, y = -1, x[0]
    for i in range(n):
        y = x[i] * 2
    return y * i


@agrees((2.0,))
def newton(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


@agrees((0.7,))
def while_true(x):
    total, term, k = 1.0, 1.0, 0
    while True:
        k += 1
        term = term * x / k
        if abs(term) < 1e-9:
            break
        total += term
    return total, k


@agrees((X,), (-X,))
def returns_from_nested_loops(x):
    for i in range(len(x)):
        for j in range(i):
            if x[i] > 2 * x[j]:
                return x[i] * x[j], i
    return x[0], 0


@agrees((X, 4), (X, 1), (X, 0))
def swaps(x, n):
    a, b = x, x * 2
    for _ in range(n):
        a, b = b, a
    return a - b


@agrees((X,))
def counts_become_floats(x):
    total = 0
    for v in x:
        total += v
    return total


@agrees((X,))
def nonlocal_in_a_loop(x):
    total = 0.0
    last = x[0]

    def add(v, *, scale=2.0):
        nonlocal total, last
        total = total + v * scale
        last = v

    for i in range(len(x)):
        add(x[i], scale=float(i))
    return total, last


@agrees((X,))
def closures_bind_late(x):
    factor = 1.0
    scale = lambda v: v * factor
    total = 0.0
    for v in x:
        factor = v
        total += scale(v)
    return total


@agrees((X,), (-X,))
def none_at_first(x):
    best, count = None, 0
    for v in x:
        if best is None or v > best:
            best = v
            count += 1
    return count


@agrees((X,))
def numbers_of_slots(x):
    total, count = 0.0, 0
    for v in x:
        total += abs(round(v, 1)) + float(v) + min(v, 0.5) - max(v, total, 0.1)
        count += int(v > 0)
    whole = isinstance(count, int) and isinstance(total, float)
    return total, count, whole, bool(total), int(total)


@agrees((X,))
def asserts_and_deletes(x):
    for i in range(len(x)):
        y = x[i] * 2
        assert y < 10.0, f"too large: {y} at {i}"
        z = y
        del y
    return z


@agrees((0.5,))
def raises_if(x):
    if x < 0:
        raise ValueError(f"negative: {x}")
    return math.sqrt(x)


@agrees((A, 0.3))
def branches_that_write(x, c):
    B = x * 1.0
    for row in B:
        if row[0] > c:
            row[1:] = c
        else:
            row[0] = row[1]
    return B


@agrees((X,))
def tuples_and_dicts_in_loops(x):
    state = (1.0, x[0])
    table = {"a": 0.0, "b": x[0]}
    for v in x:
        state = (state[1], state[0] + v)
        table["a"], table["b"] = table["b"], table["a"] + v
    return state, table


@agrees((X,), (LONG,))
def sums(x):
    n = len(x)
    return (
        sum(v * v for v in x),
        sum(x[i] * i for i in range(n)),
        sum((v for v in x if v > 0), 10.0),
        sum(x),
        sum(x, 2.0),
        sum(x[i] * x[j] for i in range(n) for j in range(i) if i + j > 2),
    )


@agrees((X,), (-X,), (LONG,), (np.abs(X),))
def any_and_all(x):
    n = len(x)
    return (
        any(v > 2.0 for v in x),
        all(v > -2.0 for v in x),
        any(x[i] > x[j] + 3.0 for i in range(n) for j in range(i)),
        all(x[i] > 0 for i in range(n) if i % 2 == 0),
        any(map(lambda v: v < -1.0, x)),
    )


@agrees((0.5,), (-0.5,), (2.0,))
def any_of_known_items(x):
    return any(v > 1 for v in (x, x * x)), all(v > 0 for v in [x, x + 1])


@agrees((X,), (LONG,))
def extrema(x):
    return (
        max(x),
        min(v * v for v in x),
        max(x[i] * i for i in range(len(x))),
        min((v for v in x if v > 100.0), default=np.float64(7.0)),
        max((v for v in x if v > 0), default=np.float64(7.0)),
        max(x[1:], default=3.0),
    )


@agrees((X,), (LONG,))
def reductions(x):
    return (
        functools.reduce(lambda a, b: a * 0.5 + b, x),
        functools.reduce(lambda a, b: a * b + 1.0, x, 2.0),
        sum(filter(lambda v: v > 0, x)),
        sum(map(math.sin, x)),
        sum(map(lambda a, b: a * b, x, x[::-1])),
    )


@agrees((X,), (LONG,))
def lists_of_run_time_length(x):
    squares = [v * v for v in x]
    positive = [v for v in x if v > 0]
    again = list(v * 2 for v in x)
    return sum(squares), sum(positive), len(positive), again[-1]


@agrees((X,))
def errstate_blocks(x):
    with (
        np.errstate(divide="ignore", invalid="ignore") as nothing,
        nullcontext(2.0) as c,
    ):
        for i in range(len(x)):
            with np.errstate(all="ignore"):
                y = np.log(x[i] - 0.5)
                if y > 0:
                    return y * c
    return c


def square(x):
    return x * x


@agrees((0.5, 1.0), (0.5, -1.0), (2.0, 5.0))
def functions_chosen_when_running(x, c):
    f = math.cos if c > 0 else math.sin
    g = square
    if c > 3.0:
        g = math.exp
    h = f if x > 1 else math.cos if c > 0 else math.sin
    return f(x) * g(x) + h(x)


@agrees((X,))
def functions_exchanged_in_a_loop(x):
    f, g = math.sin, square
    total = 0.0
    for v in x:
        total += f(v) * g(v)
        f, g = g, f
    return total


@agrees((0.5, True), (0.5, False))
def known_branches(x, flag):
    if flag:
        y = x
    return y if flag else x * 2


@agrees((X, 2), (X, 0))
def rebinds_with_another_shape(x, n):
    y = x[0]
    for k in range(n):
        y = y * x[k]
    y = x * y
    return y


@pytest.mark.parametrize(("function", "args"), AGREES)
def test_agrees(function, args):
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        agree(function, *args)


def op_names(function, *args):
    return [op.name for op in walk_ops(lowered(function, *args).function.body)]


def test_a_loop_is_not_unrolled():
    def total(x, n):
        return sum(x[i] for i in range(n))

    assert op_names(total, X, 4).count("for") == 1


def test_any_leaves_the_loop():
    def positive(x):
        return any(v > 0 for v in x)

    (loop,) = [
        op for op in walk_ops(lowered(positive, X).function.body) if op.name == "for"
    ]
    assert loop.attrs["exits"]


def test_ops_in_a_quiet_block_say_so():
    def quiet(x):
        with np.errstate(all="ignore"), np.errstate(divide="warn"):
            y = np.log(x)
        return y * 2.0

    spans = {op.name: op.span for op in lowered(quiet, X).function.body.ops}
    modes = 'divide="warn", over="ignore", under="ignore", invalid="ignore"'
    assert spans["log"].errstate == modes
    assert spans["multiply"].errstate == ""


def unbound(x):
    if x > 0:
        y = x
    return y


def empty_maximum(x):
    return max(v for v in x if v > 100.0)


def raises(x):
    for v in x:
        if v < 0:
            raise ArithmeticError("negative")
    return x


def grows_in_place(x):
    y = x[:1] * 1.0
    y += x
    return y


@pytest.mark.parametrize(
    ("function", "arg", "error"),
    [
        (grows_in_place, X, ValueError),
        (unbound, -1.0, UnboundLocalError),
        (empty_maximum, X, ValueError),
        (raises, X, ArithmeticError),
    ],
)
def test_raises_what_python_raises(function, arg, error):
    with pytest.raises(error):
        function(arg)
    with pytest.raises(error):
        run(function, arg)


def used_twice(x):
    pairs = zip(x, x, strict=False)
    return sum(a for a, _ in pairs) + sum(b for _, b in pairs)


def generator_used_twice(x):
    squares = (v * v for v in x)
    return sum(squares) + sum(squares)


def generator_taken_from(x):
    squares = (v * v for v in x)
    return next(squares) + sum(squares)


def raising_context(x):
    with np.errstate(all="raise"):
        return np.log(x)


def unknown_context(x):
    with np.printoptions(precision=3):
        return x


def iterator_tried_in_a_loop(x):
    items = iter([x, 2 * x, 3 * x])
    total = 0.0
    while total < 2.0:
        total += next(items)
    return total


def own_error(x):
    class_ = UnsupportedError
    if x > 0:
        raise class_("no")
    return x


def unlike_kinds(x):
    y = x if x > 0 else "text"
    return y * 2


def iterator_on_one_path(x):
    items = itertools.chain([x, 1.0])
    if x > 0:
        next(items)
    return next(items)


@pytest.mark.parametrize(
    ("function", "arg", "words"),
    [
        (used_twice, X, "used before"),
        (generator_used_twice, X, "used before"),
        (generator_taken_from, X, "number is known"),
        (raising_context, X, "other modes"),
        (unknown_context, X, "np.printoptions"),
        (own_error, 0.5, "error of one's own"),
        (unlike_kinds, 0.5, "unlike kinds"),
        (iterator_on_one_path, 0.5, "advanced on some paths"),
        (iterator_tried_in_a_loop, 0.5, "advanced on some paths"),
    ],
)
def test_refused(function, arg, words):
    with pytest.raises(UnsupportedError, match=words):
        lowered(function, arg)
