"""The adjoint of a loop: a loop in the opposite direction, over what ran.

It carries the cotangents of the slots, and for every active value from outside of the
loop the cotangent collected so far, so that a read in the loop adds to one buffer.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.errors import refuse
from gradgen.ir.checkpoints import KEEPS
from gradgen.ir.core import Atom, Block, Literal, Op, Value, namesake
from gradgen.ir.regions import LoopParts, element_type, loop_parts
from gradgen.ir.types import PY_BOOL, PY_INT, Array, Seq
from gradgen.primitives.registry import Handle
from gradgen.structs import field, replace, struct
from gradgen.transforms.cotangents import Cotangents, Sweep, recheck_lengths, replace_op
from gradgen.transforms.extending import Additions, column_type, extend_loop
from gradgen.transforms.fit import (
    derivative_value,
    exact,
    is_weaker,
    materialise,
    name_after,
    strengthened,
)
from gradgen.transforms.residuals import (
    Forward,
    Plan,
    carry_out,
    distant_values,
    item_type,
    plan_residuals,
    values_made,
    values_read,
)
from gradgen.transforms.tapes import (
    counter_formulas,
    exit_formula,
    only_decides,
    shifted_slots,
    tape_of,
)


@struct
class Slot:
    """A cotangent that the reverse loop carries, that of the forward value ``x``.

    ``receiver`` is the value outside that takes it after the loop.
    """

    x: Value
    receiver: Atom
    initial: Atom
    bar: Value
    next: Atom


@struct
class Column:
    """What the reverse loop scans or stacks, an element an iteration.

    ``whole`` is what is scanned, or what the stacked cotangent belongs to; ``inner`` is
    the value that an iteration reads or yields.
    """

    whole: Atom
    inner: Atom


@struct
class Draft:
    """A reverse loop that is being built."""

    op: Op
    parts: LoopParts
    forward: Forward
    index: Value
    slots: list[Slot] = field(default_factory=list)
    sums: list[Slot] = field(default_factory=list)
    scanned: list[Column] = field(default_factory=list)
    stacked: list[Column] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)

    @property
    def carried(self) -> list[Slot]:
        """Return all that is carried."""
        return [*self.slots, *self.sums]

    @property
    def yields(self) -> list[Atom]:
        """Return what an iteration yields."""
        return [s.next for s in self.carried] + [c.inner for c in self.stacked]


def reverse_loop(
    sweep: Sweep, op: Op, cotangents: Cotangents, forward: list[Op]
) -> None:
    """Append the adjoint of a loop; let the forward one record residuals."""
    _append(sweep, draft_loop(sweep, op, cotangents), cotangents, forward)


def draft_loop(sweep: Sweep, op: Op, cotangents: Cotangents) -> Draft:
    """Return the reverse of a loop, in which residuals stand as they are."""
    parts = loop_parts(op)
    if (op.name == "while" or op.attrs["exits"]) and parts.scanned:
        raise refuse("a loop that may leave what it reads half read", op.span)
    finals = [cotangents.take(y) for y in parts.final]
    columns = [cotangents.take(y) for y in parts.stacked]
    while True:
        draft = _enter(sweep, op, cotangents, finals, columns)
        own = {slot.x for slot in draft.carried} - sweep.strong
        _reverse_body(sweep, draft, cotangents, columns)
        if not own & sweep.strong:
            return draft


def _enter(
    sweep: Sweep,
    op: Op,
    cotangents: Cotangents,
    finals: Sequence[Handle | None],
    columns: Sequence[Handle | None],
) -> Draft:
    """Return a draft with all that the loop carries and scans, and no body yet."""
    builder, body, parts = sweep.builder, op.regions[-1], loop_parts(op)
    builder.span, builder.origin = op.span, "adjoint"
    index = Value(PY_INT, body.params[0].hint)
    forward = Forward(body.params, list(body.ops), {body.params[0]: index})
    draft = Draft(op, parts, forward, index)
    for k, x in enumerate(parts.carried):
        if x in sweep.active:
            slot = _slot(sweep, x, parts.initial[k], finals[k], parts.final[k])
            draft.slots.append(slot)
    for x in _active_outside(sweep, body):
        draft.sums.append(_slot(sweep, x, x, cotangents.bars.get(x), x))
    for item, column in zip(parts.items, columns, strict=True):
        if column is not None:
            bar = _element(item, "_bar")
            found = element_type(column.atom.type)
            bar.type = found if isinstance(found, Array | Seq) else bar.type
            draft.scanned.append(Column(column.atom, bar))
    for e in parts.elements:
        forward.given[e] = _element(e)
    forward.formulas.update(exit_formula(builder, op, index))
    forward.formulas.update(counter_formulas(builder, op, index))
    forward.shifted.update(shifted_slots(parts))
    return draft


def _active_outside(sweep: Sweep, body: Block) -> list[Value]:
    """Return the active values from outside that a body mentions, in order of use."""
    inside = set(body.params) | values_made(body.ops)
    found = values_read(body.ops, body.results)
    return [x for x in found if x in sweep.active and x not in inside]


def _slot(
    sweep: Sweep, x: Value, receiver: Atom, bar: Handle | None, like: Value
) -> Slot:
    """Return the slot for the cotangent of ``x``, which starts as ``bar``."""
    start = materialise(bar, Handle(sweep.builder, like))
    if is_weaker(x.type, start.atom.type):
        sweep.strong.add(x)
    type_ = strengthened(x.type) if x in sweep.strong else item_type(x.type)
    initial = exact(start, type_)
    name_after(initial, like, "_bar")
    bar_value = derivative_value(x, type_, "_bar")
    return Slot(x, receiver, initial.atom, bar_value, bar_value)


def _element(x: Atom, suffix: str = "") -> Value:
    """Return a new parameter for an element of what was stacked as ``x``."""
    if not isinstance(x, Value):
        return Value(item_type(x.type))
    if suffix:
        return derivative_value(x, item_type(x.type), suffix)
    return namesake(x, item_type(x.type))


def _reverse_body(
    sweep: Sweep,
    draft: Draft,
    cotangents: Cotangents,
    columns: Sequence[Handle | None],
) -> None:
    """Build the body of the reverse loop, in which residuals stand as they are."""
    builder, body = sweep.builder, draft.op.regions[-1]
    distant = distant_values(body.params[1:], body.ops, sweep.distant)
    within = replace(sweep, distant=sweep.distant | distant, in_loop=True)
    with builder.region() as ops:
        recheck_lengths(builder, body.ops)
        bars = cotangents.within(keep=False)
        _seed(draft, bars, columns)
        sweep.reverse(within, body.ops, bars, draft.forward.ops)
        builder.span, builder.origin = draft.op.span, "adjoint"
        for slot in draft.carried:
            slot.next = _leave(sweep, slot, bars.take(slot.x))
        for xs, e in zip(draft.parts.scanned, draft.parts.elements, strict=True):
            bar = bars.take(e)
            if bar is not None:
                whole = materialise(bar, Handle(builder, e))
                item = exact(whole, item_type(e.type))
                draft.stacked.append(Column(xs, item.atom))
    draft.ops = ops
    draft.sums = [slot for slot in draft.sums if slot.next is not slot.bar]


def _seed(draft: Draft, bars: Cotangents, columns: Sequence[Handle | None]) -> None:
    """Hand the cotangents that the loop carries and scans to what the body yields."""
    for slot in draft.sums:
        bars.bars[slot.x] = Handle(bars.builder, slot.bar)
    yielded = dict(zip(draft.parts.carried, draft.parts.next, strict=True))
    for slot in draft.slots:
        bars.add(yielded[slot.x], Handle(bars.builder, slot.bar))
    taken = (x for x, y in zip(draft.parts.items, columns, strict=True) if y)
    for item, column in zip(taken, draft.scanned, strict=True):
        bars.add(item, Handle(bars.builder, column.inner))


def _leave(sweep: Sweep, slot: Slot, bar: Handle | None) -> Atom:
    """Return what the cotangent in a slot is in the next iteration."""
    whole = materialise(bar, Handle(sweep.builder, slot.x))
    if is_weaker(slot.bar.type, whole.atom.type):
        sweep.strong.add(slot.x)
    return exact(whole, slot.bar.type).atom


def _append(
    sweep: Sweep, draft: Draft, cotangents: Cotangents, forward: list[Op]
) -> None:
    """Append the reverse loop, all residuals at hand, and hand on what it returns."""
    plan = plan_residuals(draft.forward, draft.ops, draft.yields, sweep.distant)
    with sweep.builder.region() as head:
        atoms = _at_hand(sweep, draft, plan, forward)
    handed = [_handed_on(draft, x, atoms) for x in plan.shifted]
    yields = draft.yields + [slot.next for slot in handed]
    ops, yields = carry_out(plan, atoms, yields, sweep.builder.origin)
    count, columns = len(draft.carried), len(draft.stacked)
    cut = count + columns
    following = (*yields[:count], *yields[cut:], *yields[count:cut])
    slots = [*draft.carried, *handed]
    op = reverse_op(draft, slots, Block((), (*head, *ops), following))
    op.origin = sweep.builder.origin
    sweep.builder.append(op)
    hand_out(sweep, draft, op, len(slots), cotangents)


def _at_hand(
    sweep: Sweep, draft: Draft, plan: Plan, forward: list[Op]
) -> dict[Value, Atom]:
    """Tape what the plan says; return what stands for the values that are read."""
    atoms: dict[Value, Atom] = {}
    elements = dict(zip(draft.parts.elements, draft.parts.scanned, strict=True))
    for x in plan.given:
        if x in draft.forward.formulas:
            found = draft.forward.formulas[x]()
            decides = only_decides(x, [*plan.recomputed, *plan.ops])
            atoms[x] = (found if decides else exact(found, item_type(x.type))).atom
            continue
        atoms[x] = draft.forward.given[x]
        if x in elements:
            draft.scanned.append(Column(elements[x], atoms[x]))
    more = Additions()
    for x in plan.taped:
        atoms[x] = _element(x)
        tape = tape_of(sweep.builder, draft.op, draft.forward, x, more)
        draft.scanned.append(Column(tape, atoms[x]))
    for x in plan.shifted:
        atoms[x] = _element(x)
    replace_op(forward, draft.op, extend_loop(draft.op, draft.forward.ops, more))
    return atoms


def _handed_on(draft: Draft, x: Value, atoms: dict[Value, Atom]) -> Slot:
    """Return the slot for a value that the iteration before it, in reverse, had.

    What an iteration yields to a slot is what the slot held in the following one.
    """
    slot = draft.forward.shifted[x]
    final = draft.parts.final[draft.parts.carried.index(slot)]
    bar = atoms[x]
    assert isinstance(bar, Value)
    bar.type = item_type(slot.type)
    return Slot(x, final, final, bar, slot)


def reverse_op(draft: Draft, slots: Sequence[Slot], block: Block) -> Op:
    """Return the loop over what the forward loop ran, in the opposite direction."""
    op = draft.op
    zero, one = Literal.of(0), Literal.of(1)
    bounds = draft.parts.range or (zero, op.results[-2], one)
    if op.attrs["exits"]:
        bounds = (bounds[0], op.results[-2], bounds[2])
    elements = [c.inner for c in draft.scanned if isinstance(c.inner, Value)]
    params = (draft.index, *(slot.bar for slot in slots), *elements)
    results = [Value(slot.bar.type) for slot in slots]
    results += [
        Value(column_type(column.whole.type, item.type))
        for column, item in zip(draft.stacked, block.results[len(slots) :], strict=True)
    ]
    operands = [*bounds, *(s.initial for s in slots), *(c.whole for c in draft.scanned)]
    backwards = op.name == "while" or not op.attrs["reverse"]
    return Op(
        "for",
        tuple(operands),
        (*results, Value(PY_INT, "stop"), Value(PY_BOOL, "left")),
        {
            **{key: op.attrs[key] for key in (KEEPS,) if key in op.attrs},
            "carried": len(slots),
            "exits": False,
            "reverse": backwards,
        },
        (replace(block, params=params),),
        op.span,
    )


def hand_out(
    sweep: Sweep, draft: Draft, op: Op, carried: int, cotangents: Cotangents
) -> None:
    """Give each value the cotangent that the reverse loop has for it."""
    found = dict(zip((s.x for s in draft.carried), op.results, strict=False))
    for slot in draft.sums:
        cotangents.bars[slot.x] = Handle(sweep.builder, found[slot.x])
        name_after(cotangents.bars[slot.x], slot.x, "_bar")
    for slot in draft.slots:
        result = Handle(sweep.builder, found[slot.x])
        name_after(result, slot.x, "_bar")
        cotangents.add(slot.receiver, result)
    for column, y in zip(draft.stacked, op.results[carried:-2], strict=True):
        cotangents.add(column.whole, Handle(sweep.builder, y))
