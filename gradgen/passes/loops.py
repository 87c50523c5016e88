"""Rules of loops: few trips, slots that do not change, what is there twice."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import PY_BOOL, same_type
from gradgen.passes.folding import Folding, Rule
from gradgen.structs import replace


def no_trip(folding: Folding, op: Op) -> list[Op] | None:
    """``for i in range(0): s += x -> s`` as it was."""
    parts = loop_parts(op)
    never = _trips(folding, op) == 0
    if op.name == "while":
        test = op.regions[0]
        never = not test.ops and folding.truth(test.results[0]) is False
    if not never or not _may_go(folding, op, parts.final, parts.initial):
        return None
    for y, start in zip(parts.final, parts.initial, strict=True):
        folding.put(y, start)
    stop, left = op.results[-2:]
    end = parts.range[1] if op.name == "for" else Literal.of(0)
    folding.put(stop, end, named=False)
    folding.put(left, Literal.of(False))
    return []


def one_trip(folding: Folding, op: Op) -> list[Op] | None:
    """``for i in range(2, 3): s += x[i] -> s += x[2]``."""
    parts, body = loop_parts(op), op.regions[-1]
    if _trips(folding, op) != 1 or op.attrs["exits"] or parts.scanned:
        return None
    values = (*parts.carried, *parts.final)
    if not _may_go(folding, op, values, (*parts.initial, *parts.next)):
        return None
    folding.put(body.params[0], parts.range[0])
    for param, start in zip(parts.carried, parts.initial, strict=True):
        folding.put(param, start)
    for y, end in zip(parts.final, parts.next, strict=True):
        folding.put(y, end)
    _settle_end(folding, op)
    return list(body.ops)


def _trips(folding: Folding, op: Op) -> int | None:
    """Return how often a ``for`` runs if it does not leave, None if that is unknown."""
    bounds = [folding.look_up(x) for x in loop_parts(op).range]
    values = [x.value for x in bounds if isinstance(x, Literal)]
    if len(values) < 3 or not all(type(v) is int for v in values) or not values[2]:
        return None
    return len(range(*values))


def _may_go(
    folding: Folding, op: Op, values: Sequence[Value], atoms: Sequence[Atom]
) -> bool:
    """Tell whether no column is read, and ``atoms`` can stand for ``values``."""
    if any(map(folding.used, loop_parts(op).stacked)):
        return False
    return all(map(folding.may_put, values, atoms))


def _settle_end(folding: Folding, op: Op) -> None:
    """Replace ``stop`` and ``left`` of a loop that is never left early."""
    stop, left = op.results[-2:]
    folding.put(left, Literal.of(False))
    if op.name == "for":
        hi = folding.look_up(op.operands[1])
        if same_type(hi.type, stop.type):
            folding.put(stop, hi, named=False)


def never_left(folding: Folding, op: Op) -> list[Op] | None:
    """A loop whose exit flag is always false has none, and its end is known."""
    parts = loop_parts(op)
    if any(folding.truth(flag) is not False for flag in parts.exit):
        return None
    _settle_end(folding, op)
    if not parts.exit:
        return None
    *tests, body = op.regions
    body = replace(body, results=body.results[1:])
    attrs = {**op.attrs, "exits": False}
    return [replace(op, attrs=attrs, regions=(*tests, body))]


def settled_slots(folding: Folding, op: Op) -> list[Op] | None:
    """A slot that keeps its value, or is set to its first one again, is that value.

    Equal slots become one. Dead-code elimination drops those that nobody reads then.
    """
    parts = loop_parts(op)
    tests = [test.params for test in op.regions[:-1]]
    slots = zip(parts.carried, parts.final, *tests, strict=True)
    seen: dict[Hashable, Sequence[Value]] = {}
    for slot, start, end in zip(slots, parts.initial, parts.next, strict=True):
        start, end = folding.look_up(start), folding.look_up(end)
        stays = end is slot[0] or end == start
        first = seen.setdefault((start, end), slot)
        if stays and all(folding.may_put(value, start) for value in slot):
            _put_all(folding, slot, [start] * len(slot))
        elif all(map(folding.may_put, slot, first)):
            _put_all(folding, slot, first)
    return None


def _put_all(folding: Folding, old: Sequence[Value], new: Sequence[Atom]) -> None:
    for value, atom in zip(old, new, strict=True):
        folding.put(value, atom)


def exit_in_a_slot(folding: Folding, op: Op) -> list[Op] | None:
    """A slot that is false until the loop is left, and true then, is ``left``."""
    parts = loop_parts(op)
    slots = zip(parts.carried, parts.final, parts.initial, parts.next, strict=True)
    for k, (param, final, start, end) in enumerate(slots):
        flags = [folding.look_up(flag) for flag in parts.exit]
        same = folding.look_up(end) in flags and same_type(end.type, PY_BOOL)
        if same and folding.look_up(start) == Literal.of(False):
            tests = [test.params[k] for test in op.regions[:-1]]
            _put_all(folding, [param, *tests], [Literal.of(False)] * (1 + len(tests)))
            folding.put(final, op.results[-1])
    return None


def twice_the_same(folding: Folding, op: Op) -> list[Op] | None:
    """Merge columns of the same item, and elements of the same operand."""
    parts = loop_parts(op)
    for atoms, values in (
        (parts.items, parts.stacked),
        (parts.scanned, parts.elements),
    ):
        seen: dict[Hashable, Value] = {}
        for atom, value in zip(atoms, values, strict=True):
            first = seen.setdefault(folding.look_up(atom), value)
            if first.type == value.type:
                folding.put(value, first)
    return None


LOOP_RULES: tuple[Rule, ...] = (
    no_trip,
    one_trip,
    settled_slots,
    exit_in_a_slot,
    twice_the_same,
    never_left,
)
