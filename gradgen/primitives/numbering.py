"""The order of several keys, and numbers of elements that are counted row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Type, tensor
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.promotion import broadcast
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    lift,
    register,
)
from gradgen.primitives.shaping import normal_axis


def _slots(first: int, count: int) -> str:
    """Return the text of a tuple of operands."""
    inner = ", ".join(f"{{{k}}}" for k in range(first, first + count))
    return f"({inner},)" if count == 1 else f"({inner})"


def _options(attrs: Attrs, **defaults: Any) -> str:
    given = (
        (key, attrs[key]) for key, value in defaults.items() if attrs[key] != value
    )
    return "".join(f", {key}={value!r}" for key, value in given)


def _lexsort_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = types[0].shape
    for other in types[1:]:
        if len(other.shape) != len(shape):
            raise Refusal("np.lexsort of keys of different ranks")
        for pair in zip(shape, other.shape, strict=True):
            dims.assume_equal(*pair)
    return tensor(INT, shape)


def _lexsort_text(types: Sequence[Any], attrs: Attrs) -> str:
    last = types and attrs["axis"] == len(types[0].shape) - 1
    axis = "" if last else f", axis={attrs['axis']}"
    return f"np.lexsort({_slots(0, len(types))}{axis})"


register(
    Primitive(
        name="lexsort",
        type_rule=_lexsort_type,
        evaluate=lambda *keys, axis: np.lexsort(keys, axis),
        template=_lexsort_text,
        samples=(
            Sample(("f64[4]", np.array([1, 0, 1, 0])), {"axis": 0}),
            Sample(("f64[2,3]",), {"axis": 0}),
        ),
    )
)


@lowers(np.lexsort)
def _lexsort(keys: Any, axis: Any = -1, *, builder: Builder) -> Handle:
    found = _rows(keys, builder, "np.lexsort")
    if not found or not found[0].rank:
        raise Refusal("np.lexsort of single numbers, or of nothing")
    return apply("lexsort", *found, axis=normal_axis(static(axis), found[0].rank))


def _rows(values: Any, builder: Builder, name: str) -> list[Handle]:
    """Return a tuple of arrays, or the rows of an array of a known length."""
    if isinstance(values, list | tuple):
        return [lift(builder, value) for value in values]
    rows = lift(builder, values)
    count = rows.shape[0] if rows.rank else None
    if not isinstance(count, int):
        raise Refusal(f"{name} of the rows of one array", "a tuple of arrays")
    return [read(rows, [k]) for k in range(count)]


def _check_numbers(handles: Sequence[Handle], name: str) -> None:
    if any(x.dtype.kind not in "iu" for x in handles):
        raise Refusal(f"{name} of what are no integers")


def _ravel_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(INT, broadcast(dims, [t.shape for t in types[: len(types) // 2]]))


def _ravel_text(types: Sequence[Any], attrs: Attrs) -> str:
    count = len(types) // 2
    options = _options(attrs, mode="raise", order="C")
    return f"np.ravel_multi_index({_slots(0, count)}, {_slots(count, count)}{options})"


def _evaluate_ravel(*operands: Any, mode: Any, order: str) -> Any:
    count = len(operands) // 2
    function: Any = np.ravel_multi_index
    return function(operands[:count], operands[count:], mode, order)


WHERE = (np.array([2, 0]), np.array([1, 3]))
register(
    Primitive(
        name="ravel_multi_index",
        type_rule=_ravel_type,
        evaluate=_evaluate_ravel,
        template=_ravel_text,
        samples=(
            Sample((*WHERE, 3, 4), {"mode": "raise", "order": "C"}),
            Sample((2, 5, 3, 4), {"mode": "clip", "order": "F"}),
        ),
    )
)


@lowers(np.ravel_multi_index)
def _ravel_multi_index(
    multi_index: Any,
    dims: Any,
    mode: Any = "raise",
    order: Any = "C",
    *,
    builder: Builder,
) -> Handle:
    index = _rows(multi_index, builder, "np.ravel_multi_index")
    lengths = [lift(builder, n) for n in _lengths(dims)]
    _check_numbers([*index, *lengths], "np.ravel_multi_index")
    if len(index) != len(lengths):
        raise Refusal("np.ravel_multi_index needs one length for each index")
    return apply("ravel_multi_index", *index, *lengths, mode=static(mode), order=order)


def _lengths(shape: Any) -> Sequence[Any]:
    return shape if isinstance(shape, list | tuple) else (shape,)


def _unravel_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    return [tensor(INT, types[0].shape) for _ in types[1:]]


def _unravel_text(types: Sequence[Any], attrs: Attrs) -> str:
    shape = _slots(1, len(types) - 1)
    return f"np.unravel_index({{0}}, {shape}{_options(attrs, order='C')})"


register(
    Primitive(
        name="unravel_index",
        type_rule=_unravel_type,
        evaluate=lambda index, *shape, order: np.unravel_index(index, shape, order),
        template=_unravel_text,
        several=True,
        samples=(
            Sample((np.array([7, 2]), 3, 4), {"order": "C"}),
            Sample((np.int64(7), 3, 4), {"order": "F"}),
        ),
    )
)


@lowers(np.unravel_index)
def _unravel_index(
    indices: Any, shape: Any, order: Any = "C", *, builder: Builder
) -> tuple[Handle, ...]:
    index = lift(builder, indices)
    lengths = [lift(builder, n) for n in _lengths(shape)]
    _check_numbers([index, *lengths], "np.unravel_index")
    if len(lengths) < 2:
        raise Refusal("np.unravel_index along one axis", "the index itself")
    return tuple(apply_several("unravel_index", index, *lengths, order=order))
