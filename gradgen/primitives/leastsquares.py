"""Pseudoinverses and least squares, by matrices of constant rank.

Derivatives: G. Golub and V. Pereyra, "The differentiation of pseudo-inverses and
nonlinear least squares problems whose variables separate", 1973.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.batching import by_leading_axes
from gradgen.primitives.factors import of_hermitian
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.matrixforms import (
    as_column,
    as_matrix,
    common,
    dagger,
    drop_axis,
    hermitian_part,
    known_number,
    real_dtype,
    smaller,
    weighted,
)
from gradgen.primitives.parts import conjugated, real_part
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    dim_of,
    joined_terms,
    register,
)
from gradgen.primitives.samples import dominant, positive_definite
from gradgen.primitives.singular import decomposed


def _pinv_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    *batch, rows, columns = types[0].shape
    return tensor(types[0].dtype, (*batch, columns, rows))


def _evaluate_pinv(x: Any, hermitian: bool, **cut: Any) -> Any:
    return np.linalg.pinv(x, hermitian=hermitian, **cut)


def _pinv_text(types: Sequence[Any], attrs: Attrs) -> str:
    options = [f"{k}={v}" for k, v in attrs.items() if k != "hermitian"]
    options += ["hermitian=True"] if attrs["hermitian"] else []
    return f"np.linalg.pinv({', '.join(['{0}', *options])})"


def _pinv_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, hermitian: bool, **cut: Any
) -> Handle:
    assert dots[0] is not None
    x_dot = hermitian_part(dots[0]) if hermitian else dots[0]
    back = dagger(x_dot)
    rows = back - (back @ x) @ y
    columns = back @ dagger(y)
    return (y @ dagger(y)) @ rows - y @ x_dot @ y + (columns - y @ (x @ columns)) @ y


def _pinv_adjoint(
    y_bar: Handle, y: Handle, x: Handle, hermitian: bool, **cut: Any
) -> list[Handle]:
    """Transpose the tangent, in terms of its conjugates."""
    bar, back = dagger(conjugated(y_bar)), dagger(y)
    rows, columns = bar @ (y @ back), back @ (y @ bar)
    rows, columns = rows - x @ (y @ rows), columns - columns @ (y @ x)
    x_bar = conjugated(rows - back @ dagger(bar) @ back + columns)
    return [hermitian_part(x_bar) if hermitian else x_bar]


register(
    Primitive(
        name="pinv",
        batch=by_leading_axes,
        type_rule=_pinv_type,
        evaluate=_evaluate_pinv,
        template=_pinv_text,
        tangent=_pinv_tangent,
        adjoint=_pinv_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3),), {"hermitian": False}),
            Sample((dominant(4, 2),), {"hermitian": False}),
            Sample((dominant(2, 2, 3),), {"hermitian": False, "rcond": 1e-13}),
            Sample((dominant(4, 2, phase=1j),), {"hermitian": False}),
            Sample((dominant(2, 3, phase=1j),), {"hermitian": False, "rtol": None}),
            Sample((dominant(3, 2).astype(np.float32),), {"hermitian": False}),
            Sample(
                (positive_definite(3, 3),), {"hermitian": True}, around=of_hermitian
            ),
        ),
    )
)


ROUNDING = 1e-12
"""The largest tolerance that drops nothing but what is zero up to rounding errors."""


def _cut_inverse(x: Handle, tolerance: float, hermitian: bool) -> Handle:
    """Return a pseudoinverse by singular values, some of which are not counted.

    Its derivative depends on those left out, which that of ``pinv`` takes for zero.
    """
    u, s, vh = decomposed(x, hermitian)
    counts = s > tolerance * read(s, [..., slice(None, 1)])
    factors = apply("where", counts, 1 / apply("where", counts, s, 1.0), 0.0)
    return weighted(dagger(vh), factors) @ dagger(u)


@lowers(np.linalg.pinv)
def _pinv(
    a: Any,
    rcond: Any = None,
    hermitian: Any = False,
    *,
    rtol: Any = np._NoValue,
    builder: Builder,
) -> Handle:
    x = as_matrix(a, builder, "np.linalg.pinv")
    attrs: dict[str, Any] = {"hermitian": bool(static(hermitian))}
    if rcond is not None:
        attrs["rcond"] = known_number(rcond, "rcond")
    if rtol is not np._NoValue:
        attrs["rtol"] = known_number(rtol, "rtol")
    if len(attrs) > 2:
        raise Refusal("np.linalg.pinv takes 'rcond' or 'rtol'", "rtol=")
    tolerance = attrs.get("rcond", attrs.get("rtol"))
    if tolerance is not None and tolerance > ROUNDING:
        return _cut_inverse(x, tolerance, attrs["hermitian"])
    return apply("pinv", x, **attrs)


def _lstsq_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    a, b = types
    dims.assume_equal(a.shape[0], b.shape[0])
    dtype = joined_dtype(types)
    real = real_dtype(dtype)
    return [
        tensor(dtype, (a.shape[1], b.shape[1])),
        tensor(real, (dims.fresh(),)),
        tensor(np.dtype(np.int32), ()),
        tensor(real, (smaller(dims, a.shape),)),
    ]


def _inverse_for(a: Handle, rcond: float | None) -> Handle:
    cut: Attrs = {"rtol": None} if rcond is None else {"rcond": rcond}
    return apply("pinv", a, hermitian=False, **cut)


def _lstsq_tangent(
    ys: Sequence[Handle],
    dots: Sequence[Handle | None],
    a: Handle,
    b: Handle,
    rcond: float | None,
) -> list[Handle | None]:
    a_dot, b_dot = dots
    x = ys[0]
    inverse = _inverse_for(a, rcond)
    moved = b_dot
    rest: Handle | None = None
    if a_dot is not None:
        back = dagger(a_dot)
        moved = joined_terms(-(a_dot @ x), b_dot)
        moved = moved + dagger(inverse) @ (back @ (b - a @ x))
        shift = back @ (dagger(inverse) @ x)
        rest = shift - inverse @ (a @ shift)
    assert moved is not None
    return [joined_terms(inverse @ moved, rest), None, None, None]


def _lstsq_adjoint(
    y_bars: Sequence[Handle | None],
    ys: Sequence[Handle],
    a: Handle,
    b: Handle,
    rcond: float | None,
) -> list[Handle | None]:
    x, x_bar = ys[0], y_bars[0]
    assert x_bar is not None
    inverse = _inverse_for(a, rcond)
    bar = conjugated(x_bar)
    b_bar = dagger(inverse) @ bar
    free = bar - inverse @ (a @ bar)
    a_bar = (
        (b - a @ x) @ dagger(inverse @ b_bar)
        - b_bar @ dagger(x)
        + (dagger(inverse) @ x) @ dagger(free)
    )
    return [conjugated(a_bar), conjugated(b_bar)]


def _solution(f: Any, a: Handle, b: Handle) -> Handle:
    x: Handle = f(a, b)[0]
    return x


def _evaluate_lstsq(a: Any, b: Any, rcond: float | None) -> Any:
    return np.linalg.lstsq(a, b, rcond)


register(
    Primitive(
        name="lstsq",
        type_rule=_lstsq_type,
        evaluate=_evaluate_lstsq,
        template=lambda types, attrs: (
            "np.linalg.lstsq({0}, {1}"
            + ("" if attrs["rcond"] is None else f", rcond={attrs['rcond']}")
            + ")"
        ),
        tangent=_lstsq_tangent,
        adjoint=_lstsq_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            Sample((dominant(4, 2), "f64[4,1]"), {"rcond": None}, around=_solution),
            Sample((dominant(2, 3), "f64[2,2]"), {"rcond": 1e-13}, around=_solution),
            Sample(
                (dominant(4, 2, phase=1j), "c128[4,2]"),
                {"rcond": None},
                around=_solution,
            ),
        ),
    )
)


@lowers(np.linalg.lstsq)
def _lstsq(a: Any, b: Any, rcond: Any = None, *, builder: Builder) -> Any:
    """Lower the residuals to what they are, and the singular values to theirs."""
    x = as_matrix(a, builder, "np.linalg.lstsq")
    y = as_matrix(b, builder, "np.linalg.lstsq", rank=1)
    if x.rank != 2 or y.rank > 2:
        raise Refusal("np.linalg.lstsq of stacks of matrices", "a matrix")
    x, y = common(x, y)
    right = as_column(y) if y.rank == 1 else y
    cut = known_number(rcond, "rcond")
    found, kept, rank, _ = apply_several("lstsq", x, right, rcond=cut)
    if cut is not None and cut > ROUNDING:
        found = _cut_inverse(x, cut, hermitian=False) @ right
    squares = real_part(conjugated(right - x @ found) * (right - x @ found))
    sums = apply("sum", squares, axis=(0,), keepdims=False)
    residuals = read(sums, [slice(None, dim_of(kept, 0))])
    solution = drop_axis(found, 1) if y.rank == 1 else found
    return solution, residuals, rank, apply("svdvals", x)
