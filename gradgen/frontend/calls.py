"""Calls: NumPy functions, methods, builtins, and the user's own helpers."""

from __future__ import annotations

import ast
import inspect
import types
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.frame import MAX_DEPTH, Frame, evaluate, evaluates, execute
from gradgen.frontend.source import find_source
from gradgen.frontend.values import Method, Static, from_python, is_static, to_python
from gradgen.primitives.lowering import NeedsStatic
from gradgen.primitives.registry import METHODS, Handle, find_lowering, lift


@evaluates(ast.Call)
def _call(frame: Frame, node: ast.Call) -> Any:
    callee = evaluate(frame, node.func)
    args = [evaluate(frame, arg) for arg in node.args]
    kwargs = {str(k.arg): evaluate(frame, k.value) for k in node.keywords}
    frame.builder.span = frame.span(node)
    return call(frame, node, callee, args, kwargs)


def call(
    frame: Frame, node: ast.Call, callee: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return the abstract value of a call."""
    if isinstance(callee, Method) and isinstance(callee.owner, Handle):
        return lowered(frame, METHODS[callee.name], [callee.owner, *args], kwargs)
    if not isinstance(callee, Static):
        raise Refusal("this call is not supported")
    function = callee.value
    lowering = find_lowering(function)
    if lowering is not None:
        if is_static(args) and is_static(kwargs) and not lowering.makes_arrays:
            value = function(*to_python(args), **to_python(kwargs))
            if isinstance(value, np.ndarray):
                return lift(frame.builder, value)
            return Static(value)
        return lowered(frame, lowering, args, kwargs)
    if isinstance(function, types.FunctionType):
        return inline(frame, node, function, args, kwargs)
    if function in (len, range, zip, enumerate, list, tuple):
        return from_python(function(*to_python(args)))
    raise Refusal(f"calls of '{getattr(function, '__name__', function)}' are not known")


def lowered(
    frame: Frame, lowering: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Call a lowering, which refuses by name the arguments that it does not take."""
    builder = frame.builder
    try:
        value = lowering(*to_python(args), builder=builder, **to_python(kwargs))
    except NeedsStatic as need:
        if need.value in frame.context.integers:
            raise
        raise Refusal(
            "this value must be known when compiling, but it is computed at run time"
        ) from None
    return from_python(value)


def inline(
    frame: Frame,
    node: ast.Call,
    function: types.FunctionType,
    args: list[Any],
    kwargs: dict[str, Any],
) -> Any:
    """Interpret a helper's body in place of its call."""
    context = frame.context
    if context.depth >= MAX_DEPTH:
        raise Refusal("recursion is not supported yet")
    source = find_source(function)
    bound = inspect.signature(function).bind(*args, **kwargs)
    inner = Frame(context, source, source.file, dict(bound.arguments))
    context.depth += 1
    value = run_body(inner, source.node)
    context.depth -= 1
    return value


def run_body(frame: Frame, node: ast.FunctionDef | ast.Lambda) -> Any:
    """Interpret a function's body and return the value it returns."""
    if isinstance(node, ast.Lambda):
        return evaluate(frame, node.body)
    flow = execute(frame, node.body)
    return Static(None) if flow is None else flow.value
