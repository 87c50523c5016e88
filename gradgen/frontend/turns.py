"""Turns of loops: how one begins and ends, and what is made of one that never ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.branches import left
from gradgen.frontend.frame import Context, Flow, Frame, Raised, Unfinished
from gradgen.frontend.heap import State, state_of
from gradgen.frontend.widening import restarting
from gradgen.primitives.registry import Handle


def leave_turn(frame: Frame) -> Any:
    """Return whether a turn of a loop leaves it, and begin the next one afresh."""
    exit = left(frame, ("break", "return"))
    for kind in ("break", "continue"):
        frame.names.pop(f"<{kind}>", None)
    return exit


def begin_turn(frame: Frame) -> None:
    """Note that nothing was left yet: else the loop would have been."""
    for name in ("<return>", "<value>"):
        frame.names.pop(name, None)


def surely(context: Context, turn: Callable[[], Any]) -> Any:
    """Interpret the first turn of a loop, which must not raise in any case."""
    try:
        flow = turn()
    except Raised:
        flow = Flow("raise")
    if flow is None or flow.kind != "raise":
        return flow
    if context.guessing:
        raise Unfinished
    raise Refusal("this loop always raises in its first turn")


def unless_unfinished(
    frame: Frame, loop: Callable[[State], Handle], without: Callable[[State], Handle]
) -> Handle:
    """Append a loop, or one without turns as long as a turn is not known to end."""
    before = state_of(frame) if frame.context.guessing else None
    try:
        return restarting(frame, loop)
    except Unfinished:
        if before is None:
            raise
    before.put_back()
    return without(before)
