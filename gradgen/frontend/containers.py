"""What Python does with containers: iterate, measure, test, compare, select."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, share, traced
from gradgen.frontend.attributes import attribute_of
from gradgen.frontend.frame import (
    Context,
    Frame,
    NeedsStatic,
    always,
    call,
    evaluate,
    foldable_input,
    guarded,
    static_int,
)
from gradgen.frontend.likeness import OneOf, is_name
from gradgen.frontend.lists import RunList, is_dict
from gradgen.frontend.values import (
    Flat,
    Foreign,
    KnownSet,
    Message,
    Record,
    Rows,
    Static,
    Stream,
    View,
    Walk,
    describe,
    from_python,
    is_static,
    to_python,
)
from gradgen.ir.core import Literal, Value
from gradgen.ir.types import Dim
from gradgen.primitives.indexing import read
from gradgen.primitives.registry import Handle, dim_of, find_lowering, lift

if TYPE_CHECKING:
    from gradgen.frontend import (
        distribution,
        flats,
        indexers,
        picking,
        rundicts,
        runlists,
        sets,
    )
else:
    distribution = Deferred("gradgen.frontend.distribution")
    flats = Deferred("gradgen.frontend.flats")
    indexers = Deferred("gradgen.frontend.indexers")
    picking = Deferred("gradgen.frontend.picking")
    rundicts = Deferred("gradgen.frontend.rundicts")
    runlists = Deferred("gradgen.frontend.runlists")
    sets = Deferred("gradgen.frontend.sets")

RUN_TIME_LENGTH = (
    "this takes items one by one, but their number is known only at run time"
)
INDEXERS = tuple(map(type, (np.r_, np.c_, np.s_, np.mgrid, np.ogrid)))
"""Classes of the objects of NumPy that make something of what stands in brackets."""

USE_LOOP = "a 'for' loop or a comprehension over them"


def items_of(frame: Frame, value: Any) -> Iterator[Any]:
    """Iterate over an abstract value as Python iterates over what it stands for."""
    if isinstance(value, list | tuple):
        return iter(value)
    if isinstance(value, dict):
        return map(from_python, value)
    if isinstance(value, Stream):
        return value.items
    if isinstance(value, View):
        return _view_items(value)
    if isinstance(value, Record) and value.is_tuple:
        return iter(value.fields.values())
    if isinstance(value, Handle):
        return _rows(frame, value)
    if isinstance(value, Walk):
        return _items_of_walk(value)
    if isinstance(value, Static) and isinstance(value.value, str | bytes | range):
        return map(Static, value.value)
    if sets.is_known_set(value):
        raise Refusal("the order of a set is not defined", "a tuple, or sorted(…)")
    if isinstance(value, RunList | OneOf):
        raise Refusal(RUN_TIME_LENGTH, USE_LOOP)
    raise Refusal(
        f"{describe(value)} cannot be iterated over",
        "an array, a list, a dict or a range",
    )


def _items_of_walk(walk: Walk) -> Iterator[Any]:
    """Take the items one by one, which asks for the number of turns."""
    lo, hi, step = (static_int(bound) for bound in walk.bounds)
    builder = walk.bounds[0].builder
    return (from_python(walk.at(lift(builder, i))) for i in range(lo, hi, step))


def _view_items(view: View) -> Iterator[Any]:
    if not isinstance(view.owner, dict):
        raise Refusal("a dict whose keys are known only at run time", "a loop over it")
    if view.kind == "keys":
        return map(from_python, view.owner)
    if view.kind == "values":
        return iter(view.owner.values())
    return ((from_python(key), value) for key, value in view.owner.items())


def _rows(frame: Frame, value: Handle) -> Iterator[Any]:
    """Read rows when their turn comes, as views where they are arrays."""
    if not value.shape:
        raise always("TypeError", "a number cannot be iterated over")
    length = value.shape[0]
    if not isinstance(length, int):
        raise Refusal(RUN_TIME_LENGTH, USE_LOOP)
    return (select(frame, value, Static(i)) for i in range(length))


def unpack(frame: Frame, value: Any, count: int, starred: int | None) -> list[Any]:
    """Return the parts of ``value`` for ``count`` targets, one perhaps starred."""
    value = value.owner if isinstance(value, Rows) else value
    if isinstance(value, Handle) and value.shape and starred is None:
        return _unpack_array(frame, value, count)
    parts = list(items_of(frame, value))
    fits = len(parts) == count if starred is None else len(parts) >= count - 1
    if not fits:
        wanted = count if starred is None else f"at least {count - 1}"
        raise always("ValueError", f"{wanted} values expected, {len(parts)} given")
    if starred is None:
        return parts
    end = len(parts) - count + starred + 1
    return [*parts[:starred], parts[starred:end], *parts[end:]]


def _unpack_array(frame: Frame, value: Handle, count: int) -> list[Any]:
    """Read the rows of an array; a check raises where their number is another."""
    builder = value.builder
    length: Dim = value.shape[0]
    if isinstance(length, int) and length != count:
        raise always("ValueError", f"{count} values expected, {length} given")
    if not isinstance(length, int):
        atoms = [dim_of(value, 0).atom, Literal.of(count)]
        builder.emit("check_dims", atoms, [], {"dims": (length, count)})
    return [select(frame, value, Static(i)) for i in range(count)]


def length_of(frame: Frame, value: Any) -> Any:
    """Return ``len(value)``."""
    if isinstance(value, list | tuple | dict):
        return Static(len(value))
    if isinstance(value, RunList):
        return runlists.count(value)
    if isinstance(value, OneOf):
        return distribution.distribute(frame, lambda x: length_of(frame, x), value)
    if isinstance(value, View | Rows):
        return length_of(frame, value.owner)
    if isinstance(value, Record) and value.is_tuple:
        return Static(len(value.fields))
    if isinstance(value, Handle) and value.shape:
        return from_python(dim_of(value, 0))
    if isinstance(value, KnownSet):
        return Static(len(value.members))
    if isinstance(value, Static) and hasattr(value.value, "__len__"):
        return Static(len(value.value))
    raise Refusal(f"the length of {describe(value)}", "a tuple or a frozenset")


RUN_TIME_TEST = "a test of a run-time value is not supported yet"
USE_WHERE = "np.where(condition, a, b) computes both and selects"


def truth(frame: Frame, value: Any, hint: str = USE_WHERE) -> bool:
    """Tell whether Python takes ``value`` for true.

    Raises
    ------
    Refusal
        Where that is known only at run time.
    """
    if isinstance(value, Static):
        return bool(value.value)
    if isinstance(value, list | tuple | dict | KnownSet):
        return bool(getattr(value, "members", value))
    if isinstance(value, View) and isinstance(value.owner, dict):
        return bool(value.owner)
    if isinstance(value, Handle | Message | RunList):
        raise _run_time_test(frame.context, value, hint)
    if isinstance(value, Record) and value.is_tuple:
        return bool(value.fields)
    cls = class_behind(value)
    if hasattr(cls, "__bool__") or hasattr(cls, "__len__"):
        raise Refusal(
            f"the truth of {describe(value)} is not known",
            "a comparison, such as 'x is not None' or 'len(x) > 0'",
        )
    return True


def class_behind(value: Any) -> type:
    """Return the class of an object of the user's."""
    if isinstance(value, Record):
        return value.cls
    return type(value.value) if isinstance(value, Foreign) else type(value)


def truth_of(frame: Frame, node: ast.expr, hint: str = USE_WHERE) -> bool:
    """Evaluate a test and tell whether it is true; a refusal points at the test."""
    value = evaluate(frame, node)
    return bool(guarded(frame, node, lambda frame, _: truth(frame, value, hint)))


def test_of(frame: Frame, node: ast.expr) -> Any:
    """Evaluate a test; return a bool, or a handle where only a run knows it."""
    value = evaluate(frame, node)
    return guarded(frame, node, lambda frame, _: as_test(frame, value))


def as_test(frame: Frame, value: Any) -> Any:
    """Return a bool, or a handle, for what is tested."""
    if isinstance(value, RunList):
        return runlists.is_full(value)
    if isinstance(value, OneOf):
        return distribution.distribute(frame, lambda x: _flag(as_test(frame, x)), value)
    if not isinstance(value, Handle):
        return truth(frame, value)
    if value.shape:
        raise Refusal("the truth of an array is ambiguous", "np.all(…) or np.any(…)")
    atom = value.atom
    found = foldable_input(frame.context, atom) if isinstance(atom, Value) else None
    if found is not None:
        raise NeedsStatic(found)
    return value


def _flag(value: Any) -> Any:
    return value if isinstance(value, Handle) else Static(value)


def _run_time_test(context: Context, value: Any, hint: str) -> Exception:
    """Ask for an integer argument that alone decides a test, else refuse the test."""
    if isinstance(value, Handle) and isinstance(value.atom, Value):
        found = foldable_input(context, value.atom)
        if found is not None:
            return NeedsStatic(found)
    return Refusal(RUN_TIME_TEST, hint)


def select(frame: Frame, owner: Any, index: Any) -> Any:
    """Return ``owner[index]``."""
    if isinstance(owner, OneOf):
        return distribution.select_from_any(
            frame, owner, lambda x: select(frame, x, index), index
        )
    if isinstance(owner, dict) and is_choice(frame, index):
        return distribution.item_of(frame, owner, index)
    if isinstance(index, OneOf):
        return distribution.distribute(
            frame, lambda x, i: select(frame, x, i), owner, index
        )
    if isinstance(owner, Handle):
        return _select_from_array(frame, owner, index)
    if is_dict(owner) or (isinstance(owner, dict) and is_open(frame, index)):
        return rundicts.get_item(frame, owner, index)
    if isinstance(owner, Flat | Rows):
        return flats.select_from(frame, owner, index)
    if isinstance(owner, RunList):
        return runlists.item_at(frame, owner, index)
    if isinstance(owner, dict):
        return owner[key_in(owner, index)]
    if isinstance(owner, Record) and owner.is_tuple:
        owner = tuple(owner.fields.values())
    if isinstance(owner, list | tuple):
        return _select_from_sequence(frame, owner, index)
    if isinstance(owner, Static) and isinstance(
        owner.value, str | bytes | range | tuple
    ):
        return from_python(owner.value[_static_index(index)])
    if isinstance(owner, Static) and isinstance(owner.value, type):
        return owner
    if isinstance(owner, Static) and isinstance(owner.value, INDEXERS):
        return indexers.select_by(frame, owner.value, index)
    method = getattr(class_behind(owner), "__getitem__", None)
    if isinstance(method, types.FunctionType):
        return call(frame, attribute_of(frame, owner, "__getitem__"), [index], {})
    raise Refusal(f"{describe(owner)} cannot be indexed")


def _select_from_array(frame: Frame, owner: Handle, index: Any) -> Any:
    items = index_items(owner, index)
    if not owner.shape and owner.type.weak:
        raise Refusal("a number cannot be indexed", "pass an array")
    found = read(owner, items)
    if not isinstance(owner, ArrayObject):
        assert not owner.shape, "the contents of an array without the array"
        return _zero_dimensional(frame, found, items)
    if not found.shape and Ellipsis in items:
        view = traced(found, [owner])
        return found if view is None else view
    return from_python(share(found, [owner], "always"))


def _zero_dimensional(frame: Frame, found: Handle, items: Sequence[Any]) -> Any:
    if not found.shape and isinstance(found.atom, Value) and Ellipsis in items:
        frame.context.zero_dimensional.add(found.atom)
    return from_python(found)


def index_items(owner: Handle, index: Any) -> list[Any]:
    """Return what stands between the brackets, as ``read`` takes it."""
    items = index if isinstance(index, tuple) else (index,)
    return [_array_index(owner, item) for item in items]


def _array_index(owner: Handle, item: Any) -> Any:
    """Return an index as ``read`` takes it; a list becomes an array of integers."""
    if not isinstance(item, list):
        return to_python(item)
    lowering = find_lowering(np.array)
    if lowering is None:
        raise Refusal(
            "a list as an index is not supported yet", "an array: x[np.array(items)]"
        )
    return lowering(to_python(item), builder=owner.builder)


def _static_index(index: Any) -> Any:
    if isinstance(index, Static) and isinstance(index.value, slice):
        part = index.value
        return slice(*(_bound(b) for b in (part.start, part.stop, part.step)))
    return static_int(index)


def _bound(value: Any) -> Any:
    return static_int(value) if isinstance(value, Handle) else value


def is_open(frame: Frame, index: Any) -> bool:
    """Tell whether only a run knows an index."""
    if not isinstance(index, Handle) or not isinstance(index.atom, Value):
        return False
    return not index.shape and foldable_input(frame.context, index.atom) is None


def is_choice(frame: Frame, index: Any, owner: Any = None) -> bool:
    """Tell whether a key may be one of several that are not just integers.

    A tuple with run-time numbers is one, but is no key where ``owner`` is no dict.
    """
    if isinstance(index, tuple) and (owner is None or isinstance(owner, dict)):
        return any(is_open(frame, x) or is_choice(frame, x) for x in index)
    return isinstance(index, OneOf)


def _select_from_sequence(frame: Frame, owner: Any, index: Any) -> Any:
    if owner and is_open(frame, index) and all(map(is_name, owner)):
        choice = distribution.by_number(frame, owner, index)
        return distribution.either(frame, choice)
    if is_open(frame, index):
        return picking.any_item(frame, owner, index)
    position = _static_index(index)
    if not owner and isinstance(position, int) and isinstance(owner, list):
        raise picking.out_of_range(frame)
    try:
        return owner[position]
    except (IndexError, TypeError) as error:
        raise always(type(error).__name__, str(error)) from None


def key_in(owner: dict[Any, Any], index: Any, present: bool = True) -> Any:
    """Return the key that ``index`` stands for."""
    if not is_static(index):
        index = Static(static_int(index))
    key = to_python(index)
    try:
        found = key in owner
    except TypeError as error:
        raise Refusal(str(error)) from None
    if present and not found:
        known = ", ".join(map(repr, owner))
        raise always("KeyError", repr(key), f"one of {known}")
    return key


def check_owned(context: Context, owner: Any) -> None:
    """Refuse to change a container of the caller's."""
    if id(owner) in context.borrowed:
        kind = type(owner).__name__
        raise Refusal(
            f"this changes a {kind} of the caller's, which derivative code must not do",
            f"change a copy of it, {kind}(…)",
        )


def fold(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return what a function of known values returns.

    Raises
    ------
    Refusal
        Where it raises.
    """
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        raise always(type(error).__name__, str(error)) from None
    return from_python(result)
