"""What is iterated over a number of times that only a run knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.containers import length_of, select
from gradgen.frontend.frame import Frame, NeedsStatic, foldable_input, static_int
from gradgen.frontend.likeness import OneOf, is_tensor
from gradgen.frontend.lists import RunList, is_dict
from gradgen.frontend.values import KINDS, Flat, Static, View, Walk
from gradgen.ir.core import Literal, Value
from gradgen.ir.types import Sym
from gradgen.primitives.registry import (
    Handle,
    apply,
    dim_of,
    find_lowering,
    lift,
)
from gradgen.structs import struct

if TYPE_CHECKING:
    from gradgen.frontend import distribution, rundicts, runlists
else:
    distribution = Deferred("gradgen.frontend.distribution")
    rundicts = Deferred("gradgen.frontend.rundicts")
    runlists = Deferred("gradgen.frontend.runlists")

Bounds = tuple[Handle, Handle, Handle]


@struct
class Once(Walk):
    """The walk of an iterator such as ``zip(x, y)``, which gives its items once."""

    spent: bool = False


KINDS[Once] = KINDS[Walk]


def walk_of(frame: Frame, value: Any) -> Walk | None:
    """Return how ``value`` is walked over in a loop, None if its items are known."""
    if isinstance(value, Once | Flat):
        if value.spent:
            raise Refusal(
                "this iterator was used before", "make it anew, or list(…) of it"
            )
        value.spent = True
    if isinstance(value, Walk):
        return value
    if isinstance(value, OneOf):
        return distribution.walk(frame, value, lambda x: length_of(frame, x), select)
    if isinstance(value, View) and is_dict(value.owner):
        return rundicts.walk(frame, value.owner, value.kind)  # type: ignore[arg-type]
    if isinstance(value, RunList):
        return elements(frame, value)
    if isinstance(value, Handle) and value.shape and not _is_short(value):
        return rows(frame, value)
    return None


def is_walked(value: Any) -> bool:
    """Tell whether the number of items of ``value`` is known only at run time."""
    is_long = isinstance(value, Handle) and value.shape and not _is_short(value)
    return bool(is_long) or isinstance(value, Walk | RunList | OneOf)


def any_walk(frame: Frame, value: Any) -> Walk | None:
    """Return a walk over ``value``, even where its items are known, if there is one."""
    if isinstance(value, Handle) and value.shape:
        return rows(frame, value)
    if isinstance(value, Static) and isinstance(value.value, range):
        turns = value.value
        bounds = [number(frame, x) for x in (turns.start, turns.stop, turns.step)]
        return make_range(frame, bounds)
    return walk_of(frame, value)


def beside(frame: Frame, value: Any) -> Walk | None:
    """Return a walk over what stands beside another walk, such as a known list."""
    if isinstance(value, list | tuple) and value and all(map(is_tensor, value)):
        bounds = up_to(frame, number(frame, len(value)))
        return Walk(bounds, lambda i: select(frame, value, i), (value,))
    return any_walk(frame, value)


SHORT = 16
"""Up to how many items known while compiling are taken one by one."""


def _is_short(value: Handle) -> bool:
    return isinstance(value.shape[0], int) and value.shape[0] <= SHORT


def rows(frame: Frame, value: Handle) -> Walk:
    """Return the walk over the rows of an array, each read when its turn comes."""
    return Walk(
        up_to(frame, dim_of(value, 0)), lambda i: select(frame, value, i), (value,)
    )


def elements(frame: Frame, value: RunList) -> Walk:
    """Return the walk over the elements of a list, or the keys of a dict."""
    if value.key is not None:
        return rundicts.walk(frame, value, "keys")
    bounds = up_to(frame, runlists.count(value))
    return Walk(bounds, lambda i: runlists.item_at(frame, value, i), (value,))


def up_to(frame: Frame, count: Handle) -> Bounds:
    """Return the bounds of ``range(count)``."""
    return number(frame, 0), count, number(frame, 1)


def number(frame: Frame, value: Any) -> Handle:
    """Return an integer as a handle."""
    if isinstance(value, Static):
        value = value.value
    return lift(frame.builder, value)


def make_range(frame: Frame, bounds: Sequence[Any]) -> Walk:
    """Return the walk over ``range(*bounds)``, some of which are run-time values."""
    if not 1 <= len(bounds) <= 3:
        raise Refusal("range takes one to three numbers")
    whole = [number(frame, bound) for bound in bounds]
    for bound in whole:
        if bound.shape or bound.dtype.kind not in "iu":
            raise Refusal("the bounds of a range are integers", "int(…)")
    if len(whole) == 1:
        return Walk(up_to(frame, whole[0]), _from_python)
    step = number(frame, static_int(whole[2]) if len(whole) == 3 else 1)
    return Walk((whole[0], whole[1], step), _from_python)


def _from_python(index: Handle) -> Handle:
    return index


def step_of(walk: Walk) -> int:
    """Return the step of a walk's index."""
    atom = walk.bounds[2].atom
    assert isinstance(atom, Literal)
    return int(atom.value)


def length(frame: Frame, walk: Walk) -> Handle:
    """Return the number of turns; it is negative where there are none."""
    lo, hi, _ = walk.bounds
    step = step_of(walk)
    span = hi if _is(lo, 0) else hi - lo
    if step == 1:
        return span
    if step == -1:
        return -span
    up = span + (step - 1 if step > 0 else step + 1)
    return apply("floor_divide", up, step)


def _is(handle: Handle, value: int) -> bool:
    return isinstance(handle.atom, Literal) and handle.atom.value == value


def counted(frame: Frame, walk: Walk) -> tuple[Handle, Callable[[Handle], Any]]:
    """Return the number of turns, and the item of a turn by its number from 0."""
    lo, _, _ = walk.bounds
    step = step_of(walk)

    def item(turn: Handle) -> Any:
        moved = turn if step == 1 else turn * step
        return walk.at(moved if _is(lo, 0) else lo + moved)

    return length(frame, walk), item


def enumerated(frame: Frame, walk: Walk, start: Any) -> Walk:
    """Return the walk of ``enumerate(walk, start)``."""
    count, item = counted(frame, walk)
    first = number(frame, start)

    def pair(turn: Handle) -> Any:
        return (turn if _is(first, 0) else turn + first, item(turn))

    return Once(up_to(frame, count), pair, walk.holds)


def zipped(frame: Frame, walks: Sequence[Walk]) -> Walk:
    """Return the walk of ``zip(*walks)``, as long as the shortest."""
    pairs = [counted(frame, walk) for walk in walks]
    shortest = pairs[0][0]
    for count, _ in pairs[1:]:
        if count.atom is not shortest.atom:
            shortest = _smaller(shortest, count)
    holds = tuple(x for walk in walks for x in walk.holds)
    return Once(
        up_to(frame, shortest), lambda turn: tuple(at(turn) for _, at in pairs), holds
    )


def paired(frame: Frame, walk: Walk) -> Walk:
    """Return the walk over each item with the one after it."""
    count, item = counted(frame, walk)
    return Once(
        up_to(frame, count - 1), lambda turn: (item(turn), item(turn + 1)), walk.holds
    )


def mapped(walk: Walk, function: Callable[[Any], Any], *holds: Any) -> Walk:
    """Return the walk over what ``function`` makes of the items."""
    return Once(walk.bounds, lambda i: function(walk.at(i)), (*walk.holds, *holds))


def _smaller(one: Handle, other: Handle) -> Handle:
    lowering = find_lowering(min)
    assert lowering is not None
    return lowering(one, other)  # type: ignore[no-any-return]


def backwards(frame: Frame, walk: Walk) -> Walk:
    """Return the walk of ``reversed(walk)``."""
    lo, hi, _ = walk.bounds
    step = step_of(walk)
    if step == 1:
        first = hi - 1
        last = number(frame, -1) if _is(lo, 0) else lo - 1
        return Once((first, last, number(frame, -1)), walk.at, walk.holds)
    count, item = counted(frame, walk)
    return backwards(frame, Walk(up_to(frame, count), item, walk.holds))


def after_first(frame: Frame, walk: Walk) -> Walk:
    """Return the walk over all items but the first."""
    lo, hi, step = walk.bounds
    return Walk((lo + step_of(walk), hi, step), walk.at, walk.holds)


def is_never_empty(frame: Frame, walk: Walk) -> bool:
    """Tell whether there surely is a first item."""
    count = length(frame, walk)
    if isinstance(count.atom, Literal):
        return bool(count.atom.value > 0)
    dim = getattr(count.type, "dim", None)
    return isinstance(dim, Sym) and dim.proper


def ask_for_turns(frame: Frame, walk: Walk) -> None:
    """Have an integer argument folded that says how many turns there are."""
    for bound in walk.bounds:
        if isinstance(bound.atom, Value):
            found = foldable_input(frame.context, bound.atom)
            if found is not None:
                raise NeedsStatic(found) from None
