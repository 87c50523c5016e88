"""Reads and writes through views of views become one, where that is the same."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function, with_body
from gradgen.ir.types import FLOAT, PY_INT, Array, Sym, Type
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.simplify import simplify
from gradgen.primitives.indexing import At, Cut, read
from gradgen.primitives.paths import Step
from gradgen.primitives.registry import Handle, apply
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.passes.regions import loop, make_function, names

N, M = Sym("n", proper=True), Sym("m", proper=True)
TYPES: dict[str, Type] = {
    "x": Array(FLOAT, (N,)),
    "A": Array(FLOAT, (N, M)),
    "i": PY_INT,
    "j": PY_INT,
}
ROW = Step("getitem", (("index", (At(1),)),), (1,))
TURN = Step("transpose", (("axes", (1, 0)),))


def simplified(build: Callable[..., Any]) -> tuple[Function, Function]:
    function = make_function(TYPES, build)
    check_ir(function)
    found = with_body(function, eliminate_dead(simplify(function.body)))
    check_ir(found)
    return function, found


def outcome(function: Function, n: int, i: int, j: int) -> Any:
    args = (np.arange(1.0, n + 1), np.arange(3.0 * n).reshape(n, 3), i, j)
    try:
        return [np.asarray(x).tolist() for x in interpret(function, args)]
    except IndexError:
        return "index out of range"


def assert_agree(function: Function, found: Function) -> None:
    for n, i, j in product((2, 3, 5), (0, 1, -1, 2), (0, -2, 2)):
        assert outcome(found, n, i, j) == outcome(function, n, i, j)


def turned(x: Handle) -> Handle:
    return apply("transpose", x, axes=(1, 0))


READ: dict[str, tuple[Callable[..., Any], str]] = {
    "row": (lambda x, A, i, j: read(read(A, [i]), [j]), "[{1}, {2}]"),
    "row as it is": (
        lambda x, A, i, j: read(read(A, [i]), [slice(1, None)]),
        "[{1}, 1:]",
    ),
    "column": (lambda x, A, i, j: read(read(A, [slice(None), i]), [j]), "[{1}, {2}]"),
    "transposed": (lambda x, A, i, j: read(turned(A), [i]), "[:, {1}]"),
    "transposed element": (lambda x, A, i, j: read(turned(A), [i, j]), "[{1}, {2}]"),
    "row of interior": (
        lambda x, A, i, j: read(read(A, [slice(1, None), slice(1, -1)]), [0]),
        "[{1}, 1:-1]",
    ),
    "new axis": (
        lambda x, A, i, j: read(read(A, [i]), [None, slice(1, None)]),
        "[{1}, None, 1:]",
    ),
    "slice of slice": (
        lambda x, A, i, j: read(read(x, [slice(1, -1)]), [slice(1, -2)]),
        "[2:-3]",
    ),
    "last of the rest": (
        lambda x, A, i, j: read(read(x, [slice(1, None)]), [-1]),
        "[{1}]",
    ),
    "backwards": (
        lambda x, A, i, j: read(read(x, [slice(None, None, -1)]), [1]),
        "[{1}]",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_one_read(name: str) -> None:
    build, index = READ[name]
    function, found = simplified(build)
    assert_agree(function, found)
    (op,) = [op for op in found.body.ops if op.name != "dim"]
    assert op.operands[0] in found.inputs
    assert f"[{', '.join(map(str, op.attrs['index']))}]" == index


CUTS = [
    slice(start, stop, step)
    for start, stop, step in product(
        (None, 0, 1, 2, -1), (None, 1, 3, -1, -2), (None, -1, 2)
    )
]


@pytest.mark.parametrize("then", [0, 1, 2, -1, -2, *CUTS[::2]], ids=str)
def test_every_pair_of_views(then: Any) -> None:
    for cut in CUTS:
        assert_agree(*simplified(lambda x, A, i, j: read(read(x, [cut]), [then])))


WRITE: dict[str, tuple[Callable[..., Any], str]] = {
    "row": (
        lambda x, A, i, j: apply("update", A, i, j, 7.0, path=(ROW,), index=(At(2),)),
        "[{1}, {2}]",
    ),
    "turned row": (
        lambda x, A, i, j: apply(
            "add_at", A, i, j, 7.0, path=(TURN, ROW), index=(At(2),)
        ),
        "[{1}, {2}]",
    ),
    "all of a row": (
        lambda x, A, i, j: apply("update", A, i, 7.0, path=(ROW,), index=(Cut(),)),
        "[{1}]",
    ),
}


@pytest.mark.parametrize("name", WRITE)
def test_one_write(name: str) -> None:
    build, index = WRITE[name]
    function, found = simplified(build)
    found = with_body(found, simplify(found.body))
    assert_agree(function, found)
    (op,) = [op for op in found.body.ops if op.name != "dim"]
    assert "path" not in op.attrs
    assert f"[{', '.join(map(str, op.attrs['index']))}]" == index


def test_not_after_a_write() -> None:
    def build(x: Handle, A: Handle, i: Handle, j: Handle) -> Any:
        row = read(A, [i])
        written = apply("update", A, i, 0.0, index=(At(1),))
        return written, read(row, [j])

    _, found = simplified(build)
    assert names(found.body) == ["getitem", "update", "getitem"]


def test_not_in_a_loop_that_writes() -> None:
    def build(x: Handle, A: Handle, i: Handle, j: Handle) -> Any:
        row = read(A, [0])

        def body(k: Handle, slot: Handle) -> list[Handle]:
            return [apply("update", slot, k, read(row, [k]), index=(At(1),))]

        return loop((0, 2, 1), [A], body)[0]

    function, found = simplified(build)
    assert_agree(function, found)
    assert names(found.body) == ["getitem", "for"]
