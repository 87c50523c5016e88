"""Convolution and correlation of vectors, and products of vectors of polynomials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.axes import flipped
from gradgen.primitives.families import bilinear
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.parts import conjugated
from gradgen.primitives.products import factors
from gradgen.primitives.promotion import elementwise_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Sample,
    apply,
    dim_of,
    in_shape_of,
)
from gradgen.primitives.shaping import reshape_to


def _convolve_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    (n,), (m,) = (type_.shape for type_ in types)
    known = isinstance(n, int) and isinstance(m, int)
    length = n + m - 1 if known else n if m == 1 else m if n == 1 else dims.fresh()
    return tensor(elementwise_dtype(np.multiply, types), (length,))


def _convolve_adjoint(z_bar: Handle, z: Handle, x: Handle, y: Handle) -> list[Handle]:
    """Return the correlations of ``z_bar`` with either factor, where these overlap."""
    return [_overlap(z_bar, y, x), _overlap(z_bar, x, y)]


def _overlap(z_bar: Handle, factor: Handle, other: Handle) -> Handle:
    every = convolve(z_bar, flipped(factor, (0,)))
    before = dim_of(factor, 0) - 1
    part = read(every, [slice(before, before + dim_of(other, 0))])
    return in_shape_of(other, part)


convolve = bilinear(
    "convolve",
    type_rule=_convolve_type,
    evaluate=np.convolve,
    template="np.convolve({0}, {1})",
    adjoint=_convolve_adjoint,
    samples=(
        Sample(("f64[4]", "f64[3]")),
        Sample(("f64[2]", "f64[3]")),
        Sample(("f32[3]", "f32[1]")),
    ),
)


def _lines(a: Any, v: Any, name: str) -> list[Handle]:
    lines = [x if x.rank else reshape_to(x, [1]) for x in factors(a, v)]
    if any(x.rank != 1 for x in lines):
        raise Refusal(f"np.{name} of what are no vectors is not supported")
    return lines


def _part(every: Handle, x: Handle, y: Handle, mode: str, mirrored: bool) -> Handle:
    """Return the part of a whole convolution that a mode keeps.

    A correlation of a longer second vector is cut as if it were mirrored.
    """
    if mode == "full":
        return every
    n, m = dim_of(x, 0), dim_of(y, 0)
    short, long = apply("python_min", n, m), apply("python_max", n, m)
    if mode == "valid":
        return read(every, [slice(short - 1, long)])
    first = apply("floor_divide", short - 1, 2)
    if mirrored:
        first = apply("floor_divide", short - apply("greater_equal", n, m), 2)
    return read(every, [slice(first, first + long)])


def _checked(mode: Any, name: str) -> str:
    if static(mode) not in ("full", "same", "valid"):
        raise Refusal(f"'mode' {mode!r} of np.{name}", "'full', 'same' or 'valid'")
    return str(static(mode))


@lowers(np.convolve)
def _convolve(a: Any, v: Any, mode: Any = "full") -> Handle:
    x, y = _lines(a, v, "convolve")
    return _part(convolve(x, y), x, y, _checked(mode, "convolve"), mirrored=False)


@lowers(np.correlate)
def _correlate(a: Any, v: Any, mode: Any = "valid") -> Handle:
    x, y = _lines(a, v, "correlate")
    every = convolve(x, conjugated(flipped(y, (0,))))
    return _part(every, x, y, _checked(mode, "correlate"), mirrored=True)
