"""Branches on what is known only at run time.

Both branches are interpreted, each from the same state, and what they leave behind is
joined. How a run of statements was left is part of that state: ``<break>``,
``<continue>`` and ``<return>`` say whether it was, ``<value>`` what is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrayjoins import Naming
from gradgen.frontend.arrays import ArrayObject, Buffer
from gradgen.frontend.choices import common_type, convert
from gradgen.frontend.forms import Form
from gradgen.frontend.frame import Flow, Frame, Raised
from gradgen.frontend.heap import State, contents_of, state_of
from gradgen.frontend.joins import Joiner
from gradgen.frontend.likeness import Unlike
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import Conflict, Static
from gradgen.frontend.widening import made_of, restarting
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Literal, Op, Value
from gradgen.ir.regions import make_if
from gradgen.ir.types import Array
from gradgen.primitives.registry import Handle, apply
from gradgen.structs import struct

EXITS = ("break", "continue", "return")
RESULT = "<result>"

Action = Callable[[], Any]


@struct
class Outcome:
    """What a branch appended, how it ended, and the state that it left behind."""

    ops: list[Op]
    flow: Flow | None
    state: State

    @property
    def dead(self) -> bool:
        """Tell whether the branch always raises."""
        return self.flow is not None and self.flow.kind == "raise"


def choose_value(frame: Frame, cond: Handle, then: Action, otherwise: Action) -> Any:
    """Return the value of ``then()`` or ``otherwise()``, whichever is evaluated."""

    def bound(action: Action) -> Callable[[], None]:
        def run() -> None:
            frame.names[RESULT] = action()

        return run

    flow = branch(frame, cond, bound(then), bound(otherwise))
    if flow is not None and flow.kind == "raise":
        raise Raised
    result = frame.names.pop(RESULT)
    if isinstance(result, Conflict):
        raise Refusal(result.reason, result.hint)
    return result


def branch(
    frame: Frame,
    cond: Handle,
    then: Callable[[], Flow | None],
    otherwise: Callable[[], Flow | None],
) -> Flow | None:
    """Interpret both branches and join them; return how the statement is left."""
    if cond.shape:
        raise Refusal("the truth of an array is ambiguous", "np.all(…) or np.any(…)")
    return restarting(
        frame, lambda before: _branch(frame, before, cond, then, otherwise)
    )


def _branch(
    frame: Frame,
    before: State,
    cond: Handle,
    then: Callable[[], Flow | None],
    otherwise: Callable[[], Flow | None],
) -> Flow | None:
    outcomes = []
    for action in (then, otherwise):
        before.put_back()
        with frame.builder.region() as ops:
            flow = _flow_of(action)
            _mark(frame, flow)
        outcomes.append(Outcome(ops, flow, _state_after(frame, before)))
    first, second = outcomes
    _Meeting(frame, cond, before, first, second).run()
    return _joined_flow(frame, first, second)


def _state_after(frame: Frame, before: State) -> State:
    """Return the state that a branch leaves behind, and what it cannot reach any more.

    After the other branch, a name may stand for that.
    """
    state = state_of(frame)
    for key, thing in before.objects.items():
        if key in state.objects:
            continue
        if isinstance(thing, Buffer):
            state.note(thing, contents_of(thing))
        elif not isinstance(thing, Frame):
            state.lost[key] = contents_of(thing)
    return state


def _flow_of(action: Callable[[], Flow | None]) -> Flow | None:
    try:
        return action()
    except Raised:
        return Flow("raise")


def _mark(frame: Frame, flow: Flow | None) -> None:
    """Note in the state how a branch was left."""
    if flow is not None and flow.kind in EXITS:
        frame.names[f"<{flow.kind}>"] = Static(True)


def _joined_flow(frame: Frame, first: Outcome, second: Outcome) -> Flow | None:
    if first.dead or second.dead:
        return second.flow if first.dead else first.flow
    if first.flow is None and second.flow is None:
        return None
    kinds = {o.flow.kind if o.flow is not None else "" for o in (first, second)}
    if len(kinds) == 1 and kinds <= set(EXITS):
        return Flow(kinds.pop())
    possible = [kind for kind in EXITS if may_leave(frame, kind)]
    certain = "" not in kinds and len(possible) == 1
    if certain and all(_surely(o, possible[0]) for o in (first, second)):
        return Flow(possible[0])
    return Flow("maybe")


def _surely(outcome: Outcome, kind: str) -> bool:
    return outcome.flow is not None and outcome.flow.kind == kind


def may_leave(frame: Frame, kind: str) -> bool:
    """Tell whether the statements under way may have been left so."""
    flag = frame.names.get(f"<{kind}>", Static(False))
    return isinstance(flag, Handle) or bool(flag.value)


def left(frame: Frame, kinds: Sequence[str] = EXITS) -> Any:
    """Return whether the statements under way were left in one of these ways."""
    flags = [frame.names[f"<{kind}>"] for kind in kinds if may_leave(frame, kind)]
    if any(isinstance(flag, Static) for flag in flags):
        return Static(True)
    if not flags:
        return Static(False)
    total = flags[0]
    for flag in flags[1:]:
        total = apply("logical_or", total, flag)
    return total


def unless_left(frame: Frame, action: Callable[[], Flow | None]) -> Flow | None:
    """Interpret ``action`` where the statements under way were not left before."""
    cond = left(frame)
    if isinstance(cond, Static):
        return Flow("maybe") if cond.value else action()
    possible = [kind for kind in EXITS if may_leave(frame, kind)]

    def gone() -> Flow | None:
        return Flow(possible[0]) if len(possible) == 1 else Flow("maybe")

    def on() -> Flow | None:
        for kind in possible:
            frame.names[f"<{kind}>"] = Static(False)
        return action()

    return branch(frame, cond, gone, on)


class _Meeting:
    """Makes the ``if`` op of two branches and leaves the state that follows it."""

    def __init__(
        self, frame: Frame, cond: Handle, before: State, first: Outcome, second: Outcome
    ) -> None:
        self.frame = frame
        self.builder: Builder = frame.builder
        self.cond = cond
        self.before = before
        self.first = first
        self.second = second
        self.results: dict[tuple[Any, Any], Value] = {}
        self.naming = Naming()
        self.yields: tuple[list[Atom], list[Atom]] = ([], [])
        self.inner = {y for o in (first, second) for op in o.ops for y in op.results}

    def run(self) -> None:
        """Join the states, and append the op."""
        try:
            state = self._joined()
        except Unlike as unlike:
            raise Refusal(f"after this, {unlike.sentence}", unlike.hint) from None
        then, otherwise = (
            Block((), tuple(outcome.ops), tuple(yields))
            for outcome, yields in zip(
                (self.first, self.second), self.yields, strict=True
            )
        )
        op = make_if(self.cond.atom, then, otherwise, self.builder.span)
        op.results = tuple(self.results.values())
        op.origin = self.builder.origin
        self.builder.append(op)
        state.put_back()

    def _joined(self) -> State:
        context = self.frame.context
        if not (self.first.dead or self.second.dead):
            joiner = Joiner(
                context,
                self._either,
                self.before,
                naming=self.naming,
                listing=self._listed,
                reading=self._read,
                cond=self.cond.atom,
            )
            return joiner.states(self.first.state, self.second.state)
        choose = self._other if self.first.dead else self._one
        after = self.second.state if self.first.dead else self.first.state
        joiner = Joiner(
            context,
            choose,
            self.before,
            lifting=True,
            naming=self.naming,
        )
        return joiner.lifted(self.before, after)

    def _listed(self, side: int, items: list[Any], form: Form) -> RunList:
        """Return a run-time list of the items of a list made in a branch."""
        with self.builder.region((self.first, self.second)[side].ops):
            return made_of(self.frame, items, form)

    def _read(self, side: int, array: ArrayObject) -> Atom:
        with self.builder.region((self.first, self.second)[side].ops) as ops:
            atom = array.atom
        self.inner.update(y for op in ops for y in op.results)
        return atom

    def _one(self, a: Atom, _: Atom) -> Atom:
        return self._lifted(a, slot=0)

    def _other(self, a: Atom, _: Atom) -> Atom:
        return self._lifted(a, slot=1)

    def _lifted(self, a: Atom, slot: int) -> Atom:
        if a not in self.inner:
            return a
        gap = Literal.undefined(a.type)
        return self._either(a, gap) if slot == 0 else self._either(gap, a)

    def _either(self, a: Atom, b: Atom) -> Atom:
        """Return what is ``a`` after the first branch and ``b`` after the second."""
        if a == b and a not in self.inner:
            return a
        if (a, b) in self.results:
            return self.results[a, b]
        type_ = common_type(self.builder, a, b, loose=True)
        for atom, outcome, yields in zip(
            (a, b), (self.first, self.second), self.yields, strict=True
        ):
            with self.builder.region(outcome.ops):
                yields.append(convert(self.builder, atom, type_))
        if isinstance(type_, Array):
            self.builder.dims.note(type_)
        hints = [x.hint for x in (a, b) if isinstance(x, Value) and x.hint]
        result = Value(type_, self.naming.name or next(iter(hints), ""))
        self.frame.context.stands_for(result, (a, b))
        self.results[a, b] = result
        return result
