"""How loops and functions are left, and how conditions and first values are printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import Function
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.transforms.derive import Selection, gradient, jvp
from tests.emission import check_call
from tests.programs.straight import lowered

X = np.array([0.5, 1.5, 2.5])


def source_of(function: Function) -> str:
    return emit(bufferize(optimise(function))).source


def tangent(f: Callable[..., Any], *args: Any) -> str:
    function = optimise(lowered(f, *args))
    floating = tuple(i for i, x in enumerate(args) if not isinstance(x, int))
    return source_of(jvp(function, floating))


def adjoint(f: Callable[..., Any], *args: Any) -> str:
    function = optimise(lowered(f, *args))
    return source_of(gradient(function, Selection((0,)), value=True, aux=False))


def returns_from_nested_loops(A, limit):
    total = 0.0
    for row in A:
        for v in row:
            total += v * v
            if total > limit:
                return total * v
        total = total * 0.9
    return total


def searches(x, t):
    for k in range(len(x)):
        if x[k] > t:
            break
    else:
        k = -1
    return x[0] * k


def guards(x, y):
    if x < 0:
        return 0.0
    if y < 0:
        return x
    return x / y


def endless(x, s):
    k = 0
    while True:
        if k == len(x):
            return s
        s = s * x[k]
        k = k + 1


def raises(x, s):
    if s < 0:
        raise ValueError("s is negative")
    return s * x[0]


def checks_first(x, s):
    k = 0
    while k < len(x) and x[k] > 0:
        s = s * x[k]
        k += 1
    return s


def either(x, y):
    if x[0] > 0 and (y > 2 or not x[1] < 1):
        return x[0] * y
    return x[1] + y


@pytest.mark.parametrize(
    ("f", "args", "lines", "others"),
    [
        (
            returns_from_nested_loops,
            (np.ones((2, 2)), 2.5),
            ["                return prod, prod_dot", "    return total, total_dot"],
            ["left", "None", "break"],
        ),
        (searches, (X, 1.0), ["    else:\n        k = -1"], ["left", "None"]),
        (
            guards,
            (1.0, 2.0),
            ["        return 0.0, 0.0", "        return x, x_dot", "    if y < 0:"],
            ["else", "not"],
        ),
        (endless, (X, 1.0), ["            return s, s_dot"], ["None", "break"]),
        (raises, (X, 1.0), ["    if s < 0:", "    prod = s * x0"], ["else"]),
        (checks_first, (X, 1.0), ["while k < n and x[k] > 0:"], ["mask", "break"]),
        (either, (X, 1.0), ["if x0 > 0 and (y > 2 or not x[1] < 1):"], ["mask"]),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_tangent(
    f: Callable[..., Any], args: tuple[Any, ...], lines: list[str], others: list[str]
) -> None:
    source = tangent(f, *args)
    for line in lines:
        assert line in source, source
    for word in others:
        assert word not in source, source
    check_call(optimise(lowered(f, *args)), args)


def test_reverse_sweep_stays_out_of_the_loops_of_the_other() -> None:
    def first_above(x):
        for v in x:
            if v > 1.0:
                return v * v
        return x[0]

    source = adjoint(first_above, X)
    forward, reverse = source.split("# reverse sweep")
    assert "_bar" not in forward.split('"""')[2]
    assert "left = True" in forward
    assert "left" in reverse


def sums(x, s):
    for v in x:
        s = s + v * v
    return s


def product_of_no_number_of_numpy(x):
    p = 0.0
    for k in range(len(x)):
        p = p * p + 1.0 if x[k] > 0 else p / 2.0
    return p + x[0]


def adds_nothing_perhaps(x):
    s = 0.0
    for i in range(2, len(x)):
        s += x[i]
    return s


def divides_by_the_first(x):
    s = 0.0
    for v in x:
        s = v / (s + 1.0)
    return s


@pytest.mark.parametrize(
    ("f", "args", "plain"),
    [(sums, (X, 1.0), True), (adds_nothing_perhaps, (X,), False)],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_python_number_where_it_does(
    f: Callable[..., Any], args: tuple[Any, ...], plain: bool
) -> None:
    function = optimise(lowered(f, *args))
    assert ("np.float64(" not in source_of(function)) == plain
    check_call(function, args)


def dot_of_rows(A, w):
    s = 0.0
    for row, t in zip(A, A[0], strict=False):
        s += (row @ w) * t
    for i in range(len(w)):
        v = w[i]
        s += v * i
    return s


def squares(x):
    s = 0.0
    for v in x:
        s += v * v
    return s


def test_goes_through_arrays() -> None:
    assert "for v in x:" in source_of(optimise(lowered(squares, X)))
    assert "for v, v_dot in zip(x, x_dot, strict=True):" in tangent(squares, X)
    assert "for i in reversed(range(n)):" in adjoint(squares, X)
    source = source_of(optimise(lowered(dot_of_rows, np.ones((3, 3)), X)))
    assert "v = w[i]" in source
    check_call(optimise(lowered(squares, X)), (X,))


@pytest.mark.parametrize("f", [product_of_no_number_of_numpy, divides_by_the_first])
def test_results_are_numbers_of_numpy(f: Callable[..., Any]) -> None:
    function = optimise(lowered(f, X))
    names: dict[str, Any] = {}
    emitted = emit(bufferize(function))
    exec(emitted.source, names)
    assert type(names[emitted.name](X)) is type(f(X))
    check_call(function, (X,))
