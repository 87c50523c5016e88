"""Which whole numbers are surely positive: what a series divides by."""

from __future__ import annotations

from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.types import Scalar
from gradgen.passes.rewriting import Scope


def least(scope: Scope, atom: Atom) -> int | None:
    """Return a lower bound of a whole number, None if nothing says one.

    Indices of loops are no less than where the range starts; sums and products of
    what is not negative are no less than those of their bounds.
    """
    if not isinstance(atom.type, Scalar) or atom.type.dtype.kind != "i":
        return None
    if isinstance(atom, Literal):
        return atom.value if type(atom.value) is int else None
    made = scope.makers.get(atom)
    if made is None:
        return None
    if made.name == "for":
        return _least_index(scope, atom, made)
    if made.name in ("dim", "size"):
        return 0
    return _least_result(scope, made)


def _least_index(scope: Scope, atom: Value, loop: Op) -> int | None:
    if atom is not loop.regions[0].params[0]:
        return None
    step = least(scope, loop.operands[2])
    return least(scope, loop.operands[0]) if step is not None and step > 0 else None


def _least_result(scope: Scope, made: Op) -> int | None:
    if made.name not in ("add", "multiply"):
        return None
    bounds = [least(scope, x) for x in made.operands]
    known = [bound for bound in bounds if bound is not None and bound >= 0]
    if len(known) < 2:
        return None
    return known[0] + known[1] if made.name == "add" else known[0] * known[1]


def is_positive(scope: Scope, atom: Atom) -> bool:
    """Tell whether ``atom`` is a number that is surely above zero."""
    bound = least(scope, atom)
    return bound is not None and bound > 0
