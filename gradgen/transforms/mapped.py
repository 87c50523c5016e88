"""Which values differ between the examples of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.flow import LOOPS, control, free_values
from gradgen.ir.regions import loop_parts
from gradgen.primitives.registry import PRIMITIVES


def mapped_values(block: Block, inputs: Iterable[Value]) -> set[Value]:
    """Return the values, in regions too, that depend on ``inputs``.

    What is only decided by them counts: where a branch or a loop runs for some examples
    only, all of its results are mapped.
    """
    mapped = set(inputs)
    _map_ops(block.ops, mapped)
    return mapped


def _map_ops(ops: Sequence[Op], mapped: set[Value]) -> None:
    for op in ops:
        if op.name in LOOPS:
            _map_loop(op, mapped)
        elif op.name == "if":
            for region in op.regions:
                _map_ops(region.ops, mapped)
                _hand_on(region.results, op.results, mapped)
        elif any(x in mapped for x in read_operands(op)):
            mapped.update(op.results)
        if splits(op, mapped):
            mapped.update(op.results)


def _map_loop(op: Op, mapped: set[Value]) -> None:
    parts = loop_parts(op)
    _hand_on(parts.scanned, parts.elements, mapped)
    _hand_on(parts.initial, parts.carried, mapped)
    before = -1
    while len(mapped) > before:
        before = len(mapped)
        for test in op.regions[:-1]:
            _hand_on(parts.carried, test.params, mapped)
        for region in op.regions:
            _map_ops(region.ops, mapped)
        _hand_on(parts.next, parts.carried, mapped)
    _hand_on(parts.carried, parts.final, mapped)
    _hand_on(parts.items, parts.stacked, mapped)


def _hand_on(given: Sequence[Atom], taken: Sequence[Atom], mapped: set[Value]) -> None:
    for x, y in zip(given, taken, strict=True):
        if x in mapped and isinstance(y, Value):
            mapped.add(y)


def splits(op: Op, mapped: set[Value]) -> bool:
    """Tell whether examples take different ways through a branch or a loop."""
    return any(x in mapped for x in control(op))


def read_operands(op: Op) -> list[Value]:
    """Return the operands whose contents ``op`` reads, not their shapes alone."""
    primitive = PRIMITIVES.get(op.name)
    unread = () if primitive is None else primitive.shape_only
    return [
        x
        for slot, x in enumerate(op.operands)
        if isinstance(x, Value) and slot not in unread
    ]


def mapped_inside(op: Op, mapped: set[Value]) -> list[Value]:
    """Return the mapped values from outside that ``op`` and its regions read."""
    found = dict.fromkeys(x for x in op.operands if x in mapped)
    for region in op.regions:
        found.update(dict.fromkeys(x for x in free_values(region) if x in mapped))
    return [x for x in found if isinstance(x, Value)]
