"""What a loop hands to its reverse: tapes, exit flags, values of the next iteration."""

from __future__ import annotations

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.regions import LoopParts, loop_parts
from gradgen.ir.types import Array, Dim, Scalar, Seq, Type, shift_dim
from gradgen.transforms.extending import Additions
from gradgen.transforms.fit import derivative_value
from gradgen.transforms.residuals import Forward, item_type


def tape_of(
    builder: Builder, op: Op, forward: Forward, x: Value, more: Additions
) -> Value:
    """Return what the loop stacks ``x`` in; add it to ``more`` if it is new."""
    parts = loop_parts(op)
    for item, y in zip(parts.items, parts.stacked, strict=True):
        if item is x:
            return y
    type_ = _tape_type(builder, op, forward, x, more)
    tape = derivative_value(x, type_, "_tape")
    tape.hint = tape.hint or "tape"
    more.items.append(x)
    more.stacked.append(tape)
    return tape


def _tape_type(
    builder: Builder, op: Op, forward: Forward, x: Value, more: Additions
) -> Type:
    """Return an array if the number of iterations and the shape are known before."""
    plain = op.name == "for" and not op.attrs["exits"]
    shape = getattr(x.type, "shape", None)
    if not plain or shape is None or may_be_undefined(x, op, forward):
        return Seq(item_type(x.type))
    if any(builder.dim_atom(dim) is None for dim in shape):
        return Seq(item_type(x.type))
    assert isinstance(x.type, Scalar | Array)
    return Array(x.type.dtype, (_length(builder, op, more), *shape))


def _length(builder: Builder, op: Op, more: Additions) -> Dim:
    """Return the number of iterations as a dimension, the same for all columns."""
    parts = loop_parts(op)
    for y in (*parts.stacked, *more.stacked):
        if isinstance(y.type, Array):
            return y.type.shape[0]
    lo, hi, step = parts.range
    known = getattr(hi.type, "dim", None)
    if known is None or _number(lo) is None or _number(step) != 1:
        return builder.dims.fresh("k")
    return shift_dim(known, -(_number(lo) or 0))


def _number(x: Atom) -> int | None:
    """Return the value of a literal that is not negative."""
    if isinstance(x, Literal) and isinstance(x.value, int) and x.value >= 0:
        return x.value
    return None


def may_be_undefined(x: Atom, op: Op, forward: Forward) -> bool:
    """Tell whether nothing may have been bound to ``x`` in a loop."""
    slots = dict(zip(loop_parts(op).carried, loop_parts(op).initial, strict=True))
    makers = forward.makers()
    pending, seen = [x], {x}
    while pending:
        atom = pending.pop()
        if isinstance(atom, Literal):
            if atom.is_undefined:
                return True
            continue
        further = [slots[atom]] if atom in slots else _origins(atom, makers.get(atom))
        pending.extend(y for y in further if y not in seen)
        seen.update(further)
    return False


def _origins(x: Value, op: Op | None) -> list[Atom]:
    """Return the values one of which an ``if`` or a loop has for ``x``."""
    if op is None or not op.regions:
        return []
    place = op.results.index(x)
    if op.name == "if":
        return [region.results[place] for region in op.regions]
    initial = loop_parts(op).initial
    return [initial[place]] if place < len(initial) else []


def exit_flag(op: Op, index: Value) -> dict[Value, Atom]:
    """Return nothing yet."""
    return {}


def shifted_slots(parts: LoopParts) -> dict[Value, Value]:
    """Return which slot holds in the next iteration what a value is in this one.

    Each chain ends at a slot that has to be taped.
    """
    found: dict[Value, Value] = {}
    for slot, initial, x in zip(parts.carried, parts.initial, parts.next, strict=True):
        undefined = isinstance(initial, Literal) and initial.is_undefined
        if undefined or not isinstance(x, Value) or x in found:
            continue
        end: Value | None = slot
        while end is not None and end is not x:
            end = found.get(end)
        if end is None:
            found[x] = slot
    return found
