"""How often values are used, for passes that move work to where it is used."""

from __future__ import annotations

from gradgen.ir.core import Block, Value, use_counts, walk_ops
from gradgen.ir.flow import LOOPS, defined_values


def weighted_uses(block: Block) -> dict[Value, int]:
    """Count the uses of every value, those in loops within its block twice.

    So a value that is used once is made for that use alone: its op may be moved there
    without running more often.
    """
    counts = use_counts(block)
    for op in walk_ops(block):
        for region in op.regions if op.name in LOOPS else ():
            inner = set(defined_values(region))
            for value, count in use_counts(region).items():
                if value not in inner:
                    counts[value] += count
    return counts
