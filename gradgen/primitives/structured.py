"""Linear systems and inverses from ``scipy.linalg``, of matrices of a known structure.

Derivatives are those of ``np.linalg``. A matrix moves within its structure: what
SciPy does not read has no derivative, and of a symmetric or Hermitian matrix, both
triangles move as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np
from scipy import linalg

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.types import is_complex
from gradgen.primitives.batching import over_right_sides
from gradgen.primitives.inverses import (
    MATRICES,
    matrix_bar,
    solution_tangent,
    solve_type,
)
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.matrixforms import (
    as_column,
    as_matrix,
    common,
    drop_axis,
    hermitian_part,
    square_type,
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
    register,
)
from gradgen.primitives.samples import dominant, positive_definite
from gradgen.primitives.scipyforms import (
    UNCHECKED,
    adjoint_of,
    call_text,
    options_of,
    tangent_of,
)

KINDS = {
    "gen": "general",
    "sym": "symmetric",
    "her": "hermitian",
    "pos": "positive definite",
}
FREE = (None, "general", "banded")
HERMITIAN = ("hermitian", "positive definite")
OTHER = {
    "upper triangular": "lower triangular",
    "lower triangular": "upper triangular",
}
"""The structure of the transpose, where it is another one."""


def _kind(options: Attrs) -> str | None:
    given: str | None = options.get("assume_a")
    return None if given is None else KINDS.get(given, given)


def _within(x: Handle, options: Attrs) -> Handle:
    """Return the part of a matrix that has the structure; it is its own adjoint."""
    kind = _kind(options)
    if kind in FREE:
        return x
    if kind in HERMITIAN:
        return hermitian_part(x)
    if kind == "symmetric":
        return (x + turned(x)) / 2
    if kind == "diagonal":
        return x * unit_like(x)
    if kind == "tridiagonal":
        return apply("tril", apply("triu", x, offset=-1), offset=1)
    return apply("triu" if kind == "upper triangular" else "tril", x, offset=0)


def _tangent(
    x: Handle, dots: Sequence[Handle | None], a: Handle, b: Handle, **options: Any
) -> Handle:
    a_dot, b_dot = dots
    a_dot = None if a_dot is None else _within(a_dot, options)
    solve = bind(apply, "scipy_solve", a, **{**options, **UNCHECKED})
    return solution_tangent(solve, x, (a_dot, b_dot))


def _transposed(a: Handle, options: Attrs) -> tuple[Handle, Attrs]:
    """Return the transpose of a matrix, and the options for it.

    A symmetric one stands for itself; of Hermitian ones that holds if they are real.
    """
    kind = _kind(options)
    if kind in ("symmetric", "diagonal", *HERMITIAN):
        return a, options
    other = {"assume_a": OTHER[kind]} if kind in OTHER else {}
    return turned(a), {**options, **other}


def _adjoint(
    x_bar: Handle, x: Handle, a: Handle, b: Handle, **options: Any
) -> list[Handle]:
    through = conjugated if _kind(options) in HERMITIAN else _itself
    back, options_back = _transposed(a, {**options, **UNCHECKED})
    b_bar = through(apply("scipy_solve", back, through(x_bar), **options_back))
    return [_within(matrix_bar(b_bar, x), options), b_bar]


def _itself(x: Handle) -> Handle:
    return x


RIGHT = dominant(3, 2)
SYSTEMS: tuple[tuple[Any, Any, Attrs], ...] = (
    (dominant(3, 3), "f64[3]", {}),
    (dominant(2, 2).astype(np.float32), np.ones(2, np.float32), UNCHECKED),
    (dominant(2, 2, phase=1j), dominant(2, 2, phase=1j), {}),
    (positive_definite(3, 3), RIGHT, {"assume_a": "pos", "lower": True}),
    (positive_definite(2, 2, phase=1j), "c128[2]", {"assume_a": "her"}),
    (dominant(2, 2, phase=1j), "c128[2]", {"assume_a": "diagonal"}),
    (dominant(4, 4), dominant(4, 2), {"assume_a": "tridiagonal"}),
    (dominant(3, 3), RIGHT, {"assume_a": "upper triangular"}),
    (dominant(3, 3), RIGHT[:, 0], {"assume_a": "lower triangular"}),
)


def _moving_within(options: Attrs, f: Any, a: Handle, b: Handle) -> Any:
    return f(_within(a, options), b)


register(
    Primitive(
        name="scipy_solve",
        batch=over_right_sides,
        type_rule=solve_type,
        evaluate=linalg.solve,
        template=call_text("linalg.solve", "{0}", "{1}"),
        tangent=_tangent,
        adjoint=_adjoint,
        takes_complex=True,
        samples=tuple(
            Sample((a, b), options, around=bind(_moving_within, options))
            for a, b, options in SYSTEMS
        ),
    )
)


def _check_structure(options: Attrs, name: str) -> None:
    kinds = (*FREE, "symmetric", *HERMITIAN, "diagonal", "tridiagonal", *OTHER)
    if _kind(options) not in kinds:
        raise Refusal(f"argument 'assume_a' of scipy.linalg.{name}", "'pos'")


@lowers(linalg.solve)
def _solve(
    a: Any,
    b: Any,
    lower: Any = False,
    overwrite_a: Any = Only(False),
    overwrite_b: Any = Only(False),
    check_finite: Any = True,
    assume_a: Any = None,
    transposed: Any = False,
    *,
    builder: Builder,
) -> Handle:
    x = as_matrix(a, builder, "scipy.linalg.solve")
    x, y = common(x, as_matrix(b, builder, "scipy.linalg.solve", rank=1))
    options: Attrs = options_of(
        linalg.solve,
        lower=lower,
        check_finite=check_finite,
        assume_a=assume_a,
    )
    _check_structure(options, "solve")
    if static(transposed):
        if is_complex(x.type):
            raise Refusal("'transposed' of complex matrices", "solve(a.T, b)")
        x, options = _transposed(x, options)
    if y.rank == 1 and x.rank > 2:
        return drop_axis(apply("scipy_solve", x, as_column(y), **options), -1)
    return apply("scipy_solve", x, y, **options)


def _inverse_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, **options: Any
) -> Any:
    assert dots[0] is not None
    return tangent_of("inv")(y, [_within(dots[0], options)], x)


def _inverse_adjoint(y_bar: Handle, y: Handle, x: Handle, **options: Any) -> Any:
    (x_bar,) = adjoint_of("inv")(y_bar, y, x)
    return [_within(x_bar, options)]


register(
    Primitive(
        name="scipy_inv",
        type_rule=square_type,
        evaluate=linalg.inv,
        template=call_text("linalg.inv", "{0}"),
        tangent=_inverse_tangent,
        adjoint=_inverse_adjoint,
        takes_complex=True,
        samples=MATRICES,
    )
)


@lowers(linalg.inv)
def _inv(
    a: Any,
    overwrite_a: Any = Only(False),
    check_finite: Any = True,
    *,
    assume_a: Any = None,
    lower: Any = False,
    builder: Builder,
) -> Handle:
    options = options_of(linalg.inv, check_finite=check_finite)
    if static(assume_a) is not None or static(lower):
        more = options_of(linalg.inv, assume_a=assume_a, lower=lower)
        options = {**options, **more}
    _check_structure(options, "inv")
    x = as_matrix(a, builder, "scipy.linalg.inv")
    return apply("scipy_inv", x, **options)
