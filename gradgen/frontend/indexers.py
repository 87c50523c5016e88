"""Objects of NumPy that make arrays or indices of what stands in their brackets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.values import Static, describe, from_python
from gradgen.primitives.registry import Handle


def select_by(frame: Frame, owner: Any, index: Any) -> Any:
    """Return ``owner[index]`` for ``np.r_``, ``np.mgrid`` and their like."""
    items = _items(index)
    if owner is np.s_:
        return index
    if owner is np.index_exp:
        return items
    if owner is np.r_ or owner is np.c_:
        return _joined(frame, items, columns=owner is np.c_)
    return _grid(frame, items, isinstance(index, tuple), dense=owner is np.mgrid)


def _items(index: Any) -> tuple[Any, ...]:
    if isinstance(index, Static) and isinstance(index.value, tuple):
        return tuple(map(from_python, index.value))
    return tuple(index) if isinstance(index, tuple) else (index,)


def _joined(frame: Frame, items: Sequence[Any], columns: bool) -> Any:
    """Return what is joined along the first axis, or the last one of columns."""
    parts = [_part(frame, item) for item in items]
    ranks = {part.rank for part in parts if isinstance(part, Handle)}
    if columns and ranks - {0, 1, 2}:
        raise Refusal(
            "np.c_ of arrays of more than two axes is not supported",
            "np.concatenate along the last axis",
        )
    strong = [p.dtype for p in parts if isinstance(p, Handle) and not p.type.weak]
    if strong and np.result_type(*strong).itemsize < 8 and len(strong) < len(parts):
        raise Refusal(
            "np.r_ and np.c_ of numbers with arrays of less than double precision",
            "np.concatenate",
        )
    lines = [_called(frame, np.atleast_1d, part) for part in parts]
    return _called(frame, np.column_stack if columns else np.concatenate, lines)


def _part(frame: Frame, item: Any) -> Any:
    if not (isinstance(item, Static) and isinstance(item.value, slice | str)):
        return item
    if isinstance(item.value, str):
        raise Refusal(
            "directives in the brackets of np.r_ are not supported",
            "np.concatenate or np.stack",
        )
    return _line(frame, item.value)


def _line(frame: Frame, cut: slice) -> Any:
    """Return the numbers that a slice stands for, as NumPy's grids have it."""
    start = 0 if cut.start is None else cut.start
    step = 1 if cut.step is None else cut.step
    if cut.stop is None:
        raise Refusal(
            "a slice without an end in the brackets of a grid", "start, stop and step"
        )
    if isinstance(step, complex):
        return _called(frame, np.linspace, start, cut.stop, int(abs(step)))
    if not all(isinstance(x, int | Handle) for x in (start, cut.stop, step)):
        raise Refusal("a grid of floats is not supported", "np.linspace")
    return _called(frame, np.arange, start, cut.stop, step)


def _grid(frame: Frame, items: Sequence[Any], several: bool, dense: bool) -> Any:
    if not all(isinstance(x, Static) and isinstance(x.value, slice) for x in items):
        raise Refusal(f"a grid of {describe(items[0])} is not supported", "slices")
    lines = [_line(frame, item.value) for item in items]
    if not several:
        return lines[0]
    if len({line.dtype for line in lines}) > 1:
        raise Refusal("a grid of integers and floats is not supported", "np.meshgrid")
    if not dense:
        return _called(frame, np.ix_, *lines)
    options = {"indexing": Static("ij")}
    planes = call(frame, Static(np.meshgrid), lines, options)
    return _called(frame, np.stack, list(planes))


def _called(frame: Frame, function: Any, *args: Any) -> Any:
    return call(frame, Static(function), [_abstract(arg) for arg in args], {})


def _abstract(value: Any) -> Any:
    return from_python(value) if isinstance(value, int | float) else value
