"""How values are used: how often, by whom, and which of them are lengths."""

from __future__ import annotations

from gradgen.ir.core import Atom, Block, Op, Value, use_counts, walk_ops
from gradgen.ir.flow import gaps_in
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import Scalar, Seq
from gradgen.structs import field, struct


@struct
class Uses:
    """The number of uses of each value, and of those as a scanned operand.

    ``lengths`` are the values that are lengths, and so never negative, ``lists`` the
    tapes that are kept as lists, ``gaps`` what may never have been bound.
    """

    all: dict[Value, int]
    scanned: dict[Value, int] = field(default_factory=dict)
    lengths: set[Atom] = field(default_factory=set)
    lists: set[Atom] = field(default_factory=set)
    gaps: set[Value] = field(default_factory=set)

    def count(self, value: Value) -> int:
        """Return how often a value is used."""
        return self.all.get(value, 0)

    def is_list(self, tape: Atom) -> bool:
        """Tell whether a tape is a list, whatever its type says.

        Python numbers stay what they are only in a list, and that is faster, too.
        """
        return isinstance(tape.type, Seq) or tape in self.lists

    def may_be_list(self, tape: Value, item: Atom, op: Op) -> bool:
        """Tell whether a tape is only read element by element, and may grow."""
        if self.count(tape) != self.scanned.get(tape, 0):
            return False
        grows = op.name == "while" or op.attrs["exits"]
        return grows or (isinstance(item.type, Scalar) and item.type.weak)


def uses_in(block: Block) -> Uses:
    """Count the uses of every value in a block and its regions."""
    uses = Uses(use_counts(block))
    for op in walk_ops(block):
        if op.name in ("dim", "size"):
            uses.lengths.update(op.results)
        elif op.name in ("for", "while"):
            for x in loop_parts(op).scanned:
                if isinstance(x, Value):
                    uses.scanned[x] = uses.scanned.get(x, 0) + 1
    for op in walk_ops(block):
        if op.name in ("for", "while"):
            parts = loop_parts(op)
            for tape, item in zip(parts.stacked, parts.items, strict=True):
                if uses.may_be_list(tape, item, op):
                    uses.lists.add(tape)
    uses.gaps = gaps_in(block)
    return uses
