"""Triangular systems and Cholesky factors from ``scipy.linalg``.

A factor is what the other functions take of a matrix that holds more than that. What
``cho_factor`` leaves in the other triangle, random data by SciPy's account, counts as
constant. Derivatives: M. Giles, "Collected matrix derivative results for forward and
reverse mode algorithmic differentiation", 2008, section 2.3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np
from scipy import linalg

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.kernels.triangles import solve_triangular_or_nan
from gradgen.primitives.batching import over_right_sides
from gradgen.primitives.factors import (
    between_inverses,
    cholesky_adjoint,
    cholesky_tangent,
    of_hermitian,
)
from gradgen.primitives.inverses import matrix_bar, solution_tangent, solve_type
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.matrixforms import (
    as_column,
    as_matrix,
    common,
    dagger,
    drop_axis,
    square_type,
    turned,
)
from gradgen.primitives.parts import conjugated
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    joined_terms,
    lift,
    register,
)
from gradgen.primitives.samples import dominant, positive_definite
from gradgen.primitives.scipyforms import (
    UNCHECKED,
    TemplateRule,
    call_text,
    one_matrix,
    options_of,
)

TRANSPOSITIONS = {"N": 0, "T": 1, "C": 2}


def _triangle(x: Handle, options: Attrs) -> Handle:
    """Return the part of a matrix that is read."""
    strict = 1 if options.get("unit_diagonal") else 0
    if options.get("lower"):
        return apply("tril", x, offset=-strict)
    return apply("triu", x, offset=strict)


def _transposed(x: Handle, trans: int) -> Handle:
    return (turned, dagger)[trans - 1](x) if trans else x


def _tangent(
    name: str,
    x: Handle,
    dots: Sequence[Handle | None],
    a: Handle,
    b: Handle,
    **options: Any,
) -> Handle:
    a_dot, b_dot = dots
    if a_dot is not None:
        a_dot = _transposed(_triangle(a_dot, options), options.get("trans", 0))
    solve = bind(apply, name, a, **{**options, **UNCHECKED})
    return solution_tangent(solve, x, (a_dot, b_dot))


def _adjoint(
    name: str, x_bar: Handle, x: Handle, a: Handle, b: Handle, **options: Any
) -> list[Handle]:
    trans = options.pop("trans", 0)
    back = bind(apply, name, a, **{**options, **UNCHECKED})
    if trans == 0:
        b_bar = back(x_bar, trans=1)
    else:
        b_bar = back(x_bar) if trans == 1 else conjugated(back(conjugated(x_bar)))
    return [_triangle(_transposed(matrix_bar(b_bar, x), trans), options), b_bar]


def _declare(
    name: str, function: Any, template: TemplateRule, *samples: Sample
) -> None:
    register(
        Primitive(
            name=name,
            batch=over_right_sides,
            type_rule=solve_type,
            evaluate=function,
            template=template,
            tangent=bind(_tangent, name),
            adjoint=bind(_adjoint, name),
            takes_complex=True,
            samples=samples,
        )
    )


_declare(
    "solve_triangular",
    linalg.solve_triangular,
    call_text("linalg.solve_triangular", "{0}", "{1}"),
    Sample((dominant(3, 3), "f64[3]")),
    Sample((dominant(3, 3), dominant(3, 2)), {"trans": 1, "lower": True}),
    Sample((dominant(3, 3), dominant(3, 1)), {"unit_diagonal": True}),
    Sample((dominant(2, 2, phase=1j), dominant(2, 1)), {"trans": 2}),
    Sample((dominant(2, 2, phase=1j), "c128[2]"), {"trans": 1}),
    Sample((dominant(2, 2).astype(np.float32), "f32[2]")),
    Sample(("f64[0,0]", "f64[0,2]")),
)
_declare(
    "solve_triangular_or_nan",
    solve_triangular_or_nan,
    call_text("solve_triangular_or_nan", "{0}", "{1}"),
    Sample((dominant(2, 2), "f64[2]"), UNCHECKED),
)


def solved(name: str, a: Handle, b: Handle, **options: Any) -> Handle:
    """Return the solution of a triangular system, which is not checked."""
    return apply(name, a, b, **options, **UNCHECKED)


@lowers(linalg.solve_triangular)
def _solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: Any = False,
    unit_diagonal: Any = False,
    overwrite_b: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Handle:
    name = "scipy.linalg.solve_triangular"
    x = as_matrix(a, builder, name)
    x, y = common(x, as_matrix(b, builder, name, rank=1))
    options = options_of(
        linalg.solve_triangular,
        trans=known_transposition(trans, name),
        lower=lower,
        unit_diagonal=unit_diagonal,
        check_finite=check_finite,
    )
    if y.rank == 1 and x.rank > 2:
        return drop_axis(apply("solve_triangular", x, as_column(y), **options), -1)
    return apply("solve_triangular", x, y, **options)


def known_transposition(trans: Any, name: str) -> int:
    """Return how a matrix is transposed: 0 not at all, 1 so, 2 conjugated as well."""
    given = static(trans)
    known = TRANSPOSITIONS.get(given, given) if isinstance(given, str) else given
    if type(known) is not int or known not in (0, 1, 2):
        raise Refusal(f"argument 'trans' of {name} as {given!r}", "0, 1 or 2")
    return known


def _between_solutions(low: Handle, x: Handle, back: bool) -> Handle:
    """Divide by a factor from both sides; SciPy solves one system at a time."""
    if x.rank > 2:
        return between_inverses(low, x, back)
    options: Attrs = {"trans": 1, "lower": True} if back else {"lower": True}

    def divided(z: Handle) -> Handle:
        return solved("solve_triangular", low, z, **options)

    return dagger(divided(dagger(divided(x))))


def _factor_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, **options: Any
) -> Handle:
    upper = not options.get("lower")
    return cholesky_tangent(_between_solutions, y, dots, x, upper)


def _factor_adjoint(
    y_bar: Handle, y: Handle, x: Handle, **options: Any
) -> list[Handle]:
    upper = not options.get("lower")
    return cholesky_adjoint(_between_solutions, y_bar, y, x, upper)


register(
    Primitive(
        name="scipy_cholesky",
        type_rule=square_type,
        evaluate=linalg.cholesky,
        template=call_text("linalg.cholesky", "{0}"),
        tangent=_factor_tangent,
        adjoint=_factor_adjoint,
        takes_complex=True,
        samples=(
            Sample((positive_definite(2, 2),), around=of_hermitian),
            Sample((np.ones((0, 0)),), around=of_hermitian),
        ),
    )
)


@lowers(linalg.cholesky)
def _cholesky(
    a: Any,
    lower: Any = False,
    overwrite_a: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Handle:
    x = as_matrix(a, builder, "scipy.linalg.cholesky")
    options = options_of(linalg.cholesky, lower=lower, check_finite=check_finite)
    return apply("scipy_cholesky", x, **options)


def _lower_triangle(f: Any, x: Handle) -> Handle:
    """Return the factor of a matrix that moves as a Hermitian one."""
    return _triangle(of_hermitian(f, x), {"lower": True})


def _part_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, **options: Any
) -> Handle:
    return _factor_tangent(_triangle(y, options), dots, x, **options)


def _part_adjoint(y_bar: Handle, y: Handle, x: Handle, **options: Any) -> list[Handle]:
    bar, factor = _triangle(y_bar, options), _triangle(y, options)
    return _factor_adjoint(bar, factor, x, **options)


register(
    Primitive(
        name="cho_factor",
        type_rule=square_type,
        evaluate=lambda x, **options: linalg.cho_factor(x, **options)[0],
        template=lambda types, attrs: (
            call_text("linalg.cho_factor", "{0}")(types, attrs) + "[0]"
        ),
        tangent=_part_tangent,
        adjoint=_part_adjoint,
        takes_complex=True,
        samples=(
            Sample(
                (positive_definite(2, 2, phase=1j),),
                {"lower": True},
                around=_lower_triangle,
            ),
        ),
    )
)


@lowers(linalg.cho_factor)
def _cho_factor(
    a: Any,
    lower: Any = False,
    overwrite_a: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Any:
    """Lower the second result to what this version of SciPy makes of ``lower``."""
    options = options_of(linalg.cho_factor, lower=lower, check_finite=check_finite)
    x = one_matrix(a, builder, "cho_factor")
    flag = linalg.cho_factor(np.eye(1), lower=options.get("lower", False))[1]
    shown = lift(builder, flag) if isinstance(flag, np.ndarray) else flag
    return apply("cho_factor", x, **options), shown


def _product_dot(c: Handle, c_dot: Handle, x: Handle, lower: bool) -> Handle:
    """Return what moves in the product of the matrix of a factor and ``x``."""
    if lower:
        return c_dot @ (dagger(c) @ x) + c @ (dagger(c_dot) @ x)
    return dagger(c_dot) @ (c @ x) + dagger(c) @ (c_dot @ x)


def _cho_solve_tangent(
    x: Handle,
    dots: Sequence[Handle | None],
    c: Handle,
    b: Handle,
    lower: bool,
    **options: Any,
) -> Handle:
    c_dot, moved = dots
    if c_dot is not None:
        factor, factor_dot = (_triangle(part, {"lower": lower}) for part in (c, c_dot))
        change = _product_dot(factor, factor_dot, x, lower)
        moved = joined_terms(-change, moved)
    return apply("cho_solve", c, moved, lower=lower, **UNCHECKED)


def _cho_solve_adjoint(
    x_bar: Handle, x: Handle, c: Handle, b: Handle, lower: bool, **options: Any
) -> list[Handle]:
    b_bar = conjugated(
        apply("cho_solve", c, conjugated(x_bar), lower=lower, **UNCHECKED)
    )
    return [_factor_bar(c, b_bar, x, lower), b_bar]


def _factor_bar(c: Handle, b_bar: Handle, x: Handle, lower: bool) -> Handle:
    """Return the cotangent of a factor, of rank two for each vector of ``x``."""
    factor = _triangle(c, {"lower": lower})
    x_conj, b_conj = conjugated(x), conjugated(b_bar)
    if lower:
        down = dagger(factor)
        sums = matrix_bar(b_bar, down @ x) + matrix_bar(x_conj, down @ b_conj)
    else:
        up = conjugated(factor)
        sums = matrix_bar(up @ b_bar, x) + matrix_bar(up @ x_conj, b_conj)
    return _triangle(sums, {"lower": lower})


def _cho_solve_text(types: Sequence[Any], attrs: Attrs) -> str:
    options = {name: x for name, x in attrs.items() if name != "lower"}
    factor = f"({{0}}, {attrs['lower']})"
    return call_text("linalg.cho_solve", factor, "{1}")(types, options)


register(
    Primitive(
        name="cho_solve",
        batch=over_right_sides,
        type_rule=solve_type,
        evaluate=lambda c, b, lower, **options: linalg.cho_solve(
            (c, lower), b, **options
        ),
        template=_cho_solve_text,
        tangent=_cho_solve_tangent,
        adjoint=_cho_solve_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3), "f64[3]"), {"lower": False}),
            Sample((dominant(3, 3), dominant(3, 2)), {"lower": True}),
            Sample((dominant(2, 2, phase=1j), "c128[2]"), {"lower": True}),
            Sample((dominant(2, 2, phase=1j), dominant(2, 1)), {"lower": False}),
            Sample((dominant(2, 2).astype(np.float32), "f32[2]"), {"lower": True}),
        ),
    )
)


@lowers(linalg.cho_solve)
def _cho_solve(
    c_and_lower: Any,
    b: Any,
    overwrite_b: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Handle:
    if not isinstance(c_and_lower, tuple | list) or len(c_and_lower) != 2:
        raise Refusal("scipy.linalg.cho_solve of what is no pair", "(c, lower)")
    c, lower = c_and_lower
    y = as_matrix(b, builder, "scipy.linalg.cho_solve", rank=1)
    x, y = common(one_matrix(c, builder, "cho_solve"), y)
    if y.rank > 2:
        raise Refusal("scipy.linalg.cho_solve of stacks of matrices", "a loop")
    options = options_of(linalg.cho_solve, check_finite=check_finite)
    return apply("cho_solve", x, y, lower=bool(static(lower)), **options)
