"""Builtins and library functions on containers and other known values."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.attributes import (
    MISSING,
    attribute_of,
    class_attribute,
    class_of,
    has_attribute,
)
from gradgen.frontend.containers import fold, items_of, length_of, select, truth
from gradgen.frontend.displays import known_key, known_set
from gradgen.frontend.expressions import BINARY, combine
from gradgen.frontend.frame import Frame
from gradgen.frontend.messages import show
from gradgen.frontend.values import (
    Closure,
    Foreign,
    Method,
    Native,
    Partial,
    Static,
    Stream,
    View,
    describe,
    from_python,
    has_handles,
    is_static,
    to_python,
)
from gradgen.frontend.walks import make_range
from gradgen.ir.core import Value
from gradgen.primitives.registry import Handle, find_lowering

Known = Callable[[Frame, list[Any], dict[str, Any]], Any]
KNOWN: dict[Any, Known] = {}

PURE: dict[Any, bool] = dict.fromkeys(
    (
        bool,
        bytes,
        chr,
        complex,
        float,
        frozenset,
        hash,
        int,
        ord,
        repr,
        str,
        divmod,
        pow,
        round,
        abs,
        issubclass,
        np.dtype,
        np.finfo,
        np.iinfo,
        np.issubdtype,
        np.isscalar,
        np.result_type,
        np.promote_types,
        np.float64,
        np.float32,
        np.int64,
        np.int32,
    ),
    True,
)
"""Functions that are called while compiling, given known values."""


def knows(function: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter what a function does; its Python signature is that of what is entered."""

    def enter(handler: Callable[..., Any]) -> Callable[..., Any]:
        def known(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
            try:
                return handler(frame, *args, **kwargs)
            except TypeError as error:
                if error.__traceback__ and error.__traceback__.tb_next is not None:
                    raise
                name = getattr(function, "__name__", function)
                raise Refusal(f"{name} with such arguments is not supported") from None

        KNOWN[function] = known
        return handler

    return enter


KNOWN[print] = show


@knows(len)
def _len(frame: Frame, value: Any) -> Any:
    return length_of(frame, value)


@knows(range)
def _range(frame: Frame, *bounds: Any) -> Any:
    if is_static(list(bounds)):
        return fold(range, *to_python(list(bounds)))
    return make_range(frame, bounds)


@knows(list)
def _list(frame: Frame, values: Any = ()) -> Any:
    return list(items_of(frame, values))


@knows(tuple)
def _tuple(frame: Frame, values: Any = ()) -> Any:
    return tuple(items_of(frame, values))


@knows(set)
def _set(frame: Frame, values: Any = ()) -> Any:
    return known_set(list(items_of(frame, values)))


@knows(dict)
def _dict(frame: Frame, values: Any = (), /, **named: Any) -> Any:
    if isinstance(values, dict):
        return {**values, **named}
    pairs = [tuple(items_of(frame, pair)) for pair in items_of(frame, values)]
    return {**{known_key(key): value for key, value in pairs}, **named}


@knows(sum)
def _sum(frame: Frame, values: Any, start: Any = None) -> Any:
    """Add from left to right; adding to the 0 that Python begins with is left out."""
    if isinstance(values, Handle):
        raise Refusal(
            "the builtin sum over the rows of an array is not supported",
            "np.sum(x, axis=0)",
        )
    items = list(items_of(frame, values))
    if (
        start is None
        and items
        and isinstance(items[0], Handle)
        and _is_number(items[0])
    ):
        start = items.pop(0)
    total = Static(0) if start is None else start
    for item in items:
        total = combine(frame, ast.Add, total, item)
    return total


def _is_number(value: Handle) -> bool:
    return value.dtype.kind in "fc"


def _extremum(function: Any) -> Known:
    def known(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        items = list(items_of(frame, args[0])) if len(args) == 1 else args
        if is_static(items) and is_static(kwargs):
            return fold(function, to_python(items), **to_python(kwargs))
        if "key" in kwargs or not items:
            raise Refusal(f"{function.__name__} with such arguments is not supported")
        lowering = find_lowering(function)
        if lowering is None:
            raise Refusal(
                f"{function.__name__} of run-time values is not supported",
                f"np.{function.__name__}imum",
            )
        if len(items) == 1:
            return items[0]
        return from_python(lowering(*to_python(items)))

    return known


KNOWN[max] = _extremum(max)
KNOWN[min] = _extremum(min)


@knows(any)
def _any(frame: Frame, values: Any) -> Any:
    hint = "np.any(…)"
    return Static(any(truth(frame, item, hint) for item in items_of(frame, values)))


@knows(all)
def _all(frame: Frame, values: Any) -> Any:
    hint = "np.all(…)"
    return Static(all(truth(frame, item, hint) for item in items_of(frame, values)))


@knows(bool)
def _bool(frame: Frame, value: Any = Static(False)) -> Any:  # noqa: B008
    lowering = find_lowering(bool)
    if isinstance(value, Handle) and lowering is not None:
        return from_python(lowering(value))
    return Static(truth(frame, value))


@knows(isinstance)
def _isinstance(frame: Frame, value: Any, classes: Any) -> Any:
    if isinstance(value, Handle) and not value.shape and not value.type.weak:
        _check_zero_dimensional(frame, value, to_python(classes))
    if isinstance(value, Closure | Native | Partial | Method):
        return Static(isinstance(_call_once, to_python(classes)))
    return fold(issubclass, class_of(value), to_python(classes))


def _call_once() -> None:
    """Stand for any function in a test of its class."""


def _check_zero_dimensional(frame: Frame, value: Handle, classes: Any) -> None:
    """Refuse to tell NumPy's scalars, as which 0-d arrays come in, from arrays."""
    assert isinstance(value.atom, Value)
    is_open = not frame.context.is_immutable(value.atom)
    as_array = issubclass(np.ndarray, classes)
    if is_open and as_array is not issubclass(value.dtype.type, classes):
        raise Refusal(
            "whether this is a NumPy scalar or a 0-d array is not known",
            "np.ndim(x) == 0",
        )


@knows(type)
def _type(frame: Frame, value: Any) -> Any:
    if isinstance(value, Handle) and not value.shape and not value.type.weak:
        _check_zero_dimensional(frame, value, np.ndarray)
    return Static(class_of(value))


@knows(callable)
def _callable(frame: Frame, value: Any) -> Any:
    if isinstance(value, Closure | Native | Partial | Method):
        return Static(True)
    if isinstance(value, Static | Foreign):
        return Static(callable(value.value))
    return Static(class_attribute(class_of(value), "__call__") is not MISSING)


@knows(hasattr)
def _hasattr(frame: Frame, value: Any, name: Any) -> Any:
    if isinstance(value, Foreign):
        return Static(has_attribute(frame, value, known_key(name)))
    if isinstance(value, Static):
        return Static(hasattr(value.value, known_key(name)))
    if isinstance(value, Closure | Native | Partial | Method | Stream | View):
        raise Refusal(f"the attributes of {describe(value)} are not known")
    return Static(hasattr(class_of(value), known_key(name)))


@knows(getattr)
def _getattr(frame: Frame, value: Any, name: Any, *default: Any) -> Any:
    if default and not _hasattr(frame, value, name).value:
        return default[0]
    return attribute_of(frame, value, known_key(name))


@knows(slice)
def _slice(frame: Frame, *bounds: Any) -> Any:
    return Static(slice(*to_python(list(bounds))))


@knows(functools.partial)
def _partial(frame: Frame, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    return Partial(function, args, kwargs)


@knows(functools.wraps)
def _wraps(frame: Frame, *args: Any, **kwargs: Any) -> Any:
    return Native(lambda frame, args, kwargs: args[0])


def _operator(kind: type[ast.operator]) -> Known:
    def known(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if len(args) != 2 or kwargs:
            raise Refusal("an operator takes two operands")
        return combine(frame, kind, args[0], args[1])

    return known


KNOWN.update({function: _operator(kind) for kind, (_, function) in BINARY.items()})


@knows(operator.getitem)
def _getitem(frame: Frame, owner: Any, index: Any) -> Any:
    return select(frame, owner, index)


@knows(str)
def _str(frame: Frame, value: Any = Static("")) -> Any:  # noqa: B008
    if has_handles(value) or not is_static(value):
        raise Refusal(
            "the text of a run-time value is not supported",
            "an f-string, in print or assert",
        )
    return fold(str, to_python(value))
