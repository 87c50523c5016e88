"""Products of several matrices, and what ``np.linalg`` has from the array API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.axes import swapped
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.matrixforms import as_column, as_row, drop_axis, turned
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.registry import (
    LOWERINGS,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_to


def _multi_dot_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    for left, right in pairwise(types):
        dims.assume_equal(left.shape[1], right.shape[0])
    return tensor(joined_dtype(types), (types[0].shape[0], types[-1].shape[1]))


def _multi_dot(*xs: Handle) -> Handle:
    if len(xs) < 3:
        return reduce(lambda x, y: x @ y, xs)
    return apply("multi_dot", *xs)


def _multi_dot_tangent(y: Handle, dots: Sequence[Handle | None], *xs: Handle) -> Handle:
    terms = [
        _multi_dot(*xs[:k], dot, *xs[k + 1 :])
        for k, dot in enumerate(dots)
        if dot is not None
    ]
    return reduce(lambda p, q: p + q, terms)


def _multi_dot_adjoint(y_bar: Handle, y: Handle, *xs: Handle) -> list[Handle]:
    """Return the products of the transposes on both sides, in opposite order."""
    turns = [turned(x) for x in xs]
    return [
        _multi_dot(*reversed(turns[:k]), y_bar, *reversed(turns[k + 1 :]))
        for k in range(len(xs))
    ]


register(
    Primitive(
        name="multi_dot",
        type_rule=_multi_dot_type,
        evaluate=lambda *xs: np.linalg.multi_dot(xs),
        template=lambda types, attrs: (
            f"np.linalg.multi_dot([{', '.join(f'{{{k}}}' for k in range(len(types)))}])"
        ),
        tangent=_multi_dot_tangent,
        adjoint=_multi_dot_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[2,3]", "f64[3,4]", "f64[4,2]")),
            Sample(("f64[2,3]", "f64[3,1]", "f64[1,2]", "f64[2,3]")),
            Sample(("f32[2,3]", "f32[3,4]", "f32[4,2]")),
        ),
    )
)


@lowers(np.linalg.multi_dot)
def _lower_multi_dot(arrays: Any, *, out: Any = Only(), builder: Builder) -> Handle:
    if not isinstance(arrays, list | tuple) or len(arrays) < 2:
        raise Refusal("np.linalg.multi_dot takes a list of two arrays or more")
    xs = [lift(builder, x) for x in arrays]
    if any(x.rank not in (1, 2) for x in (xs[0], xs[-1])) or any(
        x.rank != 2 for x in xs[1:-1]
    ):
        raise Refusal("np.linalg.multi_dot takes matrices, and vectors at the ends")
    first, last = xs[0].rank == 1, xs[-1].rank == 1
    if len(xs) == 2:
        return xs[0] @ xs[1]
    xs[0] = as_row(xs[0]) if first else xs[0]
    xs[-1] = as_column(xs[-1]) if last else xs[-1]
    product = _multi_dot(*xs)
    product = drop_axis(product, 0) if first else product
    return drop_axis(product, -1) if last else product


def _of_numpy(function: Any) -> Callable[..., Any]:
    lowering: Callable[..., Any] = LOWERINGS[function]
    return lowering


@lowers(np.linalg.matmul)
def _matmul(x1: Any, x2: Any, /, *, builder: Builder) -> Any:
    return _of_numpy(np.matmul)(lift(builder, x1), x2)


@lowers(np.linalg.outer)
def _outer(x1: Any, x2: Any, /, *, builder: Builder) -> Any:
    left, right = lift(builder, x1), lift(builder, x2)
    if left.rank != 1 or right.rank != 1:
        raise Refusal("np.linalg.outer takes vectors", "np.multiply.outer")
    return _of_numpy(np.outer)(left, right)


@lowers(np.linalg.tensordot)
def _tensordot(x1: Any, x2: Any, /, *, axes: Any = 2, builder: Builder) -> Any:
    return _of_numpy(np.tensordot)(lift(builder, x1), x2, axes)


@lowers(np.linalg.matrix_transpose)
def _matrix_transpose(x: Any, /, *, builder: Builder) -> Handle:
    return swapped(lift(builder, x), -1, -2)


@lowers(np.linalg.trace)
def _trace(
    x: Any, /, *, offset: Any = 0, dtype: Any = None, builder: Builder
) -> Handle:
    diagonal = _diagonal(x, offset=offset, builder=builder)
    summed: Handle = _of_numpy(np.sum)(diagonal, axis=-1)
    if dtype is None:
        return summed
    return cast_to(_of_numpy(np.sum)(cast_to(diagonal, dtype), axis=-1), dtype)


@lowers(np.linalg.diagonal)
def _diagonal(x: Any, /, *, offset: Any = 0, builder: Builder) -> Handle:
    options = {"offset": offset, "axis1": -2, "axis2": -1}
    found: Handle = _of_numpy(np.diagonal)(lift(builder, x), **options)
    return found


@lowers(np.linalg.vecdot)
def _vecdot(x1: Any, x2: Any, /, *, axis: Any = -1, builder: Builder) -> Any:
    return _of_numpy(np.vecdot)(lift(builder, x1), x2, axis=axis)


@lowers(np.linalg.cross)
def _cross(x1: Any, x2: Any, /, *, axis: Any = -1, builder: Builder) -> Any:
    return _of_numpy(np.cross)(lift(builder, x1), x2, axis=axis)
