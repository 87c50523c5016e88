"""From a Python function and argument types to typed IR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend import (
    augmented,
    calls,
    displays,
    expressions,
    instances,
    names,
    recursion,
    repetition,
    statements,
    streams,
)
from gradgen.frontend.arrays import ArrayObject, fresh
from gradgen.frontend.binding import defaults_of
from gradgen.frontend.frame import Context, Frame, Raised, Recurs, call
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.outside import is_foldable
from gradgen.frontend.raising import require_present
from gradgen.frontend.results import to_tree
from gradgen.frontend.scope import parameter_names
from gradgen.frontend.source import Source, returned
from gradgen.frontend.values import (
    Capture,
    Foreign,
    Guard,
    Maybe,
    Root,
    Static,
    from_python,
    from_tree,
)
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Param, Value
from gradgen.ir.tree import Tree
from gradgen.ir.types import Scalar, Type
from gradgen.primitives.registry import Handle
from gradgen.rules import find_rule
from gradgen.structs import frozen

if TYPE_CHECKING:
    from gradgen.frontend import distribution, helpers
else:
    distribution = Deferred("gradgen.frontend.distribution")
    helpers = Deferred("gradgen.frontend.helpers")

PARTS = (
    augmented,
    calls,
    displays,
    expressions,
    instances,
    names,
    repetition,
    statements,
    streams,
)
"""The modules that enter what they know of into tables."""


@frozen
class Lowered:
    """A function in IR, and what it needs to stay valid.

    ``written`` are the inputs that the function writes to.
    """

    function: Function
    captures: tuple[Capture, ...]
    guards: tuple[Guard, ...]
    helpers: tuple[Source, ...]
    written: frozenset[Value] = frozenset()


def lower(
    source: Source,
    params: Sequence[Param],
    builder: Builder,
    numbers: frozenset[Value] = frozenset(),
) -> Lowered:
    """Interpret ``source`` over the abstract values of ``params``.

    Parameters are bound by name. Those that have no parameter's name are, in order,
    the arguments of ``*args``; a parameter that is not given takes its default, which
    is read from the function at every call. ``numbers`` are the leaves that come in as
    NumPy scalars, which nobody can change, as an array without axes can be.

    Raises
    ------
    UnsupportedError
        With the place, the reason and a rewrite, for what is not supported.
    NeedsStatic
        For an integer argument that must be folded.
    """
    builder.enter([x for param in params for x in param.tree.leaves()])
    context = _context(params, builder, {source.function: source}, numbers)
    begun = recursion.Beginning(builder)
    while True:
        try:
            frame = Frame(context, source, context.scope(source.node))
            result = _interpret(frame, params)
            break
        except Recurs as found:
            recursive = {*context.recursive, found.activation.node}
        context = _context(params, builder, context.sources, numbers)
        context.recursive = recursive
        begun.put_back(context)
    captured = [param for _, param, _ in context.captures.values()]
    function = _function(source, (*params, *captured), builder, result)
    return Lowered(
        function,
        tuple(capture for capture, _, _ in context.captures.values()),
        tuple(context.guards.values()),
        tuple(context.helpers.values()),
        frozenset(x for x, b in context.arguments.items() if b.version is not x),
    )


def _context(
    params: Sequence[Param],
    builder: Builder,
    sources: dict[Any, Source],
    numbers: frozenset[Value],
) -> Context:
    """Return what a compilation begins with; functions have been found before."""
    inputs = [x for param in params for x in param.tree.leaves()]
    context = Context(builder, {x for x in inputs if _is_integer(x.type)})
    context.inputs.update(inputs)
    context.numbers = numbers
    context.names.update(param.name for param in params)
    context.sources = dict(sources)
    return context


def _interpret(frame: Frame, params: Sequence[Param]) -> Tree:
    """Return the tree of what the function returns."""
    node = frame.source.node
    try:
        _bind(frame, params)
        value = _value(frame)
        if isinstance(value, Maybe):
            require_present(frame.builder, value, "the result")
            value = value.value
        names.name_value(value, "value")
        if isinstance(value, OneOf):
            value = distribution.copied(frame, value)
        return to_tree(value)
    except Refusal as refusal:
        raise frame.refuse(returned(node), refusal.reason, refusal.hint) from None
    except Raised:
        raise frame.refuse(node, "this function always raises") from None
    except RecursionError:
        raise frame.refuse(node, "the function is nested too deeply") from None


def _value(frame: Frame) -> Any:
    """Return the abstract value of what the function returns."""
    source = frame.source
    if find_rule(source.function) is not None:
        args, kwargs = _arguments(frame)
        return call(frame, Static(source.function), args, kwargs)
    return recursion.enter(
        frame, source.node, source.name, lambda: calls.run_body(frame, source.node)
    )


def _arguments(frame: Frame) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments that the parameters of a function are bound to."""
    spec, names = frame.source.node.args, frame.names
    args = [names[arg.arg] for arg in (*spec.posonlyargs, *spec.args)]
    if spec.vararg is not None:
        args += names[spec.vararg.arg]
    kwargs = {arg.arg: names[arg.arg] for arg in spec.kwonlyargs}
    if spec.kwarg is not None:
        kwargs.update(names[spec.kwarg.arg])
    return args, kwargs


def _bind(frame: Frame, params: Sequence[Param]) -> None:
    spec = frame.source.node.args
    known = parameter_names(spec)
    rest = []
    for param in params:
        value = _argument(frame, param)
        frame.context.borrow(value)
        if param.name in known:
            frame.names[param.name] = value
        else:
            rest.append(value)
    if spec.vararg is not None:
        frame.names.setdefault(spec.vararg.arg, tuple(rest))
    if spec.kwarg is not None:
        frame.names.setdefault(spec.kwarg.arg, {})
    default = defaults_of(frame, frame.source.function)
    for name in known:
        if name not in frame.names:
            value = default(name)
            if value is None:
                raise Refusal(f"the argument '{name}' is missing")
            frame.names[name] = value


def _argument(frame: Frame, param: Param) -> Any:
    root = Root("argument", None, param.name)
    return from_tree(param.tree, lambda v: _leaf(frame, v), _known, root)


def _leaf(frame: Frame, value: Value) -> Handle:
    """Return a number or array of the caller's."""
    handle = fresh(Handle(frame.builder, value))
    if isinstance(handle, ArrayObject):
        frame.context.arguments[value] = handle.buffer
    return handle


def _known(value: Any, root: Root) -> Any:
    """Return a part of an argument that is no number: its class is in the key."""
    return from_python(value) if is_foldable(value) else Foreign(value, root)


def _function(
    source: Source, params: tuple[Param, ...], builder: Builder, result: Tree
) -> Function:
    leaves = tuple(x for p in params for x in p.tree.leaves())
    body = builder.block(leaves, list(result.leaves()))
    span = source.span(source.node)
    function = Function(source.name, params, body, result, span=span)
    if not builder.helpers:
        return function
    return helpers.with_helpers(function, builder.helpers)


def _is_integer(type_: Type) -> bool:
    return isinstance(type_, Scalar) and type_.weak and type_.dtype.kind == "i"
