"""Inverses of square matrices and linear systems.

Derivatives: M. Giles, "Collected matrix derivative results for forward and reverse
mode algorithmic differentiation", 2008, sections 2.2.3 and 2.3.1. They are in terms of
the inverse and of the solution, so that none of a higher order needs anything new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bind
from functools import reduce
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.kernels.matrices import inverse_of_lower, inverse_or_nan
from gradgen.primitives.axes import transpose_to
from gradgen.primitives.batching import by_leading_axes
from gradgen.primitives.batchproducts import solution
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.matrixforms import (
    as_column,
    as_floats,
    as_matrix,
    check_square,
    common,
    drop_axis,
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
    dims_of,
    lift,
    register,
    require_same_shape,
)
from gradgen.primitives.samples import dominant
from gradgen.primitives.shaping import normal_axis, reshape_to

MATRICES = (
    Sample((dominant(3, 3),)),
    Sample((dominant(2, 3, 3),)),
    Sample((dominant(3, 3, phase=1j),)),
    Sample((dominant(3, 3).astype(np.float32),)),
    Sample((dominant(1, 1),)),
    Sample(("f64[0,0]",)),
)


def _inverse_tangent(y: Handle, dots: Sequence[Handle | None], x: Handle) -> Handle:
    assert dots[0] is not None
    return -(y @ dots[0] @ y)


def _inverse_adjoint(y_bar: Handle, y: Handle, x: Handle) -> list[Handle]:
    return [-(turned(y) @ y_bar @ turned(y))]


def _declare_inverse(name: str, function: Callable[..., Any], text: str) -> None:
    register(
        Primitive(
            name=name,
            batch=by_leading_axes,
            type_rule=square_type,
            evaluate=function,
            template=text,
            tangent=_inverse_tangent,
            adjoint=_inverse_adjoint,
            takes_complex=True,
            samples=MATRICES,
        )
    )


_declare_inverse("inv", np.linalg.inv, "np.linalg.inv({0})")
_declare_inverse("inverse_or_nan", inverse_or_nan, "inverse_or_nan({0})")
_declare_inverse("lower_inverse", inverse_of_lower, "inverse_of_lower({0})")


@lowers(np.linalg.inv)
def _inv(a: Any, *, builder: Builder) -> Handle:
    return apply("inv", as_matrix(a, builder, "np.linalg.inv"))


def solve_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of the solution of a linear system; a single axis is a vector's."""
    a, b = types
    check_square(dims, a.shape)
    if len(b.shape) == 1:
        dims.assume_equal(a.shape[-1], b.shape[0])
        return tensor(joined_dtype(types), b.shape)
    dims.assume_equal(a.shape[-1], b.shape[-2])
    batch = broadcast(dims, [a.shape[:-2], b.shape[:-2]])
    return tensor(joined_dtype(types), (*batch, *b.shape[-2:]))


def solution_tangent(
    solve: Callable[[Handle], Handle], x: Handle, dots: Sequence[Handle | None]
) -> Handle:
    """Return the tangent of ``x``, where ``solve`` solves for a right-hand side."""
    a_dot, b_dot = dots
    if a_dot is None:
        assert b_dot is not None
        return solve(b_dot)
    moved = a_dot @ x
    return solve(-moved if b_dot is None else b_dot - moved)


def matrix_bar(b_bar: Handle, x: Handle) -> Handle:
    """Return the cotangent of a matrix from that of the right-hand side."""
    return -(apply("outer", b_bar, x) if x.rank == 1 else b_bar @ turned(x))


def _solve_tangent(
    x: Handle, dots: Sequence[Handle | None], a: Handle, b: Handle
) -> Handle:
    return solution_tangent(bind(apply, "solve", a), x, dots)


def _solve_adjoint(x_bar: Handle, x: Handle, a: Handle, b: Handle) -> list[Handle]:
    b_bar = apply("solve", turned(a), x_bar)
    return [matrix_bar(b_bar, x), b_bar]


register(
    Primitive(
        name="solve",
        batch=solution,
        type_rule=solve_type,
        evaluate=np.linalg.solve,
        template="np.linalg.solve({0}, {1})",
        tangent=_solve_tangent,
        adjoint=_solve_adjoint,
        takes_complex=True,
        samples=(
            Sample((dominant(3, 3), "f64[3]")),
            Sample((dominant(3, 3), "f64[3,2]")),
            Sample((dominant(2, 3, 3), "f64[2,3,2]")),
            Sample((dominant(2, 3, 3), "f64[3,2]")),
            Sample((dominant(3, 3), "f64[4,3,1]")),
            Sample((dominant(3, 3, phase=1j), "c128[3,2]")),
            Sample((dominant(3, 3).astype(np.float32), "f32[3]")),
            Sample(("f64[0,0]", "f64[0,2]")),
        ),
    )
)


@lowers(np.linalg.solve)
def _solve(a: Any, b: Any, *, builder: Builder) -> Handle:
    """Lower by NumPy 2's rule: only what has one axis is a vector."""
    x = as_matrix(a, builder, "np.linalg.solve")
    x, y = common(x, as_matrix(b, builder, "np.linalg.solve", rank=1))
    if y.rank == 1 and x.rank > 2:
        return drop_axis(apply("solve", x, as_column(y)), -1)
    return apply("solve", x, y)


@lowers(np.linalg.tensorinv)
def _tensorinv(a: Any, ind: Any = 2, *, builder: Builder) -> Handle:
    x, count = as_matrix(a, builder, "np.linalg.tensorinv", rank=1), static(ind)
    if type(count) is not int or count <= 0:
        raise Refusal("argument 'ind' of np.linalg.tensorinv", "a positive integer")
    lengths = dims_of(x)
    square = reshape_to(x, [product(lengths[count:], x), -1])
    inverse = apply("inv", square)
    return apply("reshape", inverse, *lengths[count:], *lengths[:count])


def product(lengths: Sequence[Handle], x: Handle) -> Handle:
    """Return the product of some lengths of ``x``."""
    return reduce(lambda p, q: p * q, lengths, lift(x.builder, 1))


@lowers(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None, *, builder: Builder) -> Handle:
    x, y = (as_floats(lift(builder, part), "np.linalg.tensorsolve") for part in (a, b))
    if x.rank <= y.rank:
        raise Refusal("np.linalg.tensorsolve where the solution has no axes")
    last = [] if axes is None else [normal_axis(k, x.rank) for k in static(list(axes))]
    x = transpose_to(x, [k for k in range(x.rank) if k not in last] + last)
    shape = dims_of(x)[y.rank :]
    side = product(shape, x)
    square = reshape_to(x, [side, side])
    solution = apply("solve", *common(square, reshape_to(y, [-1])))
    return apply("reshape", solution, *shape)


@lowers(np.linalg.matrix_power)
def _matrix_power(a: Any, n: Any, *, builder: Builder) -> Handle:
    """Lower to the products that NumPy computes, by repeated squaring."""
    x, power = lift(builder, a), static(n)
    if type(power) is not int:
        raise Refusal("np.linalg.matrix_power with a power that is no integer")
    if x.rank < 2:
        raise Refusal(f"np.linalg.matrix_power of an array of rank {x.rank}")
    if not require_same_shape(x, turned(x)):
        raise Refusal("np.linalg.matrix_power of a matrix that is not square")
    if power == 0:
        return _unit(x)
    if power < 0:
        x, power = apply("inv", as_floats(x, "np.linalg.matrix_power")), -power
    if power == 1:
        return x
    return _power(x, power)


def _power(x: Handle, power: int) -> Handle:
    if power == 3:
        return (x @ x) @ x
    result, square = None, x
    while power:
        power, bit = divmod(power, 2)
        if bit:
            result = square if result is None else result @ square
        square = square @ square if power else square
    assert result is not None
    return result


def _unit(x: Handle) -> Handle:
    n = dim_of(x, x.rank - 1)
    unit = apply("eye", n, n, builder=x.builder, offset=0, dtype=x.dtype)
    return unit if x.rank == 2 else apply("broadcast_to", unit, *dims_of(x))
