"""What is overwritten, and what is still read after that, round the back edges too."""

from __future__ import annotations

from gradgen.ir.core import Block, Op, Value
from gradgen.ir.flow import LOOPS, defined_values
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import BOOL, Array
from gradgen.passes.memory import content_reads, overwritten_slots, values_in
from gradgen.passes.tapes import referring_tapes
from gradgen.primitives.indexing import At
from gradgen.structs import struct

Loops = tuple[Op, ...]


@struct
class Write:
    """An op that overwrites the operand in ``slot``, inside ``loops``, outermost first.

    ``alive`` holds the values of before that are read when it begins to write.
    """

    op: Op
    alive: frozenset[Value]
    loops: Loops
    slot: int = 0

    @property
    def target(self) -> Value:
        """Return what is overwritten."""
        target = self.op.operands[self.slot]
        assert isinstance(target, Value)
        return target


def find_writes(block: Block) -> list[Write]:
    """Return the writes in ``block`` and its regions, in order."""
    if not has_writes(block):
        return []
    found: list[Write] = []
    _visit(block, set(), (), found)
    return found[::-1]


def targets_in(op: Op) -> list[Value]:
    """Return what ``op`` overwrites, itself or in its regions."""
    if not op.regions:
        return values_in(op.operands[slot] for slot in overwritten_slots(op))
    return [x for r in op.regions for inner in r.ops for x in targets_in(inner)]


def has_writes(block: Block) -> bool:
    """Tell whether something is overwritten in ``block`` or its regions."""
    return any(
        overwritten_slots(op) or any(map(has_writes, op.regions)) for op in block.ops
    )


def _visit(block: Block, alive: set[Value], loops: Loops, found: list[Write]) -> None:
    """Go backwards through a block after which ``alive`` is read."""
    alive.update(values_in(block.results))
    for op in reversed(block.ops):
        alive.difference_update(op.results)
        for slot in overwritten_slots(op):
            late = _read_while_writing(op, slot)
            found.append(Write(op, frozenset(alive | late), loops, slot))
        if op.regions:
            _visit_regions(op, alive, loops, found)
        alive.update(content_reads(op))


def _visit_regions(op: Op, alive: set[Value], loops: Loops, found: list[Write]) -> None:
    free = free_reads(op)
    if op.name not in LOOPS:
        for region in reversed(op.regions):
            _visit(region, set(alive), loops, found)
    else:
        around = alive | free | kept_in_loop(op)
        for region in reversed(op.regions):
            _visit(region, set(around), (*loops, op), found)
    alive |= free


def kept_in_loop(op: Op) -> set[Value]:
    """Return what each iteration needs anew: what is scanned, and tapes of references.

    A tape that is being written goes by the value that it becomes.
    """
    tapes = {tape for tape, _ in referring_tapes(op)}
    return tapes.union(values_in(loop_parts(op).scanned))


def free_reads(op: Op) -> set[Value]:
    """Return the values from outside that the regions of ``op`` read."""
    found: set[Value] = set()
    for region in op.regions:
        _collect_reads(region, found)
        found.difference_update(defined_values(region))
    return found


def _collect_reads(block: Block, found: set[Value]) -> None:
    found.update(values_in(block.results))
    for op in block.ops:
        found.update(content_reads(op))
        for region in op.regions:
            _collect_reads(region, found)


def _read_while_writing(op: Op, slot: int) -> set[Value]:
    """Return the operands that are read while one is written to.

    NumPy makes a copy of what overlaps, except where a mask chooses the places. A
    helper may read all others at any time.
    """
    if op.name == "call":
        return set(values_in(x for k, x in enumerate(op.operands) if k != slot))
    index = op.attrs.get("index", ())
    types = [op.operands[i.slot].type for i in index if isinstance(i, At)]
    masked = any(isinstance(t, Array) and t.dtype == BOOL for t in types)
    return set(values_in(op.operands[1:])) if masked else set()
