"""From a list of known length to one whose length only a run knows.

That a list grows in a loop shows when the loop has been interpreted once, from then on
it is a :class:`RunList`. It has to be one from before the loop, or branch, in which it
changes so. These are then interpreted again, with the list replaced wherever it is
held, so that who shares it goes on sharing it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from gradgen.errors import Refusal
from gradgen.frontend import homes
from gradgen.frontend.arrays import Buffer
from gradgen.frontend.choices import convert
from gradgen.frontend.forms import (
    Form,
    atoms_of,
    buffers_of,
    common_form,
    form_of,
    leaf_types,
    refers,
)
from gradgen.frontend.frame import Frame, Widen
from gradgen.frontend.heap import State, inner_of, state_of
from gradgen.frontend.likeness import OneOf, Unlike
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import (
    Closure,
    Conflict,
    Maybe,
    Method,
    Partial,
    Record,
    Static,
    Stream,
    View,
    Walk,
)
from gradgen.ir.core import Atom, Literal, Value
from gradgen.ir.types import PY_INT, Array, Scalar, Sym, Type
from gradgen.primitives.listmaking import cast_items
from gradgen.primitives.lists import element_of, empty, from_values
from gradgen.primitives.registry import Handle, apply
from gradgen.structs import replace

T = TypeVar("T")

MAX_ROUNDS = 100
BORROWED = "this changes a list of the caller's, which derivative code must not do"
ITERATED = "a list that grows or shrinks while it is iterated over is not supported"


def restarting(frame: Frame, action: Callable[[State], T]) -> T:
    """Return ``action(state)``, begun anew after each list that has to be widened."""
    bases = frame.context.bases
    for _ in range(MAX_ROUNDS):
        before = state_of(frame)
        bases.append(before)
        try:
            return action(before)
        except Widen as wish:
            before.put_back()
            found = wish
        finally:
            bases.pop()
        if not _holds(before, found.target):
            if not bases:
                raise Refusal(
                    "a list that changes its length on some paths",
                    "append on every path, or to a list of its own",
                )
            raise found
        _widen_or_leave(frame, found)
    raise Refusal(
        "the lists that change here are too involved to follow",
        "arrays of fixed length, or fewer lists",
    )


def _holds(base: State, target: Any) -> bool:
    return id(_identity(target)) in base.objects


def _identity(target: Any) -> Any:
    return target.columns[0] if isinstance(target, RunList) else target


def _widen_or_leave(frame: Frame, wish: Widen) -> None:
    """Widen a list before a region, or note that it cannot be."""
    try:
        widened(frame, wish.target, wish.form)
    except Unlike as unlike:
        if wish.needed or isinstance(wish.target, RunList):
            raise Refusal(f"this list {unlike.reason}", unlike.hint) from None
        frame.context.narrow[id(wish.target)] = wish.target


def widened(frame: Frame, target: Any, form: Form) -> RunList:
    """Return what takes the place of a list from now on, with elements like ``form``.

    Raises
    ------
    Widen
        Where the list exists since before a branch or loop that is under way.
    """
    if any(_holds(base, target) for base in frame.context.bases):
        raise Widen(target, form, needed=True)
    if _is_iterated(frame, target):
        raise Refusal(ITERATED, "a loop over a copy, list(…)")
    made = _made_again(frame, target, form)
    if id(target) in frame.context.borrowed:
        frame.context.borrow(made)
        for column in made.columns:
            column.guest = BORROWED
    _replace_everywhere(frame, target, made)
    moved = Conflict("this became another object while it was in use")
    if isinstance(target, list):
        target[:] = [moved]
    elif isinstance(target, dict):
        target.clear()
        target[0] = moved
    return made


def _made_again(frame: Frame, target: Any, form: Form) -> RunList:
    if isinstance(target, list):
        return made_of(frame, target, form)
    if isinstance(target, dict):
        return dict_of(frame, target, form)
    whole = common_form(frame.builder, target.form, form)
    if target.origin is not None and target.versions == target.initial:
        again = made_of if target.key is None else dict_of
        return again(frame, target.origin, whole)
    if target.key is not None:
        raise Unlike("has values of unlike types", "values of one type")
    pairs = zip(target.versions, leaf_types(whole), strict=True)
    return run_list(frame, whole, [_recast(frame, *x) for x in pairs], [target.held])


def _recast(frame: Frame, column: Atom, element: Type) -> Atom:
    """Return a column with its numbers as numbers of another type."""
    xs = Handle(frame.builder, column)
    if not isinstance(element, Scalar) or not isinstance(element_of(xs), Scalar):
        if element_of(xs) == element:
            return column
        raise Unlike("has elements of unlike types", "elements of one type")
    maker = frame.context.maker(column) if isinstance(column, Value) else None
    if maker is not None and maker.name == "seq_repeat":
        value = convert(frame.builder, maker.operands[0], element)
        times = Handle(frame.builder, maker.operands[1])
        once = Handle(frame.builder, value)
        return apply("seq_repeat", once, times, element=element).atom
    return cast_items(xs, element).atom


def made_of(frame: Frame, items: Sequence[Any], form: Form | None = None) -> RunList:
    """Return a list of ``items``, with room for elements like ``form``."""
    builder = frame.builder
    items = [listed(frame, item) for item in items]
    forms = [form_of(builder, item) for item in items] + (
        [] if form is None else [form]
    )
    if not forms:
        raise Unlike("is empty, so that the type of its elements is not known")
    whole = forms[0]
    for other in forms[1:]:
        whole = common_form(builder, whole, other)
    types = leaf_types(whole)
    if not types:
        raise Unlike("holds nothing that is known at run time only")
    rows = [atoms_of(builder, item, whole) for item in items]
    versions = [
        _column(frame, type_, [row[k] for row in rows]) for k, type_ in enumerate(types)
    ]
    held = [b for item in items for b in buffers_of(item)]
    made = run_list(frame, whole, versions, held, tuple(items))
    homes.note_made(frame, made, items)
    return made


def dict_of(frame: Frame, items: dict[int, Any], form: Form) -> RunList:
    """Return a run-time dict of known items, with room for values like ``form``."""
    builder = frame.builder
    values = [listed(frame, x) for x in items.values()]
    whole = form
    for value in values:
        whole = common_form(builder, form_of(builder, value), whole)
    rows = [atoms_of(builder, value, whole) for value in values]
    versions = []
    for k, type_ in enumerate(leaf_types(whole)):
        _check_known(frame, type_)
        pairs = zip(items, rows, strict=True)
        parts = [x for key, row in pairs for x in (key, Handle(builder, row[k]))]
        types = {"element": type_, "key": PY_INT}
        versions.append(apply("map_from", *parts, builder=builder, **types).atom)
    held = [b for value in values for b in buffers_of(value)]
    made = run_list(frame, whole, versions, held, dict(items), PY_INT)
    homes.note_made(frame, made, values)
    return made


def _column(frame: Frame, type_: Type, atoms: Sequence[Atom]) -> Atom:
    _check_known(frame, type_)
    builder = frame.builder
    if not atoms:
        return empty(builder, type_).atom
    return from_values(builder, [Handle(builder, x) for x in atoms], type_).atom


def _check_known(frame: Frame, type_: Type) -> None:
    """Refuse elements of a shape that is known only where they are made."""
    for dim in type_.shape if isinstance(type_, Array) else ():
        if isinstance(dim, Sym) and frame.builder.dim_atom(dim) is None:
            raise Unlike("has arrays of unlike shapes", "arrays of one shape")


def run_list(
    frame: Frame,
    form: Form,
    versions: Sequence[Atom],
    held: Sequence[Buffer],
    origin: Any = None,
    key: Type | None = None,
) -> RunList:
    """Return a list of its own with these contents."""
    builder, buffers = frame.builder, frame.context.buffers
    columns = tuple(Buffer(builder, version) for version in versions)
    whole = tuple(dict.fromkeys(held)) if refers(form) else ()
    contents = Buffer(builder, Literal.of(0), either=whole)
    buffers.extend((*columns, contents))
    contents.guest = next((b.guest for b in contents.either if not b.home), "")
    return RunList(form, columns, contents, tuple(versions), origin, key=key)


def listed(frame: Frame, value: Any) -> Any:
    """Return an element as a list keeps it: a list in it becomes a run-time list."""
    if isinstance(value, list):
        if not value:
            raise Refusal("an empty list in a list is not supported", "an array")
        return widened(frame, value, form_of(frame.builder, value).parts[0])
    if isinstance(value, tuple):
        return tuple(listed(frame, part) for part in value)
    return value


def _is_iterated(frame: Frame, target: Any) -> bool:
    """Tell whether a loop or an iterator that is under way goes through a list."""
    for thing in frame.context.held:
        if thing is target or _iterates(thing, target):
            return True
    return False


def _iterates(thing: Any, target: Any) -> bool:
    return isinstance(thing, Stream | Walk) and any(x is target for x in thing.holds)


def is_walked(frame: Frame, xs: RunList) -> bool:
    """Tell whether a loop that is under way goes through a run-time list."""
    return any(
        isinstance(x, RunList) and x.columns[0] is xs.columns[0]
        for thing in frame.context.held
        for x in (getattr(thing, "holds", ()) if not isinstance(thing, RunList) else ())
    )


def _replace_everywhere(frame: Frame, old: Any, new: RunList) -> None:
    """Put ``new`` wherever ``old`` is held.

    Only what is saved with the state is changed in place.
    """

    def swap(value: Any) -> Any:
        return new if value is old else _swapped(value, swap)

    for thing in _everything(frame):
        if isinstance(thing, Frame):
            _name(new, [k for k, v in thing.names.items() if v is old])
            thing.names.update({k: swap(v) for k, v in thing.names.items()})
        elif isinstance(thing, Record):
            thing.fields.update({k: swap(v) for k, v in thing.fields.items()})
        elif isinstance(thing, dict):
            thing.update({k: swap(v) for k, v in thing.items()})
        elif isinstance(thing, list):
            thing[:] = map(swap, thing)
    if any(thing is old for thing in _everything(frame)):
        raise Refusal(ITERATED, "a loop over a copy, list(…)")


def _swapped(value: Any, swap: Callable[[Any], Any]) -> Any:
    """Return a value that cannot change with ``swap`` done to what it refers to."""
    if isinstance(value, tuple):
        parts = tuple(map(swap, value))
        return parts if any(map(operator.is_not, parts, value)) else value
    if isinstance(value, Maybe):
        return _with(value, value=swap(value.value))
    if isinstance(value, OneOf):
        return _with(value, values=swap(value.values))
    if isinstance(value, Method | View):
        return _with(value, owner=swap(value.owner))
    if isinstance(value, Closure):
        return _with(value, defaults=_swapped_dict(value.defaults, swap))
    if isinstance(value, Partial):
        kwargs = _swapped_dict(value.kwargs, swap)
        return _with(value, args=swap(value.args), kwargs=kwargs)
    return value


def _swapped_dict(values: dict[str, Any], swap: Callable[[Any], Any]) -> dict[str, Any]:
    parts = {key: swap(value) for key, value in values.items()}
    return parts if any(parts[key] is not values[key] for key in parts) else values


def _with(value: Any, /, **fields: Any) -> Any:
    """Return ``value`` with other fields, itself if they are the same."""
    if all(getattr(value, name) is field for name, field in fields.items()):
        return value
    return replace(value, **fields)


def _name(xs: RunList, names: Sequence[str]) -> None:
    """Name the columns of a list after the first variable that it is bound to."""
    name = next((name for name in names if name.isidentifier()), "")
    for number, column in enumerate(xs.columns):
        if name and isinstance(column.version, Value) and not column.version.hint:
            several = len(xs.columns) > 1
            column.version.hint = f"{name}_{number}" if several else name


def _everything(frame: Frame) -> list[Any]:
    """Return all that can be reached from what is being executed."""
    context = frame.context
    pending: list[Any] = [frame, *context.frames, *context.held]
    found: dict[int, Any] = {}
    while pending:
        value = pending.pop()
        if id(value) in found or isinstance(value, Static):
            continue
        found[id(value)] = value
        pending.extend(inner_of(value))
    return list(found.values())
