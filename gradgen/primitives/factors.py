"""Cholesky and QR factors of matrices.

Derivatives: I. Murray, "Differentiation of the Cholesky decomposition", 2016; for QR
S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions with
application in optimum experimental design", 2010.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import is_complex, tensor
from gradgen.primitives.batching import by_leading_axes
from gradgen.primitives.families import zeros_like
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.matrixforms import (
    as_matrix,
    dagger,
    hermitian_part,
    smaller,
    square_type,
    turned,
    unit_like,
)
from gradgen.primitives.parts import conjugated, imaginary_part
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    dim_of,
    register,
)
from gradgen.primitives.samples import dominant, positive_definite
from gradgen.primitives.updating import add_into


def of_hermitian(f: Any, x: Handle, *rest: Handle) -> Any:
    """Return a function of a matrix that moves as a Hermitian one only."""
    return f(hermitian_part(x), *rest)


def _half(x: Handle) -> Handle:
    """Return the lower triangle, with half of the diagonal."""
    return apply("tril", x, offset=0) / (1 + unit_like(x))


Between = Callable[[Handle, Handle, bool], Handle]
"""Returns ``low^-1 @ x @ low^-H`` or, if ``back``, ``low^-T @ x @ conj(low)^-1``."""


def between_inverses(low: Handle, x: Handle, back: bool) -> Handle:
    """Divide by a factor from both sides, by its inverse; see ``Between``."""
    inverse = apply("lower_inverse", low)
    if back:
        return turned(inverse) @ x @ conjugated(inverse)
    return inverse @ x @ dagger(inverse)


def cholesky_tangent(
    between: Between,
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    upper: bool,
) -> Handle:
    """Tangent rule of a Cholesky factor, by what divides by the factor."""
    assert dots[0] is not None
    low = dagger(y) if upper else y
    moved = low @ _half(between(low, hermitian_part(dots[0]), False))
    return dagger(moved) if upper else moved


def cholesky_adjoint(
    between: Between, y_bar: Handle, y: Handle, x: Handle, upper: bool
) -> list[Handle]:
    """Adjoint rule of a Cholesky factor, by what divides by the factor."""
    low, low_bar = (dagger(y), dagger(y_bar)) if upper else (y, y_bar)
    return [between(low, hermitian_part(_half(turned(low) @ low_bar)), True)]


register(
    Primitive(
        name="cholesky",
        batch=by_leading_axes,
        type_rule=square_type,
        evaluate=lambda x, upper: np.linalg.cholesky(x, upper=upper),
        template=lambda types, attrs: (
            f"np.linalg.cholesky({{0}}{', upper=True' if attrs['upper'] else ''})"
        ),
        tangent=bind(cholesky_tangent, between_inverses),
        adjoint=bind(cholesky_adjoint, between_inverses),
        takes_complex=True,
        samples=tuple(
            Sample((matrix,), {"upper": upper}, around=of_hermitian)
            for matrix in (
                positive_definite(3, 3),
                positive_definite(2, 3, 3),
                positive_definite(3, 3, phase=1j),
                positive_definite(2, 2).astype(np.float32),
                np.ones((0, 0)),
            )
            for upper in (False, True)
        ),
    )
)


@lowers(np.linalg.cholesky)
def _cholesky(a: Any, /, *, upper: Any = False, builder: Builder) -> Handle:
    x = as_matrix(a, builder, "np.linalg.cholesky")
    return apply("cholesky", x, upper=bool(static(upper)))


RESULT: Any = type(np.linalg.qr(np.ones((1, 1))))
"""The NamedTuple that NumPy returns."""


def _qr_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    *batch, rows, columns = types[0].shape
    side = smaller(dims, types[0].shape)
    shapes = ((*batch, rows, side), (*batch, side, columns))
    return [tensor(types[0].dtype, shape) for shape in shapes]


def _leading(x: Handle, r: Handle) -> Handle:
    """Return as many of the columns of ``x`` as ``r`` has rows."""
    rows = r.shape[-2]
    if x.shape[-1] == rows:
        return x
    stop = rows if isinstance(rows, int) else dim_of(r, r.rank - 2)
    return read(x, [..., slice(None, stop)])


def _turning(b: Handle) -> Handle:
    """Return the generator of the rotation whose lower triangle is that of ``b``.

    The diagonal of R is real, as LAPACK has it.
    """
    lower = apply("tril", b, offset=-1)
    turning = lower - dagger(lower)
    if is_complex(b.type):
        return turning + 1j * imaginary_part(b) * unit_like(b)
    return turning


def _qr_tangent(
    ys: Sequence[Handle], dots: Sequence[Handle | None], x: Handle
) -> list[Handle]:
    q, r = ys
    assert dots[0] is not None
    scaled = _leading(dots[0], r) @ apply("inverse_or_nan", _leading(r, r))
    rotated = dagger(q) @ scaled
    turning = _turning(rotated)
    r_dot = apply("triu", dagger(q) @ dots[0] - turning @ r, offset=0)
    return [scaled - q @ (rotated - turning), r_dot]


def _qr_adjoint(
    y_bars: Sequence[Handle | None], ys: Sequence[Handle], x: Handle
) -> list[Any]:
    """Transpose the tangent, in terms of its conjugates."""
    q, r = ys
    q_bar, r_bar = (
        zeros_like(y) if bar is None else conjugated(bar)
        for bar, y in zip(y_bars, ys, strict=True)
    )
    r_bar = apply("triu", r_bar, offset=0)
    product = dagger(q) @ q_bar
    turning = product - r_bar @ dagger(r)
    lower = apply("tril", turning - dagger(turning), offset=-1)
    if is_complex(x.type):
        lower = lower + 1j * imaginary_part(turning) * unit_like(turning)
    inverse = apply("inverse_or_nan", _leading(r, r))
    leading = conjugated((q_bar + q @ (lower - product)) @ dagger(inverse))
    whole = conjugated(q @ r_bar)
    if r.shape[-1] == r.shape[-2]:
        return [whole + leading]
    return [add_into(whole, [..., slice(None, dim_of(r, r.rank - 2))], leading)]


register(
    Primitive(
        name="qr",
        batch=by_leading_axes,
        type_rule=_qr_type,
        evaluate=lambda x: tuple(np.linalg.qr(x)),
        template="np.linalg.qr({0})",
        tangent=_qr_tangent,
        adjoint=_qr_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3),)),
            Sample((dominant(4, 3),)),
            Sample((dominant(2, 4),)),
            Sample((dominant(2, 3, 2),)),
            Sample((dominant(3, 3, phase=1j),)),
            Sample((dominant(4, 2, phase=1j),)),
            Sample((dominant(2, 3, phase=1j),)),
            Sample((dominant(3, 2).astype(np.float32),)),
        ),
    )
)


@lowers(np.linalg.qr)
def _qr(a: Any, mode: Any = "reduced", *, builder: Builder) -> Any:
    if mode not in ("reduced", "r"):
        raise Refusal(
            f"argument 'mode' of np.linalg.qr as {mode!r} is not supported, since the "
            "matrix does not determine all that it returns",
            "mode='reduced'",
        )
    found = apply_several("qr", as_matrix(a, builder, "np.linalg.qr"))
    return found[1] if mode == "r" else RESULT(*found)
