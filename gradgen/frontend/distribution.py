"""What is done with something that may be one of several: the same with each of them.

A name may stand for one of several strings, or a key for one of several lists. What
only a run knows is which; so this becomes a branch for each.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend import branches, runlists
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.comparisons import conjunction
from gradgen.frontend.containers import is_choice, is_open, select
from gradgen.frontend.frame import Frame, always, evaluate, guarded
from gradgen.frontend.likeness import OneOf, is_among, is_name
from gradgen.frontend.lists import RunList
from gradgen.frontend.raising import raise_unless
from gradgen.frontend.scope import Scope
from gradgen.frontend.values import (
    NOTHING,
    Conflict,
    Method,
    Record,
    Static,
    Walk,
    describe,
    from_python,
    is_static,
    to_python,
)
from gradgen.primitives.registry import Handle, apply, lift

Action = Callable[[Any], Any]
MOST = 64
"""How many things something may be."""


def distribute(frame: Frame, action: Callable[..., Any], *things: Any) -> Any:
    """Return ``action(*things)``, for what each thing may be.

    While branches are interpreted, lists among the things may be replaced by run-time
    lists, so they are kept where this reaches them.
    """
    names = {f"<{k}>": thing for k, thing in enumerate(things)}
    box = Frame(frame.context, frame.source, Scope(), names, frame)
    with frame.context.holding(box):
        return _distributed(box, action)


def _distributed(box: Frame, action: Callable[..., Any]) -> Any:
    things = list(box.names.items())
    name = next((name for name, x in things if isinstance(x, OneOf)), None)
    if name is not None:
        return _each(box, action, name, 0)
    for _, thing in things:
        if isinstance(thing, Conflict):
            raise Refusal(thing.reason, thing.hint)
    found = action(*(thing for _, thing in things))
    return NOTHING if found is None else found


def _each(box: Frame, action: Callable[..., Any], name: str, number: int) -> Any:
    """Take what the thing of that name may be from a number on."""

    def this() -> Any:
        things = {**box.names, name: box.names[name].values[number]}
        return distribute(box, action, *things.values())

    def others() -> Any:
        return _each(box, action, name, number + 1)

    flags = box.names[name].flags
    flag = flags[number] if number + 1 < len(flags) else Static(True)
    if isinstance(flag, Handle):
        return branches.choose_value(box, flag, this, others)
    return this() if flag.value else others()


def either(frame: Frame, choice: OneOf, *, owner: bool = False) -> Any:
    """Return the value that it is; of lists, dicts and instances, which of them.

    ``owner`` says that it will be written to: then of arrays, too, which of them.
    """
    values = choice.values
    if all(value is values[0] for value in values):
        return values[0]
    if all(is_object(x) or (owner and isinstance(x, ArrayObject)) for x in values):
        return choice
    if all(map(is_name, values)):
        return _one_name(frame, choice)
    return distribute(frame, _itself, choice)


def _one_name(frame: Frame, choice: OneOf) -> OneOf:
    """Return one of several names, each of which stands there once."""
    flat = _flat(frame, choice)
    names = [x for k, x in enumerate(flat.values) if not is_among(x, flat.values[:k])]
    pairs = list(zip(flat.values, flat.flags, strict=True))
    flags = ([f for v, f in pairs if is_among(v, [name])] for name in names)
    return OneOf(tuple(names), tuple(any_of(frame, found) for found in flags))


def _itself(value: Any) -> Any:
    return value


def copied(frame: Frame, choice: OneOf) -> Any:
    """Return a copy of the list, dict or instance that it is."""

    def copy(value: Any) -> Any:
        if isinstance(value, Record):
            return Record(value.cls, dict(value.fields))
        if isinstance(value, RunList):
            return runlists.copied(frame, value)
        return value.copy() if isinstance(value, list | dict) else value

    return distribute(frame, copy, choice)


def is_object(value: Any) -> bool:
    """Tell whether ``value`` is something that can be changed, but no array."""
    if isinstance(value, Record):
        return not value.is_tuple
    return isinstance(value, list | dict | RunList)


def select_from_any(frame: Frame, choice: OneOf, select: Action, index: Any) -> Any:
    """Return ``choice[index]``, by the function ``select`` for one of them."""
    if all(isinstance(x, list | dict) for x in choice.values) and is_static(index):
        found = tuple(map(select, choice.values))
        return either(frame, OneOf(found, choice.flags))
    return distribute(frame, select, choice)


def attribute_of_any(frame: Frame, choice: OneOf, name: str, attribute: Action) -> Any:
    """Return ``choice.name``, by the function ``attribute`` for one of them."""
    if all(isinstance(x, list | dict | RunList) for x in choice.values):
        return Method(choice, name)
    return distribute(frame, attribute, choice)


def item_of(
    frame: Frame, items: dict[Any, Any], index: Any, *, owner: bool = False
) -> Any:
    """Return ``items[index]`` for a key that may be one of several."""
    found = [(key, equals(frame, index, from_python(key))) for key in items]
    found = [(key, flag) for key, flag in found if flag != Static(False)]
    flags = tuple(flag for _, flag in found)
    if not found:
        raise always("KeyError", describe(index))
    if not _is_covered(frame, items, index):
        present = any_of(frame, flags)
        if isinstance(present, Handle):
            raise_unless(frame.builder, present, 'raise KeyError("no such key")')
    choice = OneOf(tuple(items[key] for key, _ in found), flags)
    return either(frame, choice, owner=owner)


def by_number(frame: Frame, items: Sequence[Any], index: Handle) -> OneOf:
    """Return which of some items stands at a place that only a run knows."""
    count = len(items)
    inside = apply(
        "logical_and",
        apply("greater_equal", index, -count),
        apply("less", index, count),
    )
    text = 'raise IndexError("list index out of range")'
    raise_unless(frame.builder, inside, text)
    place = apply("remainder", index, count)
    flags = tuple(apply("equal", place, k) for k in range(count))
    return OneOf(tuple(items), flags)


def evaluate_owner(frame: Frame, node: ast.expr) -> Any:
    """Return what is written into, which may be one of several lists or arrays."""
    if not isinstance(node, ast.Subscript):
        return evaluate(frame, node)
    owner = evaluate_owner(frame, node.value)
    index = evaluate(frame, node.slice)
    return guarded(frame, node, lambda frame, _: _owner_at(frame, owner, index))


def _owner_at(frame: Frame, owner: Any, index: Any) -> Any:
    if isinstance(owner, OneOf):
        found = [_owner_at(frame, x, index) for x in owner.values]
        return _flat(frame, OneOf(tuple(found), owner.flags))
    if isinstance(owner, dict) and is_choice(frame, index):
        return item_of(frame, owner, index, owner=True)
    several = isinstance(owner, list | tuple) and owner and is_open(frame, index)
    if several and all(is_object(x) or isinstance(x, ArrayObject) for x in owner):
        return by_number(frame, owner, index)
    return select(frame, owner, index)


def _flat(frame: Frame, choice: OneOf) -> OneOf:
    """Return one of several things for one of several choices."""
    values: list[Any] = []
    flags: list[Any] = []
    for value, flag in zip(choice.values, choice.flags, strict=True):
        inner = value if isinstance(value, OneOf) else OneOf((value,), (Static(True),))
        values.extend(inner.values)
        flags.extend(conjunction(frame, [flag, also]) for also in inner.flags)
    return OneOf(tuple(values), tuple(flags))


def _is_covered(frame: Frame, owner: dict[Any, Any], index: Any) -> bool:
    choice = alternatives(frame, index)
    return choice is not None and all(to_python(x) in owner for x in choice.values)


def contains(frame: Frame, owner: dict[Any, Any], index: Any) -> Any:
    """Return ``index in owner`` for a key that may be one of several."""
    return any_of(frame, [equals(frame, index, from_python(key)) for key in owner])


def keys_of(frame: Frame, index: Any) -> OneOf:
    """Return the keys that are meant to be written to, which must be known."""
    choice = alternatives(frame, index)
    if choice is None:
        raise Refusal(
            "a tuple of run-time numbers as the key of what is written",
            "an array, or a dict with integers as keys",
        )
    return choice


def alternatives(frame: Frame, index: Any) -> OneOf | None:
    """Return what a key may be, None if that is not known."""
    if isinstance(index, OneOf):
        return index
    if is_static(index):
        return OneOf((index,), (Static(True),))
    if not isinstance(index, tuple):
        return None
    parts = [alternatives(frame, part) for part in index]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    rows = [list(zip(part.values, part.flags, strict=True)) for part in known]
    pairs = [tuple(zip(*row, strict=True)) for row in itertools.product(*rows)]
    if len(pairs) > MOST:
        raise Refusal("a key that may be one of so many", "fewer keys")
    flags = tuple(conjunction(frame, flags) for _, flags in pairs)
    return OneOf(tuple(values for values, _ in pairs), flags)


def equals(frame: Frame, one: Any, other: Any) -> Any:
    """Return whether something equals a known value."""
    if isinstance(one, OneOf):
        pairs = zip(one.values, one.flags, strict=True)
        return any_of(frame, [f for v, f in pairs if _is_equal(v, other)])
    if isinstance(one, tuple) and isinstance(other, tuple):
        if len(one) != len(other):
            return Static(False)
        return conjunction(
            frame, [equals(frame, a, b) for a, b in zip(one, other, strict=True)]
        )
    if isinstance(one, Handle) and isinstance(other, Static):
        is_int = isinstance(other.value, int)
        return apply("equal", one, other.value) if is_int else Static(False)
    return Static(_is_equal(one, other))


def _is_equal(one: Any, other: Any) -> bool:
    both = is_static(one) and is_static(other)
    return both and bool(to_python(one) == to_python(other))


def any_of(frame: Frame, flags: Sequence[Any]) -> Any:
    """Return whether any flag is true."""
    open_flags = [flag for flag in flags if isinstance(flag, Handle)]
    if any(isinstance(flag, Static) and flag.value for flag in flags):
        return Static(True)
    if not open_flags:
        return Static(False)
    total = open_flags[0]
    for flag in open_flags[1:]:
        total = apply("logical_or", total, flag)
    return total


def test(frame: Frame, choice: OneOf, action: Action) -> Any:
    """Return whether ``action`` gives true for what it is, which emits nothing."""
    pairs = zip(choice.values, choice.flags, strict=True)
    return any_of(frame, [flag for value, flag in pairs if action(value)])


def walk(frame: Frame, choice: OneOf, length: Action, select: Any) -> Walk:
    """Return the walk over the items of the list that it is."""
    count = length(choice)
    count = lift(frame.builder, count.value) if isinstance(count, Static) else count
    zero, one = (lift(frame.builder, n) for n in (0, 1))
    holds = (choice, *choice.values)
    return Walk((zero, count, one), lambda i: select(frame, choice, i), holds)
