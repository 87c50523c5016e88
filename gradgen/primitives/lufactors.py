"""LU factors of square matrices from ``scipy.linalg``, and systems solved by them.

The rows that are interchanged do not move. Derivatives: S. Walter and L. Lehmann,
"Algorithmic differentiation of linear algebra functions with application in optimum
experimental design", 2010; F. de Hoog, R. Anderssen and M. Lukas, "Differentiation of
matrix functionals using triangular factorization", 2011.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Type, is_complex, tensor
from gradgen.kernels.bands import permutation_of
from gradgen.primitives.batching import over_right_sides
from gradgen.primitives.indexing import read
from gradgen.primitives.inverses import solve_type
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.matrixforms import (
    as_matrix,
    common,
    real_dtype,
    turned,
    unit_like,
)
from gradgen.primitives.parts import conjugated
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    joined_terms,
    lift,
    register,
    require_same_shape,
)
from gradgen.primitives.samples import dominant
from gradgen.primitives.scipyforms import (
    UNCHECKED,
    call_text,
    one_matrix,
    options_of,
)
from gradgen.primitives.triangular import known_transposition, solved

PIVOT = linalg.lu_factor(np.eye(1))[1].dtype
PERMUTED = np.array([[0.5, 2.0, -0.3], [3.0, 0.4, 0.2], [0.1, 1.0, 4.0]])
"""A matrix of which rows are interchanged."""

register(
    Primitive(
        name="permutation_of",
        type_rule=lambda dims, types, attrs: tensor(INT, types[0].shape),
        evaluate=permutation_of,
        template="permutation_of({0})",
        samples=(Sample((np.array([2, 2, 2], PIVOT),)),),
    )
)


def _lower(lu: Handle) -> Handle:
    return apply("tril", lu, offset=-1) + unit_like(lu)


def _upper(lu: Handle) -> Handle:
    return apply("triu", lu, offset=0)


def _permuted(x: Handle, piv: Handle) -> Handle:
    """Return the rows of ``x`` as they are interchanged."""
    return read(x, [apply("permutation_of", piv)])


def _restored(x: Handle, piv: Handle) -> Handle:
    """Return rows in the order before they were interchanged."""
    return _reordered(x, apply("permutation_of", piv))


def _reordered(x: Handle, order: Handle) -> Handle:
    """Return rows such that those of ``order`` are what was given."""
    return read(x, [apply("argsort", order, axis=0)])


def _lu_factor_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    """Type rule of a function that takes other matrices than square ones, too."""
    return [types[0], tensor(PIVOT, types[0].shape[:1])]


def _between(low: Handle, up: Handle, x: Handle, back: bool) -> Handle:
    """Return ``L^-1 @ x @ U^-1`` or, if ``back``, ``L^-T @ x @ U^-T``.

    L is never singular; where U is, there are NaN. Of matrices that hold more than
    these factors, the other parts are not read.
    """
    below: Attrs = {"lower": True, "unit_diagonal": True}
    if back:
        rows = turned(solved("solve_triangular", low, x, trans=1, **below))
        return turned(solved("solve_triangular_or_nan", up, rows))
    rows = turned(solved("solve_triangular", low, x, **below))
    return turned(solved("solve_triangular_or_nan", up, rows, trans=1))


def _factor_tangent(
    ys: Sequence[Handle], dots: Sequence[Handle | None], x: Handle, **options: Any
) -> list[Handle | None]:
    lu, piv = ys
    assert dots[0] is not None
    moved = _between(lu, lu, _permuted(dots[0], piv), False)
    below = _lower(lu) @ apply("tril", moved, offset=-1)
    return [below + _upper(moved) @ _upper(lu), None]


def _factor_adjoint(
    y_bars: Sequence[Handle | None], ys: Sequence[Handle], x: Handle, **options: Any
) -> list[Handle | None]:
    lu_bar, (lu, piv) = y_bars[0], ys
    if lu_bar is None:
        return [None]
    below = apply("tril", turned(_lower(lu)) @ lu_bar, offset=-1)
    middle = below + _upper(lu_bar @ turned(_upper(lu)))
    return [_restored(_between(lu, lu, middle, True), piv)]


register(
    Primitive(
        name="lu_factor",
        type_rule=_lu_factor_type,
        evaluate=lambda x, **options: tuple(linalg.lu_factor(x, **options)),
        template=call_text("linalg.lu_factor", "{0}"),
        tangent=_factor_tangent,
        adjoint=_factor_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            Sample((PERMUTED,)),
            Sample((dominant(2, 2, phase=1j),), UNCHECKED),
            Sample((PERMUTED.astype(np.float32),)),
            Sample((np.ones((0, 0)),)),
        ),
    )
)


def _one_square(a: Any, builder: Builder, name: str) -> Handle:
    x = one_matrix(a, builder, name)
    if not require_same_shape(x, turned(x)):
        raise Refusal(f"scipy.linalg.{name} of a matrix that is not square")
    return x


@lowers(linalg.lu_factor)
def _lu_factor(
    a: Any,
    overwrite_a: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Any:
    x = _one_square(a, builder, "lu_factor")
    options = options_of(linalg.lu_factor, check_finite=check_finite)
    return tuple(apply_several("lu_factor", x, **options))


def _split_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Any:
    """Type rule of ``lu``, by which a single number has other dtypes."""
    x, rows = types[0], dims.shape(types[0])[:1]
    if attrs.get("p_indices"):
        return [tensor(INT if rows == (1,) else PIVOT, rows), x, x]
    return [tensor(x.dtype if rows == (1,) else real_dtype(x.dtype), x.shape), x, x]


def _split_tangent(
    ys: Sequence[Handle], dots: Sequence[Handle | None], x: Handle, **options: Any
) -> list[Handle | None]:
    p, low, up = ys
    assert dots[0] is not None
    rows = turned(p) @ dots[0] if p.rank == 2 else _reordered(dots[0], p)
    moved = _between(low, up, rows, False)
    return [None, low @ apply("tril", moved, offset=-1), _upper(moved) @ up]


def _split_adjoint(
    y_bars: Sequence[Handle | None], ys: Sequence[Handle], x: Handle, **options: Any
) -> list[Handle | None]:
    (_, low_bar, up_bar), (p, low, up) = y_bars, ys
    below = above = None
    if low_bar is not None:
        below = apply("tril", turned(low) @ low_bar, offset=-1)
    if up_bar is not None:
        above = _upper(up_bar @ turned(up))
    if below is None and above is None:
        return [None]
    rows = _between(low, up, joined_terms(below, above), True)
    return [p @ rows if p.rank == 2 else read(rows, [p])]


register(
    Primitive(
        name="lu",
        type_rule=_split_type,
        evaluate=lambda x, **options: tuple(linalg.lu(x, **options)),
        template=call_text("linalg.lu", "{0}"),
        tangent=_split_tangent,
        adjoint=_split_adjoint,
        several=True,
        takes_complex=True,
        samples=(
            Sample((PERMUTED,)),
            Sample((PERMUTED,), {"p_indices": True}),
            Sample((dominant(2, 2, phase=1j),), UNCHECKED),
            Sample((PERMUTED.astype(np.float32),)),
            Sample((np.ones((0, 0)),)),
        ),
    )
)


@lowers(linalg.lu)
def _lu(
    a: Any,
    permute_l: Any = False,
    overwrite_a: Any = Only(False),
    check_finite: Any = True,
    p_indices: Any = False,
    *,
    builder: Builder,
) -> Any:
    x, permute = _one_square(a, builder, "lu"), bool(static(permute_l))
    indices = permute or bool(static(p_indices))
    options = options_of(linalg.lu, check_finite=check_finite, p_indices=indices)
    p, low, up = apply_several("lu", x, **options)
    return (read(low, [p]), up) if permute else (p, low, up)


def _solve_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    lu, piv, b = types
    dims.assume_equal(lu.shape[0], piv.shape[0])
    return solve_type(dims, [lu, b], attrs)


def _solve(lu: Handle, piv: Handle, b: Handle, trans: int) -> Handle:
    return apply("lu_solve", lu, piv, b, trans=trans, **UNCHECKED)


def _solve_tangent(
    x: Handle,
    dots: Sequence[Handle | None],
    lu: Handle,
    piv: Handle,
    b: Handle,
    trans: int,
    **options: Any,
) -> Handle:
    lu_dot, _, moved = dots
    if lu_dot is not None:
        low, up = _lower(lu), _upper(lu)
        low_dot, up_dot = apply("tril", lu_dot, offset=-1), _upper(lu_dot)
        if trans:
            z = _permuted(x, piv)
            change = turned(up_dot) @ (turned(low) @ z)
            change = change + turned(up) @ (turned(low_dot) @ z)
        else:
            change = low_dot @ (up @ x) + low @ (up_dot @ x)
            change = _restored(change, piv)
        moved = joined_terms(-change, moved)
    assert moved is not None
    return _solve(lu, piv, moved, trans)


def _solve_adjoint(
    x_bar: Handle,
    x: Handle,
    lu: Handle,
    piv: Handle,
    b: Handle,
    trans: int,
    **options: Any,
) -> list[Handle | None]:
    b_bar = _solve(lu, piv, x_bar, 0 if trans else 1)
    rows, columns = (x, b_bar) if trans else (b_bar, x)
    rows = _permuted(rows, piv)
    low, up = turned(_lower(lu)), _upper(lu)
    below = apply("tril", _outer(rows, up @ columns), offset=-1)
    above = apply("triu", _outer(low @ rows, columns), offset=0)
    return [-(below + above), None, b_bar]


def _outer(p: Handle, q: Handle) -> Handle:
    return apply("outer", p, q) if p.rank == 1 else p @ turned(q)


def _solve_text(types: Sequence[Any], attrs: Attrs) -> str:
    options = {name: x for name, x in attrs.items() if (name, x) != ("trans", 0)}
    return call_text("linalg.lu_solve", "({0}, {1})", "{2}")(types, options)


LU, PIVOTS = linalg.lu_factor(PERMUTED)
register(
    Primitive(
        name="lu_solve",
        batch=over_right_sides,
        type_rule=_solve_type,
        evaluate=lambda lu, piv, b, **options: linalg.lu_solve((lu, piv), b, **options),
        template=_solve_text,
        tangent=_solve_tangent,
        adjoint=_solve_adjoint,
        takes_complex=True,
        samples=(
            Sample((LU, PIVOTS, "f64[3]"), {"trans": 0}),
            Sample((LU, PIVOTS, dominant(3, 2)), {"trans": 1}),
            Sample((LU * (1 + 1j), PIVOTS, dominant(3, 1)[:, 0]), {"trans": 1}),
            Sample((LU.astype(np.float32), PIVOTS, "f32[3]"), {"trans": 0}),
        ),
    )
)


@lowers(linalg.lu_solve)
def _lu_solve(
    lu_and_piv: Any,
    b: Any,
    trans: Any = 0,
    overwrite_b: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Handle:
    name = "scipy.linalg.lu_solve"
    if not isinstance(lu_and_piv, tuple | list) or len(lu_and_piv) != 2:
        raise Refusal(f"{name} of what is no pair", "(lu, piv)")
    lu, piv = (
        one_matrix(lu_and_piv[0], builder, "lu_solve"),
        lift(builder, lu_and_piv[1]),
    )
    if piv.rank != 1 or piv.dtype.kind != "i":
        raise Refusal(f"{name} by what are no pivots", "what lu_factor returned")
    x, y = common(lu, as_matrix(b, builder, name, rank=1))
    if y.rank > 2:
        raise Refusal(f"{name} of stacks of matrices", "a loop over them")
    options = options_of(linalg.lu_solve, check_finite=check_finite)
    how = known_transposition(trans, name)
    if how == 2 and is_complex(x.type):
        z = apply("lu_solve", x, piv, conjugated(y), trans=1, **options)
        return conjugated(z)
    return apply("lu_solve", x, piv, y, trans=min(how, 1), **options)
