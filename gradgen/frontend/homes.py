"""Arrays and lists that were read out of a list, and are written to there.

``hs[i][j] = v`` reads an array out of a list whose length only a run knows, writes to
it, and puts it back. That is right as long as no other element is the same array: then
nobody else sees the write but by names that are in doubt after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, Buffer, related
from gradgen.frontend.forms import buffers_of, leaves_of
from gradgen.frontend.frame import Frame
from gradgen.frontend.heap import within_reach
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import Record
from gradgen.ir.core import Atom, Literal
from gradgen.primitives.registry import Handle
from gradgen.structs import field, struct

COPIES = "a list of copies, such as xs.append(x.copy())"
REPEATED = "the same array may be in this list more than once"
VIEWS = "the arrays in this list are views of others"
OTHERS = "the arrays in this list belong to the caller, or to another list"
CHANGED = "the list that this was read out of was changed since"
ANEW = "reading it anew, as in xs[i][j] = …"

Store = Callable[[Handle, Handle], Handle]


@struct
class Home:
    """Where a buffer was read out of: a column of a list, and how it is put back.

    ``known`` are the versions of the column, with those of the buffer, of which it is
    known that the one holds the other. ``certain`` are buffers that a write does not
    put in doubt: what the lists refer to.
    """

    column: Buffer
    place: Atom
    store: Store
    certain: tuple[Buffer, ...]
    known: set[tuple[Atom, Atom]] = field(default_factory=set)


def settle_in(
    buffer: Buffer, xs: RunList, number: int, place: Handle, store: Store
) -> None:
    """Note that a buffer was just read out of a column of a list."""
    column = xs.columns[number]
    outer = column.home.certain if column.home is not None else ()
    buffer.home = Home(column, place.atom, store, (xs.held, *outer))
    buffer.home.known.add((column.version, buffer.version))


def check_home(frame: Frame, buffer: Buffer) -> None:
    """Refuse to write to what was read out of a list, unless it is sure what that does.

    Raises
    ------
    Refusal
        Where the list may have it twice, or may have been changed.
    """
    home = buffer.home
    assert home is not None
    held = home.certain[0]
    if held.guest:
        raise Refusal(held.guest, COPIES)
    if home.column.home is not None:
        check_home(frame, home.column)
    elif home.column.guest:
        raise Refusal(home.column.guest, "a copy of the list, list(…)")
    if held.doubt or not is_home(buffer):
        raise Refusal(held.doubt or CHANGED, ANEW)
    reached = any(thing is home.column for thing in within_reach(frame))
    if not reached and home.column.home is None:
        raise Refusal(CHANGED, ANEW)


def is_home(buffer: Buffer) -> bool:
    """Tell whether the list that a buffer was read out of surely still holds it."""
    home = buffer.home
    if home is None or home.column.doubt:
        return False
    return (home.column.version, buffer.version) in home.known


def leaf_buffers(element: object) -> list[tuple[int, Buffer]]:
    """Return the arrays and columns in an element, each with that of its column."""
    found = enumerate(_leaf_places(element))
    return [(number, buffer) for number, buffer in found if buffer is not None]


def _leaf_places(element: object) -> Iterator[Buffer | None]:
    if isinstance(element, RunList):
        yield from element.columns
    elif isinstance(element, tuple | Record):
        parts = element.fields.values() if isinstance(element, Record) else element
        for part in parts:
            yield from _leaf_places(part)
    elif isinstance(element, ArrayObject):
        yield element.buffer
    elif isinstance(element, Handle):
        yield None


def guest_of(one: RunList, other: RunList) -> str:
    """Return why the elements of two lists joined cannot be written to, if so."""
    if related(one.held) & related(other.held):
        return REPEATED
    return one.held.guest or other.held.guest


def is_stored(xs: RunList, place: Handle, value: object) -> bool:
    """Tell whether ``xs[place] = value`` puts back the whole element read there."""
    whole = {"leaf": ArrayObject, "list": RunList}.get(xs.form.kind)
    if whole is None or not isinstance(value, whole):
        return False
    if isinstance(value, ArrayObject) and value.steps:
        return False
    found = buffers_of(value)[:1]
    if not found or found[0].home is None or not is_home(found[0]):
        return False
    home = found[0].home
    return home.column in xs.columns and _is_same(home.place, place.atom)


def _is_same(one: Atom, other: Atom) -> bool:
    if isinstance(one, Literal) and isinstance(other, Literal):
        return bool(one.value == other.value)
    return one is other


def note_kept(frame: Frame, xs: RunList, value: object) -> None:
    """Note what a new element means for writes to elements."""
    xs.held.guest = xs.held.guest or _doubtful(frame, xs, [value])


def note_made(frame: Frame, xs: RunList, items: Sequence[object]) -> None:
    """Note what the elements that a list is made of mean for writes to them."""
    seen: set[Buffer] = set()
    for item in items:
        found = buffers_of(item)
        if seen.intersection(found) or len(set(found)) < len(found):
            xs.held.guest = REPEATED
        seen.update(found)
    xs.held.guest = xs.held.guest or _foreign(frame, items)


def _doubtful(frame: Frame, xs: RunList, items: Sequence[object]) -> str:
    there = related(xs.held)
    turns = frame.context.turns
    head = turns[-1].objects if turns and id(xs.held) in turns[-1].objects else {}
    for buffer in (b for item in items for b in buffers_of(item)):
        if buffer in there or id(buffer) in head:
            return REPEATED
    return _foreign(frame, items)


def _foreign(frame: Frame, items: Sequence[object]) -> str:
    """Return why arrays may be those of others, if they may."""
    leaves = (x for item in items for x in leaves_of(item))
    if any(isinstance(x, ArrayObject) and x.steps for x in leaves):
        return VIEWS
    buffers = [b for item in items for b in buffers_of(item)]
    given = set(frame.context.arguments.values())
    if any(b.either or b.guest or b in given for b in buffers):
        return OTHERS
    return OTHERS if any(a.helper for a in frame.context.activations) else ""
