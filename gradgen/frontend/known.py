"""Builtins and library functions on containers and other known values."""

from __future__ import annotations

import ast
import copy
import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.attributes import (
    MISSING,
    attribute_of,
    class_attribute,
    class_of,
    has_attribute,
)
from gradgen.frontend.comparisons import negate
from gradgen.frontend.containers import (
    fold,
    items_of,
    length_of,
    select,
    truth,
)
from gradgen.frontend.displays import collected, known_key
from gradgen.frontend.expressions import BINARY, combine
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.lists import RunList
from gradgen.frontend.messages import show
from gradgen.frontend.values import (
    NOTHING,
    Closure,
    Foreign,
    KnownSet,
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
from gradgen.ir.types import Scalar
from gradgen.primitives.registry import Handle, find_lowering

if TYPE_CHECKING:
    from gradgen import recipes
    from gradgen.frontend import (
        copying,
        flats,
        folds,
        nests,
        records,
        runlists,
        sets,
        strides,
    )
else:
    copying = Deferred("gradgen.frontend.copying")
    recipes = Deferred("gradgen.recipes")
    folds = Deferred("gradgen.frontend.folds")
    flats = Deferred("gradgen.frontend.flats")
    nests = Deferred("gradgen.frontend.nests")
    records = Deferred("gradgen.frontend.records")
    runlists = Deferred("gradgen.frontend.runlists")
    sets = Deferred("gradgen.frontend.sets")
    strides = Deferred("gradgen.frontend.strides")

Known = Callable[[Frame, list[Any], dict[str, Any]], Any]
KNOWN: dict[Any, Known] = {}

PURE: dict[Any, bool] = dict.fromkeys(
    (
        bool,
        bytes,
        chr,
        complex,
        float,
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
        np.isdtype,
        np.issubdtype,
        np.mintypecode,
        np.typename,
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
                raise Refusal(
                    f"{name} with such arguments is not supported",
                    "a loop that does the same",
                ) from None

        KNOWN[function] = known
        return handler

    return enter


KNOWN[print] = show
KNOWN[copy.copy] = lambda frame, args, kwargs: copying.copied(frame, args, kwargs)
KNOWN[copy.deepcopy] = lambda frame, args, kwargs: copying.deeply_copied(
    frame, args, kwargs
)
KNOWN[np.piecewise] = lambda frame, args, kwargs: call(
    frame, Static(recipes.piecewise), args, kwargs
)
if hasattr(np, "unstack"):
    KNOWN[np.unstack] = lambda frame, args, kwargs: flats.unstacked(frame, args, kwargs)
KNOWN[np.ndindex] = lambda frame, args, kwargs: nests.ndindex(frame, args, kwargs)
KNOWN[np.ndenumerate] = lambda frame, args, kwargs: nests.ndenumerate(
    frame, args, kwargs
)
KNOWN[np.lib.stride_tricks.as_strided] = lambda frame, args, kwargs: strides.as_strided(
    frame, args, kwargs
)


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
    if isinstance(values, RunList) and values.key is None:
        return runlists.copied(frame, values)
    return collected(frame, functools.partial(folds.run_over, frame, values), values)


@knows(tuple)
def _tuple(frame: Frame, values: Any = ()) -> Any:
    return tuple(items_of(frame, values))


@knows(set)
def _set(frame: Frame, values: Any = ()) -> Any:
    return KnownSet(set(sets.members_of(frame, values)))


@knows(frozenset)
def _frozenset(frame: Frame, values: Any = ()) -> Any:
    return Static(frozenset(sets.members_of(frame, values)))


@knows(dict)
def _dict(frame: Frame, values: Any = (), /, **named: Any) -> Any:
    if isinstance(values, dict):
        return {**values, **named}
    pairs = [tuple(items_of(frame, pair)) for pair in items_of(frame, values)]
    return {**{known_key(key): value for key, value in pairs}, **named}


FROM_NOTHING = Static(0)
"""What the builtin sum begins with; adding a float to it is left out."""


@knows(sum)
def _sum(frame: Frame, values: Any, start: Any = FROM_NOTHING) -> Any:
    """Add from left to right."""

    def add(frame: Frame, total: Any, item: Any) -> Any:
        if total is FROM_NOTHING and isinstance(item, Handle) and _is_float(item):
            return item
        return combine(frame, ast.Add, total, item)

    is_array = isinstance(values, Handle) and values.shape and _is_float(values)
    lowering = find_lowering(np.sum)
    if not is_array or lowering is None:
        return folds.reduce_items(frame, values, add, start)
    total = from_python(lowering(values, axis=0))
    return total if start is FROM_NOTHING else combine(frame, ast.Add, start, total)


def _is_float(value: Handle) -> bool:
    return value.dtype.kind in "fc"


def _extremum(function: Any) -> Known:
    def known(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if "key" in kwargs and len(args) == 1:
            args = list(items_of(frame, args[0]))
            if is_static(args) and is_static(kwargs):
                return fold(function, to_python(args), **to_python(kwargs))
        if set(kwargs) - {"default"} or not args:
            raise Refusal(
                f"{function.__name__} with such arguments is not supported",
                "a loop that keeps the best so far",
            )
        if len(args) > 1:
            return larger(frame, *args)
        name, default = function.__name__, kwargs.get("default")
        return folds.reduce_from_first(frame, args[0], larger, name, default)

    def larger(frame: Frame, *items: Any) -> Any:
        if is_static(list(items)):
            return fold(function, to_python(list(items)))
        lowering = find_lowering(function)
        assert lowering is not None
        return from_python(lowering(*to_python(list(items))))

    return known


KNOWN[max] = _extremum(max)
KNOWN[min] = _extremum(min)


@knows(any)
def _any(frame: Frame, values: Any) -> Any:
    return folds.found_any(frame, values, wanted=True)


@knows(all)
def _all(frame: Frame, values: Any) -> Any:
    return negate(frame, folds.found_any(frame, values, wanted=False))


@knows(bool)
def _bool(frame: Frame, value: Any = Static(False)) -> Any:  # noqa: B008
    lowering = find_lowering(bool)
    if isinstance(value, Handle) and lowering is not None:
        return from_python(lowering(value))
    return Static(truth(frame, value))


@knows(isinstance)
def _isinstance(frame: Frame, value: Any, classes: Any) -> Any:
    if _is_numpy_scalar(value):
        _check_zero_dimensional(frame, value, to_python(classes))
    if isinstance(value, Closure | Native | Partial | Method):
        return Static(isinstance(_call_once, to_python(classes)))
    return fold(issubclass, class_of(value), to_python(classes))


def _is_numpy_scalar(value: Any) -> bool:
    """Tell whether ``value`` is a number of NumPy's, or an array without axes."""
    if not isinstance(value, Handle) or not isinstance(value.atom.type, Scalar):
        return False
    return not value.type.weak


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
    if _is_numpy_scalar(value):
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
        raise Refusal(
            f"the attributes of {describe(value)} are not known", "name them one by one"
        )
    return Static(hasattr(class_of(value), known_key(name)))


@knows(getattr)
def _getattr(frame: Frame, value: Any, name: Any, *default: Any) -> Any:
    if default and not _hasattr(frame, value, name).value:
        return default[0]
    return attribute_of(frame, value, known_key(name))


@knows(setattr)
def _setattr(frame: Frame, owner: Any, name: Any, value: Any) -> Any:
    records.set_attribute(frame, owner, known_key(name), value)
    return NOTHING


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


@knows(super)
def _super(frame: Frame, cls: Any = None, owner: Any = None) -> Any:
    if cls is not None and owner is not None:
        return records.parent_of(frame, cls.value, owner)
    function, node = frame.source.function, frame.source.node
    free = function.__code__.co_freevars
    if cls is not None or "__class__" not in free or not node.args.args:
        raise Refusal("super() in this form is not supported", "super(Class, self)")
    cell = (function.__closure__ or ())[free.index("__class__")]
    return records.parent_of(
        frame, cell.cell_contents, frame.names[node.args.args[0].arg]
    )
