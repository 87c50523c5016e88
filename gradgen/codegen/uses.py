"""How values are used: how often, by whom, and which of them are lengths."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradgen.ir.core import Atom, Block, Value, use_counts, walk_ops
from gradgen.ir.regions import loop_parts


@dataclass(slots=True)
class Uses:
    """The number of uses of each value, and of those as a scanned operand.

    ``lengths`` are the values that are lengths, and so never negative.
    """

    all: dict[Value, int]
    scanned: dict[Value, int] = field(default_factory=dict)
    lengths: set[Atom] = field(default_factory=set)

    def count(self, value: Value) -> int:
        """Return how often a value is used."""
        return self.all.get(value, 0)

    def only_scanned(self, value: Value) -> bool:
        """Tell whether a tape is only read element by element."""
        return self.count(value) == self.scanned.get(value, 0)


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
    return uses
