"""What a loop hands to its reverse: tapes, exit flags, values of the next iteration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.regions import LoopParts, loop_parts
from gradgen.ir.types import (
    BOOL,
    PY_INT,
    Array,
    Dim,
    Scalar,
    Seq,
    Type,
    same_type,
    shift_dim,
)
from gradgen.primitives.registry import Handle, apply
from gradgen.transforms.extending import Additions
from gradgen.transforms.fit import derivative_value
from gradgen.transforms.residuals import Forward, item_type, values_made

Formula: TypeAlias = Callable[[], Handle]


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


def exit_formula(builder: Builder, op: Op, index: Value) -> dict[Value, Formula]:
    """Return how the exit flag is had from the index: only the last iteration left."""
    stop, left = (Handle(builder, x) for x in op.results[-2:])
    step: Atom = op.operands[2] if op.name == "for" else Literal.of(1)

    def left_here() -> Handle:
        last = apply("equal", Handle(builder, index), stop - Handle(builder, step))
        return apply("bitwise_and", left, last)

    flags = loop_parts(op).exit
    return {x: left_here for x in flags if isinstance(x, Value) and is_bool(x.type)}


def counter_formulas(builder: Builder, op: Op, index: Value) -> dict[Value, Formula]:
    """Return how integers that grow by a fixed step are had from the index.

    A slot that never changes is what it was at first.
    """
    parts, body = loop_parts(op), op.regions[-1]
    made = {*body.params, *values_made(body.ops)}
    count = _count(op, Handle(builder, index))
    makers = {y: o for o in body.ops for y in o.results}
    found: dict[Value, Formula] = {}
    for slot, initial, x in zip(parts.carried, parts.initial, parts.next, strict=True):
        start = Handle(builder, initial)
        if isinstance(initial, Literal) and initial.is_undefined:
            continue
        if x is slot:
            found[slot] = partial(_same, start)
        step = _step(slot, makers.get(x)) if isinstance(x, Value) else None
        if step is None or count is None or step[1] in made:
            continue
        sign, size = step
        found[slot] = partial(_grown, start, count, sign, Handle(builder, size))
    return found


def is_bool(type_: Type) -> bool:
    """Tell whether a value is one of two."""
    return isinstance(type_, Scalar) and type_.dtype == BOOL


def only_decides(x: Value, ops: Sequence[Op]) -> bool:
    """Tell whether a value is read by branches alone, which take any kind of truth."""
    for op in ops:
        if x in op.operands and op.name != "if":
            return False
        for region in op.regions:
            if x in region.results or not only_decides(x, region.ops):
                return False
    return True


def _same(start: Handle) -> Handle:
    return start


def _grown(start: Handle, count: Formula, sign: str, size: Handle) -> Handle:
    distance = count() * size
    return start + distance if sign == "add" else start - distance


def _count(op: Op, index: Handle) -> Formula | None:
    """Return how the number of iterations before this one is had from the index."""
    if op.name == "while":
        return lambda: index
    lo, _, step = op.operands[:3]
    if op.attrs["reverse"] or _number(step) != 1:
        return None
    return lambda: index if _number(lo) == 0 else index - Handle(index.builder, lo)


def _step(slot: Value, op: Op | None) -> tuple[str, Atom] | None:
    """Return the operation and its other operand if ``op`` moves an integer."""
    if op is None or op.name not in ("add", "subtract"):
        return None
    if not all(same_type(x.type, PY_INT) for x in (slot, *op.operands)):
        return None
    first, second = op.operands
    if first is slot:
        return op.name, second
    return ("add", first) if op.name == "add" and second is slot else None


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
