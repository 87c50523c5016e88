"""Region ops with more slots, columns and results than they had."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import Array, Scalar, Seq, Type
from gradgen.structs import field, replace, struct


@struct
class Additions:
    """What a loop gets besides what it has, by role."""

    initial: list[Atom] = field(default_factory=list)
    carried: list[Value] = field(default_factory=list)
    next: list[Atom] = field(default_factory=list)
    final: list[Value] = field(default_factory=list)
    scanned: list[Atom] = field(default_factory=list)
    elements: list[Value] = field(default_factory=list)
    items: list[Atom] = field(default_factory=list)
    stacked: list[Value] = field(default_factory=list)


def extend_loop(op: Op, ops: Sequence[Op], more: Additions) -> Op:
    """Return a loop with another body and more slots, scanned and stacked columns."""
    parts, index = loop_parts(op), op.regions[-1].params[0]
    carried = (*parts.carried, *more.carried)
    body = Block(
        (index, *carried, *parts.elements, *more.elements),
        tuple(ops),
        (*parts.exit, *parts.next, *more.next, *parts.items, *more.items),
    )
    initial = (*parts.range, *parts.initial, *more.initial)
    results = (*parts.final, *more.final, *parts.stacked, *more.stacked)
    return replace(
        op,
        operands=(*initial, *parts.scanned, *more.scanned),
        results=(*results, *op.results[-2:]),
        attrs={**op.attrs, "carried": len(carried)},
        regions=(*_extended_tests(op, more), body),
    )


def _extended_tests(op: Op, more: Additions) -> list[Block]:
    """Return the test of a ``while`` with parameters for all slots."""
    return [
        replace(test, params=(*test.params, *(Value(x.type) for x in more.carried)))
        for test in op.regions[:-1]
    ]


def extend_if(
    op: Op,
    branches: Sequence[Sequence[Op]],
    yields: Sequence[Sequence[Atom]],
    results: Sequence[Value],
) -> Op:
    """Return an ``if`` with other branches that yield more values."""
    regions = tuple(
        Block((), tuple(ops), (*region.results, *more))
        for region, ops, more in zip(op.regions, branches, yields, strict=True)
    )
    return replace(op, regions=regions, results=(*op.results, *results))


def column_type(column: Type, item: Type) -> Type:
    """Return the type of ``column`` if it collects values of the type of ``item``."""
    if isinstance(column, Seq) or not isinstance(item, Scalar | Array):
        return Seq(item)
    assert isinstance(column, Array)
    return Array(item.dtype, (column.shape[0], *item.shape))
