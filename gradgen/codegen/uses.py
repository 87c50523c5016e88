"""How often values are used, and whether only by loops that scan them."""

from __future__ import annotations

from dataclasses import dataclass

from gradgen.ir.core import Block, Value, use_counts, walk_ops
from gradgen.ir.regions import loop_parts


@dataclass(slots=True)
class Uses:
    """The number of uses of each value, and of those as a scanned operand."""

    all: dict[Value, int]
    scanned: dict[Value, int]

    def count(self, value: Value) -> int:
        """Return how often a value is used."""
        return self.all.get(value, 0)

    def only_scanned(self, value: Value) -> bool:
        """Tell whether a tape is only read element by element."""
        return self.count(value) == self.scanned.get(value, 0)


def uses_in(block: Block) -> Uses:
    """Count the uses of every value in a block and its regions."""
    scanned: dict[Value, int] = {}
    for op in walk_ops(block):
        if op.name in ("for", "while"):
            for x in loop_parts(op).scanned:
                if isinstance(x, Value):
                    scanned[x] = scanned.get(x, 0) + 1
    return Uses(use_counts(block), scanned)
