"""Eigenvalues and eigenvectors.

Derivatives: M. Giles, "Collected matrix derivative results for forward and reverse
mode algorithmic differentiation", 2008, section 3.1. An eigenvector is determined up to
a factor only. Its derivative here has no part in its own direction, so that what does
not depend on the factor has the right derivative. It is NaN where eigenvalues are
equal, unless eigenvectors are not used at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, is_complex, tensor
from gradgen.primitives.batching import by_leading_axes
from gradgen.primitives.factors import of_hermitian
from gradgen.primitives.lowering import lowers
from gradgen.primitives.matrixforms import (
    as_matrix,
    check_square,
    coupled,
    dagger,
    gaps_of,
    hermitian_part,
    real_columns,
    real_dtype,
    sum_over,
    turned,
    weighted,
)
from gradgen.primitives.parts import conjugated, real_part
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    joined_terms,
    register,
)
from gradgen.primitives.samples import dominant, positive_definite

EIGH: Any = type(np.linalg.eigh(np.ones((1, 1))))
EIG: Any = type(np.linalg.eig(np.ones((1, 1))))
"""The NamedTuples that NumPy returns."""


def _eigh_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    check_square(dims, types[0].shape)
    dtype, shape = types[0].dtype, types[0].shape
    return [tensor(real_dtype(dtype), shape[:-1]), tensor(dtype, shape)]


def _eigh_tangent(
    ys: Sequence[Handle], dots: Sequence[Handle | None], x: Handle, UPLO: str
) -> list[Handle]:
    w, v = ys
    assert dots[0] is not None
    moved = hermitian_part(dots[0]) @ v
    return [real_columns(v, moved), v @ coupled(dagger(v) @ moved, gaps_of(w))]


def _eigh_adjoint(
    y_bars: Sequence[Handle | None], ys: Sequence[Handle], x: Handle, UPLO: str
) -> list[Handle]:
    w_bar, v_bar = y_bars
    w, v = ys
    own = None if w_bar is None else weighted(conjugated(v), w_bar)
    if v_bar is None:
        assert own is not None
        return [own @ turned(v)]
    mixed = conjugated(v) @ coupled(turned(v) @ v_bar, gaps_of(w))
    return [hermitian_part(joined_terms(mixed, own) @ turned(v))]


def _uplo_text(name: str, attrs: Attrs) -> str:
    lower = attrs["UPLO"] == "L"
    return f"np.linalg.{name}({{0}}" + (")" if lower else ", UPLO='U')")


def projectors(f: Any, x: Handle) -> list[Handle]:
    """Return what does not depend on the factors of eigenvectors."""
    w, v = f(hermitian_part(x))
    return [w, weighted(v, w) @ dagger(v), real_part(v * conjugated(v))]


HERMITIAN = (
    positive_definite(3, 3),
    positive_definite(2, 3, 3),
    positive_definite(2, 2).astype(np.float32),
    np.ones((0, 0)),
)
PHASED = positive_definite(3, 3, phase=1j)

register(
    Primitive(
        name="eigh",
        batch=by_leading_axes,
        type_rule=_eigh_type,
        evaluate=lambda x, UPLO: tuple(np.linalg.eigh(x, UPLO)),
        template=lambda types, attrs: _uplo_text("eigh", attrs),
        tangent=_eigh_tangent,
        adjoint=_eigh_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            *(Sample((x,), {"UPLO": "L"}, around=of_hermitian) for x in HERMITIAN),
            Sample((PHASED,), {"UPLO": "U"}, around=projectors),
        ),
    )
)


def _checked_uplo(given: Any) -> str:
    if not isinstance(given, str) or given.upper() not in ("L", "U"):
        raise Refusal(f"argument 'UPLO' as {given!r}", "'L' or 'U'")
    return given.upper()


@lowers(np.linalg.eigh)
def _eigh(a: Any, UPLO: Any = "L", *, builder: Builder) -> Any:
    x = as_matrix(a, builder, "np.linalg.eigh")
    return EIGH(*apply_several("eigh", x, UPLO=_checked_uplo(UPLO)))


def _eigvalsh_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    found: Type = _eigh_type(dims, types, attrs)[0]
    return found


def _eigvalsh_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, UPLO: str
) -> Handle:
    assert dots[0] is not None
    _, v = apply_several("eigh", x, UPLO=UPLO)
    return real_columns(v, hermitian_part(dots[0]) @ v)


def _eigvalsh_adjoint(y_bar: Handle, y: Handle, x: Handle, UPLO: str) -> list[Handle]:
    _, v = apply_several("eigh", x, UPLO=UPLO)
    return [weighted(conjugated(v), y_bar) @ turned(v)]


register(
    Primitive(
        name="eigvalsh",
        batch=by_leading_axes,
        type_rule=_eigvalsh_type,
        evaluate=np.linalg.eigvalsh,
        template=lambda types, attrs: _uplo_text("eigvalsh", attrs),
        tangent=_eigvalsh_tangent,
        adjoint=_eigvalsh_adjoint,
        takes_complex=True,
        samples=tuple(
            Sample((x,), {"UPLO": uplo}, around=of_hermitian)
            for x in (*HERMITIAN, PHASED)
            for uplo in "LU"
        ),
    )
)


@lowers(np.linalg.eigvalsh)
def _eigvalsh(a: Any, UPLO: Any = "L", *, builder: Builder) -> Handle:
    x = as_matrix(a, builder, "np.linalg.eigvalsh")
    return apply("eigvalsh", x, UPLO=_checked_uplo(UPLO))


def _eig_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    check_square(dims, types[0].shape)
    dtype, shape = types[0].dtype, types[0].shape
    return [tensor(dtype, shape[:-1]), tensor(dtype, shape)]


def _eig_tangent(
    ys: Sequence[Handle], dots: Sequence[Handle | None], x: Handle
) -> list[Handle]:
    """Return tangents; columns keep the length of 1 that NumPy gives them."""
    w, v = ys
    assert dots[0] is not None
    inverse = apply("inverse_or_nan", v)
    moved = dots[0] @ v
    free = v @ coupled(inverse @ moved, gaps_of(w))
    w_dot = sum_over(turned(inverse) * moved, -2)
    return [w_dot, free - weighted(v, real_columns(v, free))]


def _eig_adjoint(
    y_bars: Sequence[Handle | None], ys: Sequence[Handle], x: Handle
) -> list[Handle]:
    w_bar, v_bar = y_bars
    w, v = ys
    inverse = turned(apply("inverse_or_nan", v))
    own = None if w_bar is None else weighted(inverse, w_bar)
    mixed = None
    if v_bar is not None:
        along = real_part(sum_over(v * v_bar, -2))
        free = v_bar - weighted(conjugated(v), along)
        mixed = inverse @ coupled(turned(v) @ free, gaps_of(w))
    return [joined_terms(mixed, own) @ turned(v)]


def _moduli(f: Any, x: Handle) -> list[Handle]:
    """Return what does not depend on the phases of eigenvectors."""
    w, v = f(x)
    return [w, real_part(v * conjugated(v)), weighted(v, w) @ dagger(v)]


register(
    Primitive(
        name="eig",
        batch=by_leading_axes,
        type_rule=_eig_type,
        evaluate=lambda x: tuple(np.linalg.eig(x)),
        template="np.linalg.eig({0})",
        tangent=_eig_tangent,
        adjoint=_eig_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3, phase=1j),), around=_moduli),
            Sample((dominant(2, 3, 3, phase=1j),), around=_moduli),
        ),
    )
)


def _eigvals_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    found: Type = _eig_type(dims, types, attrs)[0]
    return found


def _eigvals_tangent(y: Handle, dots: Sequence[Handle | None], x: Handle) -> Handle:
    assert dots[0] is not None
    _, v = apply_several("eig", x)
    return sum_over(turned(apply("inverse_or_nan", v)) * (dots[0] @ v), -2)


def _eigvals_adjoint(y_bar: Handle, y: Handle, x: Handle) -> list[Handle]:
    _, v = apply_several("eig", x)
    return [weighted(turned(apply("inverse_or_nan", v)), y_bar) @ turned(v)]


register(
    Primitive(
        name="eigvals",
        batch=by_leading_axes,
        type_rule=_eigvals_type,
        evaluate=np.linalg.eigvals,
        template="np.linalg.eigvals({0})",
        tangent=_eigvals_tangent,
        adjoint=_eigvals_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3, phase=1j),)),
            Sample((dominant(2, 3, 3, phase=1j),)),
        ),
    )
)


def _as_complex(a: Any, builder: Builder, name: str) -> Handle:
    x = as_matrix(a, builder, name)
    if not is_complex(x.type):
        raise Refusal(
            f"whether {name} of a real matrix returns complex numbers depends on its "
            "elements",
            f"{name}(a + 0j), or {name}h of a symmetric one",
        )
    return x


@lowers(np.linalg.eig)
def _eig(a: Any, *, builder: Builder) -> Any:
    return EIG(*apply_several("eig", _as_complex(a, builder, "np.linalg.eig")))


@lowers(np.linalg.eigvals)
def _eigvals(a: Any, *, builder: Builder) -> Handle:
    return apply("eigvals", _as_complex(a, builder, "np.linalg.eigvals"))
