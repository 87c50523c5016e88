"""Dead-code elimination, through regions."""

from __future__ import annotations

from collections.abc import Iterable

from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.flow import (
    LOOPS,
    control,
    flow,
    is_assumed,
    keep_branch_results,
    keep_loop_parts,
)
from gradgen.ir.regions import loop_parts
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import replace


def eliminate_dead(block: Block) -> Block:
    """Drop ops whose results nobody reads, unless they have an effect.

    Of a branch or loop that stays, results, carried slots, scanned operands and
    stacked columns go that nobody needs; a slot that only feeds itself is among them.

    Before -> after::

    a = sin(x); b = cos(x); return b   ->   b = cos(x); return b
    for i in range(n): s += x; p *= x
    return p                           ->   for i in range(n): p *= x
                                            return p
    """
    needs = _Needs()
    needs.add_block(block)
    live = needs.closure(block.results)
    return _swept(block, live, needs.effects)


class _Needs:
    """What is needed to compute each value, and what is needed in any case."""

    def __init__(self) -> None:
        self.of: dict[Value, tuple[Atom, ...]] = {}
        self.always: list[Atom] = []
        self.effects: set[Op] = set()

    def add_block(self, block: Block) -> bool:
        """Collect the needs of what ``block`` defines; tell whether it has effects."""
        found = [self._add(op) for op in block.ops]
        return any(found)

    def _add(self, op: Op) -> bool:
        inside = [self.add_block(region) for region in op.regions]
        effect = any(inside) or has_effect(op)
        if effect:
            self.effects.add(op)
            self.always += control(op) if op.regions else op.operands
        if op.regions:
            decides = control(op)
            self.of.update(flow(op))
            self.of.update((y, (*self.of[y], *decides)) for y in op.results)
        else:
            self.of.update(dict.fromkeys(op.results, op.operands))
        return effect

    def closure(self, results: Iterable[Atom]) -> set[Value]:
        """Return all values that the results and the effects are computed from."""
        live: set[Value] = set()
        pending = [*self.always, *results]
        while pending:
            atom = pending.pop()
            if isinstance(atom, Value) and atom not in live:
                live.add(atom)
                pending += self.of.get(atom, ())
        return live


def has_effect(op: Op) -> bool:
    """Tell whether ``op`` itself does more than compute its results."""
    if op.name == "call":
        return bool(op.attrs["effect"])
    if is_assumed(op):
        return False
    primitive = PRIMITIVES.get(op.name)
    return primitive is not None and primitive.effect


def _swept(block: Block, live: set[Value], effects: set[Op]) -> Block:
    ops = tuple(
        _trimmed(op, live, effects)
        for op in block.ops
        if op in effects or is_assumed(op) or any(y in live for y in op.results)
    )
    return Block(block.params, ops, block.results)


def _trimmed(op: Op, live: set[Value], effects: set[Op]) -> Op:
    if op.name == "if":
        kept = [k for k, y in enumerate(op.results) if y in live]
        op = keep_branch_results(op, kept)
    elif op.name in LOOPS:
        op = _trimmed_loop(op, live)
    if not op.regions:
        return op
    regions = tuple(_swept(region, live, effects) for region in op.regions)
    return replace(op, regions=regions)


def _trimmed_loop(op: Op, live: set[Value]) -> Op:
    parts = loop_parts(op)
    tests = [test.params for test in op.regions[:-1]]
    slots = zip(parts.carried, parts.final, *tests, strict=True)
    return keep_loop_parts(
        op,
        [k for k, values in enumerate(slots) if not live.isdisjoint(values)],
        [k for k, e in enumerate(parts.elements) if e in live],
        [k for k, y in enumerate(parts.stacked) if y in live],
    )
