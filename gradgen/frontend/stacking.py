"""NumPy's functions that join the arrays in a list whose length only a run knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.frame import static_int
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import Static
from gradgen.primitives.registry import Handle, dims_of, find_lowering

Joiner = Callable[..., Handle]
JOINERS: dict[Any, Joiner] = {}


def joined_items(
    function: Any, xs: RunList, args: list[Any], kwargs: dict[str, Any]
) -> Handle:
    """Return what a function of :data:`JOINERS` makes of a list."""
    try:
        return JOINERS[function](xs.as_array(), *args, **kwargs)
    except TypeError:
        name = function.__name__
        raise Refusal(
            f"np.{name} of such a list with such arguments",
            "np.array of the list first",
        ) from None


def _call(function: Any, *args: Any) -> Handle:
    lowering = find_lowering(function)
    assert lowering is not None
    return lowering(*args)  # type: ignore[no-any-return]


def _stack(items: Handle, axis: Any = Static(0)) -> Handle:  # noqa: B008
    place = static_int(axis)
    return items if place == 0 else _call(np.moveaxis, items, 0, place)


def _concatenate(items: Handle, axis: Any = Static(0)) -> Handle:  # noqa: B008
    place = static_int(axis)
    if items.rank < 2:
        raise Refusal("np.concatenate takes arrays, not numbers", "np.array(…)")
    place = place + items.rank - 1 if place < 0 else place
    moved = _stack(items, Static(place))
    lengths: list[Any] = dims_of(moved)
    lengths[place : place + 2] = [-1]
    return _call(np.reshape, moved, tuple(lengths))


def _vstack(items: Handle) -> Handle:
    return items if items.rank == 2 else _concatenate(items)


def _hstack(items: Handle) -> Handle:
    if items.rank < 2:
        return items
    return _concatenate(items, Static(0 if items.rank == 2 else 1))


def _column_stack(items: Handle) -> Handle:
    return _stack(items, Static(1)) if items.rank == 2 else _hstack(items)


JOINERS.update(
    {
        np.stack: _stack,
        np.concatenate: _concatenate,
        np.vstack: _vstack,
        np.hstack: _hstack,
        np.column_stack: _column_stack,
    }
)
