"""Checkpoints: what derivative code computes again instead of storing it.

It is interpreted as a region of its own; ``ir.checkpoints`` says what that looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.frame import Flow, Frame, Raised, always, call
from gradgen.frontend.known import knows
from gradgen.frontend.outside import outside_value
from gradgen.frontend.values import KINDS, Conflict, Native, Root, Static, Walk
from gradgen.frontend.walks import any_walk, number
from gradgen.ir.checkpoints import CHECKPOINT
from gradgen.ir.core import Block, Literal
from gradgen.ir.regions import make_if
from gradgen.markers import checkpoint, checkpointed
from gradgen.primitives.messages import emit_raise
from gradgen.primitives.registry import Handle
from gradgen.structs import struct

if TYPE_CHECKING:
    from gradgen.frontend import branches
else:
    branches = Deferred("gradgen.frontend.branches")

Calls = Callable[[Frame, list[Any], dict[str, Any]], Any]


@struct
class Checkpointed:
    """What a loop goes through, and how many of its states are stored.

    ``kind`` is ``"every"`` or ``"memory"``, ``size`` the number given for it.
    """

    walk: Walk
    kind: str
    size: Handle


KINDS[Checkpointed] = "what 'checkpointed' returns, outside of a 'for' loop,"


def in_region(
    frame: Frame, kind: str, action: Callable[[], Any], size: Handle | None = None
) -> Any:
    """Return the value of ``action()``, which is a region that is computed again."""

    def inside() -> None:
        frame.names[branches.RESULT] = action()

    def never() -> Flow | None:
        raise Raised

    flow = branches.branch(
        frame, Handle(frame.builder, Literal.of(True)), inside, never
    )
    if flow is not None and flow.kind == "raise":
        raise Raised
    op = frame.builder.ops[-1]
    op.attrs = {CHECKPOINT: kind}
    if size is not None:
        op.operands = (*op.operands, size.atom)
    result = frame.names.pop(branches.RESULT)
    if isinstance(result, Conflict):
        raise Refusal(result.reason, result.hint)
    return result


def call_again(function: Any) -> Calls:
    """Return what calls a function in a region that is computed again."""

    def run(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return in_region(frame, "call", lambda: call(frame, function, args, kwargs))

    return run


def call_checkpoint(
    frame: Frame, wrapper: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Call what ``checkpoint`` returned when it was called outside of the function."""
    root = Root("object", wrapper, "__wrapped__")
    function = outside_value(frame, root, wrapper.__wrapped__)
    return call_again(function)(frame, args, kwargs)


@knows(checkpoint)
def _checkpoint(frame: Frame, function: Any) -> Any:
    return Native(call_again(function))


@knows(checkpointed)
def _checkpointed(
    frame: Frame,
    iterable: Any,
    *,
    every: Any = Static(None),  # noqa: B008
    memory: Any = Static(None),  # noqa: B008
) -> Any:
    given = {"every": every, "memory": memory}
    sizes = {kind: x for kind, x in given.items() if x != Static(None)}
    if len(sizes) != 1:
        raise always("ValueError", "checkpointed takes one of every= and memory=")
    ((kind, size),) = sizes.items()
    walk = any_walk(frame, iterable)
    if walk is None:
        raise Refusal(
            "the turns of this loop are known when compiling, and are taken one by one",
            "gradgen.checkpoint(f) for a function f that is called in each turn",
        )
    return Checkpointed(walk, kind, _positive(frame, kind, size))


def _positive(frame: Frame, kind: str, value: Any) -> Handle:
    """Return a number of turns or bytes; raise where it is not positive."""
    size = number(frame, value)
    if size.shape or size.dtype.kind not in "iu":
        raise Refusal(f"{kind}= of checkpointed takes an integer", "int(…)")
    fault = f"{kind}= of checkpointed must be at least 1"
    if not isinstance(size.atom, Literal):
        _require_positive(frame, size, fault)
    elif size.atom.value < 1:
        raise always("ValueError", fault)
    return size


def _require_positive(frame: Frame, size: Handle, fault: str) -> None:
    builder = frame.builder
    enough = size >= 1
    with builder.region() as ops:
        emit_raise(builder, [], f"raise ValueError({fault!r})")
    nothing = Block((), (), ())
    builder.append(
        make_if(enough.atom, nothing, Block((), tuple(ops), ()), builder.span)
    )
