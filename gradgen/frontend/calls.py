"""Calls: NumPy functions, methods, and functions of the user's, which are inlined."""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.errors import GradgenError, Refusal, SourceError
from gradgen.frontend import recursion
from gradgen.frontend.arrays import (
    CONTIGUOUS,
    ArrayObject,
    Buffer,
    fresh,
    is_sparse,
    share,
    traced,
)
from gradgen.frontend.binding import bind, bind_function
from gradgen.frontend.checkpoints import call_checkpoint
from gradgen.frontend.displays import evaluate_all
from gradgen.frontend.frame import (
    Frame,
    Raised,
    always,
    call,
    calls,
    evaluate,
    evaluate_optional,
    evaluates,
    noted,
    refusing,
)
from gradgen.frontend.known import KNOWN
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.lists import RunList
from gradgen.frontend.outside import WRAPPERS, guard_code
from gradgen.frontend.running import execute, return_value
from gradgen.frontend.scope import FunctionNode
from gradgen.frontend.source import Source, find_source
from gradgen.frontend.stacking import JOINERS, joined_items
from gradgen.frontend.unknown import is_library, is_pure, look_up, unknown
from gradgen.frontend.values import (
    NOTHING,
    Closure,
    Conflict,
    Method,
    Native,
    Partial,
    Static,
    describe,
    from_python,
    is_static,
    map_leaves,
    to_python,
)
from gradgen.ir.core import Literal
from gradgen.ir.types import Curve, Random
from gradgen.markers import is_checkpoint
from gradgen.primitives.lowering import Lowering, Refused
from gradgen.primitives.registry import (
    METHODS,
    MUTATORS,
    Handle,
    dims_of,
    find_lowering,
    require_same_shape,
)
from gradgen.primitives.sharing import sharing
from gradgen.rules import find_rule

if TYPE_CHECKING:
    from gradgen.frontend import (
        accept,
        branches,
        distribution,
        makers,
        methods,
        records,
        rules,
        sparse,
        writing,
    )
    from gradgen.primitives import curves
else:
    curves = Deferred("gradgen.primitives.curves")
    accept = Deferred("gradgen.frontend.accept")
    branches = Deferred("gradgen.frontend.branches")
    distribution = Deferred("gradgen.frontend.distribution")
    makers = Deferred("gradgen.frontend.makers")
    methods = Deferred("gradgen.frontend.methods")
    records = Deferred("gradgen.frontend.records")
    rules = Deferred("gradgen.frontend.rules")
    sparse = Deferred("gradgen.frontend.sparse")
    writing = Deferred("gradgen.frontend.writing")

WALKING = (enumerate, filter, map, reversed, zip)
"""Functions that walk over one of several lists as over any list."""


@evaluates(ast.Call)
def _call(frame: Frame, node: ast.Call) -> Any:
    callee = evaluate(frame, node.func)
    read = evaluate_optional if _is_inlined(callee) else evaluate
    args = evaluate_all(frame, node.args, read)
    kwargs: dict[str, Any] = {}
    for keyword in node.keywords:
        value = read(frame, keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, dict):
            kwargs.update(value)
        else:
            raise Refusal(f"'**' takes a dict, not {describe(value)}", "a dict")
    return call(frame, callee, args, kwargs)


def _is_inlined(callee: Any) -> bool:
    """Tell whether a callee is a function of the user's, who may test for None."""
    value = getattr(callee, "value", None)
    return isinstance(callee, Closure) or isinstance(value, types.FunctionType)


@calls(Native)
def _call_native(
    frame: Frame, callee: Native, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    return callee.call(frame, list(args), kwargs)


@calls(Handle)
def _call_curve(
    frame: Frame, callee: Handle, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    if not isinstance(callee.atom.type, Curve):
        raise Refusal(f"{describe(callee)} cannot be called")
    with refusing():
        return fresh(curves.value(callee, *to_python(list(args)), **to_python(kwargs)))


@calls(OneOf)
def _call_any(
    frame: Frame, callee: OneOf, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    return distribution.distribute(
        frame, lambda f, named, *xs: call(frame, f, xs, named), callee, kwargs, *args
    )


@calls(Partial)
def _call_partial(
    frame: Frame, callee: Partial, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    joined = {**callee.kwargs, **kwargs}
    return call(frame, callee.function, [*callee.args, *args], joined)


@calls(Method)
def _call_method(
    frame: Frame, callee: Method, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    if isinstance(callee.owner, Handle):
        if callee.name in MUTATORS:
            return writing.change(frame, callee.name, [callee.owner, *args], kwargs)
        method = METHODS[callee.name]
        return lowered(frame, method, [callee.owner, *args], kwargs, callee.name)
    return methods.call_method(frame, callee.owner, callee.name, list(args), kwargs)


@calls(Static)
def _call_known(
    frame: Frame, callee: Static, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    rule = find_rule(callee.value)
    if rule is None:
        return _call_plain(frame, callee, args, kwargs)
    return rules.call_with_rule(
        frame, rule, args, kwargs, functools.partial(_call_plain, frame, callee)
    )


def _call_plain(
    frame: Frame, callee: Static, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    """Call a known function as if it had no rule."""
    function = callee.value
    if OneOf in map(type, args) and not (_is_inlined(callee) or function in WALKING):
        return distribution.distribute(
            frame,
            lambda named, *xs: _call_known(frame, callee, xs, named),
            kwargs,
            *args,
        )
    known = look_up(KNOWN, function)
    if known is not None:
        with refusing():
            return known(frame, list(args), kwargs)
    if look_up(MUTATORS, function) is not None:
        return writing.change(frame, function, list(args), kwargs)
    lowering = find_lowering(function)
    if lowering is not None:
        return _call_lowering(frame, function, lowering, list(args), kwargs)
    if is_checkpoint(function):
        return call_checkpoint(frame, function, list(args), kwargs)
    if isinstance(function, types.FunctionType) and not is_library(function):
        return inline(frame, function, args, kwargs)
    if isinstance(function, (staticmethod, *WRAPPERS)):
        return call(frame, Static(function.__wrapped__), args, kwargs)
    if isinstance(function, type) and not is_library(function):
        return records.make_record(frame, function, list(args), kwargs)
    if is_static(list(args)) and is_static(kwargs) and is_pure(function):
        return _fold_call(function, list(args), kwargs)
    if (maker := makers.maker_of(function)) is not None:
        return maker(frame, function, args, kwargs)
    raise Refusal(*unknown(function, args))


def _call_lowering(
    frame: Frame, function: Any, lowering: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    makes_arrays = isinstance(lowering, Lowering) and lowering.makes_arrays
    name = getattr(function, "__name__", "")
    if isinstance(function, np.ufunc) and len(args) > function.nin:
        args, kwargs = args[: function.nin], {**kwargs, "out": args[function.nin]}
    if args and isinstance(args[0], RunList) and function in JOINERS:
        return from_python(joined_items(function, args[0], args[1:], kwargs))
    folds = is_static(args) and is_static(kwargs) and not isinstance(lowering, Refused)
    if makes_arrays or not folds:
        return lowered(frame, lowering, args, kwargs, name)
    try:
        with np.errstate(all="raise"):
            return _fold_call(function, args, kwargs)
    except _NotFoldable:
        lifted = [_lifted(frame, arg) for arg in args]
        return lowered(frame, lowering, lifted, kwargs, name)


class _NotFoldable(Exception):
    """The call gives an array, or a warning that the primal gives at every run."""


def _fold_call(function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        result = function(*to_python(args), **to_python(kwargs))
    except FloatingPointError:
        raise _NotFoldable from None
    except Refusal:
        raise
    except Exception as error:
        raise always(type(error).__name__, str(error)) from None
    if isinstance(result, np.ndarray):
        raise _NotFoldable
    return from_python(result)


def _lifted(frame: Frame, value: Any) -> Any:
    if isinstance(value, Static) and isinstance(
        value.value, int | float | complex | np.generic
    ):
        return Handle(frame.builder, Literal.of(value.value))
    return value


def lowered(
    frame: Frame, lowering: Any, args: list[Any], kwargs: dict[str, Any], name: str = ""
) -> Any:
    """Call a lowering, refusing by name the arguments that it does not take.

    What it returns shares memory with its arguments as the function ``name`` does.
    """
    if isinstance(kwargs.get("out"), ArrayObject):
        return _into(frame, lowering, args, kwargs)
    if isinstance(lowering, Refused):
        lowering()
    plain, named = to_python(args), to_python(kwargs)
    if any(map(is_sparse, [*args, *kwargs.values()])):
        sparse.refuse_sparse(args, getattr(lowering, "name", name))
    with refusing():
        if isinstance(lowering, Lowering):
            result = lowering(*plain, builder=frame.builder, **named)
        else:
            result = lowering(*plain, **named)
    sources = [arg for arg in args if isinstance(arg, ArrayObject)]
    everyone = frame.context.buffers
    return map_leaves(result, lambda x: _shared(x, sources, name, everyone))


def _shared(
    value: Any, sources: list[ArrayObject], name: str, everyone: list[Buffer]
) -> Any:
    if not isinstance(value, Handle):
        return from_python(value)
    if isinstance(value.atom, Literal):
        return Static(value.atom.value)
    if isinstance(value.atom.type, Random):
        return value
    if name in CONTIGUOUS and not sources:
        return fresh(value, contiguous=True)
    how = sharing(name)
    if how != "never" and not value.shape:
        view = traced(value, sources)
        return fresh(value) if view is None else view
    return share(value, sources, how, name, everyone)


def _into(
    frame: Frame, lowering: Any, args: list[Any], kwargs: dict[str, Any]
) -> ArrayObject:
    """Compute into ``out``, for a ufunc where ``where`` says so."""
    if isinstance(args[0], Handle) and isinstance(args[0].atom.type, Random):
        return _draw_into(frame, lowering, args, kwargs)
    rest = dict(kwargs)
    target, where = rest.pop("out"), Static(True)
    if not (isinstance(lowering, Lowering) and lowering.takes("where")):
        where = rest.pop("where", where)
    if where != Static(True):
        args = writing.harmless(frame, lowering, args, where)
    result = lowered(frame, lowering, args, rest)
    writing.overwrite(frame, target, result, None if where == Static(True) else where)
    return target  # type: ignore[no-any-return]


def _draw_into(
    frame: Frame, lowering: Lowering, args: list[Any], kwargs: dict[str, Any]
) -> ArrayObject:
    """Fill ``out`` with draws: without a size there are as many as that holds."""
    rest = dict(kwargs)
    target = rest.pop("out")
    if lowering.takes("size") and lowering.argument("size", args, rest) in (
        None,
        NOTHING,
    ):
        rest["size"] = [from_python(length) for length in dims_of(target)]
    result = lowered(frame, lowering, args, rest)
    same = isinstance(result, ArrayObject) and result.dtype == target.dtype
    if not same or not require_same_shape(result, target):
        raise Refusal(
            "this always raises: 'out' has another shape or dtype than what is drawn"
        )
    writing.overwrite(frame, target, result)
    return target  # type: ignore[no-any-return]


@calls(Closure)
def _call_closure(
    frame: Frame, callee: Closure, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    context = frame.context
    scope = context.scope(callee.node)
    bound = bind(callee.name, callee.node.args, args, kwargs, callee.defaults.get)
    inner = Frame(context, callee.frame.source, scope, bound, callee.frame)
    return _enter(frame, inner, callee.node, callee.name)


def inline(
    frame: Frame,
    function: types.FunctionType,
    args: Sequence[Any],
    kwargs: dict[str, Any],
) -> Any:
    """Interpret a helper's body in place of its call."""
    context = frame.context
    source = _source_of(frame, function)
    guard_code(context, function)
    inner = Frame(context, source, context.scope(source.node))
    inner.names = bind_function(inner, function, args, kwargs)
    return _enter(frame, inner, source.node, source.name)


def _source_of(frame: Frame, function: types.FunctionType) -> Source:
    context = frame.context
    if function not in context.sources:
        try:
            context.sources[function] = find_source(function)
        except SourceError as error:
            raise Refusal(str(error)) from None
        name = f"{function.__module__}.{function.__qualname__}"
        while name in context.helpers:
            name += "'"
        context.helpers[name] = context.sources[function]
    return context.sources[function]


def _enter(frame: Frame, inner: Frame, node: FunctionNode, name: str) -> Any:
    context = frame.context
    span = frame.builder.span
    context.frames.append(frame)
    try:
        return recursion.enter(inner, node, name, lambda: run_body(inner, node))
    except GradgenError as error:
        place = span.label if span is not None else "?"
        raise noted(error, f"{place}, where {name} is called") from None
    finally:
        context.frames.pop()


def run_body(frame: Frame, node: FunctionNode) -> Any:
    """Interpret a function's body and return the value it returns."""
    if frame.scope.generator:
        raise Refusal("a generator has no derivative", "build a list and return it")
    if isinstance(node, ast.Lambda):
        return evaluate_optional(frame, node.body)
    flow = execute(frame, node.body)
    if flow is None:
        return NOTHING
    if flow.kind == "raise":
        raise Raised
    if flow.kind == "maybe":
        branches.unless_left(frame, lambda: return_value(frame, NOTHING))
    value = frame.names.pop("<value>")
    if isinstance(value, Conflict):
        raise Refusal(value.reason, value.hint)
    return value
