"""Loops whose number of turns is known only when the program runs.

The body is interpreted with a slot for everything that it changes. What that is shows
after the first try: whatever differs at the end of the body from its start gets a slot,
and the body is interpreted again, until nothing new differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrayjoins import Naming
from gradgen.frontend.arrays import COPY, ArrayObject
from gradgen.frontend.choices import common_type, convert, plain
from gradgen.frontend.forms import Form
from gradgen.frontend.frame import Context, Frame, Unfinished
from gradgen.frontend.heap import State, is_settled, state_of
from gradgen.frontend.joins import Joiner
from gradgen.frontend.likeness import Unlike
from gradgen.frontend.lists import RunList
from gradgen.frontend.raising import raise_unless
from gradgen.frontend.turns import begin_turn, leave_turn, surely, unless_unfinished
from gradgen.frontend.values import Conflict, Static
from gradgen.frontend.widening import made_of
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Literal, Op, Value, map_operands
from gradgen.ir.regions import make_for, make_while, surely_begins
from gradgen.ir.types import PY_INT, Array, Scalar, Sym, Type, same_type
from gradgen.primitives.registry import Handle
from gradgen.structs import field, replace, struct

MAX_ROUNDS = 20

Bounds = tuple[Handle, Handle, Handle]


@struct
class Slot:
    """A carried value: what it is at first, and at the end of the body."""

    initial: Atom
    param: Value
    next: Atom | None = None


@struct
class Body:
    """What one interpretation of the body appended, and what it left behind."""

    ops: list[Op]
    exit: Any
    state: State


@struct
class Slots:
    """The slots of a loop, and whether the last interpretation asked for more."""

    context: Context
    builder: Builder
    outside: set[str]
    slots: dict[Value, Slot] = field(default_factory=dict)
    naming: Naming = field(default_factory=Naming)
    stable: bool = True
    dropped: list[Value] = field(default_factory=list)

    def begin(self) -> None:
        """Forget what the slots are at the end of the body."""
        self.stable = True
        for slot in self.slots.values():
            slot.next = None

    def choose(self, head: Atom, end: Atom) -> Atom:
        """Return the slot for what is ``head`` before the body and ``end`` after it."""
        slot = self.slots.get(head) if isinstance(head, Value) else None
        if slot is None:
            return head if head == end else self._new(head, end)
        type_ = common_type(self.builder, slot.param, end)
        if not same_type(type_, slot.param.type):
            return self._new(slot.initial, end, type_, slot.param.hint)
        if slot.next is None or slot.next == end:
            slot.next = end
            return slot.param
        return self._new(slot.initial, end, type_, slot.param.hint)

    def _new(
        self, initial: Atom, end: Atom, type_: Type | None = None, hint: str = ""
    ) -> Value:
        for slot in self.slots.values():
            if slot.next is end and slot.initial == initial and type_ is None:
                self.stable = False
                return slot.param
        spread = isinstance(initial.type, Scalar)
        type_ = type_ or common_type(self.builder, initial, end, spread=spread)
        self._check_outside(type_)
        hints = [x.hint for x in (initial, end) if isinstance(x, Value)]
        wishes = [hint, self.naming.name, *hints, ""]
        param = Value(plain(type_), next(filter(None, wishes), ""))
        self.context.stands_for(param, (initial, end))
        self.slots[param] = Slot(initial, param, end)
        self.stable = False
        return param

    def _check_outside(self, type_: Type) -> None:
        """Refuse arrays whose shape is another one in every turn."""
        exact = self.builder.outer[-1][3] if self.builder.outer else {}
        for dim in getattr(type_, "shape", ()):
            found = self.builder.dims.resolve(dim)
            inner = isinstance(found, Sym) and found.name not in self.outside
            if inner and found not in exact:
                raise Unlike("changes its shape in a loop", "one shape throughout")

    def drop_unused(self) -> None:
        """Forget slots that nothing is bound to any more."""
        self.dropped = [p for p, slot in self.slots.items() if slot.next is None]
        for param in self.dropped:
            del self.slots[param]


class RegionLoop:
    """Interprets the body of a loop until its slots are known, and appends the op."""

    def __init__(self, frame: Frame, before: State) -> None:
        self.frame = frame
        self.builder = frame.builder
        self.slots = Slots(frame.context, frame.builder, set(frame.builder.dims.names))
        self.before = before

    def settle(self, run: Callable[[], Any]) -> tuple[State, Body]:
        """Return the state at the start of the body, and the body itself.

        ``run`` interprets the body once and returns whether it is left for good.
        """
        head, made = self.before, State()
        self._read_views()
        for _ in range(MAX_ROUNDS):
            head.put_back()
            with self.builder.region() as ops, self._in_turn(head):
                body = Body(ops, run(), State())
                body.state = state_of(self.frame)
                self.slots.begin()
                joined, made = self._joined(head, made, body)
                if self.slots.stable and is_settled(head, joined):
                    self.slots.drop_unused()
                    self._close(body)
                    return head, body
            head = joined
        raise Refusal(
            "what this loop changes is too involved to follow",
            "fewer objects that take each other's places, or copies of them",
        )

    @contextmanager
    def _in_turn(self, head: State) -> Iterator[None]:
        """Count ``head`` as the state in which the turn under way began."""
        turns = self.frame.context.turns
        turns.append(head)
        try:
            yield
        finally:
            turns.pop()

    def _read_views(self) -> None:
        """Read the views that names are bound to, in case the body binds others.

        What is not needed is dead code.
        """
        self.before.put_back()
        for contents in list(self.before.contents.values()):
            for value in contents.values() if isinstance(contents, dict) else ():
                if isinstance(value, ArrayObject) and not value.buffer.doubt:
                    assert value.atom is not None

    def _joined(self, head: State, made: State, body: Body) -> tuple[State, State]:
        joiner = Joiner(
            self.frame.context,
            self.slots.choose,
            head,
            made,
            naming=self.slots.naming,
            turning=self.slots,
            listing=self._listed,
            reading=self._read,
        )
        try:
            joined = joiner.states(head, body.state)
        except Unlike as unlike:
            raise Refusal(f"in this loop, {unlike.sentence}", unlike.hint) from None
        both = State({**made.objects}, {**made.contents})
        for key, thing in joiner.made.objects.items():
            both.note(thing, joiner.made.contents[key])
        return joined, both

    def _read(self, side: int, array: ArrayObject) -> Atom:
        """Return the contents of a view, which before the loop was read there."""
        atom = array.atom
        if side == 0 and any(atom in op.results for op in self.builder.ops):
            raise Unlike("may be a view of one of several arrays", COPY)
        return atom

    def _listed(self, side: int, items: list[Any], form: Form) -> RunList | None:
        """Return a run-time list of the items of a list made in the body."""
        return made_of(self.frame, items, form) if side else None

    def _close(self, body: Body) -> None:
        """Bring what the slots are at the end of the body to their types."""
        for slot in self.slots.slots.values():
            assert slot.next is not None
            slot.next = convert(self.builder, slot.next, slot.param.type)

    def initial(self) -> list[Atom]:
        """Return the initial values of the slots, in their types."""
        slots = self.slots.slots.values()
        try:
            return [convert(self.builder, s.initial, s.param.type) for s in slots]
        except Unlike as unlike:
            reason = f"in this loop, a value {unlike.reason}"
            raise Refusal(reason, unlike.hint) from None

    def block(self, index: Value, body: Body) -> Block:
        """Return the body as a block."""
        slots = self.slots.slots.values()
        ends = [s.next for s in slots if s.next is not None]
        exits = [] if self.never_left(body) else [_atom(body.exit)]
        params = (index, *(s.param for s in slots))
        return Block(params, tuple(body.ops), (*exits, *ends))

    def never_left(self, body: Body) -> bool:
        """Tell whether the loop has no exit but its end."""
        return isinstance(body.exit, Static) and not body.exit.value

    def spreads(self) -> bool:
        """Tell whether a number becomes an array in the first turn."""
        return any(
            isinstance(s.initial.type, Scalar) and isinstance(s.param.type, Array)
            for s in self.slots.slots.values()
        )

    def finish(self, op: Op, head: State, *, begun: bool = False) -> Handle:
        """Append the op and leave what follows it; return whether it was left early.

        ``begun`` says that the loop has a first turn in any case.
        """
        op.origin = self.builder.origin
        self.builder.append(op)
        params = self.slots.slots
        final: dict[Value, Atom] = {
            param: Literal.undefined(param.type) for param in self.slots.dropped
        }
        for (param, slot), result in zip(params.items(), op.results, strict=False):
            result.hint = param.hint
            self.frame.context.stands_for(result, (param,))
            known = begun and isinstance(slot.next, Literal)
            final[param] = slot.next if known and slot.next is not None else result
        joiner = Joiner(
            self.frame.context,
            lambda a, _: final.get(a, a) if isinstance(a, Value) else a,
            head,
        )
        after = joiner.states(head, head)
        _settle_names(after, self.slots, begun)
        for thing in self.before.objects.values():
            assert id(thing) in after.objects
        after.put_back()
        return Handle(self.builder, op.results[-1])


def _settle_names(state: State, loop: Slots, begun: bool) -> None:
    """Bind names to what a turn leaves behind, if the loop surely had one."""
    for contents in state.contents.values():
        if isinstance(contents, dict):
            for name, value in contents.items():
                if isinstance(value, Conflict) and value.loop is loop:
                    known = begun and value.after is not None
                    settled = replace(value, after=None, loop=None)
                    contents[name] = value.after if known else settled


def _atom(value: Any) -> Atom:
    return value.atom if isinstance(value, Handle) else Literal.of(bool(value.value))


def region_for(
    frame: Frame,
    bounds: Bounds,
    turn: Callable[[Handle], None],
) -> Handle:
    """Append a loop over ``range(*bounds)``; return whether it was left early."""
    return unless_unfinished(
        frame,
        lambda before: _region_for(frame, before, bounds, turn),
        lambda before: _region_for(frame, before, bounds, lambda index: None),
    )


def _region_for(
    frame: Frame, before: State, bounds: Bounds, turn: Callable[[Handle], None]
) -> Handle:
    loop = RegionLoop(frame, before)
    index = Value(PY_INT)

    def run() -> Any:
        begin_turn(frame)
        surely(frame.context, lambda: turn(Handle(frame.builder, index)))
        return leave_turn(frame)

    head, body = loop.settle(run)
    begun = surely_begins([bound.atom for bound in bounds])
    initial = loop.initial()
    if loop.spreads() and not begun:
        _require_turn(frame, bounds)
    lo, hi, step = (bound.atom for bound in bounds)
    op = make_for(
        (lo, hi, step),
        initial,
        (),
        loop.block(index, body),
        0,
        exits=not loop.never_left(body),
        span=frame.builder.span,
    )
    return loop.finish(op, head, begun=begun)


NO_TURN = "this loop has no turn, and leaves a number where it otherwise has an array"


def _require_turn(frame: Frame, bounds: Bounds) -> None:
    """Raise where a loop has no turn."""
    builder = frame.builder
    lo, hi, step = bounds
    assert isinstance(step.atom, Literal)
    begins = lo < hi if step.atom.value > 0 else lo > hi
    raise_unless(builder, begins, f"raise ValueError({NO_TURN!r})")


def region_while(
    frame: Frame, test: Callable[[], Any], turn: Callable[[], None]
) -> Handle:
    """Append a loop that runs while ``test()``; return whether it was left early."""

    def none() -> None:
        if isinstance(test(), Static):
            raise Unfinished

    return unless_unfinished(
        frame,
        lambda before: _region_while(frame, before, test, turn),
        lambda before: _region_while(frame, before, test, none),
    )


def _region_while(
    frame: Frame, before: State, test: Callable[[], Any], turn: Callable[[], None]
) -> Handle:
    loop = RegionLoop(frame, before)
    index = Value(PY_INT)

    def run() -> Any:
        begin_turn(frame)
        surely(frame.context, turn)
        return leave_turn(frame)

    head, body = loop.settle(run)
    if loop.spreads():
        raise Refusal("a number becomes an array in this loop", "np.zeros(…) at first")
    op = make_while(
        _test_block(loop, head, test),
        loop.initial(),
        (),
        loop.block(index, body),
        0,
        exits=not loop.never_left(body),
        span=frame.builder.span,
    )
    return loop.finish(op, head)


def _test_block(loop: RegionLoop, head: State, test: Callable[[], Any]) -> Block:
    """Return the test over parameters of its own."""
    head.put_back()
    with loop.builder.region() as ops:
        begin_turn(loop.frame)
        result = test()
    if isinstance(result, Handle) and result.shape:
        raise Refusal("the truth of an array is ambiguous", "np.all(…) or np.any(…)")
    fresh = {p: Value(p.type, p.hint) for p in loop.slots.slots}
    block = Block((), tuple(ops), (_atom(result),))
    mapped = map_operands(block, lambda x: fresh.get(x, x))  # type: ignore[arg-type]
    return Block(tuple(fresh.values()), mapped.ops, mapped.results)
