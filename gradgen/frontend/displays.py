"""Displays, comprehensions, lambdas, starred items and f-strings."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.containers import items_of, truth_of
from gradgen.frontend.frame import (
    Evaluator,
    Frame,
    call,
    evaluate,
    evaluates,
    guarded,
    refusing,
)
from gradgen.frontend.names import name_value
from gradgen.frontend.scope import Scope, comprehension_targets
from gradgen.frontend.targets import bind_target
from gradgen.frontend.values import (
    Closure,
    Message,
    Static,
    describe,
    has_handles,
    is_static,
    to_python,
)

if TYPE_CHECKING:
    from gradgen.frontend import folds, methods, sets
else:
    folds = Deferred("gradgen.frontend.folds")
    methods = Deferred("gradgen.frontend.methods")
    sets = Deferred("gradgen.frontend.sets")


@evaluates(ast.Tuple, ast.List)
def _sequence(frame: Frame, node: ast.Tuple | ast.List) -> Any:
    parts = evaluate_all(frame, node.elts)
    return parts if isinstance(node, ast.List) else tuple(parts)


def evaluate_all(
    frame: Frame, nodes: Sequence[ast.expr], read: Evaluator = evaluate
) -> list[Any]:
    """Evaluate expressions in order, starred ones as all of their items."""
    values: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            values.extend(items_of(frame, evaluate(frame, node.value)))
        else:
            values.append(read(frame, node))
    return values


@evaluates(ast.Set)
def _set(frame: Frame, node: ast.Set) -> Any:
    return sets.known_set(frame, evaluate_all(frame, node.elts))


@evaluates(ast.Dict)
def _dict(frame: Frame, node: ast.Dict) -> Any:
    result: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            inner = evaluate(frame, value)
            if not isinstance(inner, dict):
                raise Refusal(f"'**' takes a dict, not {describe(inner)}", "a dict")
            result.update(inner)
        else:
            known = known_key(evaluate(frame, key))
            result[known] = evaluate(frame, value)
    return result


def known_key(value: Any) -> Any:
    """Return the key of a dict, which must be known."""
    if not is_static(value):
        raise Refusal(f"{describe(value)} as a key of a dict", "a key that is known")
    return to_python(value)


@evaluates(ast.ListComp, ast.SetComp)
def _list_comprehension(frame: Frame, node: ast.ListComp | ast.SetComp) -> Any:
    first = evaluate(frame, node.generators[0].iter)
    run = functools.partial(folds.comprehend, frame, node.generators, node.elt, first)
    parts = collected(frame, run, first)
    if isinstance(node, ast.ListComp):
        return parts
    return sets.known_set(frame, items_of(frame, parts))


def collected(frame: Frame, run: Callable[[folds.Visit], Any], source: Any) -> Any:
    """Return a list of all that ``run`` visits."""
    box = Frame(frame.context, frame.source, Scope(), {"made": []}, frame)

    def visit(inner: Frame, item: Any) -> None:
        methods.call_method(inner, box.names["made"], "append", [item], {})

    with frame.context.holding((box, source)):
        run(visit)
    return box.names["made"]


@evaluates(ast.GeneratorExp)
def _generator(frame: Frame, node: ast.GeneratorExp) -> Any:
    generators = node.generators
    first = evaluate(frame, generators[0].iter)
    run = functools.partial(folds.comprehend, frame, generators, node.elt, first)
    items = _comprehend(frame, generators, node.elt, first)
    return folds.Generation(items, (frame, first), run=run)


@evaluates(ast.DictComp)
def _dict_comprehension(frame: Frame, node: ast.DictComp) -> dict[Any, Any]:
    pair = ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node)
    pairs = _comprehend(frame, node.generators, pair)
    return {known_key(key): value for key, value in pairs}


def _comprehend(
    frame: Frame,
    generators: Sequence[ast.comprehension],
    element: ast.expr,
    first: Any = None,
) -> Iterator[Any]:
    """Yield the values of ``element``, evaluated one by one as Python does."""
    if first is None:
        first = evaluate(frame, generators[0].iter)
    scope = Scope(comprehension_targets(generators))
    inner = Frame(frame.context, frame.source, scope, parent=frame)
    return _loop(inner, generators, element, first)


def _loop(
    frame: Frame, generators: Sequence[ast.comprehension], element: ast.expr, first: Any
) -> Iterator[Any]:
    if generators[0].is_async:
        raise Refusal("'async for' is not supported", "collect the items beforehand")
    frame.names[folds.HELD] = (first, frame.names.get(folds.HELD))
    source = generators[0].iter
    for item in guarded(frame, source, lambda frame, _: items_of(frame, first)):
        bind_target(frame, generators[0].target, item)
        if not all(truth_of(frame, test) for test in generators[0].ifs):
            continue
        if len(generators) > 1:
            nested = evaluate(frame, generators[1].iter)
            yield from _loop(frame, generators[1:], element, nested)
        else:
            yield evaluate(frame, element)


@evaluates(ast.Lambda)
def _lambda(frame: Frame, node: ast.Lambda) -> Closure:
    return make_closure(frame, node)


def make_closure(frame: Frame, node: ast.FunctionDef | ast.Lambda) -> Closure:
    """Return a function defined inside, its defaults evaluated now."""
    spec = node.args
    positional = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    names = positional[len(positional) - len(spec.defaults) :]
    defaults = dict(zip(names, evaluate_all(frame, spec.defaults), strict=True))
    for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if default is not None:
            defaults[arg.arg] = evaluate(frame, default)
    return Closure(node, frame, defaults)


def define(frame: Frame, node: ast.FunctionDef) -> None:
    """Bind a function defined inside, decorated as it is written."""
    decorators = evaluate_all(frame, node.decorator_list)
    value: Any = make_closure(frame, node)
    for decorator in reversed(decorators):
        value = call(frame, decorator, [value], {})
    frame.bind(node.name, value)
    name_value(value, node.name)


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "!s": str,
    "!r": repr,
    "!a": ascii,
}
CONVERSIONS = {-1: "", 115: "!s", 114: "!r", 97: "!a"}


@evaluates(ast.JoinedStr)
def _joined(frame: Frame, node: ast.JoinedStr) -> Any:
    parts: list[Any] = []
    for part in node.values:
        value = evaluate(frame, part)
        parts.extend(value.parts if isinstance(value, Message) else [value.value])
    if all(isinstance(part, str) for part in parts):
        return Static("".join(parts))
    return Message(tuple(parts))


@evaluates(ast.FormattedValue)
def _formatted(frame: Frame, node: ast.FormattedValue) -> Any:
    value = evaluate(frame, node.value)
    spec = Static("") if node.format_spec is None else evaluate(frame, node.format_spec)
    if not isinstance(spec, Static):
        raise Refusal(
            "a format computed at run time is not supported",
            "a format that stands in the text",
        )
    conversion = CONVERSIONS[node.conversion]
    if isinstance(value, Message) and not conversion and not spec.value:
        return value
    if has_handles(value) and not isinstance(value, Message):
        return Message(((value, conversion, spec.value),))
    convert = CONVERTERS[conversion]
    with refusing():
        return Static(format(convert(to_python(value)), spec.value))
