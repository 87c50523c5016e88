"""Where a Python number does for one of NumPy's: ``s = 0.0`` before ``s += x[i]``."""

from __future__ import annotations

from gradgen.codegen.lengths import surely_runs
from gradgen.codegen.uses import Uses
from gradgen.ir.core import Atom, Block, Op, walk_ops
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import FLOAT, Array, Scalar
from gradgen.structs import field, struct

ARITHMETIC = ("add", "subtract", "multiply")
WRITES = ("update", "add_at", "subtract_at")
NUMBERS = ("getitem", "sum", "matmul", "mean")
"""Ops that make a number of NumPy's of an array."""


def plain_numbers(block: Block, uses: Uses) -> set[Atom]:
    """Return the ``float64`` numbers for which a Python number does as well.

    Whoever reads them adds or multiplies a number of NumPy's, or writes to an array.
    Python's float is the same number; only a quotient by 0, a power and the type of a
    result would tell.
    """
    finder = _Finder(uses)
    finder.note(block)
    while finder.sort_out():
        pass
    return {x for x in finder.made & finder.plain if finder.may_start(x)}


@struct
class _Finder:
    """``made`` holds the numbers that may come from Python, ``readers`` who reads what.

    ``plain`` are those for which nothing speaks against it yet, ``numpy`` remembers
    which values are numbers of NumPy's in any case.
    """

    uses: Uses
    made: set[Atom] = field(default_factory=set)
    plain: set[Atom] = field(default_factory=set)
    numpy: dict[Atom, bool] = field(default_factory=dict)
    makers: dict[Atom, Op] = field(default_factory=dict)
    readers: dict[Atom, list[tuple[Op, int]]] = field(default_factory=dict)
    slots: dict[Atom, tuple[Op, int]] = field(default_factory=dict)

    def note(self, block: Block) -> None:
        """Enter who makes and reads the values of a block."""
        for op in walk_ops(block):
            self.makers.update(dict.fromkeys(op.results, op))
            for slot, x in enumerate(op.operands):
                self.readers.setdefault(x, []).append((op, slot))
            if op.name == "if":
                self.note_branch(op)
            elif op.name in ("for", "while"):
                self.note_loop(op)
            elif op.name == "cast" and _is_float(op.operands[0]):
                self.made.update(y for y in op.results if _is_number(y))
        everything = {*self.makers, *self.readers, *self.made}
        self.plain.update(x for x in everything if _is_number(x))
        self.plain.difference_update(block.results)

    def note_branch(self, op: Op) -> None:
        """Enter what a branch makes, and what its arms yield."""
        for k, y in enumerate(op.results):
            for region in op.regions:
                self.readers.setdefault(region.results[k], []).append((op, k + 1))
            if _is_number(y):
                self.made.add(y)

    def note_loop(self, op: Op) -> None:
        """Enter the slots of a loop, and what its body yields."""
        parts = loop_parts(op)
        tests = (x for test in op.regions[:-1] for x in test.params)
        self.plain.update(x for x in tests if _is_number(x))
        self.made.update(c for c in parts.carried if _is_number(c))
        self.slots.update((c, (op, k)) for k, c in enumerate(parts.carried))
        first = len(op.operands)
        for k, x in enumerate((*parts.next, *parts.items)):
            self.readers.setdefault(x, []).append((op, first + k))

    def sort_out(self) -> bool:
        """Drop those whose readers could tell, and tell whether there were any."""
        found = {
            x
            for x in self.plain
            if not all(self.allows(op, slot) for op, slot in self.readers.get(x, ()))
        }
        self.plain -= found
        return bool(found)

    def may_start(self, value: Atom) -> bool:
        """Tell whether what a slot starts with may be what its loop leaves behind."""
        return value not in self.slots or self.ends_well(*self.slots[value])

    def allows(self, op: Op, slot: int) -> bool:
        """Tell whether an op computes the same if what it reads is Python's."""
        if op.name == "if":
            return slot > 0 and op.results[slot - 1] in self.plain
        if op.name in ("for", "while"):
            return self.may_carry(op, slot)
        if op.name in ARITHMETIC:
            return any(map(self.is_numpy, op.operands)) or op.results[0] in self.plain
        if op.name == "negative":
            return op.results[0] in self.plain
        return op.name in WRITES and slot == len(op.operands) - 1

    def may_carry(self, op: Op, slot: int) -> bool:
        """Tell whether a loop may get or yield a number of Python's."""
        parts = loop_parts(op)
        count, first = len(parts.next), len(op.operands)
        if slot >= first + count:
            tape = parts.stacked[slot - first - count]
            return isinstance(tape.type, Array) and not self.uses.is_list(tape)
        k = slot - first if slot >= first else slot - len(parts.range)
        if not 0 <= k < count:
            return False
        slots = (parts.carried[k], *(test.params[k] for test in op.regions[:-1]))
        return self.plain.issuperset(slots) and self.ends_well(op, k)

    def ends_well(self, op: Op, k: int) -> bool:
        """Tell whether a loop leaves a number of NumPy's, or one that is plain."""
        parts = loop_parts(op)
        runs = op.name == "for" and surely_runs(parts.range, self.uses)
        return (runs and self.is_numpy(parts.next[k])) or parts.final[k] in self.plain

    def is_numpy(self, atom: Atom) -> bool:
        """Tell whether a value is one of NumPy's whatever is printed for others."""
        if atom not in self.numpy:
            self.numpy[atom] = self.found_numpy(atom)
        return self.numpy[atom]

    def found_numpy(self, atom: Atom) -> bool:
        """Find out from what computes it whether a value is one of NumPy's."""
        if isinstance(atom.type, Array):
            return atom.type.dtype == FLOAT
        op = self.makers.get(atom)
        if not _is_number(atom) or op is None:
            return False
        if op.name in (*ARITHMETIC, "negative", "divide", "power"):
            return any(map(self.is_numpy, op.operands))
        if op.name == "if":
            k = op.results.index(atom)
            return all(self.is_numpy(region.results[k]) for region in op.regions)
        return op.name in NUMBERS


def _is_number(atom: Atom) -> bool:
    type_ = atom.type
    return isinstance(type_, Scalar) and not type_.weak and type_.dtype == FLOAT


def _is_float(atom: Atom) -> bool:
    type_ = atom.type
    return isinstance(type_, Scalar) and type_.weak and type_.dtype == FLOAT
