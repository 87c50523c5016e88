"""Exponentials and roots of matrices, and Sylvester's equation.

From ``scipy.linalg``. Derivatives: N. Higham, "Functions of Matrices", 2008, sections
3.2 and 6.1; that in one direction stands in the upper right of the function of
``[[A, E], [0, A]]`` (R. Mathias, "A chain rule for matrix functions and applications",
1996), and so do those of higher orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, is_complex, tensor
from gradgen.kernels import expect_real
from gradgen.primitives.batching import by_leading_axes
from gradgen.primitives.families import zeros_like
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Only, lowers, refuses
from gradgen.primitives.matrixforms import (
    as_matrix,
    check_square,
    square_type,
    turned,
)
from gradgen.primitives.promotion import broadcast, joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    joined_terms,
    register,
)
from gradgen.primitives.samples import dominant, positive_definite


def _blocks(a: Handle, e: Handle) -> Handle:
    """Return ``[[a, e], [0, a]]``."""
    above = apply("concatenate", a, e, axis=a.rank - 1)
    below = apply("concatenate", zeros_like(a), a, axis=a.rank - 1)
    return apply("concatenate", above, below, axis=a.rank - 2)


def _upper_right(blocks: Handle, a: Handle) -> Handle:
    n = dim_of(a, a.rank - 1)
    return read(blocks, [..., slice(None, n), slice(n, None)])


def _frechet(a: Handle, e: Handle) -> Handle:
    """Return the derivative of the exponential at ``a`` in the direction ``e``.

    SciPy's own function takes one matrix at a time.
    """
    if a.rank == 2:
        return apply("expm_frechet", a, e)
    return _upper_right(apply("expm", _blocks(a, e)), a)


def _exponential_tangent(y: Handle, dots: Sequence[Any], a: Handle) -> Handle:
    return _frechet(a, dots[0])


register(
    Primitive(
        name="expm",
        batch=by_leading_axes,
        type_rule=square_type,
        evaluate=linalg.expm,
        template="linalg.expm({0})",
        tangent=_exponential_tangent,
        adjoint=lambda y_bar, y, a: [_frechet(turned(a), y_bar)],
        takes_complex=True,
        samples=(
            Sample((dominant(2, 2) / 3,)),
            Sample((dominant(2, 1, 1),)),
            Sample((dominant(1, 1, phase=1j),)),
        ),
    )
)


@lowers(linalg.expm)
def _expm(A: Any, *, builder: Builder) -> Handle:
    return apply("expm", as_matrix(A, builder, "scipy.linalg.expm"))


def _frechet_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of what SciPy computes in double precision."""
    check_square(dims, types[0].shape)
    dims.assume_equal(types[0].shape[0], types[1].shape[0])
    return tensor(np.result_type(joined_dtype(types), np.float64), types[0].shape)


def _frechet_tangent(
    y: Handle, dots: Sequence[Handle | None], a: Handle, e: Handle
) -> Handle:
    a_dot, e_dot = dots
    if a_dot is None:
        assert e_dot is not None
        return _frechet(a, e_dot)
    e_dot = zeros_like(e) if e_dot is None else e_dot
    return _upper_right(_frechet(_blocks(a, e), _blocks(a_dot, e_dot)), a)


def _frechet_adjoint(y_bar: Handle, y: Handle, a: Handle, e: Handle) -> list[Handle]:
    """Return derivatives of the exponential of the transpose, the second for ``a``."""
    back = turned(a)
    moved = _blocks(y_bar, zeros_like(y_bar))
    a_bar = _upper_right(_frechet(_blocks(back, turned(e)), moved), a)
    return [a_bar, _frechet(back, y_bar)]


register(
    Primitive(
        name="expm_frechet",
        type_rule=_frechet_type,
        evaluate=lambda a, e: linalg.expm_frechet(
            a, e, compute_expm=False, check_finite=False
        ),
        template=(
            "linalg.expm_frechet({0}, {1}, compute_expm=False, check_finite=False)"
        ),
        tangent=_frechet_tangent,
        adjoint=_frechet_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(1, 1), 0.5 * dominant(1, 1))),
            Sample((dominant(1, 1, phase=1j), dominant(1, 1, phase=1j))),
        ),
    )
)


def _sylvester_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule that refuses what SciPy 1.18 computes wrongly.

    It takes the Schur form of a real matrix for triangular beside a complex one.
    """
    a, b, q = types
    if len({is_complex(type_) for type_ in types}) > 1:
        raise Refusal(
            "scipy.linalg.solve_sylvester of real and complex matrices together is "
            "not what it should be where a real one has complex eigenvalues",
            "a + 0j",
        )
    check_square(dims, a.shape)
    check_square(dims, b.shape)
    dims.assume_equal(a.shape[-1], q.shape[-2])
    dims.assume_equal(b.shape[-1], q.shape[-1])
    batch = broadcast(dims, [type_.shape[:-2] for type_ in types])
    return tensor(joined_dtype(types), (*batch, *q.shape[-2:]))


def _sylvester_tangent(
    x: Handle, dots: Sequence[Handle | None], a: Handle, b: Handle, q: Handle
) -> Handle:
    a_dot, b_dot, moved = dots
    if a_dot is not None:
        moved = joined_terms(-(a_dot @ x), moved)
    if b_dot is not None:
        moved = joined_terms(-(x @ b_dot), moved)
    return apply("solve_sylvester", a, b, moved)


def _sylvester_adjoint(
    x_bar: Handle, x: Handle, a: Handle, b: Handle, q: Handle
) -> list[Handle]:
    q_bar = apply("solve_sylvester", turned(a), turned(b), x_bar)
    return [-(q_bar @ turned(x)), -(turned(x) @ q_bar), q_bar]


register(
    Primitive(
        name="solve_sylvester",
        type_rule=_sylvester_type,
        evaluate=linalg.solve_sylvester,
        template="linalg.solve_sylvester({0}, {1}, {2})",
        tangent=_sylvester_tangent,
        adjoint=_sylvester_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3), dominant(2, 2), dominant(3, 2))),
            Sample((dominant(2, 2, 2), dominant(2, 2), dominant(2, 2))),
            Sample(
                (*(dominant(n, n, phase=1j) for n in (2, 3)), dominant(2, 3, phase=1j))
            ),
            Sample((dominant(2, 2).astype(np.float32),) * 3),
        ),
    )
)


@lowers(linalg.solve_sylvester)
def _solve_sylvester(a: Any, b: Any, q: Any, *, builder: Builder) -> Handle:
    """Lower without a cast: SciPy decomposes each matrix in its own precision."""
    parts = [as_matrix(x, builder, "scipy.linalg.solve_sylvester") for x in (a, b, q)]
    return apply("solve_sylvester", *parts)


def _root_text(types: Sequence[Any], attrs: Attrs) -> str:
    if types and is_complex(types[0]):
        return "linalg.sqrtm({0})"
    return "expect_real(linalg.sqrtm({0}), 'sqrtm')"


def _root(x: Any) -> Any:
    root = linalg.sqrtm(x)
    return root if np.iscomplexobj(x) else expect_real(root, "sqrtm")


def _root_tangent(y: Handle, dots: Sequence[Any], x: Handle) -> Handle:
    return apply("solve_sylvester", y, y, dots[0])


def _root_adjoint(y_bar: Handle, y: Handle, x: Handle) -> list[Handle]:
    back = turned(y)
    return [apply("solve_sylvester", back, back, y_bar)]


register(
    Primitive(
        name="sqrtm",
        type_rule=square_type,
        evaluate=_root,
        template=_root_text,
        tangent=_root_tangent,
        adjoint=_root_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3),)),
            Sample((positive_definite(2, 2, 2),)),
            Sample((dominant(3, 3, phase=1j),)),
            Sample((dominant(2, 2).astype(np.float32),)),
            Sample((np.ones((0, 0)),)),
        ),
    )
)


@lowers(linalg.sqrtm)
def _sqrtm(
    A: Any, disp: Any = Only(True), blocksize: Any = Only(), *, builder: Builder
) -> Handle:
    return apply("sqrtm", as_matrix(A, builder, "scipy.linalg.sqrtm"))


refuses(
    linalg.logm,
    reason="its derivative would follow from the logarithm of a larger matrix, for "
    "which SciPy's is not accurate enough",
    hint="np.linalg.eigh of a symmetric matrix, and np.log of its eigenvalues",
)
