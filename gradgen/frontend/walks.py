"""What is iterated over a number of times that only a run knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.containers import select
from gradgen.frontend.frame import Frame, static_int
from gradgen.frontend.lists import RunList
from gradgen.frontend.runlists import count as count_of
from gradgen.frontend.runlists import item_at
from gradgen.frontend.values import Static, Walk
from gradgen.ir.core import Literal
from gradgen.primitives.registry import (
    Handle,
    apply,
    dim_of,
    find_lowering,
    lift,
)

Bounds = tuple[Handle, Handle, Handle]


def walk_of(frame: Frame, value: Any) -> Walk | None:
    """Return how ``value`` is walked over in a loop, None if its items are known."""
    if isinstance(value, Walk):
        return value
    if isinstance(value, RunList):
        return elements(frame, value)
    if isinstance(value, Handle) and value.shape and not _is_short(value):
        return rows(frame, value)
    return None


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
    """Return the walk over the elements of a list."""
    bounds = up_to(frame, count_of(value))
    return Walk(bounds, lambda i: item_at(frame, value, i), (value,))


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

    return Walk(up_to(frame, count), pair, walk.holds)


def zipped(frame: Frame, walks: Sequence[Walk]) -> Walk:
    """Return the walk of ``zip(*walks)``, as long as the shortest."""
    pairs = [counted(frame, walk) for walk in walks]
    shortest = pairs[0][0]
    for count, _ in pairs[1:]:
        if count.atom is not shortest.atom:
            shortest = _smaller(shortest, count)
    holds = tuple(x for walk in walks for x in walk.holds)
    return Walk(
        up_to(frame, shortest), lambda turn: tuple(at(turn) for _, at in pairs), holds
    )


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
        return Walk((first, last, number(frame, -1)), walk.at, walk.holds)
    count, item = counted(frame, walk)
    return backwards(frame, Walk(up_to(frame, count), item, walk.holds))
