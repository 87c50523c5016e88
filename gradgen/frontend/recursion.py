"""Recursion to a depth that only a run knows.

A call is inlined, unless its function is under way already and a branch or loop that
only a run decides lies in between. Then the first of these calls is begun again: the
body becomes a function of its own, and the calls within become calls of that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal, UnsupportedError
from gradgen.frontend.frame import Activation, Context, Frame, Recurs
from gradgen.frontend.heap import State, state_of
from gradgen.frontend.scope import FunctionNode
from gradgen.ir.builder import Builder

if TYPE_CHECKING:
    from gradgen.frontend import fixpoint, widening
else:
    fixpoint = Deferred("gradgen.frontend.fixpoint")
    widening = Deferred("gradgen.frontend.widening")

MAX_DEPTH = 30
MAX_CALLS = 200

Run = Callable[[], Any]


def enter(frame: Frame, node: FunctionNode, name: str, run: Run) -> Any:
    """Interpret the body of a function, which ``run`` does, or a call of it.

    ``frame`` is the function's own.
    """
    context = frame.context
    first = _first(frame, node)
    if first is not None:
        if first.helper is not None:
            return first.helper.call(frame)
        _check_depth(context, first)
    if len(context.frames) > MAX_DEPTH:
        reason = f"calls nested more than {MAX_DEPTH} deep are not supported"
        raise Refusal(reason, "a loop")
    depth = len(context.builder.outer)
    activation = Activation(node, frame.source, frame.parent, depth)
    context.activations.append(activation)
    try:
        if node not in context.recursive or first is not None:
            return run()
        return _enter_again(frame, activation, name, run)
    finally:
        context.activations.pop()


def _first(frame: Frame, node: FunctionNode) -> Activation | None:
    """Return the first of the calls under way of a function."""
    for other in frame.context.activations:
        same = other.source is frame.source and other.parent is frame.parent
        if same and other.node is node:
            return other
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
    context = frame.context
    begun = Beginning(frame.builder)
    try:
        return run()
    except Recurs as found:
        if found.activation is not activation:
            raise

    def interpret(state: State) -> Any:
        return fixpoint.Recursion(frame, activation, name, run).interpret(state)

    begun.put_back(context)
    before.put_back()
    try:
        return widening.restarting(frame, interpret)
    except (Refusal, UnsupportedError) as refusal:
        begun.put_back(context)
        before.put_back()
        return _unrolled(context, activation.node, run, refusal)


def _unrolled(
    context: Context, node: FunctionNode, run: Run, refusal: Exception
) -> Any:
    """Inline all calls, whose number may be known after all."""
    outer = context.unrolled
    context.unrolled = {**outer, node: 0}
    try:
        return run()
    except (Refusal, UnsupportedError, RecursionError):
        raise refusal from None
    finally:
        context.unrolled = outer


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
