"""Carrying out statements, some of which may be left on some paths only."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.frontend.frame import EXECUTORS, Flow, Frame, guarded
from gradgen.structs import frozen

if TYPE_CHECKING:
    from gradgen.frontend import accept, branches
else:
    accept = Deferred("gradgen.frontend.accept")
    branches = Deferred("gradgen.frontend.branches")


@frozen
class Consumed:
    """How a run of statements was left whose rest has been carried out as well."""

    flow: Flow | None


Ending = Flow | Consumed | None
BlockExecutor = Callable[[Frame, ast.stmt, Sequence[ast.stmt]], Ending]
BLOCKS: dict[type[ast.AST], BlockExecutor] = {}
"""Executors that are given the statements that follow, and may carry them out."""


def executes_with_rest(
    kind: type[ast.AST],
) -> Callable[[BlockExecutor], BlockExecutor]:
    """Enter the function that carries out a statement and perhaps what follows it."""

    def enter(function: BlockExecutor) -> BlockExecutor:
        BLOCKS[kind] = function
        return function

    return enter


def execute(frame: Frame, statements: Sequence[ast.stmt]) -> Flow | None:
    """Carry out statements until one of them leaves the run.

    What follows a statement that leaves the run on some paths is carried out on the
    others.
    """
    for position, node in enumerate(statements):
        rest = statements[position + 1 :]
        ending = guarded(frame, node, functools.partial(_carry_out, rest))
        if isinstance(ending, Consumed):
            return ending.flow
        if ending is None:
            continue
        if ending.kind == "maybe" and rest:
            return branches.unless_left(frame, functools.partial(execute, frame, rest))
        return ending  # type: ignore[no-any-return]
    return None


def return_value(frame: Frame, value: Any) -> Flow:
    """Leave the function with a value."""
    frame.names["<value>"] = value
    return Flow("return")


def _carry_out(rest: Sequence[ast.stmt], frame: Frame, node: ast.stmt) -> Ending:
    kind = type(node)
    if kind in BLOCKS:
        return BLOCKS[kind](frame, node, rest)
    if kind not in EXECUTORS:
        raise frame.refuse(node, *accept.refusal_of(node))
    return EXECUTORS[kind](frame, node)
