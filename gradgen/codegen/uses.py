"""How values are used: how often, by whom, and which of them are lengths."""

from __future__ import annotations

from collections.abc import Iterator

from gradgen.ir.core import Atom, Block, Op, Value, use_counts, walk_ops
from gradgen.ir.flow import gaps_in
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import BOOL, Scalar, Seq
from gradgen.structs import field, struct

CONVERSIONS = ("bool", "cast")
"""Ops after which what was true is true."""


@struct
class Uses:
    """The number of uses of each value, and of those as a scanned operand.

    ``lengths`` are the values that are lengths, and so never negative, ``lists`` the
    tapes that are kept as lists, ``gaps`` what may never have been bound, ``truths``
    the flags of which no more is asked than whether they are true.
    """

    all: dict[Value, int]
    scanned: dict[Value, int] = field(default_factory=dict)
    lengths: set[Atom] = field(default_factory=set)
    lists: set[Atom] = field(default_factory=set)
    gaps: set[Value] = field(default_factory=set)
    truths: set[Atom] = field(default_factory=set)

    def count(self, value: Value) -> int:
        """Return how often a value is used."""
        return self.all.get(value, 0)

    def has_shape(self, x: Value) -> bool:
        """Tell whether a value has lengths to ask for: it is bound, and no list."""
        return x not in self.gaps and not self.is_list(x)

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
    uses.truths = _truths_in(block)
    return uses


def _truths_in(block: Block) -> set[Atom]:
    """Return the flags that decide what is run, and are used for nothing else."""
    reads: list[tuple[Atom, Atom | None]] = [(x, None) for x in block.results]
    found: set[Atom] = set()
    for op in walk_ops(block):
        found.update(y for y in op.results if _is_flag(y))
        reads.extend(_flag_reads(op))
    while True:
        more = {x for x, y in reads if x in found and y not in found}
        if not more:
            return found
        found -= more


def _is_flag(value: Value) -> bool:
    return isinstance(value.type, Scalar) and value.type.dtype == BOOL


def _flag_reads(op: Op) -> Iterator[tuple[Atom, Atom | None]]:
    """Yield what an op reads for more than its truth, or for that of another flag."""
    if op.name == "if":
        for region in op.regions:
            yield from zip(region.results, op.results, strict=True)
    elif op.name in ("for", "while"):
        parts = loop_parts(op)
        for x in (*op.operands, *parts.next, *parts.items):
            yield x, None
    elif op.name not in (*CONVERSIONS, "not"):
        yield from ((x, None) for x in op.operands)
