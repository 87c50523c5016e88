"""From a Python function and argument types to typed IR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradgen.frontend import calls, expressions, names, statements
from gradgen.frontend.frame import Context, Frame
from gradgen.frontend.source import Source
from gradgen.frontend.statements import name_value
from gradgen.frontend.values import Capture, Guard, from_tree, to_tree
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Function, Literal, Param
from gradgen.ir.types import Scalar
from gradgen.primitives.registry import Handle

PARTS = (calls, expressions, names, statements)


@dataclass(frozen=True, slots=True)
class Lowered:
    """A function in IR, and what it needs to stay valid."""

    function: Function
    captures: tuple[Capture, ...]
    guards: tuple[Guard, ...]
    helpers: tuple[Source, ...]


def lower(source: Source, params: Sequence[Param], builder: Builder) -> Lowered:
    """Interpret ``source`` over the abstract values of ``params``."""
    inputs = [x for param in params for x in param.tree.leaves()]
    builder.enter(inputs)
    context = Context(builder, {x for x in inputs if _is_integer(x.type)})
    frame = Frame(context, source, source.file)
    for param in params:
        frame.names[param.name] = from_tree(param.tree, lambda v: Handle(builder, v))
    value = calls.run_body(frame, source.node)
    captured = [param for _, param in context.captures.values()]
    name_value(value, "value")
    result = to_tree(value, _atom)
    all_params = (*params, *captured)
    leaves = tuple(x for p in all_params for x in p.tree.leaves())
    body = builder.block(leaves, list(result.leaves()))
    function = Function(
        source.name, all_params, body, result, span=source.span(source.node)
    )
    return Lowered(
        function,
        tuple(capture for capture, _ in context.captures.values()),
        tuple(context.guards.values()),
        tuple(context.helpers.values()),
    )


def _is_integer(type_: Any) -> bool:
    return isinstance(type_, Scalar) and type_.weak and type_.dtype.kind == "i"


def _atom(value: Any) -> Atom:
    if isinstance(value, Handle):
        return value.atom
    return Literal.of(value.value)
