"""What a loop needs besides its body: tapes, bounds, counters, what it leaves behind.

A tape is an array that is filled by position where the number of iterations is known,
otherwise a list that grows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradgen.codegen.lengths import count_of, difference, is_number, lengths_of
from gradgen.codegen.statements import Bind, Line, Nodes, Operand, Phrase
from gradgen.codegen.uses import Uses
from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.regions import LoopParts, loop_parts
from gradgen.ir.types import Array, Scalar
from gradgen.structs import field, struct

NONE = Phrase("None", ())
PYTHON_NUMBER = {"f": "float(%s)", "i": "int(%s)", "b": "bool(%s)"}
"""How an element of an array becomes a Python number, by the kind of its dtype."""


@struct
class Tape:
    """Where an item of each iteration goes: into a place, or to the end of a list."""

    value: Value
    place: Operand | None
    origin: str


@struct
class Loop:
    """The statements before and after a loop, and at the edges of its body."""

    op: Op
    parts: LoopParts
    index: Value
    tapes: list[tuple[Tape, Atom]] = field(default_factory=list)
    before: Nodes = field(default_factory=list)
    opening: Nodes = field(default_factory=list)
    closing: Nodes = field(default_factory=list)
    leaving: Nodes = field(default_factory=list)
    after: Nodes = field(default_factory=list)

    @property
    def stop(self) -> Value:
        """Return the index that the next iteration would have had."""
        return self.op.results[-2]

    @property
    def left(self) -> Value:
        """Return whether the loop was left early."""
        return self.op.results[-1]

    def bind(self, target: Value, source: Atom) -> Bind:
        """Return ``target = source``."""
        return Bind(((target, source),), self.op.origin)

    def line(self, template: str, *operands: Operand) -> Line:
        """Return a statement without a target."""
        return Line(Phrase(template, operands), None, self.op.origin)

    def set(self, target: Value, template: str, *operands: Operand) -> Line:
        """Return ``target = template``."""
        return Line(Phrase(template, operands), target, self.op.origin)


def plan_loop(
    op: Op, uses: Uses, visible: Sequence[Value], *, is_scan: bool = False
) -> Loop:
    """Return what is printed round a loop and its body."""
    parts = loop_parts(op)
    loop = Loop(op, parts, op.regions[-1].params[0])
    _add_tapes(loop, uses, visible)
    _add_slots(loop)
    if op.name == "for":
        _add_ends(loop, uses)
    else:
        _add_counter(loop, uses)
    if not is_scan:
        _add_fetches(loop, uses)
    return loop


def bounds_again(op: Op, uses: Uses) -> list[Atom]:
    """Return the bounds that are printed more than once, and so need a name."""
    if op.name != "for":
        return []
    parts = loop_parts(op)
    lo, hi, step = parts.range
    taped = [x for x in (*parts.stacked, *parts.elements) if uses.count(x)]
    again = [lo, step] if taped else []
    if taped or uses.count(op.results[-2]):
        again.append(hi)
    if uses.count(op.results[-2]) and op.attrs["exits"]:
        again.append(step)
    return again


def store(tape: Tape, atom: Operand) -> Line:
    """Return the statement that puts an item on a tape."""
    if tape.place is None:
        phrase = Phrase("{0}.append({1})", (tape.value, atom))
    else:
        phrase = Phrase("{0}[{1}] = {2}", (tape.value, tape.place, atom))
    return Line(phrase, None, tape.origin)


def _place(loop: Loop) -> Operand:
    """Return the position of an iteration on a tape."""
    if loop.op.name == "while":
        return loop.index
    lo, _, step = loop.parts.range
    if is_number(step, -1):
        return difference(lo, loop.index)
    distance = difference(loop.index, lo)
    if is_number(step, 1):
        return distance
    if distance is loop.index:
        return Phrase("{0} // {1}", (distance, step))
    return Phrase("({0}) // {1}", (distance, step))


def _add_tapes(loop: Loop, uses: Uses, visible: Sequence[Value]) -> None:
    for value, item in zip(loop.parts.stacked, loop.parts.items, strict=True):
        if not uses.count(value):
            continue
        array = _empty_array(loop, value, uses, visible)
        start = _empty_list(loop, uses) if array is None else array
        has_places = array is not None or _is_backwards(loop)
        place = _place(loop) if has_places else None
        loop.tapes.append((Tape(value, place, loop.op.origin), item))
        loop.before.append(Line(start, value, loop.op.origin))
        if array is None and not uses.is_list(value):
            assert isinstance(value.type, Array)
            loop.after.append(loop.set(value, _as_array(value.type), value))


def _is_backwards(loop: Loop) -> bool:
    """Tell whether the last item of a tape is the first to be put there."""
    return loop.op.name == "for" and bool(loop.op.attrs["reverse"])


def _empty_list(loop: Loop, uses: Uses) -> Phrase:
    """Return a list that grows, or one with all places where it cannot."""
    if not _is_backwards(loop):
        return Phrase("[]", ())
    return Phrase("[None] * {0}", (count_of(loop.parts.range, uses),))


def _empty_array(
    loop: Loop, value: Value, uses: Uses, visible: Sequence[Value]
) -> Phrase | None:
    """Return an array for a tape, or None where it is a list or its length is open."""
    if loop.op.name != "for" or loop.op.attrs["exits"]:
        return None
    if uses.is_list(value) or not isinstance(value.type, Array):
        return None
    shape = lengths_of(value.type.shape[1:], visible)
    if shape is None:
        return None
    count = count_of(loop.parts.range, uses)
    dtype = value.type.dtype
    option = "" if dtype == np.float64 else f", np.{_dtype_name(dtype)}"
    if not shape:
        return Phrase(f"np.empty({{0}}{option})", (count,))
    places = ", ".join(f"{{{k}}}" for k in range(len(shape) + 1))
    return Phrase(f"np.empty(({places}){option})", (count, *shape))


def _dtype_name(dtype: np.dtype) -> str:
    return "bool_" if dtype == np.bool_ else dtype.name


def _as_array(type_: Array) -> str:
    if type_.dtype == np.float64:
        return "np.array({0})"
    return f"np.array({{0}}, np.{_dtype_name(type_.dtype)})"


def _add_slots(loop: Loop) -> None:
    """Bind each slot before the loop, and again at the end of an iteration."""
    parts, origin = loop.parts, loop.op.origin
    first = tuple(zip(parts.carried, parts.initial, strict=True))
    again = tuple(
        (c, y) for c, y in zip(parts.carried, parts.next, strict=True) if c is not y
    )
    if first:
        loop.before.append(Bind(first, origin))
    if again:
        loop.closing.append(Bind(again, origin))


def _add_ends(loop: Loop, uses: Uses) -> None:
    """Bind the results of a ``for`` that say how it ended, as far as they are used."""
    _, hi, step = loop.parts.range
    exits = loop.op.attrs["exits"]
    default = loop.before if exits else loop.after
    if uses.count(loop.stop):
        default.append(loop.bind(loop.stop, hi))
        loop.leaving.append(loop.set(loop.stop, "{0} + {1}", loop.index, step))
    _add_left(loop, uses, default)


def _add_left(loop: Loop, uses: Uses, default: Nodes) -> None:
    if uses.count(loop.left):
        default.append(loop.bind(loop.left, Literal.of(False)))
        loop.leaving.append(loop.bind(loop.left, Literal.of(True)))


def _add_counter(loop: Loop, uses: Uses) -> None:
    """Count the iterations of a ``while``, if anybody wants to know."""
    if uses.count(loop.index) or uses.count(loop.stop) or _is_fetched(loop, uses):
        loop.before.append(loop.bind(loop.index, Literal.of(0)))
        loop.closing.append(loop.set(loop.index, "{0} + 1", loop.index))
    _add_left(loop, uses, loop.before if loop.op.attrs["exits"] else loop.after)


def _is_fetched(loop: Loop, uses: Uses) -> bool:
    return any(uses.count(e) for e in loop.parts.elements)


def _add_fetches(loop: Loop, uses: Uses) -> None:
    """Read the elements of scanned tapes at the start of the body."""
    for tape, e in zip(loop.parts.scanned, loop.parts.elements, strict=True):
        if uses.count(e):
            text = "{0}[{1}]"
            if isinstance(e.type, Scalar) and e.type.weak and not uses.is_list(tape):
                text = PYTHON_NUMBER[e.type.dtype.kind] % text
            loop.opening.append(loop.set(e, text, tape, _place(loop)))


def iterable_of(loop: Loop, uses: Uses) -> Phrase:
    """Return the range that a ``for`` goes through."""
    lo, hi, step = loop.parts.range
    text = "range({0}, {1}, {2})"
    if is_number(step, 1):
        text = "range({1})" if is_number(lo, 0) else "range({0}, {1})"
    in_order = loop.opening or loop.tapes or uses.count(loop.index)
    if loop.op.attrs["reverse"] and in_order:
        text = f"reversed({text})"
    return Phrase(text, (lo, hi, step))
