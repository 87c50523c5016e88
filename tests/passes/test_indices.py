"""Which integers are computed anew for each use as an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import with_body
from gradgen.ir.types import FLOAT, PY_INT, Array, Sym, Type
from gradgen.passes.indices import repeat_indices
from gradgen.primitives.indexing import read
from gradgen.primitives.registry import Handle
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.passes.regions import branch, loop, make_function

TYPES: dict[str, Type] = {
    "x": Array(FLOAT, (Sym("n", proper=True),)),
    "n": PY_INT,
}


def count_of_sums(build: Callable[..., Any]) -> int:
    """Return how many sums of integers there are, and check what is computed."""
    function = make_function(TYPES, build)
    check_ir(function)
    found = with_body(function, repeat_indices(function.body))
    check_ir(found)
    args = (np.array([1.0, 2.0, 4.0]), 2)
    np.testing.assert_array_equal(interpret(found, args), interpret(function, args))
    return sum_count(found.body)


def sum_count(block: Any) -> int:
    inner = sum(sum_count(region) for op in block.ops for region in op.regions)
    integers = (op for op in block.ops if op.results[0].type.dtype.kind == "i")
    return inner + sum(op.name in ("add", "subtract") for op in integers)


def used_twice(x: Handle, n: Handle) -> Any:
    before = n - 1
    return read(x, [before]) * read(x, [before])


def in_arms(x: Handle, n: Handle) -> Any:
    before = n - 1
    arm = lambda: [read(x, [before])]
    return branch(n > 1, arm, arm)[0]


def in_loop(x: Handle, n: Handle) -> Any:
    before = n - 1
    start = read(x, [0])
    return loop((0, n, 1), [start], lambda i, s: [s * read(x, [before])])[0]


def of_the_loop(x: Handle, n: Handle) -> Any:
    def body(i: Handle, s: Handle) -> list[Handle]:
        after = i + 1
        return [s * read(x, [after]) + read(x, [after])]

    return loop((0, n, 1), [read(x, [0])], body)[0]


def also_a_factor(x: Handle, n: Handle) -> Any:
    before = n - 1
    return read(x, [before]) * before * read(x, [before])


def of_a_slot(x: Handle, n: Handle) -> Any:
    def body(i: Handle, k: Handle, s: Handle) -> list[Handle]:
        before = k - 1
        return [i, s * read(x, [before]) + read(x, [before])]

    return loop((0, n, 1), [n, read(x, [0])], body)[1]


def named(x: Handle, n: Handle) -> Any:
    before = n - 1
    before.atom.hint = "before"
    return read(x, [before]) * read(x, [before])


@pytest.mark.parametrize(
    ("build", "count"),
    [
        (used_twice, 2),
        (in_arms, 2),
        (in_loop, 1),
        (of_the_loop, 2),
        (also_a_factor, 1),
        (of_a_slot, 1),
        (named, 1),
    ],
)
def test_indices_are_computed_for_each_use(
    build: Callable[..., Any], count: int
) -> None:
    assert count_of_sums(build) == count
