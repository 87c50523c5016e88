"""What moves before a loop, and what stays in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function, with_body
from gradgen.ir.types import FLOAT, PY_FLOAT, PY_INT, Array, Scalar, Sym, Type
from gradgen.passes.motion import hoist_invariants
from gradgen.primitives.registry import Handle, apply
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.passes.regions import branch, loop, loop_while, make_function, names

TYPES: dict[str, Type] = {
    "a": PY_FLOAT,
    "x": Array(FLOAT, (Sym("n", proper=True),)),
    "u": Scalar(FLOAT),
    "n": PY_INT,
}


def hoisted(build: Callable[..., Any]) -> list[str]:
    """Return what stands outside the loops, which must compute the same."""
    function = make_function(TYPES, build)
    found = hoist(function)
    for n in (0, 3):
        args = (1.5, np.array([1.0, 2.0]), np.float64(0.5), n)
        for new, old in zip(
            interpret(found, args), interpret(function, args), strict=True
        ):
            np.testing.assert_array_equal(new, old)
    return names(found.body)


def hoist(function: Function) -> Function:
    check_ir(function)
    found = with_body(function, hoist_invariants(function.body))
    check_ir(found)
    return found


def python_arithmetic(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    return loop((0, n, 1), [a], lambda i, s: [s + (2.0 * a) * a])[0]


def users_own(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    a.builder.origin = "primal"
    return loop((0, n, 1), [a], lambda i, s: [s + 2.0 * a])[0]


def length(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    a.builder.origin = "primal"
    return loop((0, n, 1), [a], lambda i, s: [s + 1.0 * apply("size", x)])[0]


def may_warn(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    return loop((0, n, 1), [x], lambda i, s: [s + (u * u) * (x * x) / x])[0]


def surely_runs(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    return loop((0, 2, 1), [x], lambda i, s: [s + (u * u) * (x * x)])[0]


def views(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    column = lambda i, s: [
        s + apply("sum", apply("expand_dims", x, axis=(1,)), axis=(1,), keepdims=False)
    ]
    return loop((0, n, 1), [x], column)[0]


def from_inner_loops(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    def outer(i: Handle, s: Handle) -> list[Handle]:
        inner = lambda j, t: [t + 2.0 * a + 3 * i]
        return [loop((0, i, 1), [s], inner)[0]]

    return loop((0, n, 1), [a], outer)[0]


def in_a_branch(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    body = lambda i, s: branch(i, lambda: [s + 2.0 * a], lambda: [s])
    return loop((0, n, 1), [a], body)[0]


def while_test(a: Handle, x: Handle, u: Handle, n: Handle) -> Any:
    return loop_while(lambda k: [k > 2 * n], [n], lambda i, k: [k - 1])[0]


CASES: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "python arithmetic": (python_arithmetic, ["multiply", "multiply", "for"]),
    "the user's own": (users_own, ["for"]),
    "length": (length, ["size", "for"]),
    "may warn": (may_warn, ["for"]),
    "surely runs": (surely_runs, ["multiply", "for"]),
    "views": (views, ["expand_dims", "for"]),
    "from inner loops": (from_inner_loops, ["multiply", "for"]),
    "in a branch": (in_a_branch, ["for"]),
    "test of while": (while_test, ["multiply", "while"]),
}


@pytest.mark.parametrize("name", CASES)
def test_hoisted(name: str) -> None:
    build, expected = CASES[name]
    assert hoisted(build) == expected
