"""Lengths of tapes, in terms of what is at hand before a loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradgen.codegen.statements import Operand, Phrase
from gradgen.codegen.uses import Uses
from gradgen.ir.core import Atom, Literal, Value
from gradgen.ir.types import Array, Dim, Scalar, Shape, Sym


def is_number(atom: Atom, number: int) -> bool:
    """Tell whether an atom is this literal number."""
    return isinstance(atom, Literal) and atom.value == number


def difference(left: Atom, right: Atom) -> Operand:
    """Return ``left - right``, computed where both are known."""
    if is_number(right, 0):
        return left
    if isinstance(left, Literal) and isinstance(right, Literal):
        return Literal.of(left.value - right.value)
    if isinstance(right, Literal) and right.value < 0:
        return Phrase("{0} + {1}", (left, Literal.of(-right.value)))
    return Phrase("{0} - {1}", (left, right))


def count_of(bounds: tuple[Atom, ...], uses: Uses) -> Operand:
    """Return the number of iterations over a range, never negative."""
    lo, hi, step = bounds
    if not is_number(step, 1):
        return Phrase("len(range({0}, {1}, {2}))", (lo, hi, step))
    distance = difference(hi, lo)
    if isinstance(distance, Literal):
        return Literal.of(max(distance.value, 0))
    if isinstance(lo, Literal) and lo.value <= _least(hi, uses):
        return distance
    return Phrase("max({0}, 0)", (distance,))


def surely_runs(bounds: tuple[Atom, ...], uses: Uses) -> bool:
    """Tell whether a range is known not to be empty."""
    lo, hi, step = bounds
    if not isinstance(lo, Literal) or not isinstance(step, Literal):
        return False
    if isinstance(hi, Literal):
        return step.value != 0 and len(range(lo.value, hi.value, step.value)) > 0
    return bool(step.value > 0 and lo.value < _least(hi, uses))


def _least(atom: Atom, uses: Uses) -> float:
    """Return what an integer is at least; only a length is known not to be negative."""
    dim = atom.type.dim if isinstance(atom.type, Scalar) else None
    if atom not in uses.lengths:
        return float("-inf")
    return 2 + dim.offset if isinstance(dim, Sym) and dim.proper else 0


def lengths_of(shape: Shape, visible: Sequence[Value]) -> list[Operand] | None:
    """Return the lengths of an array's axes; None where one of them is not at hand."""
    if not shape or all(isinstance(dim, int) for dim in shape):
        return [Literal.of(dim) for dim in shape]
    for x in visible:
        if isinstance(x.type, Array) and x.type.shape == shape:
            return [Phrase("*{0}.shape", (x,))]
    found = [next(_sources(dim, visible), None) for dim in shape]
    known = [length for length in found if length is not None]
    return known if len(known) == len(found) else None


def _sources(dim: Dim, visible: Sequence[Value]) -> Iterator[Operand]:
    if isinstance(dim, int):
        yield Literal.of(dim)
    for x in visible:
        if isinstance(x.type, Scalar) and x.type.dim == dim:
            yield x
        elif isinstance(x.type, Array) and dim in x.type.shape:
            yield Phrase(f"{{0}}.shape[{x.type.shape.index(dim)}]", (x,))
