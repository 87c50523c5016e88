"""Determinants, and their logarithms.

The gradient of a determinant is the transposed adjugate, which is there for singular
matrices, too (J. Magnus and H. Neudecker, "Matrix Differential Calculus", chapter 8.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, is_complex, tensor
from gradgen.kernels.matrices import det_gradient
from gradgen.primitives.batching import by_leading_axes
from gradgen.primitives.families import pull
from gradgen.primitives.lowering import lowers
from gradgen.primitives.matrixforms import (
    as_matrix,
    check_square,
    product_of,
    real_dtype,
    spread_out,
    turned,
)
from gradgen.primitives.parts import imaginary_part, real_part
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    register,
)
from gradgen.primitives.samples import dominant

RESULT: Any = type(np.linalg.slogdet(np.ones((1, 1))))
"""The NamedTuple that NumPy returns."""


def _gradient(x: Handle, *directions: Handle) -> Handle:
    return apply("det_gradient", x, *directions)


def _gradient_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, *directions: Handle
) -> Handle:
    x_dot, *rest = dots
    terms = [] if x_dot is None else [_gradient(x, *directions, x_dot)]
    for k, dot in enumerate(rest):
        if dot is not None:
            terms.append(_gradient(x, *directions[:k], dot, *directions[k + 1 :]))
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _gradient_adjoint(
    y_bar: Handle, y: Handle, x: Handle, *directions: Handle
) -> list[Handle]:
    """Return derivatives along ``y_bar``, of which the order does not matter."""
    bars = [_gradient(x, *directions, y_bar)]
    for k in range(len(directions)):
        bars.append(_gradient(x, *directions[:k], *directions[k + 1 :], y_bar))
    return bars


def _gradient_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    for type_ in types:
        check_square(dims, type_.shape)
    return tensor(joined_dtype(types), types[0].shape)


SINGULAR = np.array([[1.0, 2.0, 0.5], [2.0, 4.0, 1.0], [0.3, -0.4, 0.7]])
RANK_ONE = np.outer([1.0, 2.0, -1.0], [0.5, 0.3, 0.4])
register(
    Primitive(
        name="det_gradient",
        type_rule=_gradient_type,
        evaluate=det_gradient,
        template=lambda types, attrs: (
            f"det_gradient({', '.join(f'{{{k}}}' for k in range(len(types)))})"
        ),
        tangent=_gradient_tangent,
        adjoint=_gradient_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3),)),
            Sample((dominant(3, 3), "f64[3,3]")),
            Sample((dominant(2, 2, 2, phase=1j), "c128[2,2,2]")),
            Sample((SINGULAR,)),
            Sample((RANK_ONE,)),
        ),
    )
)


def _det_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    check_square(dims, types[0].shape)
    return tensor(types[0].dtype, types[0].shape[:-2])


def _det_tangent(y: Handle, dots: Sequence[Handle | None], x: Handle) -> Handle:
    assert dots[0] is not None
    return product_of(_gradient(x), dots[0])


register(
    Primitive(
        name="det",
        batch=by_leading_axes,
        type_rule=_det_type,
        evaluate=np.linalg.det,
        template="np.linalg.det({0})",
        tangent=_det_tangent,
        adjoint=lambda y_bar, y, x: [pull(spread_out(y_bar), _gradient(x))],
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3),)),
            Sample((dominant(2, 3, 3),)),
            Sample((dominant(3, 3, phase=1j),)),
            Sample((dominant(3, 3).astype(np.float32),)),
            Sample((SINGULAR,)),
            Sample((RANK_ONE,)),
            Sample((np.zeros((2, 2)),)),
            Sample(("f64[1,1]",)),
            Sample(("f64[0,0]",)),
        ),
    )
)


@lowers(np.linalg.det)
def _det(a: Any, *, builder: Builder) -> Handle:
    return apply("det", as_matrix(a, builder, "np.linalg.det"))


def _slogdet_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    check_square(dims, types[0].shape)
    dtype, batch = types[0].dtype, types[0].shape[:-2]
    return [tensor(dtype, batch), tensor(real_dtype(dtype), batch)]


def _slogdet_tangent(
    ys: Sequence[Handle], dots: Sequence[Handle | None], x: Handle
) -> list[Handle | None]:
    """Return what the trace of ``x^-1 x_dot`` says of the phase and of the modulus."""
    assert dots[0] is not None
    change = product_of(turned(apply("inverse_or_nan", x)), dots[0])
    if not is_complex(x.type):
        return [None, change]
    return [1j * imaginary_part(change) * ys[0], real_part(change)]


def _slogdet_adjoint(
    y_bars: Sequence[Handle | None], ys: Sequence[Handle], x: Handle
) -> list[Handle | None]:
    sign_bar, log_bar = y_bars
    if is_complex(x.type) and sign_bar is not None:
        turn = 1j * imaginary_part(sign_bar * ys[0])
        log_bar = turn if log_bar is None else log_bar + turn
    if log_bar is None:
        return [None]
    return [pull(spread_out(log_bar), turned(apply("inverse_or_nan", x)))]


register(
    Primitive(
        name="slogdet",
        batch=by_leading_axes,
        type_rule=_slogdet_type,
        evaluate=lambda x: tuple(np.linalg.slogdet(x)),
        template="np.linalg.slogdet({0})",
        tangent=_slogdet_tangent,
        adjoint=_slogdet_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3),)),
            Sample((dominant(2, 3, 3),)),
            Sample((dominant(3, 3, phase=1j),)),
            Sample((dominant(3, 3).astype(np.float32),)),
            Sample(("f64[0,0]",)),
        ),
    )
)


@lowers(np.linalg.slogdet)
def _slogdet(a: Any, *, builder: Builder) -> Any:
    found = apply_several("slogdet", as_matrix(a, builder, "np.linalg.slogdet"))
    return RESULT(*found)
