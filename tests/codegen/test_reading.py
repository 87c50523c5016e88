"""Statements that read as if they were written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.transforms.derive import Selection, gradient
from tests.emission import check_call
from tests.programs.straight import lowered


def halves(x):
    for i in range(1, len(x)):
        x[i] = 0.5 * x[i]
        x[i - 1] = x[i - 1] / 2.0
    return x


def whole_numbers(x):
    k = np.zeros(3, np.int64)
    for i in range(len(x)):
        k[0] = k[0] * x[i]
    return k[0] + x[0]


def row_of_a_matrix(x):
    y = np.zeros((2, 3))
    for i in range(2):
        y[i] = x.reshape(1, 3) * y[i]
    return y


def becomes_a_number_of_numpy(a, x):
    y = a * a
    for i in range(len(x)):
        y = x[i] * y
    return y


def neighbours(x):
    s = 0.0
    for i in range(1, len(x)):
        s = s + x[i - 1] * x[i - 1]
    return s


def last_two(x):
    s = 0.0
    for i in range(len(x) - 1, -1, -1):
        s = s + x[i]
    for i in range(len(x) - 1, 0, -1):
        s = s - x[i]
    return s


X = np.array([0.5, 1.5, 2.5])


@pytest.mark.parametrize(
    ("f", "args", "lines"),
    [
        (halves, (X,), ["x = x.copy()", "x[i] *= 0.5", "x[i - 1] /= 2.0"]),
        (whole_numbers, (X,), ["k[0] = k[0] * x[i]"]),
        (row_of_a_matrix, (X,), ["y[0] = reshape * y[0]"]),
        (
            becomes_a_number_of_numpy,
            (1.5, X),
            ["y = a * a", "y *= x[i]"],
        ),
        (neighbours, (X,), ["x_part = x[i - 1]"]),
        (last_two, (X,), ["range(n - 1, -1, -1)", "range(n - 1, 0, -1)"]),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_statements(
    f: Callable[..., Any], args: tuple[Any, ...], lines: list[str]
) -> None:
    function = bufferize(optimise(lowered(f, *args)))
    source = emit(function).source
    for line in lines:
        assert line in source
    check_call(function, args)


def views(x):
    y = x.copy()
    y[0] = 3.0
    z = y[1:]
    z[0] = x[1]
    return y.sum() * y[1]


def own(x):
    x[0] = 3.0
    if x[1] > 0.0:
        x[1] = x[2] * x[1]
    return x.sum() * x[1]


@pytest.mark.parametrize("f", [views, own])
def test_shapes_are_read_from_copies_of_what_is_not_needed(
    f: Callable[..., Any],
) -> None:
    function = optimise(lowered(f, X))
    function = bufferize(
        optimise(gradient(function, Selection((0,)), value=True, aux=False))
    )
    source = emit(function).source
    assert ("x = x.copy()" in source) == (f is own), source
    check_call(function, (X,))
