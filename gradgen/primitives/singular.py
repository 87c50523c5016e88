"""Singular values and vectors.

Derivatives: C. Ionescu, O. Vantzos and C. Sminchisescu, "Training deep networks with
structured layers by matrix backpropagation", 2016; for complex matrices Z.-Q. Wan and
S.-X. Zhang, "Automatic differentiation for complex valued SVD", 2019. As with
eigenvectors, only what does not depend on the factors of singular vectors has a
derivative, and it is NaN where singular values are equal, unless vectors are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, is_complex, tensor
from gradgen.primitives.axes import flipped
from gradgen.primitives.batching import by_leading_axes
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.matrixforms import (
    as_column,
    as_matrix,
    as_row,
    coupled,
    dagger,
    gaps_of,
    ratio,
    real_columns,
    real_dtype,
    smaller,
    turned,
    unit_like,
    weighted,
)
from gradgen.primitives.parts import conjugated, imaginary_part, real_part
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    dim_of,
    in_shape_of,
    joined_terms,
    register,
)
from gradgen.primitives.samples import dominant

RESULT: Any = type(np.linalg.svd(np.ones((1, 1))))
"""The NamedTuple that NumPy returns."""


def _svd_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    *batch, rows, columns = types[0].shape
    dtype, side = types[0].dtype, smaller(dims, types[0].shape)
    left, right = (rows, columns) if attrs["full"] else (side, side)
    return [
        tensor(dtype, (*batch, rows, left)),
        tensor(real_dtype(dtype), (*batch, side)),
        tensor(dtype, (*batch, right, columns)),
    ]


def _gaps(s: Handle) -> Handle:
    """Return the differences of squares."""
    return gaps_of(s) * (as_row(s) + as_column(s))


def _is_square(x: Handle) -> bool:
    return x.shape[-1] == x.shape[-2]


def _columns(u: Handle, s: Handle) -> tuple[Handle, Handle | None]:
    """Return the columns that belong to singular values, and others if there may be."""
    if u.shape[-1] == s.shape[-1]:
        return u, None
    k = dim_of(s, s.rank - 1)
    return read(u, [..., slice(None, k)]), read(u, [..., slice(k, None)])


def _rows(vh: Handle, s: Handle) -> tuple[Handle, Handle | None]:
    """Return the rows that belong to singular values, and others if there may be."""
    if vh.shape[-2] == s.shape[-1]:
        return vh, None
    k, every = dim_of(s, s.rank - 1), slice(None)
    cuts = (slice(None, k), slice(k, None))
    first, rest = (read(vh, [..., cut, every]) for cut in cuts)
    return first, rest


def _turn(z: Handle, s: Handle) -> Handle:
    """Return how the phases of U turn; those of V do not."""
    return 1j * ratio(imaginary_part(z) * unit_like(z), as_row(s))


def _svd_tangent(
    ys: Sequence[Handle], dots: Sequence[Handle | None], x: Handle, full: bool
) -> list[Handle]:
    s, (x_dot,) = ys[1], dots
    assert x_dot is not None
    (u, more_u), (vh, more_vh) = _columns(ys[0], s), _rows(ys[2], s)
    right, left = x_dot @ dagger(vh), dagger(u) @ x_dot
    inner = left @ dagger(vh)
    about_u = coupled(weighted(inner, s) + as_column(s) * dagger(inner), _gaps(s))
    about_v = coupled(as_column(s) * inner + weighted(dagger(inner), s), _gaps(s))
    if is_complex(x.type):
        about_u = about_u + _turn(inner, s)
    u_dot, vh_dot = u @ about_u, dagger(about_v) @ vh
    if not _is_square(u):
        u_dot = u_dot + ratio(right - u @ inner, as_row(s))
    if not _is_square(vh):
        vh_dot = vh_dot + ratio(left - inner @ vh, as_column(s))
    if more_u is not None:
        follow = -(u @ (dagger(ratio(right, as_row(s))) @ more_u))
        u_dot = _joined(u_dot, follow, -1, ys[0])
    if more_vh is not None:
        follow = -((more_vh @ dagger(ratio(left, as_column(s)))) @ vh)
        vh_dot = _joined(vh_dot, follow, -2, ys[2])
    return [u_dot, real_columns(u, right), vh_dot]


def _joined(first: Handle, second: Handle, axis: int, y: Handle) -> Handle:
    joined = apply("concatenate", first, second, axis=axis % first.rank)
    return in_shape_of(y, joined)


def _svd_adjoint(
    y_bars: Sequence[Handle | None], ys: Sequence[Handle], x: Handle, full: bool
) -> list[Handle]:
    u_bar, s_bar, vh_bar = y_bars
    s = ys[1]
    u, vh = _columns(ys[0], s)[0], _rows(ys[2], s)[0]
    left = None if s_bar is None else weighted(conjugated(u), s_bar)
    right = None
    if u_bar is not None:
        within, outside = _pull_left(u_bar, ys, is_complex(x.type))
        left = joined_terms(conjugated(u) @ within, left)
        left = left if outside is None else left + outside
    if vh_bar is not None:
        within, outside = _pull_right(vh_bar, ys)
        left = joined_terms(conjugated(u) @ within, left)
        right = None if outside is None else conjugated(u) @ outside
    assert left is not None
    return [joined_terms(left @ conjugated(vh), right)]


def _pull_left(
    u_bar: Handle, ys: Sequence[Handle], phases: bool
) -> tuple[Handle, Handle | None]:
    """Return what U contributes within the space of its columns, and out of it."""
    s = ys[1]
    (u, more), (bar, more_bar) = _columns(ys[0], s), _columns(u_bar, s)
    product = turned(u) @ bar
    turns = coupled(product, _gaps(s))
    within = weighted(turns + dagger(turns), s)
    if phases:
        within = within + _turn(product, s)
    if _is_square(u):
        return within, None
    outside = bar - conjugated(u) @ product
    if more is not None and more_bar is not None:
        outside = outside - conjugated(more) @ dagger(turned(u) @ more_bar)
    return within, ratio(outside, as_row(s))


def _pull_right(vh_bar: Handle, ys: Sequence[Handle]) -> tuple[Handle, Handle | None]:
    """Return what V contributes within the space of its columns, and out of it."""
    s = ys[1]
    (vh, more), (bar, more_bar) = _rows(ys[2], s), _rows(vh_bar, s)
    product = bar @ turned(vh)
    turns = coupled(dagger(product), _gaps(s))
    within = as_column(s) * (turns + dagger(turns))
    if _is_square(vh):
        return within, None
    outside = bar - product @ conjugated(vh)
    if more is not None and more_bar is not None:
        outside = outside - dagger(more_bar @ turned(vh)) @ conjugated(more)
    return within, ratio(outside, as_column(s))


def _invariants(f: Any, x: Handle) -> list[Handle]:
    """Return what does not depend on the phases of singular vectors."""
    u, s, vh = f(x)
    moduli = [real_part(v * conjugated(v)) for v in (u, vh)]
    return [s, *moduli, weighted(u, s * s) @ vh]


def _spans(f: Any, x: Handle) -> list[Handle]:
    """Return what does not depend on how a basis is completed, either."""
    u, s, vh = f(x)
    (first, rest), (right, _) = _columns(u, s), _rows(vh, s)
    found = [s, weighted(first, s * s) @ right]
    return found if rest is None else [*found, rest @ dagger(rest)]


MATRICES = (
    dominant(3, 3),
    dominant(4, 2),
    dominant(2, 3),
    dominant(2, 3, 2),
    dominant(3, 2).astype(np.float32),
)
PHASED = tuple(dominant(m, n, phase=1j) for m, n in ((3, 3), (3, 2), (2, 3)))
register(
    Primitive(
        name="svd",
        batch=by_leading_axes,
        type_rule=_svd_type,
        evaluate=lambda x, full: tuple(np.linalg.svd(x, full_matrices=full)),
        template=lambda types, attrs: (
            f"np.linalg.svd({{0}}{'' if attrs['full'] else ', full_matrices=False'})"
        ),
        tangent=_svd_tangent,
        adjoint=_svd_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            *(Sample((x,), {"full": False}) for x in MATRICES),
            *(Sample((x,), {"full": False}, around=_invariants) for x in PHASED),
            *(Sample((x,), {"full": True}, around=_spans) for x in MATRICES + PHASED),
        ),
    )
)


def _svdvals_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    side = smaller(dims, types[0].shape)
    return tensor(real_dtype(types[0].dtype), (*types[0].shape[:-2], side))


def _svdvals_tangent(y: Handle, dots: Sequence[Handle | None], x: Handle) -> Handle:
    u, _, vh = apply_several("svd", x, full=False)
    assert dots[0] is not None
    return real_columns(u, dots[0] @ dagger(vh))


def _svdvals_adjoint(y_bar: Handle, y: Handle, x: Handle) -> list[Handle]:
    u, _, vh = apply_several("svd", x, full=False)
    return [weighted(conjugated(u), y_bar) @ conjugated(vh)]


register(
    Primitive(
        name="svdvals",
        batch=by_leading_axes,
        type_rule=_svdvals_type,
        evaluate=lambda x: np.linalg.svd(x, compute_uv=False),
        template="np.linalg.svd({0}, compute_uv=False)",
        tangent=_svdvals_tangent,
        adjoint=_svdvals_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3),)),
            Sample((dominant(2, 4, 2),)),
            Sample((dominant(2, 3, phase=1j),)),
            Sample((dominant(3, 2).astype(np.float32),)),
            Sample(("f64[0,2]",)),
        ),
    )
)


@lowers(np.linalg.svdvals)
def _svdvals(x: Any, /, *, builder: Builder) -> Handle:
    return apply("svdvals", as_matrix(x, builder, "np.linalg.svdvals"))


@lowers(np.linalg.svd)
def _svd(
    a: Any,
    full_matrices: Any = True,
    compute_uv: Any = True,
    hermitian: Any = False,
    *,
    builder: Builder,
) -> Any:
    x = as_matrix(a, builder, "np.linalg.svd")
    if not static(compute_uv):
        return _values_of_hermitian(x) if static(hermitian) else apply("svdvals", x)
    if static(hermitian):
        return RESULT(*decomposed(x, hermitian=True))
    full = bool(static(full_matrices)) and not _is_square(x)
    return RESULT(*apply_several("svd", x, full=full))


def decomposed(x: Handle, hermitian: bool) -> list[Handle]:
    """Return singular vectors and values, as NumPy has them of a Hermitian matrix.

    Those are eigenvectors and eigenvalues, ordered by the magnitude of these.
    """
    if not hermitian:
        return apply_several("svd", x, full=False)
    along = x.rank - 2
    w, v = apply_several("eigh", x, UPLO="L")
    order = apply("argsort", apply("absolute", w, lib="np"), axis=along)
    order = flipped(order, (along,))
    s = apply("take_along_axis", w, order, axis=along)
    u = apply("take_along_axis", v, as_row(order), axis=along + 1)
    vh = dagger(weighted(u, apply("sign", s)))
    return [u, apply("absolute", s, lib="np"), vh]


def _values_of_hermitian(x: Handle) -> Handle:
    values = apply("absolute", apply("eigvalsh", x, UPLO="L"), lib="np")
    along = (x.rank - 2,)
    return flipped(apply("sort", values, axis=along[0]), along)
