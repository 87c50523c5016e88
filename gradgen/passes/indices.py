"""Prints ``i - 1`` between brackets wherever it is used, instead of naming it."""

from __future__ import annotations

from collections.abc import Iterator

from gradgen.ir.core import Atom, Block, Op, Value, walk_ops
from gradgen.ir.flow import LOOPS
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import INT, Scalar
from gradgen.structs import field, replace, struct

BRACKETS = {
    "getitem": (1, None),
    "update": (1, -1),
    "add_at": (1, -1),
    "subtract_at": (1, -1),
    "seq_get": (1, 2),
    "seq_set": (1, 2),
}
"""Which operands of an op are printed between its brackets."""


def repeat_indices(block: Block) -> Block:
    """Compute indices anew for each use, so that each can be printed where it is used.

    Before -> after::

        j = i - 1; s = x[j] * y[j]   ->   j = i - 1; k = i - 1; s = x[j] * y[k]
    """
    if not any(is_index(op) for op in walk_ops(block)):
        return block
    found = _Found()
    found.visit(block, None)
    made = {y: op for y, op in found.made.items() if y not in found.named}
    return _repeated(block, made) if made else block


def is_index(op: Op) -> bool:
    """Tell whether an op adds or subtracts two integers, and nobody named the sum."""
    if op.name not in ("add", "subtract") or op.results[0].hint:
        return False
    return all(_is_integer(x) for x in (*op.results, *op.operands))


def _is_integer(atom: Atom) -> bool:
    type_ = atom.type
    return isinstance(type_, Scalar) and type_.weak and type_.dtype == INT


@struct
class _Found:
    """Sums of integers, each with the loop round it, and those that need a name.

    A name is needed by what is used for anything else, or inside a loop that does not
    change it, and where a sum would be read after one of its terms was bound anew.
    """

    made: dict[Value, Op] = field(default_factory=dict)
    home: dict[Atom, Op | None] = field(default_factory=dict)
    named: set[Atom] = field(default_factory=set)
    rebound: set[Atom] = field(default_factory=set)

    def visit(self, block: Block, loop: Op | None) -> None:
        for op in block.ops:
            places = set(bracketed(op))
            for slot, x in enumerate(op.operands):
                if slot not in places or self.home.get(x, loop) is not loop:
                    self.named.add(x)
            if is_index(op) and self.rebound.isdisjoint(op.operands):
                self.made[op.results[0]] = op
                self.home[op.results[0]] = loop
            if op.name in LOOPS:
                self.rebound.update(op.results, loop_parts(op).carried)
            for region in op.regions:
                self.visit(region, op if op.name in LOOPS else loop)
        self.named.update(block.results)


def bracketed(op: Op) -> Iterator[int]:
    """Yield the operands that are printed between brackets, as index or bound."""
    if op.name in BRACKETS:
        yield from range(len(op.operands))[slice(*BRACKETS[op.name])]
    elif op.name == "for":
        parts = loop_parts(op)
        if not (parts.stacked or parts.scanned):
            yield from range(3)


def _repeated(block: Block, made: dict[Value, Op]) -> Block:
    ops: list[Op] = []
    for op in block.ops:
        if op.results and op.results[0] in made:
            continue
        operands = list(op.operands)
        for slot in bracketed(op):
            operands[slot] = _again(operands[slot], op, made, ops)
        regions = tuple(_repeated(region, made) for region in op.regions)
        ops.append(replace(op, operands=tuple(operands), regions=regions))
    return replace(block, ops=tuple(ops))


def _again(atom: Atom, user: Op, made: dict[Value, Op], ops: list[Op]) -> Atom:
    """Append the op that makes an index for ``user`` alone; return what it makes."""
    op = made.get(atom) if isinstance(atom, Value) else None
    if op is None:
        return atom
    y = Value(op.results[0].type)
    ops.append(replace(op, results=(y,), span=user.span, origin=user.origin))
    return y
