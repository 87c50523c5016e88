"""The state of the abstract interpreter, and the tables its parts are entered in."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gradgen.errors import Refusal, ShapeError, Span, UnsupportedError, refuse, render
from gradgen.frontend.source import Source, span_of
from gradgen.frontend.values import Capture, Guard, Root, Static
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal, Param, Value
from gradgen.primitives.lowering import NeedsStatic
from gradgen.primitives.registry import Handle

MAX_DEPTH = 100


@dataclass(slots=True)
class Context:
    """What one compilation collects."""

    builder: Builder
    integers: set[Value] = field(default_factory=set)
    captures: dict[Root, tuple[Capture, Param]] = field(default_factory=dict)
    guards: dict[Root, Guard] = field(default_factory=dict)
    helpers: dict[str, Source] = field(default_factory=dict)
    depth: int = 0


@dataclass(slots=True)
class Frame:
    """One function being interpreted: its source and the names it has bound."""

    context: Context
    source: Source
    file: str
    names: dict[str, Any] = field(default_factory=dict)
    local_names: frozenset[str] = frozenset()
    parent: Frame | None = None

    @property
    def builder(self) -> Builder:
        """Return the builder that ops are appended to."""
        return self.context.builder

    def span(self, node: ast.AST) -> Span:
        """Return the span of a node of this function."""
        return span_of(self.file, node)

    def refuse(self, node: ast.AST, reason: str, hint: str = "") -> UnsupportedError:
        """Build the refusal of a construct of this function."""
        return refuse(reason, self.span(node), hint)


@dataclass(frozen=True, slots=True)
class Flow:
    """How a run of statements ended, if not by reaching its end."""

    kind: str
    value: Any = None


Evaluator = Callable[[Frame, Any], Any]
Executor = Callable[[Frame, Any], Flow | None]
EVALUATORS: dict[type[ast.AST], Evaluator] = {}
EXECUTORS: dict[type[ast.AST], Executor] = {}


def evaluates(*kinds: type[ast.AST]) -> Callable[[Evaluator], Evaluator]:
    """Enter the function that gives an expression node its abstract value."""

    def enter(function: Evaluator) -> Evaluator:
        EVALUATORS.update(dict.fromkeys(kinds, function))
        return function

    return enter


def executes(*kinds: type[ast.AST]) -> Callable[[Executor], Executor]:
    """Enter the function that carries out a statement node."""

    def enter(function: Executor) -> Executor:
        EXECUTORS.update(dict.fromkeys(kinds, function))
        return function

    return enter


def evaluate(frame: Frame, node: ast.expr) -> Any:
    """Return the abstract value of an expression."""
    function = EVALUATORS.get(type(node))
    if function is None:
        raise frame.refuse(node, f"{_describe(node)} is not supported")
    return guarded(frame, node, function)


def execute(frame: Frame, statements: list[ast.stmt]) -> Flow | None:
    """Carry out statements until one of them leaves the run."""
    for node in statements:
        function = EXECUTORS.get(type(node))
        if function is None:
            raise frame.refuse(node, f"{_describe(node)} is not supported")
        flow = guarded(frame, node, function)
        if flow is not None:
            return flow  # type: ignore[no-any-return]
    return None


def guarded(frame: Frame, node: ast.AST, function: Callable[[Frame, Any], Any]) -> Any:
    """Run ``function``; give what it refuses the span of ``node``."""
    frame.builder.span = frame.span(node)
    try:
        return function(frame, node)
    except Refusal as refusal:
        raise frame.refuse(node, refusal.reason, refusal.hint) from None
    except ShapeError as error:
        if "-->" in str(error):
            raise
        raise ShapeError(render(str(error), frame.span(node))) from None


def _describe(node: ast.AST) -> str:
    return f"'{type(node).__name__}'"


def static_int(frame: Frame, value: Any) -> Any:
    """Return an integer that must be known; ask for a new start if it is an argument."""
    if isinstance(value, Static):
        return value.value
    if isinstance(value, Handle):
        atom = value.atom
        if isinstance(atom, Literal):
            return atom.value
        if atom in frame.context.integers:
            raise NeedsStatic(atom)
    raise Refusal(
        "this value must be known when compiling, but it is computed at run time"
    )
