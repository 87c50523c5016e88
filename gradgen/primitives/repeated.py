"""Products, quotients and extrema in place, where an index may repeat: ``ufunc.at``.

Each time that an index names an element counts; sums are in ``updating``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind

import numpy as np

from gradgen.ir.types import INT
from gradgen.primitives.cumulative import product_of_others
from gradgen.primitives.families import Over, differentiable, pull, zeros_like
from gradgen.primitives.indexing import At, Cut, Index, read
from gradgen.primitives.naming import named
from gradgen.primitives.registry import Handle, Sample, apply, dim_of, dims_of
from gradgen.primitives.shaping import cast_like, reshape_like, reshape_to
from gradgen.primitives.updating import ROWS, declare_at


def _there(x: Handle, parts: Sequence[Handle], index: Index) -> Handle:
    return apply("getitem", x, *parts, index=index)


def _scaled_tangent(
    ufunc: np.ufunc,
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    *rest: Handle,
    index: Index,
) -> Handle:
    *parts, value = rest
    x_dot, value_dot = dots[0], dots[-1]
    if x_dot is None:
        y_dot = zeros_like(y)
    else:
        y_dot = apply(f"{ufunc.__name__}_at", x_dot, *rest, index=index)
    if value_dot is None:
        return y_dot
    if ufunc is np.multiply:
        change = _slopes(x, parts, value, index) * value_dot
        return apply("add_at", y_dot, *parts, change, index=index)
    change = _there(y, parts, index) * value_dot / value
    return apply("subtract_at", y_dot, *parts, change, index=index)


def _scaled_adjoint(
    ufunc: np.ufunc, y_bar: Handle, y: Handle, x: Handle, *rest: Handle, index: Index
) -> list[Handle | None]:
    *parts, value = rest
    x_bar = value_bar = None
    if differentiable(x):
        x_bar = apply(f"{ufunc.__name__}_at", y_bar, *rest, index=index)
    if differentiable(value):
        bar = _there(y_bar, parts, index)
        if ufunc is np.multiply:
            value_bar = pull(bar, _slopes(x, parts, value, index))
        else:
            value_bar = pull(bar, Over(-_there(y, parts, index), value))
    return [x_bar, *[None] * len(parts), value_bar]


def _slopes(x: Handle, parts: Sequence[Handle], value: Handle, index: Index) -> Handle:
    """Return the derivatives of products in each factor that an index brings.

    These are products of the other factors, of which those for one element are put
    side by side. Nothing is divided, so that zeros do no harm.
    """
    places = named(_there(_numbers_of(x), parts, index), "places")
    flat = reshape_to(places, [-1])
    order = named(apply("argsort", flat, axis=0), "order")
    every = apply("broadcast_to", value, *dims_of(places))
    factors = read(reshape_to(every, [-1]), [order])
    others = product_of_others(factors, 0, read(flat, [order]))
    others = reshape_like(apply("put_back", others, order, axis=0), places)
    return _there(x, parts, index) * named(others, "others")


def _numbers_of(x: Handle) -> Handle:
    """Return the numbers of the elements of an array, in its shape."""
    count = dim_of(x, 0) if x.rank == 1 else apply("size", x)
    return reshape_like(apply("arange", 0, count, 1, dtype=INT), x)


def contenders(
    name: str,
    y: Handle,
    x: Handle,
    parts: Sequence[Handle],
    value: Handle,
    index: Index,
) -> tuple[Handle, Handle, Handle]:
    """Return where the array's own elements and new ones are extremes, and how many.

    An element of the array is one if it is NaN: there need not be others. They are
    counted as floats, which ``np.add.at`` adds quickly.
    """
    beaten = x < y if name == "maximum" else x > y
    kept = named(apply("logical_not", beaten), "kept")
    given = cast_like(value, y)
    reached = named(apply("equal", given, _there(y, parts, index)), "reached")
    flags = [cast_like(part, y) for part in (kept, reached)]
    ties = apply("add_at", flags[0], *parts, flags[1], index=index)
    return kept, reached, named(ties, "ties")


def _extremum_tangent(
    name: str,
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    *rest: Handle,
    index: Index,
) -> Handle:
    *parts, value = rest
    kept, reached, ties = contenders(name, y, x, parts, value, index)
    y_dot = zeros_like(y) if dots[0] is None else kept * dots[0]
    if dots[-1] is not None:
        y_dot = apply("add_at", y_dot, *parts, reached * dots[-1], index=index)
    return y_dot / ties


def _extremum_adjoint(
    name: str, y_bar: Handle, y: Handle, x: Handle, *rest: Handle, index: Index
) -> list[Handle | None]:
    *parts, value = rest
    kept, reached, ties = contenders(name, y, x, parts, value, index)
    share = named(y_bar / ties, "share")
    x_bar = kept * share if differentiable(x) else None
    value_bar = None
    if differentiable(value):
        value_bar = reached * _there(share, parts, index)
    return [x_bar, *[None] * len(parts), value_bar]


REPEATING: tuple[Sample, ...] = (
    Sample(("f64[4]", ROWS, "f64[3]"), {"index": (At(1),)}, domain=(0.5, 2.0)),
    Sample(("f64[4]", ROWS, "f64"), {"index": (At(1),)}, domain=(0.5, 2.0)),
    Sample(
        ("f32[2,4]", np.array([[0], [0]]), "f32[2,1]"),
        {"index": (Cut(), At(1))},
        domain=(0.5, 2.0),
    ),
)
for _ufunc in (np.multiply, np.divide):
    declare_at(
        _ufunc,
        bind(_scaled_tangent, _ufunc),
        bind(_scaled_adjoint, _ufunc),
        takes_complex=True,
        samples=REPEATING,
    )
for _extremum in (np.maximum, np.minimum):
    declare_at(
        _extremum,
        bind(_extremum_tangent, _extremum.__name__),
        bind(_extremum_adjoint, _extremum.__name__),
        samples=REPEATING,
    )
