"""Recursion to a depth that only a run knows.

A call is inlined, unless its function is under way already and a branch or loop that
only a run decides lies in between. Then the first of these calls is begun again: the
body becomes a function of its own, and the calls within become calls of that.

What the function is given, and what it returns and changes, is found by interpreting
its body again and again. At first a recursive call counts as never returning, so that
the body ends as it does without one. In later rounds it returns and changes what the
round before found, until that stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal, UnsupportedError
from gradgen.frontend.arrays import ArrayObject, Buffer
from gradgen.frontend.frame import (
    RUN_TIME_INT,
    Activation,
    Context,
    Frame,
    NeedsStatic,
    Raised,
    Recurs,
    Unfinished,
)
from gradgen.frontend.heap import State, contents_of, is_settled, reached, state_of
from gradgen.frontend.helpers import close, enter_helper, free_name
from gradgen.frontend.likeness import Unlike
from gradgen.frontend.scope import FunctionNode
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.regions import make_call
from gradgen.ir.types import Array, Sym

if TYPE_CHECKING:
    from gradgen.frontend import arguments, branches, choices, outcomes, widening
else:
    arguments = Deferred("gradgen.frontend.arguments")
    branches = Deferred("gradgen.frontend.branches")
    choices = Deferred("gradgen.frontend.choices")
    outcomes = Deferred("gradgen.frontend.outcomes")
    widening = Deferred("gradgen.frontend.widening")

MAX_DEPTH = 30
MAX_ROUNDS = 60
MAX_CALLS = 200
ENDLESS = "this function calls itself on every path"
INVOLVED = "what this recursion changes is too involved to follow"

Run = Callable[[], Any]


def enter(frame: Frame, node: FunctionNode, name: str, run: Run) -> Any:
    """Interpret the body of a function, which ``run`` does, or a call of it.

    ``frame`` is the function's own.
    """
    context = frame.context
    first = _first(context, node, frame.parent)
    if first is not None:
        if first.helper is not None:
            return first.helper.call(frame)
        _check_depth(context, first)
    if len(context.frames) > MAX_DEPTH:
        reason = f"calls nested more than {MAX_DEPTH} deep are not supported"
        raise Refusal(reason, "a loop")
    activation = Activation(node, frame.parent, len(context.builder.outer))
    context.activations.append(activation)
    try:
        if node not in context.recursive or first is not None:
            return run()
        return _enter_again(frame, activation, name, run)
    finally:
        context.activations.pop()


def _first(
    context: Context, node: FunctionNode, parent: Frame | None
) -> Activation | None:
    """Return the first of the calls under way of a function."""
    for activation in context.activations:
        if activation.node is node and activation.parent is parent:
            return activation
    return None


def _check_depth(context: Context, first: Activation) -> None:
    """Unwind to the first call if only a run knows how deep the recursion is."""
    node = first.node
    if node in context.unrolled:
        context.unrolled[node] += 1
        if context.unrolled[node] > MAX_CALLS:
            raise Refusal(f"a recursion of more than {MAX_CALLS} calls", "a loop")
    elif len(context.builder.outer) > first.depth or len(context.frames) > MAX_DEPTH:
        raise Recurs(first)


def _enter_again(frame: Frame, activation: Activation, name: str, run: Run) -> Any:
    """Inline a call, or make a function of it if that turns out to be impossible."""
    before = state_of(frame)
    begun = Beginning(frame.builder)
    try:
        return run()
    except Recurs as found:
        if found.activation is not activation:
            raise
    made: list[Recursion] = []

    def interpret(state: State) -> Any:
        made.append(Recursion(frame, activation, name, run))
        return made[-1].interpret(state)

    begun.put_back(frame.context)
    before.put_back()
    try:
        return widening.restarting(frame, interpret)
    except (Refusal, UnsupportedError) as refusal:
        if not made[-1].parameters.counts:
            raise
        begun.put_back(frame.context)
        before.put_back()
        return _unrolled(frame.context, activation.node, run, refusal)


def _unrolled(
    context: Context, node: FunctionNode, run: Run, refusal: Exception
) -> Any:
    """Inline all calls, whose number may be known after all."""
    context.unrolled[node] = 0
    try:
        return run()
    except (Refusal, UnsupportedError):
        raise refusal from None
    finally:
        del context.unrolled[node]


class Beginning:
    """What a builder holds before something is tried."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.count = len(builder.ops)
        self.parent = dict(builder.dims.parent)
        self.dim_atoms = dict(builder.dim_atoms)
        self.dim_exact = dict(builder.dim_exact)
        self.views = dict(builder.views)

    def put_back(self, context: Context) -> None:
        """Drop what was appended since, but for the lengths of inputs."""
        builder = self.builder
        tried = builder.ops[self.count :]
        del builder.ops[self.count :]
        builder.dims.parent = dict(self.parent)
        builder.dim_atoms = dict(self.dim_atoms)
        builder.dim_exact = dict(self.dim_exact)
        builder.views = dict(self.views)
        for op in tried:
            if op.name == "dim" and op.operands[0] in context.inputs:
                builder.append(op)


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
        self.parameters = arguments.Parameters(frame.context)
        self.names = set(frame.builder.dims.names)
        self.head = arguments.visible([frame])
        self.own = State()
        self.origin = outcomes.Given({}, {})
        self.known: outcomes.Outcome | None = None
        self.starts: dict[Any, Atom] = {}

    def interpret(self, before: State) -> Any:
        """Make a function of the calls, and call it."""
        for _ in range(MAX_ROUNDS):
            before.put_back()
            self.head.put_back()
            self.starts = arguments.starts_of(self.head)
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

    def _round(self) -> tuple[outcomes.Outcome, list[Op]]:
        builder = self.builder
        with self._under_way(), builder.region() as ops:
            builder.views = {}
            params = list(self.parameters.entries)
            builder.enter([x for x in params if isinstance(x.type, Array)])
            value = self._value()
            self.frame.names.clear()
            self.frame.names[branches.RESULT] = value
            state = arguments.visible([self.frame, *self.head.objects.values()])
            inner = {*params, *(y for op in ops for y in op.results)}
            return outcomes.Outcome(
                self.frame, self.head, state, inner, self._knows
            ), ops

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

    def _begin_with(self, joiner: arguments.ArgumentJoiner) -> None:
        """Begin the next round in the state that a call was joined with."""
        self.known = None
        joiner.joined.put_back()
        self.head = arguments.visible([self.frame])
        for key, thing in joiner.made.objects.items():
            self.own.note(thing, joiner.made.contents[key])
        for made, one in joiner.origins:
            self._enter_origin(made, one)
        self.parameters.keep_used(self.head)
        arguments.link(self.origin.arrays, self.head)

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
            choices.convert(self.builder, params.given[x], x.type)
            for x in params.entries
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

    def _append(self, op: Op, results: dict[Atom, Value]) -> None:
        op.origin = self.builder.origin
        self.builder.append(op)
        for inner, result in results.items():
            self.context.stands_for(result, (inner,))

    def _given(self, frame: Frame) -> outcomes.Given:
        """Compare what a call gives with what the function begins with."""
        state = State()
        for thing in reached([frame]):
            place = self.frame if thing is frame else thing
            state.note(place, contents_of(thing))
        params = self.parameters
        params.begin()
        joiner = arguments.ArgumentJoiner(params, self.head, self.own, self.starts)
        try:
            joiner.joined = joiner.states(self.head, state)
        except Unlike as unlike:
            reason = f"in this recursive function, {unlike.sentence}"
            raise Refusal(reason, unlike.hint) from None
        more = arguments.link(joiner.arrays, self.head)
        settled = params.stable and is_settled(self.head, joiner.joined)
        if more or not settled:
            raise Recurs(self.activation, joiner)
        if any(x not in params.given for x in params.entries):
            raise Refusal(INVOLVED, "a loop, such as 'while'")
        return outcomes.Given(joiner.arrays, joiner.objects)

    def _finish(self, found: outcomes.Outcome, ops: list[Op]) -> Any:
        """Close the function, and call it from outside."""
        builder, params = self.builder, self.parameters
        leaves = list(found.leaves)
        name = free_name(builder, self.name)
        closing = close(
            builder, name, list(params.entries), ops, leaves, found.written(), self
        )
        enter_helper(builder, closing.function)
        operands = [
            choices.convert(builder, entry.initial, value.type)
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
