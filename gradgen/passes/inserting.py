"""Puts copies where they were found to be needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradgen.deferred import Deferred
from gradgen.ir.core import Atom, Block, Function, Op, Value, walk_ops
from gradgen.ir.types import Seq, Tape
from gradgen.passes.aliases import RESULT, Copies, Site, holds_arrays
from gradgen.passes.copies import Needed
from gradgen.structs import field, replace, struct

if TYPE_CHECKING:
    from gradgen.passes import guarding
else:
    guarding = Deferred("gradgen.passes.guarding")

DEEP = {Seq: "seq_copy", Tape: "tape_copy"}

FORCED = "forced"
"""The origin of copies that a write makes necessary in each iteration of a loop."""


def insert_copies(block: Block, needed: Needed, residuals: Sequence[Value]) -> Block:
    """Return ``block`` with an op for each copy, which what comes after it reads.

    Of ``residuals`` another function made the values, or left them undefined.
    """
    if not needed.copies:
        return block
    makers = {y: op for op in walk_ops(block) for y in op.results}
    inserter = _Inserter(needed.copies, needed.forced, makers)
    return guarding.guard_copies(inserter.block(block), residuals)


def copies_in_loops(function: Function) -> list[Op]:
    """Return the copies of a bufferized function that a loop repeats for a write.

    They change what an iteration costs, from an element, say, to the whole array,
    unless the array is as long in every call. A loop over examples copies what belongs
    to one of them, and so all of them once.
    """
    functions = (function, *function.helpers.values())
    ops = (op for f in functions for op in _repeated(f.body, once=False))
    return [op for op in ops if op.origin == FORCED and _grows(op.operands[0])]


def _repeated(block: Block, once: bool) -> Iterator[Op]:
    """Yield the ops of a block and its regions, but not those run once an example."""
    for op in block.ops:
        if not once:
            yield op
        inside = op.attrs.get("examples", once and op.name == "if")
        for region in op.regions:
            yield from _repeated(region, inside)


def _grows(x: Atom) -> bool:
    """Tell whether the size of an array is known only at run time."""
    shape = getattr(x.type, "shape", (None,))
    return not all(isinstance(dim, int) for dim in shape)


@struct
class _Inserter:
    copies: Copies
    forced: set[Site]
    makers: dict[Value, Op]
    ops: list[Op] = field(default_factory=list)

    def block(self, block: Block, owner: Op | None = None) -> Block:
        """Return a block with its copies."""
        inner = replace(self, ops=[])
        for op in block.ops:
            inner.add(op)
        origin = "result" if owner is None else owner.origin
        results = tuple(
            inner.replaced(block, k, x, origin) for k, x in enumerate(block.results)
        )
        return replace(block, ops=tuple(inner.ops), results=results)

    def add(self, op: Op) -> None:
        """Append an op after copies of its operands, and before that of its result."""
        operands = tuple(
            self.replaced(op, slot, x, op.origin) for slot, x in enumerate(op.operands)
        )
        regions = tuple(self.block(region, op) for region in op.regions)
        view = self.copies.get((op, RESULT))
        results = op.results if view is None else (view,)
        self.ops.append(
            replace(op, operands=operands, regions=regions, results=results)
        )
        if view is not None:
            (y,) = op.results
            self.ops.append(Op("copy", (view,), (y,), {}, (), op.span, op.origin))

    def replaced(self, owner: Op | Block, slot: int, atom: Atom, origin: str) -> Atom:
        """Return ``atom``, or the copy of it that is made here."""
        copy = self.copies.get((owner, slot))
        if copy is None:
            return atom
        assert isinstance(atom, Value)
        near = owner if isinstance(owner, Op) else self.makers.get(atom)
        span = near.span if near else None
        origin = FORCED if (owner, slot) in self.forced else origin
        deep = origin == "result" and holds_arrays(atom.type)
        name = DEEP[type(atom.type)] if deep else "copy"
        self.ops.append(Op(name, (atom,), (copy,), {}, (), span, origin))
        return copy
