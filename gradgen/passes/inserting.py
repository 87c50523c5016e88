"""Puts copies where they were found to be needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gradgen.ir.core import Atom, Block, Function, Op, Value, walk_ops
from gradgen.ir.flow import LOOPS
from gradgen.passes.aliases import RESULT, Copies
from gradgen.passes.memory import mutates

FORCED = "forced"
"""The origin of copies that a write makes necessary in each iteration of a loop."""


def insert_copies(block: Block, copies: Copies) -> Block:
    """Return ``block`` with an op for each copy, which what comes after it reads."""
    if not copies:
        return block
    makers = {y: op for op in walk_ops(block) for y in op.results}
    return _Inserter(copies, makers).block(block, ())


def copies_in_loops(function: Function) -> list[Op]:
    """Return the copies of a bufferized function that a loop repeats for a write.

    They change what an iteration costs: from an element, say, to the whole array.
    """
    return [op for op in walk_ops(function.body) if op.origin == FORCED]


@dataclass(frozen=True, slots=True)
class _Inserter:
    copies: Copies
    makers: dict[Value, Op]
    ops: list[Op] = field(default_factory=list)

    def block(self, block: Block, owners: Sequence[Op]) -> Block:
        """Return a block inside ``owners`` with its copies."""
        inner = replace(self, ops=[])
        for op in block.ops:
            inner.add(op, owners)
        results = tuple(
            inner.replaced(block, k, x, None if owners else "result")
            for k, x in enumerate(block.results)
        )
        return replace(block, ops=tuple(inner.ops), results=results)

    def add(self, op: Op, owners: Sequence[Op]) -> None:
        """Append an op after copies of its operands, and before that of its result."""
        looped = any(owner.name in LOOPS for owner in owners)
        forced = looped and (mutates(op) or op.name in LOOPS)
        operands = tuple(
            self.replaced(op, slot, x, FORCED if forced else op.origin)
            for slot, x in enumerate(op.operands)
        )
        regions = tuple(self.block(region, (*owners, op)) for region in op.regions)
        view = self.copies.get((op, RESULT))
        results = op.results if view is None else (view,)
        self.ops.append(
            replace(op, operands=operands, regions=regions, results=results)
        )
        if view is not None:
            (y,) = op.results
            self.ops.append(Op("copy", (view,), (y,), {}, (), op.span, op.origin))

    def replaced(
        self, owner: Op | Block, slot: int, atom: Atom, origin: str | None
    ) -> Atom:
        """Return ``atom``, or the copy of it that is made here."""
        copy = self.copies.get((owner, slot))
        if copy is None:
            return atom
        assert isinstance(atom, Value)
        near = owner if isinstance(owner, Op) else self.makers.get(atom)
        span, found = (near.span, near.origin) if near else (None, "primal")
        self.ops.append(Op("copy", (atom,), (copy,), {}, (), span, origin or found))
        return copy
