"""The reverse of a loop that keeps a few of its states and runs turns again.

Where to keep a state is decided in the reverse loop itself, from the number of turns
left and of states that still fit, as *revolve* does (Griewank and Walther, Algorithm
799, ACM TOMS 26, 2000). That is optimal: no other way to place as many states runs
fewer turns again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradgen.errors import refuse
from gradgen.ir.builder import Builder
from gradgen.ir.checkpoints import KEEPS
from gradgen.ir.core import (
    Atom,
    Block,
    Literal,
    Op,
    Value,
    map_operands,
    namesake,
    walk_ops,
)
from gradgen.ir.flow import control, flow
from gradgen.ir.regions import LoopParts, loop_parts, make_for, make_if, make_while
from gradgen.ir.types import PY_INT, Array, Scalar, Seq
from gradgen.primitives.lists import append, from_values, get, length
from gradgen.primitives.naming import named
from gradgen.primitives.registry import Handle, apply, dims_of, find_lowering
from gradgen.structs import struct
from gradgen.transforms.again import Copier
from gradgen.transforms.cotangents import Cotangents, Sweep
from gradgen.transforms.loops import (
    Draft,
    Slot,
    draft_loop,
    hand_out,
    reverse_op,
)
from gradgen.transforms.residuals import item_type, values_read

NUMBER_BYTES = 40
"""How many bytes a number in a list takes, its place there included."""
ARRAY_BYTES = 128
"""How many bytes an array in a list takes besides its numbers."""


@struct
class Kept:
    """What is kept: a list of indices, and for each slot one of what it held there."""

    indices: Handle
    states: list[Handle]

    @property
    def lists(self) -> list[Handle]:
        """Return all lists."""
        return [self.indices, *self.states]


def _or_zero(start: Atom, slot: Value) -> Atom:
    """Return a number for one that is not bound yet, which nobody reads."""
    undefined = isinstance(start, Literal) and start.is_undefined
    if not undefined or not isinstance(slot.type, Scalar):
        return start
    number = slot.type.dtype.type(0)
    return Literal.of(number.item() if slot.type.weak else number)


@struct
class Turns:
    """A loop whose turns are run again: the values and slots that are needed then."""

    op: Op
    parts: LoopParts
    slots: list[int]
    needed: set[Value]

    def initial(self) -> list[Atom]:
        """Return what the slots are at first."""
        return [
            _or_zero(self.parts.initial[k], self.parts.carried[k]) for k in self.slots
        ]

    def carried(self) -> list[Value]:
        """Return the slots."""
        return [self.parts.carried[k] for k in self.slots]

    def live(self, ops: Sequence[Op]) -> list[Op]:
        """Return those of ``ops`` that compute what is needed."""
        return [op for op in ops if any(y in self.needed for y in op.results)]

    def copier(self) -> Copier:
        """Return what copies a turn, without the slots that are not needed."""
        return Copier(
            {
                x: Literal.undefined(x.type)
                for x in self.parts.carried
                if x not in self.needed
            }
        )


def reverse_with_snapshots(
    sweep: Sweep, op: Op, cotangents: Cotangents, memory: Handle
) -> None:
    """Append the adjoint of a loop, which keeps ``memory`` bytes of its states."""
    builder = sweep.builder
    draft = draft_loop(sweep, op, cotangents)
    turns = _turns(op, draft)
    kept: list[Kept] = []
    state: list[Atom] = []
    with builder.region() as head:
        pass
    if turns.slots:
        room = _room(builder, turns, memory)
        kept = [_kept_first(builder, turns), _kept_params(builder, turns)]
        with builder.region(head):
            rest, state = _state_at(builder, turns, kept[-1], room, draft.index)
    again = _turn_again(turns, draft, state)
    with builder.region() as tail:
        if turns.slots:
            kept.append(_without_last(builder, rest, draft.index))
    more = _slots(kept)
    count = len(draft.carried)
    following = list(again.results)
    following[count:count] = [slot.next for slot in more]
    block = Block((), (*head, *again.ops, *tail), tuple(following))
    made = reverse_op(draft, [*draft.carried, *more], block)
    made.origin = builder.origin
    made.attrs = {**made.attrs, KEEPS: True}
    builder.append(made)
    hand_out(sweep, draft, made, count + len(more), cotangents)


def _turn_again(turns: Turns, draft: Draft, state: Sequence[Atom]) -> Block:
    """Return what computes a turn from the state before it, and reverses it."""
    copier = turns.copier()
    copier.known[draft.op.regions[-1].params[0]] = draft.index
    copier.known.update(zip(turns.carried(), state, strict=True))
    again = copier.ops(turns.live(draft.forward.ops))
    reverse = Block((), tuple(draft.ops), tuple(draft.yields))
    reverse = map_operands(reverse, lambda x: copier.atoms([x])[0])
    return Block((), (*again, *reverse.ops), reverse.results)


def _slots(kept: Sequence[Kept]) -> list[Slot]:
    """Return the slots of the reverse loop for what is kept: at first, in it, after."""
    slots = []
    for initial, param, following in zip(*(k.lists for k in kept), strict=True):
        assert isinstance(param.atom, Value)
        bar, start, end = param.atom, initial.atom, following.atom
        slots.append(Slot(bar, start, start, bar, end))
    return slots


def _turns(op: Op, draft: Draft) -> Turns:
    """Return what of a loop is run again: all that the reverse sweep needs."""
    parts = loop_parts(op)
    needs = _needs([*op.regions[-1].ops, *draft.forward.ops])
    needs.update((x, (y,)) for x, y in zip(parts.carried, parts.next, strict=True))
    needed = _closure(needs, values_read(draft.ops, draft.yields))
    slots = [k for k, x in enumerate(parts.carried) if x in needed]
    turns = Turns(op, parts, slots, needed)
    for start, slot in _states(turns):
        _check_state(op, start, slot)
    return turns


def _needs(ops: Sequence[Op]) -> dict[Value, tuple[Atom, ...]]:
    """Return what each value is computed from, in regions too."""
    needs: dict[Value, tuple[Atom, ...]] = {}
    for op in walk_ops(Block((), tuple(ops), ())):
        if op.regions:
            needs.update(flow(op))
            needs.update((y, (*needs[y], *control(op))) for y in op.results)
        else:
            needs.update(dict.fromkeys(op.results, op.operands))
    return needs


def _closure(
    needs: Mapping[Value, tuple[Atom, ...]], atoms: Iterable[Atom]
) -> set[Value]:
    """Return the values that ``atoms`` are computed from, themselves included."""
    found: set[Value] = set()
    pending = list(atoms)
    while pending:
        atom = pending.pop()
        if isinstance(atom, Value) and atom not in found:
            found.add(atom)
            pending += needs.get(atom, ())
    return found


def _states(turns: Turns) -> list[tuple[Atom, Value]]:
    return list(zip(turns.initial(), turns.carried(), strict=True))


def _check_state(op: Op, start: Atom, slot: Value) -> None:
    """Refuse what cannot be kept."""
    hint = "every= instead of memory="
    if isinstance(start, Literal) and start.is_undefined:
        raise refuse(
            f"'{slot.hint}' has no value before this checkpointed loop", op.span, hint
        )
    if not isinstance(slot.type, Scalar | Array):
        raise refuse(
            f"the size of '{slot.hint}' in this checkpointed loop is not known",
            op.span,
            hint,
        )


def _room(builder: Builder, turns: Turns, memory: Handle) -> Handle:
    """Return how many states fit into ``memory`` bytes, at least one."""
    fixed = NUMBER_BYTES
    size: Handle | int = 0
    for start, slot in _states(turns):
        fixed += ARRAY_BYTES if isinstance(slot.type, Array) else NUMBER_BYTES
        if isinstance(slot.type, Array):
            size = _bytes(Handle(builder, start), slot.type) + size
    size = size + fixed
    lowering = find_lowering(max)
    assert lowering is not None
    return named(lowering(apply("floor_divide", memory, size), 1), "room")


def _bytes(x: Handle, type_: Array) -> Handle | int:
    """Return how many bytes the numbers of an array take."""
    total: Handle | int = type_.dtype.itemsize
    for length_ in dims_of(x):
        total = length_ * total
    return total


def _kept_first(builder: Builder, turns: Turns) -> Kept:
    """Return lists of the index and the state that the loop begins with."""
    lo = Handle(builder, turns.parts.range[0])
    indices = from_values(builder, [lo], PY_INT)
    states = [
        from_values(builder, [Handle(builder, start)], item_type(slot.type))
        for start, slot in _states(turns)
    ]
    return Kept(indices, states)


def _kept_params(builder: Builder, turns: Turns) -> Kept:
    """Return new values for the lists of what is kept."""
    indices = Value(Seq(PY_INT), "kept")
    states = [
        Value(Seq(item_type(x.type)), f"{x.hint}_kept" if x.hint else "")
        for x in turns.carried()
    ]
    return Kept(Handle(builder, indices), [Handle(builder, x) for x in states])


def _state_at(
    builder: Builder, turns: Turns, kept: Kept, room: Handle, index: Value
) -> tuple[Kept, list[Atom]]:
    """Append what computes the state before the turn ``index``; states are kept anew.

    ::

        while revolve_advance(index - kept[-1], room - len(kept)):
            run as many turns from the last state, and keep what that gives
        run the turns from the last state to ``index``
    """
    kept = _keep_more(builder, turns, kept, room, Handle(builder, index))
    last = named(get(kept.indices, -1), "last")
    return kept, _run(builder, turns, kept, last, Handle(builder, index))


def _keep_more(
    builder: Builder, turns: Turns, kept: Kept, room: Handle, index: Handle
) -> Kept:
    step = Handle(builder, turns.parts.range[2])
    initial = [x.atom for x in kept.lists]
    test_params, params = (
        [namesake(x) for x in initial if isinstance(x, Value)] for _ in range(2)
    )
    with builder.region() as test_ops:
        more = _ahead(_of(builder, test_params), room, index, step)
    with builder.region() as ops:
        before = _of(builder, params)
        ahead = _ahead(before, room, index, step)
        last = named(get(before.indices, -1), "last")
        there = named(last + _scaled(ahead, step), "there")
        state = _run(builder, turns, before, last, there)
        after = [append(before.indices, there)] + [
            append(xs, Handle(builder, x))
            for xs, x in zip(before.states, state, strict=True)
        ]
    test = Block(tuple(test_params), tuple(test_ops), (more.atom,))
    counter = Value(PY_INT)
    body = Block((counter, *params), tuple(ops), tuple(x.atom for x in after))
    op = make_while(test, initial, (), body, 0, span=turns.op.span)
    op.origin = builder.origin
    op.attrs = {**op.attrs, KEEPS: True}
    builder.append(op)
    return _of(builder, op.results[: len(initial)])


def _of(builder: Builder, values: Sequence[Value]) -> Kept:
    first, *rest = (Handle(builder, x) for x in values)
    return Kept(first, rest)


def _ahead(kept: Kept, room: Handle, index: Handle, step: Handle) -> Handle:
    """Return how many turns after the last state the next one is to be kept."""
    distance = index - get(kept.indices, -1)
    if step.atom != Literal.of(1):
        distance = apply("floor_divide", distance, step)
    return apply("revolve_advance", distance, room - length(kept.indices))


def _scaled(count: Handle, step: Handle) -> Handle:
    return count if step.atom == Literal.of(1) else count * step


def _run(
    builder: Builder, turns: Turns, kept: Kept, start: Handle, stop: Handle
) -> list[Atom]:
    """Append a loop from the last state on; return the state that it ends with."""
    initial = [get(xs, -1).atom for xs in kept.states]
    body = turns.op.regions[-1]
    params = (body.params[0], *turns.carried())
    results = tuple(turns.parts.next[k] for k in turns.slots)
    ops = tuple(turns.live(body.ops))
    block = turns.copier().block(Block(params, ops, results))
    bounds = (start.atom, stop.atom, turns.parts.range[2])
    op = make_for(bounds, initial, (), block, 0, span=turns.op.span)
    op.origin = builder.origin
    builder.append(op)
    return list(op.results[: len(initial)])


def _without_last(builder: Builder, kept: Kept, index: Value) -> Kept:
    """Append what drops the last state if it is that of the turn ``index``."""
    done = apply("equal", get(kept.indices, -1), Handle(builder, index))
    with builder.region() as ops:
        shorter = [apply("seq_pop", xs).atom for xs in kept.lists]
    same = tuple(xs.atom for xs in kept.lists)
    op = make_if(done.atom, Block((), tuple(ops), tuple(shorter)), Block((), (), same))
    op.origin = builder.origin
    builder.append(op)
    return _of(builder, op.results)
