"""Branches and loops: tangents against differences, adjoints against tangents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function, Literal
from gradgen.ir.types import FLOAT, Scalar
from gradgen.primitives.indexing import At, read
from gradgen.primitives.registry import Handle, apply
from tests.transforms.regions import Writer, check_derivatives

F = np.float64
Case = tuple[Function, list[Any]]
X = np.array([0.3, -0.7, 1.1, 0.4, -0.2])


def put(x: Handle, i: Any, value: Any) -> Handle:
    """Return ``x`` with ``x[i] = value``."""
    return apply("update", x, i, value, index=(At(1),))


def length(x: Handle) -> Handle:
    """Return ``len(x)``."""
    return apply("dim", x, axis=0)


def recurrence() -> Case:
    args = [X, 0.5]
    w = Writer(args, "x dt")
    x, dt = map(w.handle, w.inputs)

    def body(i: Handle, x: Handle) -> Any:
        p = read(x, [i - 1])
        return put(x, i, p + dt * apply("sin", p))

    found = w.loop((1, length(x), 1), [x], body, "x")
    return w.function(read(found[0], [-1])), args


def sum_of_squares() -> Case:
    w = Writer([X], "x")
    x = w.handle(w.inputs[0])
    found = w.loop(
        (0, length(x), 1), [F(0.0)], lambda i, s: read(x, [i]) * read(x, [i]) + s, "s"
    )
    return w.function(found[0]), [X]


def tanh_recurrence() -> Case:
    args = [X, F(0.3), 0.8]
    w = Writer(args, "x h a")
    x, h, a = map(w.handle, w.inputs)
    found = w.loop(
        (0, length(x), 1),
        [h],
        lambda i, h: apply("tanh", a * h + read(x, [i])),
        "h",
    )
    return w.function(found[0]), args


def branch() -> Case:
    args = [F(1.5), F(2.0)]
    w = Writer(args, "x y")
    x, y = map(w.handle, w.inputs)
    a, b = w.branch(
        x < y,
        lambda: (apply("sin", x) * y, y),
        lambda: (x * 2.0, apply("exp", x)),
    )
    return w.function(a * b, b), args


def branch_in_loop() -> Case:
    w = Writer([X, 0.1], "x a")
    x, a = map(w.handle, w.inputs)

    def body(i: Handle, s: Handle) -> Any:
        e = read(x, [i])
        return w.branch(
            e > a, lambda: s * apply("exp", e * a), lambda: s + apply("sin", e)
        )[0]

    found = w.loop((0, length(x), 1), [F(1.0)], body, "s")
    return w.function(found[0]), [X, 0.1]


def nested_loops() -> Case:
    matrix = np.arange(6.0).reshape(2, 3) / 5 + 0.1
    args = [matrix, X[:3]]
    w = Writer(args, "m x")
    m, x = map(w.handle, w.inputs)

    def outer(i: Handle, y: Handle) -> Any:
        def inner(j: Handle, s: Handle) -> Any:
            return s + apply("sin", read(m, [i, j]) * read(y, [j]))

        s = w.loop((0, apply("dim", m, axis=1), 1), [F(0.0)], inner, "s")[0]
        return put(y, i, s * read(y, [i]))

    found = w.loop((0, apply("dim", m, axis=0), 1), [x * 1.0], outer, "y")
    return w.function(apply("sum", found[0], axis=(0,), keepdims=False)), args


def swap() -> Case:
    args = [X, X[::-1] * 0.5]
    w = Writer(args, "a b")
    a, b = map(w.handle, w.inputs)
    found = w.loop((0, 3, 1), [a, b], lambda i, a, b: (b, apply("sin", a) * b), "a b")
    return w.function(*found[:2]), args


def backwards() -> Case:
    w = Writer([X], "x")
    x = w.handle(w.inputs[0])
    n = length(x)
    found = w.loop(
        (n - 1, -1, -2), [F(1.0)], lambda i, s: apply("cos", s * read(x, [i])), "s"
    )
    return w.function(found[0]), [X]


def never_runs() -> Case:
    args = [0.7]
    w = Writer(args, "a")
    (a,) = map(w.handle, w.inputs)
    found = w.loop((3, 0, 1), [a, 2.0], lambda i, s, t: (s * t, s), "s t")
    return w.function(*found[:2]), args


def leaves_early() -> Case:
    args = [X, 0.2]
    w = Writer(args, "x a")
    x, a = map(w.handle, w.inputs)

    def body(i: Handle, s: Handle) -> Any:
        t = s + apply("exp", a * read(x, [i])) * s
        return t > 3.0, t

    found = w.loop((0, length(x), 1), [F(0.5)], body, "s", exits=True)
    return w.function(found[0]), args


def newton() -> Case:
    args = [2.0, 1.0]
    w = Writer(args, "a x")
    a, x = map(w.handle, w.inputs)
    found = w.repeat(
        lambda x: apply("absolute", x * x - a) > 1e-4,
        [x],
        lambda i, x: x - (x * x - a) / (2.0 * x),
        "x",
    )
    return w.function(found[0]), args


def counts_by_hand() -> Case:
    w = Writer([X, 0.7], "x a")
    x, a = map(w.handle, w.inputs)

    def body(i: Handle, k: Handle, s: Handle) -> Any:
        return k + 2, s * read(x, [k]) + apply("sin", a * read(x, [k]))

    found = w.repeat(lambda k, s: k < length(x), [0, F(1.0)], body, "k s")
    return w.function(found[1]), [X, 0.7]


def counts_down_by_hand() -> Case:
    w = Writer([X, 0.7], "x a")
    x, a = map(w.handle, w.inputs)

    def body(i: Handle, k: Handle, c: Handle, s: Handle) -> Any:
        e = read(x, [k - 1])
        return k - 1, c, s * a * apply("exp", e) * c

    found = w.loop((1, 4, 1), [length(x), a, F(1.0)], body, "k c s")
    return w.function(found[2]), [X, 0.7]


def branch_on_leaving() -> Case:
    w = Writer([X, 0.2], "x a")
    x, a = map(w.handle, w.inputs)

    def body(i: Handle, s: Handle) -> Any:
        t = s + apply("exp", a * read(x, [i])) * s
        leaves = 1.0 * s + apply("floor", t) > 2.5
        (found,) = w.branch(
            leaves, lambda: apply("sin", a * s), lambda: apply("exp", a) * s * s + s
        )
        return leaves, found

    found = w.loop((0, length(x), 1), [F(0.5)], body, "s", exits=True)
    return w.function(found[0]), [X, 0.2]


def reads_through_views() -> Case:
    matrix = np.arange(12.0).reshape(3, 4) / 7 + 0.1
    w = Writer([matrix], "m")
    m = w.handle(w.inputs[0])

    def body(i: Handle, s: Handle) -> Any:
        column = read(apply("transpose", m, axes=(1, 0)), [i])
        part = read(column, [slice(1, None)])
        return s * apply("sin", read(column, [0])) + read(part, [i - 1]) * s

    found = w.loop((1, 3, 1), [F(1.0)], body, "s")
    return w.function(found[0]), [matrix]


def bound_in_the_loop_only() -> Case:
    w = Writer([X, 0.6], "x a")
    x, a = map(w.handle, w.inputs)

    def body(i: Handle, t: Handle, s: Handle) -> Any:
        (s,) = w.branch(i > 0, lambda: s + apply("sin", t) * t, lambda: s)
        return read(x, [i]) * a, s

    nothing = Literal.undefined(Scalar(FLOAT))
    found = w.loop((0, length(x), 1), [nothing, F(0.0)], body, "t s")
    return w.function(found[1]), [X, 0.6]


def arrays_bound_in_the_loop_only() -> Case:
    w = Writer([X, 0.6], "x a")
    x, a = map(w.handle, w.inputs)

    def body(i: Handle, t: Handle, s: Handle) -> Any:
        (s,) = w.branch(i > 0, lambda: s + apply("sin", t) * t, lambda: s)
        return s * a + x, s

    nothing = Literal.undefined(x.type)
    found = w.loop((0, 3, 1), [nothing, x * 0.5], body, "t s")
    return w.function(found[1]), [X, 0.6]


def bound_on_one_path() -> Case:
    w = Writer([X, 0.6], "x a")
    x, a = map(w.handle, w.inputs)

    def body(i: Handle, s: Handle) -> Any:
        chosen = read(x, [i]) > 0.0
        t, u = w.branch(
            chosen,
            lambda: (apply("exp", s * x), s * a),
            lambda: (Literal.undefined(x.type), Literal.undefined(s.type)),
        )
        return w.branch(
            chosen,
            lambda: read(t * t, [i]) * apply("sin", u) * u,
            lambda: s * a,
        )[0]

    found = w.loop((0, length(x), 1), [F(0.5)], body, "s")
    return w.function(found[0]), [X, 0.6]


CASES = [
    bound_in_the_loop_only,
    arrays_bound_in_the_loop_only,
    bound_on_one_path,
    reads_through_views,
    counts_by_hand,
    counts_down_by_hand,
    branch_on_leaving,
    recurrence,
    sum_of_squares,
    tanh_recurrence,
    branch,
    branch_in_loop,
    nested_loops,
    swap,
    backwards,
    never_runs,
    leaves_early,
    newton,
]


@pytest.mark.parametrize("lean", [False, True], ids=["plain", "lean"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_derivatives(case: Any, lean: bool) -> None:
    function, args = case()
    check_derivatives(function, args, order=2, lean=lean)
