"""Reductions of segments of an axis: ``reduceat`` of sums, products and extrema.

Segments can overlap, and are in any order. Derivatives put the elements of all of them
in a row, in which each begins where the one before it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Type, tensor
from gradgen.primitives.cumulative import product_of_others
from gradgen.primitives.families import linear
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.naming import named
from gradgen.primitives.reduction import sum_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Into,
    Primitive,
    Sample,
    apply,
    apply_several,
    dim_of,
    lift,
    register,
)
from gradgen.primitives.shaping import (
    cast_like,
    cast_to,
    dims_from,
    normal_axis,
)
from gradgen.primitives.updating import add_into
from gradgen.structs import frozen


def _segments_type(
    ufunc: np.ufunc, dims: Dims, types: Sequence[Any], attrs: Attrs
) -> Type:
    x, indices = types
    if len(indices.shape) != 1 or indices.dtype.kind not in "iu":
        raise Refusal(
            f"np.{ufunc.__name__}.reduceat takes a vector of integers for indices"
        )
    shape = list(x.shape)
    shape[attrs["axis"]] = indices.shape[0]
    kept = ufunc in (np.maximum, np.minimum)
    return tensor(x.dtype if kept else sum_dtype(x.dtype), tuple(shape))


def _segments_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    axis = f", {attrs['axis']}" if attrs["axis"] else ""
    return f"np.{name}.reduceat({{0}}, {{1}}{axis})"


def _fold_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = list(types[0].shape)
    (shape[attrs["axis"]],) = dims_from(dims, types[2:])
    return tensor(types[0].dtype, tuple(shape))


BEGINNINGS = np.array([0, 3, 1, 4])
SEGMENTS = (
    Sample(("f64[5]", BEGINNINGS), {"axis": 0}),
    Sample(("f64[2,5]", BEGINNINGS), {"axis": 1}),
    Sample(("f32[6,2]", np.array([0, 0, 5])), {"axis": 0}),
)

add_segments = linear(
    "add_reduceat",
    type_rule=bind(_segments_type, np.add),
    evaluate=lambda x, indices, axis: np.add.reduceat(x, indices, axis),
    template=bind(_segments_text, "add"),
    adjoint=lambda y_bar, y, x, indices, axis: [
        apply("fold_segments", y_bar, indices, dim_of(x, axis), axis=axis)
    ],
    samples=SEGMENTS,
)

linear(
    "fold_segments",
    type_rule=_fold_type,
    evaluate=kernels.fold_segments,
    template=lambda types, attrs: (
        f"fold_segments({{0}}, {{1}}, {{2}}, {attrs['axis']})"
    ),
    adjoint=lambda y_bar, y, x, indices, length, axis: [
        add_segments(y_bar, indices, axis=axis)
    ],
    samples=(
        Sample(("f64[4]", BEGINNINGS, 5), {"axis": 0}),
        Sample(("f32[2,4]", BEGINNINGS, 5), {"axis": 1}),
    ),
)


def _places_types(dims: Dims, types: Sequence[Any], attrs: Attrs) -> list[Type]:
    places = tensor(INT, (dims.fresh(),))
    return [places, tensor(INT, types[0].shape), places]


register(
    Primitive(
        name="segment_places",
        type_rule=_places_types,
        evaluate=kernels.segment_places,
        template="segment_places({0}, {1})",
        several=True,
        samples=(Sample((BEGINNINGS, 5)),),
    )
)


@frozen
class _Row:
    """The elements of all segments in a row: their places, and whose they are."""

    places: Handle
    starts: Handle
    owners: Handle
    axis: int

    def elements(self, x: Handle) -> Handle:
        """Return the row of an operand."""
        return read(x, [*self._outer, self.places])

    def of_owners(self, y: Handle) -> Handle:
        """Return for each element what a result has for its segment."""
        return read(y, [*self._outer, self.owners])

    def sums(self, terms: Handle) -> Handle:
        """Return the sums of each segment's part of a row."""
        return add_segments(terms, self.starts, axis=self.axis)

    def put_back(self, bars: Handle) -> Into:
        """Return what a row contributes to the cotangent of the operand."""
        items = [*self._outer, self.places]
        return Into(lambda x_bar: add_into(x_bar, items, bars))

    @property
    def _outer(self) -> list[slice]:
        return [slice(None)] * self.axis


def _row_of(x: Handle, indices: Handle, axis: int) -> _Row:
    found = apply_several("segment_places", indices, dim_of(x, axis))
    places, starts, owners = map(named, found, ("places", "starts", "owners"))
    return _Row(places, starts, owners, axis)


def _reached(row: _Row, y: Handle, x: Handle) -> tuple[Handle, Handle]:
    """Return which elements are the extremum of their segment, and how many.

    They count for one where there are none, since the extremum is NaN.
    """
    reached = named(apply("equal", row.elements(x), row.of_owners(y)), "reached")
    return reached, named(apply("maximum", row.sums(reached), 1), "ties")


def counted_extremes(y: Handle, x: Handle, indices: Handle, axis: int) -> Handle:
    """Return how often each segment reaches its extremum, but at least 1."""
    return _reached(_row_of(x, indices, axis), y, x)[1]


def _extremum_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, indices: Handle, axis: int
) -> Handle:
    row = _row_of(x, indices, axis)
    reached, ties = _reached(row, y, x)
    assert dots[0] is not None
    return row.sums(reached * row.elements(dots[0])) / ties


def _extremum_adjoint(
    y_bar: Handle, y: Handle, x: Handle, indices: Handle, axis: int
) -> list[Any]:
    row = _row_of(x, indices, axis)
    reached, ties = _reached(row, y, x)
    share = cast_like(y_bar / ties, y)
    return [row.put_back(reached * row.of_owners(share)), None]


def _product_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, indices: Handle, axis: int
) -> Handle:
    row = _row_of(x, indices, axis)
    others = product_of_others(row.elements(x), axis, row.owners)
    assert dots[0] is not None
    return row.sums(others * row.elements(dots[0]))


def _product_adjoint(
    y_bar: Handle, y: Handle, x: Handle, indices: Handle, axis: int
) -> list[Any]:
    row = _row_of(x, indices, axis)
    others = product_of_others(row.elements(x), axis, row.owners)
    return [row.put_back(others * row.of_owners(y_bar)), None]


def _declare(ufunc: np.ufunc, tangent: Any, adjoint: Any, **options: Any) -> None:
    name = ufunc.__name__
    register(
        Primitive(
            name=f"{name}_reduceat",
            type_rule=bind(_segments_type, ufunc),
            evaluate=lambda x, indices, axis: ufunc.reduceat(x, indices, axis),
            template=bind(_segments_text, name),
            tangent=tangent,
            adjoint=adjoint,
            **options,
        )
    )


FACTORS = np.array([1.5, 0.0, 2.0, 0.0, 0.5])
_declare(np.maximum, _extremum_tangent, _extremum_adjoint, samples=SEGMENTS)
_declare(np.minimum, _extremum_tangent, _extremum_adjoint, samples=SEGMENTS)
_declare(
    np.multiply,
    _product_tangent,
    _product_adjoint,
    takes_complex=True,
    samples=(*SEGMENTS, Sample((FACTORS, np.array([0, 2, 1])), {"axis": 0})),
)


def _lower_segments(ufunc: np.ufunc) -> None:
    @lowers(ufunc.reduceat)
    def reduceat(
        array: Any,
        /,
        indices: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = Only(),
        *,
        builder: Builder,
    ) -> Handle:
        x, at = lift(builder, array), lift(builder, indices)
        along = normal_axis(axis, x.rank)
        x = x if dtype is None else cast_to(x, dtype)
        y = apply(f"{ufunc.__name__}_reduceat", x, at, axis=along)
        return y if dtype is None else cast_to(y, dtype)


for _ufunc in (np.add, np.multiply, np.maximum, np.minimum):
    _lower_segments(_ufunc)
