"""What Python does with a list whose length is known only at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, Buffer
from gradgen.frontend.forms import (
    Form,
    atoms_of,
    buffers_of,
    form_of,
    form_within,
    leaf_types,
    matches,
    takes,
)
from gradgen.frontend.frame import Frame
from gradgen.frontend.homes import (
    REPEATED,
    check_home,
    guest_of,
    is_stored,
    leaf_buffers,
    note_kept,
    settle_in,
)
from gradgen.frontend.likeness import Unlike
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import NOTHING, Record, Static, describe
from gradgen.frontend.widening import (
    ITERATED,
    is_walked,
    listed,
    made_of,
    run_list,
    widened,
)
from gradgen.frontend.writing import put
from gradgen.ir.core import Literal, Value
from gradgen.ir.types import Array, Seq
from gradgen.primitives import lists
from gradgen.primitives.lists import get, length, part
from gradgen.primitives.registry import Handle, apply, lift

GUEST = "this array belongs to a list whose length is known only at run time"
IN_DOUBT = "this list may have been changed through another name"
PLAIN_INDEX = "the index of a list is an integer"

Change = Callable[[Handle, Handle], Handle]


def count(xs: RunList) -> Handle:
    """Return ``len(xs)``."""
    return length(xs.handles[0])


def is_full(xs: RunList) -> Handle:
    """Return whether a list has any element."""
    return apply("greater", count(xs), 0)


def item_at(frame: Frame, xs: RunList, index: Any) -> Any:
    """Return ``xs[index]``."""
    if isinstance(index, Static) and isinstance(index.value, slice):
        return _slice_of(frame, xs, index.value)
    place = position(frame, index)
    values = [get(column, place) for column in xs.handles]
    return element_at(frame, xs, values, place, lists.set_item)


def position(frame: Frame, index: Any) -> Handle:
    """Return an index as a handle."""
    place = lift(frame.builder, index.value) if isinstance(index, Static) else index
    if not isinstance(place, Handle) or place.shape or place.dtype.kind not in "iub":
        raise Refusal(PLAIN_INDEX, "int(…)")
    return place


def element_at(
    frame: Frame, xs: RunList, values: Sequence[Handle], place: Handle, store: Any
) -> Any:
    """Return an element that ``store(column, place, value)`` puts back."""
    element = built(frame, xs, values)
    for number, buffer in leaf_buffers(element):
        settle_in(
            buffer, xs, number, place, lambda column, value: store(column, place, value)
        )
    return element


def built(frame: Frame, xs: RunList, values: Sequence[Handle]) -> Any:
    """Return an element from what its columns hold."""
    xs.check_elements()
    return _element(frame, xs, xs.form, iter(values))


def _element(frame: Frame, xs: RunList, form: Form, values: Iterator[Handle]) -> Any:
    if form.kind == "static":
        return form.key
    if form.kind == "leaf":
        return _leaf(frame, xs, next(values))
    if form.kind == "list":
        return _inner_list(frame, xs, form.parts[0], values)
    parts = [_element(frame, xs, inner, values) for inner in form.parts]
    if form.kind == "tuple":
        return tuple(parts)
    cls, names = form.key
    return Record(cls, dict(zip(names, parts, strict=True)))


def _leaf(frame: Frame, xs: RunList, value: Handle) -> Handle:
    """Return a number, or an array that is one of those that the list refers to."""
    if not isinstance(value.atom.type, Array):
        if xs.loose and isinstance(value.atom, Value):
            frame.context.zero_dimensional.add(value.atom)
        return value
    buffer = Buffer(frame.builder, value.atom, either=(xs.held,), guest=GUEST)
    frame.context.buffers.append(buffer)
    return ArrayObject(buffer)


def _inner_list(
    frame: Frame, xs: RunList, form: Form, values: Iterator[Handle]
) -> RunList:
    """Return a list in a list, which cannot be changed through what is read."""
    atoms = [next(values).atom for _ in range(_width(form))]
    inner = run_list(frame, form, atoms, [xs.held])
    inner.held.guest = GUEST
    for column in inner.columns:
        column.either = (xs.held,)
        column.guest = "this list belongs to a list whose length is known at run time"
    return inner


def _width(form: Form) -> int:
    if form.kind == "leaf":
        return 1
    return sum(map(_width, form.parts))


def _slice_of(frame: Frame, xs: RunList, bounds: slice) -> RunList:
    start, stop, step = (
        None if bound is None else _bound(frame, bound)
        for bound in (bounds.start, bounds.stop, bounds.step)
    )
    found = [part(column, start, stop, step).atom for column in xs.handles]
    return run_list(frame, xs.form, found, [xs.held])


def _bound(frame: Frame, bound: Any) -> Any:
    place = position(frame, bound if isinstance(bound, Handle) else Static(bound))
    return place.atom.value if isinstance(place.atom, Literal) else place


def changeable(frame: Frame, xs: RunList, *, resized: bool = True) -> None:
    """Refuse to change a list that is somebody else's, or is being iterated over."""
    for column in xs.columns:
        if column.home is not None:
            check_home(frame, column)
        elif column.guest:
            raise Refusal(column.guest, "a copy of the list, list(…)")
    if resized and is_walked(frame, xs):
        raise Refusal(ITERATED, "a loop over a copy, list(…)")


def change_columns(frame: Frame, xs: RunList, versions: Sequence[Handle]) -> None:
    """Give the columns new contents."""
    for column, new in zip(xs.columns, versions, strict=True):
        old = column.version
        if isinstance(new.atom, Value) and isinstance(old, Value):
            new.atom.hint = new.atom.hint or old.hint
        put(frame, column, new.atom, IN_DOUBT)


def _with_item(frame: Frame, xs: RunList, value: Any, change: Change) -> None:
    """Change each column by what ``value`` has for it."""
    value = listed(frame, value)
    xs = taking(frame, xs, value)
    new = [Handle(frame.builder, x) for x in atoms_of(frame.builder, value, xs.form)]
    old = xs.handles
    keep(frame, xs, value)
    change_columns(frame, xs, [change(c, v) for c, v in zip(old, new, strict=True)])


def keep(frame: Frame, xs: RunList, value: Any) -> None:
    """Note that a list refers to what a value refers to."""
    note_kept(frame, xs, value)
    xs.held.either = tuple(dict.fromkeys((*xs.held.either, *buffers_of(value))))
    if isinstance(value, Handle) and not value.shape and isinstance(value.atom, Value):
        xs.loose |= not frame.context.is_immutable(value.atom)


def taking(frame: Frame, xs: RunList, value: Any) -> RunList:
    """Return the list with room for an element like ``value``."""
    form = form_of(frame.builder, value)
    if takes(frame.builder, xs.form, form):
        return xs
    try:
        return widened(frame, xs, form)
    except Unlike as unlike:
        raise Refusal(f"this list {unlike.reason}", unlike.hint) from None


def append(frame: Frame, xs: RunList, value: Any) -> Static:
    """Do ``xs.append(value)``."""
    changeable(frame, xs)
    _with_item(frame, xs, value, lists.append)
    return NOTHING


def insert(frame: Frame, xs: RunList, index: Any, value: Any) -> Static:
    """Do ``xs.insert(index, value)``."""
    changeable(frame, xs)
    place = position(frame, index)
    if not (isinstance(place.atom, Literal) and place.atom.value == 0):
        raise Refusal("inserting into a list of run-time length but at 0", "append")
    _with_item(frame, xs, value, lambda c, v: lists.insert(c, place, v))
    return NOTHING


def set_item(frame: Frame, xs: RunList, index: Any, value: Any) -> None:
    """Do ``xs[index] = value``."""
    changeable(frame, xs, resized=False)
    if isinstance(index, Static) and isinstance(index.value, slice):
        raise Refusal("assigning to a slice of a list is not supported", "list + list")
    place = position(frame, index)
    if is_stored(xs, place, value):
        return
    _with_item(frame, xs, value, lambda c, v: lists.set_item(c, place, v))


def pop(frame: Frame, xs: RunList, *index: Any) -> Any:
    """Do ``xs.pop(index)`` and return the element."""
    changeable(frame, xs)
    places = [position(frame, i) for i in index]
    pairs = [lists.pop(column, *places) for column in xs.handles]
    change_columns(frame, xs, [rest for rest, _ in pairs])
    return built(frame, xs, [item for _, item in pairs])


def delete(frame: Frame, xs: RunList, index: Any) -> None:
    """Do ``del xs[index]``."""
    if isinstance(index, Static) and isinstance(index.value, slice):
        raise Refusal("deleting a slice of a list is not supported", "xs[:i] + xs[j:]")
    pop(frame, xs, index)


def clear(frame: Frame, xs: RunList) -> Static:
    """Do ``xs.clear()``."""
    changeable(frame, xs)
    builder = frame.builder
    types = [column.atom.type for column in xs.handles]
    new = [lists.empty(builder, t.element) for t in types if isinstance(t, Seq)]
    change_columns(frame, xs, new)
    return NOTHING


def reverse(frame: Frame, xs: RunList) -> Static:
    """Do ``xs.reverse()``."""
    changeable(frame, xs)
    change_columns(frame, xs, [part(column, None, None, -1) for column in xs.handles])
    return NOTHING


def copied(frame: Frame, xs: RunList) -> RunList:
    """Return ``list(xs)``."""
    versions = [column.atom for column in xs.handles]
    return run_list(frame, xs.form, versions, [xs.held], key=xs.key)


def extend(frame: Frame, xs: RunList, values: Any) -> Static:
    """Do ``xs.extend(values)`` for a list or tuple."""
    changeable(frame, xs)
    if isinstance(values, list | tuple):
        for value in values:
            xs = taking(frame, xs, listed(frame, value))
        for value in values:
            append(frame, xs, value)
        return NOTHING
    if not isinstance(values, RunList):
        raise Refusal(f"extending a list by {describe(values)}", "a list")
    both = _matched(frame, xs, values)
    xs.held.guest = guest_of(xs, values)
    xs.held.either = (*xs.held.either, values.held)
    change_columns(frame, xs, [lists.concat(a, b, in_place=True) for a, b in both])
    return NOTHING


def added(frame: Frame, xs: Any, values: Any) -> Any:
    """Do ``xs += values``, one of which is a run-time list."""
    if not isinstance(xs, RunList):
        xs = widened(frame, xs, values.form)
    extend(frame, xs, values)
    return xs


def set_any(frame: Frame, items: list[Any], index: Handle, value: Any) -> None:
    """Do ``items[index] = value`` for a list of known length."""
    try:
        form = form_within(frame.builder, [*items, value])
    except Unlike as unlike:
        raise Refusal(f"this list {unlike.reason}", unlike.hint) from None
    set_item(frame, widened(frame, items, form), index, value)


def _matched(frame: Frame, xs: RunList, ys: RunList) -> list[tuple[Handle, Handle]]:
    dicts = xs.key is not None or ys.key is not None
    if dicts or not matches(frame.builder, xs.form, ys.form):
        raise Refusal("joining lists of elements of unlike types", "one type")
    return list(zip(xs.handles, ys.handles, strict=True))


def joined(frame: Frame, one: Any, other: Any) -> RunList:
    """Return ``one + other``, one of which is a run-time list."""
    pair = [_as_run_list(frame, one, other), _as_run_list(frame, other, one)]
    both = _matched(frame, *pair)
    versions = [lists.concat(a, b).atom for a, b in both]
    made = run_list(frame, pair[0].form, versions, [x.held for x in pair])
    made.held.guest = guest_of(*pair)
    return made


def _as_run_list(frame: Frame, value: Any, partner: Any) -> RunList:
    if isinstance(value, RunList):
        return value
    if not isinstance(value, list):
        raise Refusal(
            f"this operator on a list and {describe(value)}", "a list on both sides"
        )
    return converted(frame, value, partner.form)


def converted(frame: Frame, items: Sequence[Any], form: Form | None = None) -> RunList:
    """Return a run-time list of known items."""
    try:
        return made_of(frame, items, form)
    except Unlike as unlike:
        raise Refusal(f"this list {unlike.reason}", unlike.hint) from None


def repeated(frame: Frame, items: Sequence[Any], times: Handle) -> RunList:
    """Return ``[item] * times``."""
    if len(items) != 1:
        raise Refusal(
            "repeating a list of several elements a run-time number of times",
            "a loop with extend, or np.tile of an array",
        )
    once = converted(frame, items)
    builder = frame.builder
    pairs = zip(
        atoms_of(builder, listed(frame, items[0]), once.form),
        leaf_types(once.form),
        strict=True,
    )
    versions = [
        apply("seq_repeat", Handle(builder, x), times, element=type_).atom
        for x, type_ in pairs
    ]
    made = run_list(frame, once.form, versions, [once.held])
    made.held.guest = REPEATED if once.held.either else ""
    return made


def contains(frame: Frame, xs: RunList, item: Any) -> Handle:
    """Return ``item in xs``."""
    if xs.form.kind != "leaf" or isinstance(xs.form.type, Array):
        raise Refusal(
            "whether a list of arrays or tuples contains something",
            "a loop that compares",
        )
    value = lift(frame.builder, item.value) if isinstance(item, Static) else item
    if not isinstance(value, Handle) or value.shape:
        raise Refusal(
            f"whether a list of numbers contains {describe(item)}",
            "a loop that compares",
        )
    return apply("seq_contains", xs.handles[0], value)
