"""Histograms, which are linear in the weights, and what is left between outer zeros.

In which bin a number is counted has a derivative of zero, so that none comes from the
numbers themselves. Edges that are given move the edges that are returned and, through
the widths of the bins, a density.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Dim, Type, shift_dim, tensor
from gradgen.primitives.axes import flipped
from gradgen.primitives.families import linear
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.registry import (
    LOWERINGS,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    joined_terms,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_to

BETWEEN = "range=(low, high)"


def _edges_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    kinds = (np.ones(1, t.dtype)[0] if not t.weak else 1.0 for t in types)
    dtype = np.result_type(*kinds)
    if dtype.kind != "f":
        dtype = np.result_type(dtype, float)
    return tensor(dtype, (attrs["bins"] + 1,))


def _shares(y: Handle, bins: int) -> tuple[Handle, Handle]:
    """Return how far each edge moves with the first and with the last one."""
    counted = apply("arange", 0, bins + 1, 1, builder=y.builder, dtype=INT)
    share = cast_to(counted / bins, y.dtype)
    return 1 - share, share


def _edges_tangent(
    y: Handle, dots: Sequence[Handle | None], *_: Handle, bins: int
) -> Handle | None:
    terms = [
        share * dot
        for share, dot in zip(_shares(y, bins), dots, strict=False)
        if dot is not None
    ]
    return joined_terms(terms[0], terms[1] if terms[1:] else None) if terms else None


def _edges_adjoint(
    y_bar: Handle, y: Handle, *_: Handle, bins: int
) -> list[Handle | None]:
    sums = [
        apply("sum", y_bar * share, axis=(0,), keepdims=False)
        for share in _shares(y, bins)
    ]
    return [*sums, None]


register(
    Primitive(
        name="bin_edges",
        type_rule=_edges_type,
        evaluate=lambda low, high, x, bins: np.histogram_bin_edges(
            x, bins, (low, high)
        ),
        template=lambda types, attrs: (
            f"np.histogram_bin_edges({{2}}, {attrs['bins']}, ({{0}}, {{1}}))"
        ),
        tangent=_edges_tangent,
        adjoint=_edges_adjoint,
        samples=(Sample(("f64", 3.0, "f64[4]"), {"bins": 3}),),
    )
)


def _histogram_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    weights, x, *bounds = types
    if len(weights.shape) != len(x.shape):
        raise Refusal("NumPy takes one weight for each number")
    for pair in zip(weights.shape, x.shape, strict=True):
        dims.assume_equal(*pair)
    return tensor(weights.dtype, (_bin_count(dims, bounds, attrs["bins"]),))


def _bin_count(dims: Dims, bounds: Sequence[Any], bins: int | None) -> Dim:
    if bins is not None:
        return bins
    return shift_dim(dims.resolve(bounds[0].shape[0]), -1)


def _histogram(x: Any, weights: Any, bounds: Sequence[Any], bins: int | None) -> Any:
    if bins is None:
        return np.histogram(x, bounds[0], weights=weights)[0]
    return np.histogram(x, bins, (bounds[0], bounds[1]), weights=weights)[0]


def _bounds_text(first: int, bins: int | None) -> str:
    slots = f"{{{first}}}", f"{{{first + 1}}}"
    return slots[0] if bins is None else f"{bins}, ({slots[0]}, {slots[1]})"


def _histogram_adjoint(
    y_bar: Handle,
    y: Handle,
    weights: Handle,
    x: Handle,
    *bounds: Handle,
    bins: int | None,
) -> list[Handle | None]:
    """Read for each number the bin that it is counted in, of which the last is closed.

    Numbers outside of all bins, and those that are none, are counted nowhere.
    """
    edges = bounds[0]
    if bins is not None:
        edges = apply("bin_edges", *bounds, x, bins=bins)
    first, last = (read(edges, [end]) for end in (0, -1))
    inside = apply("logical_and", x >= first, x <= last)
    heights = read(y_bar, [apply("interval", edges, x)])
    return [apply("where", inside, heights, 0.0), *[None] * (1 + len(bounds))]


PLACES = np.array([0.6, 2.9, -2.0, 0.1, np.nan])
EDGES = np.array([-1.0, 0.0, 0.5, 3.0])
linear(
    "histogram",
    type_rule=_histogram_type,
    evaluate=lambda weights, x, *bounds, bins: _histogram(x, weights, bounds, bins),
    template=lambda types, attrs: (
        f"np.histogram({{1}}, {_bounds_text(2, attrs['bins'])}, weights={{0}})[0]"
    ),
    adjoint=_histogram_adjoint,
    takes_complex=False,
    samples=(
        Sample(("f64[5]", PLACES, EDGES), {"bins": None}),
        Sample(("f32[2,3]", "f64[2,3]", -1.0, 1.5), {"bins": 4}),
    ),
)
register(
    Primitive(
        name="bin_counts",
        type_rule=lambda dims, types, attrs: tensor(
            INT, (_bin_count(dims, types[1:], attrs["bins"]),)
        ),
        evaluate=lambda x, *bounds, bins: _histogram(x, None, bounds, bins),
        template=lambda types, attrs: (
            f"np.histogram({{0}}, {_bounds_text(1, attrs['bins'])})[0]"
        ),
        samples=(Sample(("f64[5]", EDGES), {"bins": None}),),
    )
)


def _bounds(
    x: Handle, bins: Any, between: Any, builder: Builder, name: str
) -> tuple[list[Handle], int | None]:
    """Return the edges, or the first and the last one and how many bins there are."""
    if isinstance(bins, str):
        raise Refusal(f"{name}: how many bins '{bins}' makes depends on the numbers")
    found = lift(builder, bins)
    if found.rank == 1 and found.dtype.kind in "fiu":
        return [found], None
    if found.rank:
        raise Refusal(f"{name} takes a number of bins, or a vector of edges")
    if between is None:
        between = _extremes(x)
    if not isinstance(between, list | tuple) or len(between) != 2:
        raise Refusal(f"argument 'range' of {name} is no pair", BETWEEN)
    count = static(bins)
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
        raise Refusal(f"{name} with {count} bins")
    bounds = [lift(builder, bound) for bound in between]
    if any(bound.rank for bound in bounds):
        raise Refusal(f"argument 'range' of {name} is no pair of numbers", BETWEEN)
    return bounds, int(count)


def _extremes(x: Handle) -> tuple[Any, Any]:
    """Return the numbers between which bins lie if nothing else is said."""
    if 0 in x.shape:
        return 0.0, 1.0
    whole: Attrs = {"axis": tuple(range(x.rank)), "keepdims": False}
    return apply("min", x, **whole), apply("max", x, **whole)


def _edges(x: Handle, bounds: Sequence[Handle], bins: int | None) -> Handle:
    if bins is None:
        return LOWERINGS[np.asarray](bounds[0])  # type: ignore[no-any-return]
    return apply("bin_edges", *bounds, x, bins=bins)


def _real(a: Any, builder: Builder, name: str) -> Handle:
    x = lift(builder, a)
    if not x.rank or x.dtype.kind not in "fiu":
        raise Refusal(f"{name} of {x.type}", "an array of real numbers")
    return x


@lowers(np.histogram)
def _lower_histogram(
    a: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
    *,
    builder: Builder,
) -> tuple[Handle, Handle]:
    x = _real(a, builder, "np.histogram")
    bounds, count = _bounds(x, bins, range, builder, "np.histogram")
    if weights is None:
        heights = apply("bin_counts", x, *bounds, bins=count)
    else:
        given = lift(builder, weights)
        if given.dtype.kind not in "fiu":
            raise Refusal(f"np.histogram with weights of {given.type}", "real numbers")
        heights = apply("histogram", given, x, *bounds, bins=count)
    edges = _edges(x, bounds, count)
    if not static(density):
        return heights, edges
    widths = cast_to(LOWERINGS[np.diff](edges), np.float64)
    whole = apply("sum", heights, axis=(0,), keepdims=False)
    return heights / widths / whole, edges


@lowers(np.histogram_bin_edges)
def _histogram_bin_edges(
    a: Any,
    bins: Any = 10,
    range: Any = None,
    weights: Any = Only(),
    *,
    builder: Builder,
) -> Handle:
    x = _real(a, builder, "np.histogram_bin_edges")
    bounds, count = _bounds(x, bins, range, builder, "np.histogram_bin_edges")
    return _edges(x, bounds, count)


@lowers(np.trim_zeros)
def _trim_zeros(filt: Any, trim: Any = "fb", axis: Any = Only()) -> Handle:
    """Lower as a slice, whose ends are found by counting what has only zeros outside.

    Of nothing but zeros it is empty, since the first end is then the length.
    """
    if not isinstance(filt, Handle) or filt.rank != 1:
        raise Refusal("np.trim_zeros of what is no vector is not supported")
    ends = static(trim)
    if not isinstance(ends, str) or ends.lower() not in ("fb", "bf", "f", "b"):
        raise Refusal(f"argument 'trim' of np.trim_zeros: {ends!r}", "'f', 'b' or 'fb'")
    there = apply("not_equal", filt, 0)
    start = _zeros_before(there) if "f" in ends.lower() else None
    stop: Handle | None = None
    if "b" in ends.lower():
        stop = dim_of(filt, 0) - _zeros_before(flipped(there, (0,)))
    return read(filt, [slice(start, stop)])


def _zeros_before(there: Handle) -> Handle:
    """Return how many flags come before the first one that is set."""
    none_yet = apply("equal", apply("cumsum", there, axis=0), 0)
    return apply("count_nonzero", none_yet, axis=(0,), keepdims=False)
