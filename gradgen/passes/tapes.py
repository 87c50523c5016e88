"""Which tapes hold what was put on them by reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.flow import free_values
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import Array, Dim, Scalar, Seq


def referring_tapes(op: Op) -> list[tuple[Value, int]]:
    """Return the tapes of a loop that refer to arrays, with their place among yields.

    A tape of known size is an array, to which the items are copied. Any other one is a
    list while it grows, even if it is read as an array afterwards.
    """
    parts = loop_parts(op)
    first = len(parts.exit) + len(parts.next)
    pairs = enumerate(zip(parts.stacked, parts.items, strict=True), first)
    return [(tape, k) for k, (tape, item) in pairs if _refers(op, tape, item)]


def _refers(op: Op, tape: Value, item: Atom) -> bool:
    if not isinstance(item.type, Array | Seq):
        return False
    if isinstance(tape.type, Seq) or op.name == "while" or op.attrs["exits"]:
        return True
    assert isinstance(item.type, Array)
    return not {d for d in item.type.shape if not isinstance(d, int)} <= _at_hand(op)


def _at_hand(op: Op) -> set[Dim]:
    """Return the lengths that the types of what a loop gets tell."""
    found: set[Dim] = set()
    for atoms in (op.operands, *map(free_values, op.regions)):
        found.update(_lengths(atoms))
    return found


def _lengths(atoms: Iterable[Atom]) -> Iterator[Dim]:
    for atom in atoms:
        if isinstance(atom.type, Array):
            yield from atom.type.shape
        elif isinstance(atom.type, Scalar) and atom.type.dim is not None:
            yield atom.type.dim
