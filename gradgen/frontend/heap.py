"""What the function can change: frames, containers and arrays, put away and back.

A branch is interpreted from the same state as the other one, the body of a loop again
and again. So the state of everything within reach is saved as plain contents, and put
back in place: who shares an object goes on sharing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gradgen.frontend.arrays import ArrayObject, Buffer
from gradgen.frontend.frame import Frame
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import (
    Conflict,
    KnownSet,
    Maybe,
    Partial,
    Record,
    Static,
    Stream,
    children_of,
)
from gradgen.primitives.registry import Handle
from gradgen.structs import field, struct

Mutable: Any = Frame | Buffer | Record | Stream | KnownSet | list | dict


@struct
class State:
    """The contents of mutable objects, by identity.

    ``lost`` are the contents of lists, dicts and instances out of reach.
    """

    objects: dict[int, Any] = field(default_factory=dict)
    contents: dict[int, Any] = field(default_factory=dict)
    lost: dict[int, Any] = field(default_factory=dict)

    def note(self, thing: Any, contents: Any) -> None:
        """Enter what ``thing`` holds."""
        self.objects[id(thing)] = thing
        self.contents[id(thing)] = contents

    def put_back(self) -> None:
        """Give every object the contents that it had."""
        for key, thing in self.objects.items():
            _set_contents(thing, self.contents[key])


def state_of(frame: Frame) -> State:
    """Return the contents of all that can be reached from what is being executed."""
    state = State()
    for thing in within_reach(frame):
        state.note(thing, contents_of(thing))
    return state


def contents_now(state: State) -> State:
    """Return what the objects of a state hold now."""
    now = State()
    for thing in state.objects.values():
        now.note(thing, contents_of(thing))
    return now


def within_reach(frame: Frame) -> Iterator[Any]:
    """Yield every mutable object that can be reached, once."""
    context = frame.context
    return reached([frame, *context.frames, *context.held])


def reached(roots: Iterable[Any]) -> Iterator[Any]:
    """Yield every mutable object that can be reached from some values, once."""
    pending = list(roots)
    seen: set[int] = set()
    kept: list[Any] = []
    while pending:
        value = pending.pop()
        if isinstance(value, Static) or id(value) in seen:
            continue
        seen.add(id(value))
        kept.append(value)
        if isinstance(value, Mutable):
            yield value
        pending.extend(inner_of(value))


def inner_of(value: Any) -> list[Any]:
    """Return what an abstract value refers to directly, frames and buffers included."""
    if isinstance(value, Frame):
        return [*value.names.values(), *([value.parent] if value.parent else [])]
    if isinstance(value, ArrayObject):
        return [value.buffer]
    if isinstance(value, Buffer):
        return [b for b, own in zip(value.either, value.own, strict=False) if not own]
    if isinstance(value, RunList):
        return [*value.columns, value.held]
    if isinstance(value, Maybe):
        return [value.value, value.flag]
    if isinstance(value, OneOf):
        return [*value.values, *value.flags]
    if isinstance(value, Conflict):
        return [value.after]
    return children_of(value)


def contents_of(thing: Any) -> Any:
    """Return a copy of what a mutable object holds."""
    if isinstance(thing, Frame):
        return dict(thing.names)
    if isinstance(thing, Buffer):
        return thing.version, thing.doubt
    if isinstance(thing, Record):
        return dict(thing.fields)
    if isinstance(thing, Stream):
        return thing.taken
    if isinstance(thing, KnownSet):
        return frozenset(thing.members)
    return list(thing) if isinstance(thing, list) else dict(thing)


def _set_contents(thing: Any, contents: Any) -> None:
    if isinstance(thing, Frame):
        _replace(thing.names, contents)
    elif isinstance(thing, Buffer):
        thing.version, thing.doubt = contents
    elif isinstance(thing, Record):
        _replace(thing.fields, contents)
    elif isinstance(thing, Stream):
        thing.put_back(contents)
    elif isinstance(thing, KnownSet):
        thing.members = set(contents)
    elif isinstance(thing, list):
        thing[:] = contents
    elif isinstance(thing, dict):
        _replace(thing, contents)


def _replace(mapping: dict[Any, Any], contents: dict[Any, Any]) -> None:
    mapping.clear()
    mapping.update(contents)


def is_settled(head: State, joined: State) -> bool:
    """Tell whether another turn would begin in the state that this one began in."""
    return all(
        key in joined.contents and is_same(head.contents[key], joined.contents[key])
        for key in head.objects
    )


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two abstract values are one, down to what they are made of."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(is_same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, ArrayObject):
        return one.buffer is other.buffer and one.steps == other.steps
    if isinstance(one, Handle):
        return one.atom is other.atom
    if isinstance(one, Maybe):
        return is_same(one.value, other.value) and is_same(one.flag, other.flag)
    if isinstance(one, Partial | RunList | OneOf):
        return is_same(inner_of(one), inner_of(other))
    if isinstance(one, Static):
        return _same_known(one.value, other.value)
    if isinstance(one, frozenset):
        return one == other and sorted(map(repr, one)) == sorted(map(repr, other))
    if isinstance(one, Conflict):
        return one.reason == other.reason and is_same(one.after, other.after)
    return isinstance(one, str | int) and bool(one == other)


def _same_known(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and repr(one) == repr(other)
    except Exception:
        return False
