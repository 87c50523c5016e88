"""Which array a shape is read from, so that ``x = x.copy()`` can be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradgen.ir.core import Atom, Block, Op, Value, walk_ops
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import field, struct


@struct
class Models:
    """What the copies of arrays that nobody else reads have become since."""

    newest: dict[Atom, Value] = field(default_factory=dict)
    copies: set[Op] = field(default_factory=set)

    def of(self, atom: Atom) -> Atom:
        """Return the last of the arrays that one was copied to and written in."""
        while atom in self.newest:
            atom = self.newest[atom]
        return atom

    def reading(self, op: Op) -> Op:
        """Return ``op`` reading shapes from copies."""
        slots = _shapes(op) if self.newest else ()
        if not any(op.operands[slot] in self.newest for slot in slots):
            return op
        operands = list(op.operands)
        for slot in slots:
            operands[slot] = self.of(operands[slot])
        return op.with_operands(tuple(operands))

    def note(self, op: Op) -> None:
        """Enter what an op copies, or makes in the memory of a copy."""
        if op in self.copies:
            self.newest[op.operands[0]] = op.results[0]
        elif op.into is not None:
            self.follow(op.operands[op.into], op.results[0])

    def follow(self, old: Atom, new: Value) -> None:
        """Enter that what was a copy goes on as ``new``, which has its shape."""
        if old in self.newest.values() and old.type == new.type:
            self.newest.setdefault(old, new)


def models_in(block: Block) -> Models:
    """Return the models of a block before its first op."""
    last = {op.operands[0]: k for k, op in enumerate(block.ops) if op.name == "copy"}
    return Models(copies={block.ops[k] for k in last.values() if _is_left(block, k)})


def lengths_last(ops: Sequence[Op]) -> list[Op]:
    """Put the lengths that are printed inside other ops right before these."""
    found: list[Op] = []
    waiting: dict[Atom, Op] = {}
    for op in ops:
        found.extend(waiting.pop(x) for x in op.operands if x in waiting)
        if op.inline and op.name in ("dim", "size"):
            waiting[op.results[0]] = op
        else:
            found.append(op)
    return [*found, *waiting.values()]


def _is_left(block: Block, position: int) -> bool:
    """Tell whether no more than the shape is read of what was copied at a position."""
    (source,) = block.ops[position].operands
    rest = Block((), block.ops[position + 1 :], block.results)
    return source not in block.results and not any(
        source in _contents(op) or any(source in r.results for r in op.regions)
        for op in walk_ops(rest)
    )


def _contents(op: Op) -> Iterable[Atom]:
    """Yield the operands of which an op reads more than the shape."""
    slots = _shapes(op)
    return (x for slot, x in enumerate(op.operands) if slot not in slots)


def _shapes(op: Op) -> Sequence[int]:
    """Return the operands of which an op reads the shape alone."""
    primitive = PRIMITIVES.get(op.name)
    return () if primitive is None else primitive.shape_only
