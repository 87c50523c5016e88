"""Finds what a recursive function takes, returns and changes.

Its body is interpreted again and again. At first a recursive call counts as never
returning, so that the body ends as it does without one. In later rounds it returns and
changes what the round before found, until that stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arguments import (
    ArgumentJoiner,
    Parameters,
    Sight,
    link,
    sight_of,
    starts_of,
    visible,
)
from gradgen.frontend.arrays import ArrayObject, Buffer
from gradgen.frontend.branches import RESULT
from gradgen.frontend.choices import convert
from gradgen.frontend.frame import (
    RUN_TIME_INT,
    Activation,
    Frame,
    NeedsStatic,
    Raised,
    Recurs,
    Unfinished,
)
from gradgen.frontend.heap import (
    State,
    contents_now,
    contents_of,
    is_settled,
    reached,
)
from gradgen.frontend.helpers import close, enter_helper, free_name
from gradgen.frontend.likeness import Unlike
from gradgen.frontend.outcomes import Given, Outcome
from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.regions import make_call
from gradgen.ir.types import Array, Sym

MAX_ROUNDS = 60
ENDLESS = "this function returns on no path without calling itself"
INNER_FUNCTION = (
    "a function that is made in a recursive call, and sees its variables, is used "
    "outside of that call"
)
INVOLVED = "what this recursion changes is too involved to follow"

Run = Callable[[], Any]


class Recursion:
    """Interprets a recursive function until it is known what it takes and returns."""

    def __init__(
        self, frame: Frame, activation: Activation, name: str, run: Run
    ) -> None:
        self.frame = frame
        self.context = frame.context
        self.builder = frame.builder
        self.activation = activation
        self.name = name
        self.run = run
        self.parameters = Parameters(frame.context)
        self.names = set(frame.builder.dims.names)
        self.head = visible([frame])
        self.own = State()
        self.origin = Given({}, {})
        self.known: Outcome | None = None
        self.starts: dict[Any, Atom] = {}
        self.sight = Sight([], set())

    def interpret(self, before: State) -> Any:
        """Make a function of the calls, and call it."""
        self.starts = starts_of(self.head)
        for _ in range(MAX_ROUNDS):
            before.put_back()
            self.head.put_back()
            self.sight = sight_of(self.frame, self.activation.node)
            try:
                found, ops = self._round()
            except Recurs as again:
                if again.activation is not self.activation:
                    raise
                self._begin_with(again.head)
                continue
            if self.known is not None and found.form == self.known.form:
                before.put_back()
                return self._finish(found, ops)
            self.known = found
        raise Refusal(INVOLVED, "a loop, such as 'while'")

    def _round(self) -> tuple[Outcome, list[Op]]:
        builder = self.builder
        with self._under_way(), builder.region() as ops:
            builder.views = {}
            params = list(self.parameters.entries)
            builder.enter([x for x in params if isinstance(x.type, Array)])
            value = self._value()
            others = [x for x in self.head.objects.values() if x is not self.frame]
            self._check_alone([value, *others])
            self.frame.names.clear()
            self.frame.names[RESULT] = value
            state = visible([self.frame, *self.head.objects.values()])
            inner = {*params, *(y for op in ops for y in op.results)}
            rebound = self.sight.rebound
            found = Outcome(self.frame, self.head, state, inner, rebound, self._knows)
            return found, ops

    def _value(self) -> Any:
        try:
            return self.run()
        except Raised:
            others = self.context.guessing - int(self.known is None)
            if others:
                raise Unfinished from None
            reason = ENDLESS if self.known is None else "this function always raises"
            raise Refusal(reason, "a path that returns without a call") from None
        except NeedsStatic as need:
            if need.value in self.context.integers:
                raise
            raise Refusal(RUN_TIME_INT) from None

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        guess = int(self.known is None)
        self.context.guessing += guess
        self.activation.helper = self
        try:
            yield
        finally:
            self.context.guessing -= guess
            self.activation.helper = None

    def _knows(self, dim: Sym) -> bool:
        """Tell whether a length is the same for the function and those who call it."""
        return dim.name in self._outside() or dim.name in self.parameters.open

    def _outside(self) -> set[str]:
        exact = self.builder.outer[-1][3] if self.builder.outer else {}
        return self.names | {dim.name for dim in exact if isinstance(dim, Sym)}

    def _begin_with(self, joiner: ArgumentJoiner) -> None:
        """Begin the next round in the state that a call was joined with."""
        self.known = None
        joiner.joined.put_back()
        self.head = visible([self.frame])
        for key, thing in joiner.made.objects.items():
            self.own.note(thing, joiner.made.contents[key])
        for made, one in joiner.origins:
            self._enter_origin(made, one)
        self.parameters.keep_used(self.head, list(self.frame.names))
        sight = sight_of(self.frame, self.activation.node)
        link(self.origin.arrays, sight.arrays)

    def _enter_origin(self, made: Any, one: Any) -> None:
        """Note what the first call gives for an array or container."""
        if not isinstance(made, Buffer):
            self.origin.objects[id(made)] = self.origin.objects.get(id(one), one)
            return
        outer = self.origin.arrays.get(id(one.buffer))
        if outer is not None:
            one = ArrayObject(outer.buffer, (*outer.steps, *one.steps))
        self.origin.arrays[id(made)] = one

    def call(self, frame: Frame) -> Any:
        """Return what a recursive call returns, whose arguments ``frame`` holds."""
        given = self._given(frame)
        if self.known is None:
            raise Unfinished
        params = self.parameters
        operands = tuple(
            convert(self.builder, params.given[x], x.type) for x in params.entries
        )
        made: dict[str, Sym] = {}
        results = {
            x: Value(
                params.moved(x.type, made, self._outside()), getattr(x, "hint", "")
            )
            for x in self.known.leaves
        }
        attrs = {"callee": self, "takes": (), "effect": False}
        op = Op("call", operands, tuple(results.values()), attrs, (), self.builder.span)
        self._append(op, results)
        return self.known.leave(results, given)

    def _check_alone(self, roots: list[Any]) -> None:
        """Refuse functions that see the variables of one of the calls."""
        if any(thing is self.frame for thing in reached(roots)):
            raise Refusal(INNER_FUNCTION, "the values themselves")

    def _append(self, op: Op, results: dict[Atom, Value]) -> None:
        op.origin = self.builder.origin
        self.builder.append(op)
        for inner, result in results.items():
            self.context.stands_for(result, (inner,))

    def _given(self, frame: Frame) -> Given:
        """Compare what a call gives with what the function begins with."""
        self._check_alone([frame])
        state = State()
        for thing in reached([frame]):
            place = self.frame if thing is frame else thing
            state.note(place, contents_of(thing))
        params = self.parameters
        params.begin()
        joiner = ArgumentJoiner(params, self.head, self.own, self.starts)
        now = contents_now(self.own)
        try:
            joiner.joined = joiner.states(self.head, state)
        except Unlike as unlike:
            reason = f"in this recursive function, {unlike.sentence}"
            raise Refusal(reason, unlike.hint) from None
        finally:
            now.put_back()
        more = link(joiner.arrays, self.sight.arrays)
        settled = params.stable and is_settled(self.head, joiner.joined)
        if more or not settled:
            raise Recurs(self.activation, joiner)
        if any(x not in params.given for x in params.entries):
            raise Refusal(INVOLVED, "a loop, such as 'while'")
        return Given(joiner.arrays, joiner.objects)

    def _finish(self, found: Outcome, ops: list[Op]) -> Any:
        """Close the function, and call it from outside."""
        builder, params = self.builder, self.parameters
        leaves = list(found.leaves)
        name = free_name(builder, self.name)
        closing = close(
            builder, name, list(params.entries), ops, leaves, found.written(), self
        )
        enter_helper(builder, closing.function)
        operands = [
            convert(builder, entry.initial, value.type)
            for value, entry in params.entries.items()
        ]
        op = make_call(
            name,
            closing.function,
            [*operands, *closing.captured],
            builder.dims,
            builder.span,
            effect=closing.effect,
        )
        results = dict(zip(leaves, op.results, strict=True))
        self._append(op, results)
        return found.leave(results, self.origin)
