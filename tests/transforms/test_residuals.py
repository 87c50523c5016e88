"""What is taped and what is recomputed; sweeps split in two functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Block, Function, Op, Value, walk_ops
from gradgen.ir.tree import tree_of
from gradgen.ir.types import PY_FLOAT, Array, Seq, is_floating
from gradgen.passes.pipeline import optimise
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.cut import minimum_cut
from gradgen.transforms.derive import Selection, adjoint, split
from tests.transforms import test_regions as programs
from tests.transforms.regions import floats, seeds_for


def pulled_back(function: Function, *, lean: bool = True) -> Function:
    """Return the adjoint with respect to all that is floating."""
    moving = [k for k, p in enumerate(function.params) if is_floating(p.tree.leaf.type)]
    found = adjoint(function, Selection(tuple(moving), single=False))
    check_ir(found)
    return optimise(found) if lean else found


def tapes(function: Function) -> list[Value]:
    """Return what the outermost loops record."""
    return [
        y
        for op in function.body.ops
        if op.name in ("for", "while")
        for y in op.results[op.attrs["carried"] : -2]
    ]


def in_loops(block: Block) -> Iterator[Op]:
    """Yield the ops that run many times."""
    for op in walk_ops(block):
        if op.name in ("for", "while"):
            yield from walk_ops(op.regions[-1])


# The number of tapes, and whether their length is known before the loop.
TAPES = [
    (programs.recurrence, 1, True),
    (programs.sum_of_squares, 0, True),
    (programs.tanh_recurrence, 1, True),
    (programs.branch_in_loop, 1, True),
    (programs.swap, 2, True),
    (programs.leaves_early, 1, False),
    (programs.newton, 1, False),
    (programs.counts_by_hand, 1, False),
    (programs.branch_on_leaving, 1, False),
]


@pytest.mark.parametrize(
    ("case", "count", "known"), TAPES, ids=lambda x: getattr(x, "__name__", None)
)
def test_tapes(case: Any, count: int, known: bool) -> None:
    found = tapes(pulled_back(case()[0]))
    assert len(found) == count
    assert all(isinstance(y.type, Array if known else Seq) for y in found)
    assert all(len(getattr(y.type, "shape", ())) <= 2 for y in found)


READS = [
    programs.recurrence,
    programs.sum_of_squares,
    programs.tanh_recurrence,
    programs.branch_in_loop,
    programs.nested_loops,
    programs.counts_by_hand,
    programs.reads_through_views,
]


@pytest.mark.parametrize("case", READS, ids=lambda case: case.__name__)
@pytest.mark.parametrize("lean", [False, True])
def test_an_element_costs_an_element(case: Any, lean: bool) -> None:
    """No array is made in the loops of a reverse sweep that only reads elements."""
    function = pulled_back(case()[0], lean=lean)
    live = optimise(function) if lean else function
    assert not [op for op in in_loops(live.body) if op.name in ("zeros", "full")]


@pytest.mark.parametrize("case", programs.CASES, ids=lambda case: case.__name__)
def test_split(case: Any) -> None:
    function, args = case()
    joint = pulled_back(function)
    forward, pullback = split(joint)
    check_ir(forward)
    check_ir(pullback)
    value, residuals = interpret(forward, args)
    bars = seeds_for(tree_of(value), np.random.default_rng(0))
    wanted = interpret(joint, [*args, bars])
    found = (value, interpret(pullback, [residuals, bars]))
    for x, y in zip(floats(found), floats(wanted), strict=True):
        np.testing.assert_array_equal(x, y)


def test_minimum_cut() -> None:
    """``a`` gives ``b`` and ``c``; ``d`` is dear, but made from ``e`` and ``b``."""
    a, b, c, d, e = (Value(PY_FLOAT, name) for name in "abcde")
    sources = {a: None, b: [a], c: [a], d: [e, b], e: None}
    weights = {a: 1, b: 1, c: 1, d: 5, e: 2}

    def cut(*needed: Value) -> set[Value]:
        return minimum_cut(needed, sources.__getitem__, weights.__getitem__)

    assert cut(b) == {b}
    assert cut(b, c) == {a}
    assert cut(d, b) == {e, b}
    assert cut() == set()
