"""Reductions of chosen elements, from a first value: ``where=`` and ``initial=``."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.primitives.promotion import broadcast
from gradgen.primitives.registry import Handle, apply, dims_of, lift
from gradgen.primitives.shaping import cast_like

NOT_GIVEN = np._NoValue


def flags_for(x: Handle, where: Any, name: str) -> Handle | None:
    """Return which elements of ``x`` a reduction takes, None for all of them."""
    if where is True or where is NOT_GIVEN:
        return None
    flags = lift(x.builder, where)
    if flags.dtype.kind != "b":
        raise Refusal(f"argument 'where' of np.{name} that holds no booleans")
    dims = x.builder.dims.copy()
    if flags.rank > x.rank or broadcast(dims, [flags.shape, x.shape]) != x.shape:
        raise Refusal(f"argument 'where' of np.{name} of another shape")
    return flags


def chosen(x: Handle, flags: Handle | None, fill: Any) -> Handle:
    """Return ``x`` with ``fill`` for what is not chosen."""
    return x if flags is None else apply("where", flags, x, fill)


def spread_flags(flags: Handle, x: Handle) -> Handle:
    """Return flags in the shape of ``x``, to be counted."""
    if flags.shape == x.shape:
        return flags
    return apply("broadcast_to", flags, *dims_of(x))


def count_chosen(
    flags: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> Handle:
    """Return how many elements a reduction of ``x`` takes, as its dtype has it."""
    every = spread_flags(flags, x)
    if x.rank:
        every = apply("sum", every, axis=axis, keepdims=keepdims)
    return apply("cast", every, dtype=np.empty(0, x.dtype).real.dtype)


def first_value(initial: Any, x: Handle, name: str) -> Handle:
    """Return ``initial`` as a number of the dtype of a result ``x``."""
    start = lift(x.builder, initial)
    if start.rank or (start.dtype.kind in "fc") > (x.dtype.kind in "fc"):
        raise Refusal(
            f"argument 'initial' of np.{name} that is no number of dtype {x.dtype}"
        )
    if start.dtype.kind == "c" and x.dtype.kind != "c":
        raise Refusal(f"argument 'initial' of np.{name} that is complex")
    return cast_like(start, x)


def lowest(dtype: np.dtype, name: str) -> Any:
    """Return what no number of a dtype lies below (for ``max``) or above (``min``)."""
    low = name == "max"
    if dtype.kind == "f":
        return -np.inf if low else np.inf
    if dtype.kind == "b":
        return not low
    info = np.iinfo(dtype)
    return int(info.min if low else info.max)
