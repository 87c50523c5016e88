"""Running sums and products, and the product over an axis.

Products are differentiated without dividing, so that zeros among the factors do no
harm, to any order: the derivative of a running product is a linear recurrence, and that
of a linear recurrence is another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.axes import flipped
from gradgen.primitives.batching import along_axes, together_along
from gradgen.primitives.chosen import NOT_GIVEN, chosen, first_value, flags_for
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.naming import named
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.reduction import method_text, reduced_shape, spread, sum_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dims_of,
    lift,
    register,
)
from gradgen.primitives.shaping import (
    cast_to,
    normal_axes,
    normal_axis,
    reshape_like,
    reshape_to,
    strong,
)


def _running_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(sum_dtype(types[0].dtype), types[0].shape)


def _running_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    flat = types and len(types[0].shape) == 1
    return f"np.{name}({{0}}" + (")" if flat else f", axis={attrs['axis']})")


def _cumsum_adjoint(y_bar: Handle, y: Handle, x: Handle, axis: int) -> list[Handle]:
    backwards = apply("cumsum", flipped(y_bar, (axis,)), axis=axis)
    return [flipped(backwards, (axis,))]


ALONG = (
    Sample(("f64[4]",), {"axis": 0}),
    Sample(("f64[3,4]",), {"axis": 0}),
    Sample(("f64[3,4]",), {"axis": 1}),
    Sample(("f32[3,4]",), {"axis": 1}),
    Sample(("f64[0]",), {"axis": 0}),
    Sample((np.array([1.5, 0.0, 2.0, 0.0]),), {"axis": 0}),
)
cumsum = linear(
    "cumsum",
    batch=along_axes,
    type_rule=_running_type,
    evaluate=lambda x, axis: np.cumsum(x, axis),
    template=lambda types, attrs: _running_text("cumsum", types, attrs),
    adjoint=_cumsum_adjoint,
    samples=ALONG,
)


GROUPS = np.array([7, 2, 2, 2])
"""Numbers that make groups of neighbours, which are of one where these are equal."""


def _more(types: Sequence[Any], operands: int) -> str:
    """Return how groups are printed, if there are any besides other operands."""
    return f", {{{operands}}})" if len(types) > operands else ")"


def _shown(number: float) -> str:
    if np.isfinite(number):
        return str(number)
    return f"-np.{-number}" if number < 0 else f"np.{number}"


shifted = register(
    Primitive(
        name="shifted",
        batch=along_axes,
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=lambda x, *groups, axis, by, fill: kernels.shifted(
            x, axis, by, fill, *groups
        ),
        template=lambda types, attrs: (
            f"shifted({{0}}, {attrs['axis']}, {attrs['by']}, {_shown(attrs['fill'])}"
            + _more(types, 1)
        ),
        tangent=lambda y, dots, x, *groups, axis, by, fill: apply(
            "shifted", dots[0], *groups, axis=axis, by=by, fill=0.0
        ),
        adjoint=lambda y_bar, y, x, *groups, axis, by, fill: [
            apply("shifted", y_bar, *groups, axis=axis, by=-by, fill=0.0),
            *[None] * len(groups),
        ],
        takes_complex=True,
        samples=(
            Sample(("f64[4]",), {"axis": 0, "by": 1, "fill": 0.0}),
            Sample(("f32[3,4]",), {"axis": 1, "by": -1, "fill": 1.0}),
            Sample(("f64[0]",), {"axis": 0, "by": 1, "fill": 1.0}),
            Sample(("f64[4,2]", GROUPS), {"axis": 0, "by": -1, "fill": 1.0}),
        ),
    )
)


def _before(y: Handle, axis: int, *groups: Handle, fill: float = 0.0) -> Handle:
    return shifted(y, *groups, axis=axis, by=1, fill=fill)


def _after(y: Handle, axis: int, *groups: Handle) -> Handle:
    return shifted(y, *groups, axis=axis, by=-1, fill=0.0)


def _recurrence_tangent(
    h: Handle,
    dots: Sequence[Handle | None],
    a: Handle,
    b: Handle,
    *groups: Handle,
    axis: int,
    transposed: bool,
) -> Handle:
    a_dot, source = dots[:2]
    if a_dot is not None:
        if transposed:
            push = _after(a_dot * h, axis, *groups)
        else:
            push = a_dot * _before(h, axis, *groups)
        source = push if source is None else source + push
    assert source is not None
    return recurrence(a, source, *groups, axis=axis, transposed=transposed)


def _recurrence_adjoint(
    h_bar: Handle,
    h: Handle,
    a: Handle,
    b: Handle,
    *groups: Handle,
    axis: int,
    transposed: bool,
) -> list[Handle | None]:
    b_bar = recurrence(a, h_bar, *groups, axis=axis, transposed=not transposed)
    before, here = (b_bar, h) if transposed else (h, b_bar)
    return [_before(before, axis, *groups) * here, b_bar, *[None] * len(groups)]


recurrence = register(
    Primitive(
        name="recurrence",
        batch=together_along,
        type_rule=lambda dims, types, attrs: tensor(
            joined_dtype(types[:2]), types[1].shape
        ),
        evaluate=lambda a, b, *groups, axis, transposed: kernels.recurrence(
            a, b, axis, transposed, *groups
        ),
        template=lambda types, attrs: (
            f"recurrence({{0}}, {{1}}, {attrs['axis']}, {attrs['transposed']}"
            + _more(types, 2)
        ),
        tangent=_recurrence_tangent,
        adjoint=_recurrence_adjoint,
        takes_complex=True,
        samples=tuple(
            Sample(operands, {"axis": axis, "transposed": transposed})
            for operands, axis in (
                (("f64[4]", "f64[4]"), 0),
                (("f64[3,4]", "f64[3,4]"), 1),
                (("f32[3,4]", "f32[3,4]"), 0),
                (("f64[4,2]", "f64[4,2]", GROUPS), 0),
            )
            for transposed in (False, True)
        ),
    )
)


def _cumprod_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, axis: int
) -> Handle:
    assert dots[0] is not None
    source = _before(y, axis, fill=1.0) * dots[0]
    return recurrence(x, source, axis=axis, transposed=False)


def _cumprod_adjoint(y_bar: Handle, y: Handle, x: Handle, axis: int) -> list[Handle]:
    later = recurrence(x, y_bar, axis=axis, transposed=True)
    return [_before(y, axis, fill=1.0) * later]


cumprod = register(
    Primitive(
        name="cumprod",
        batch=along_axes,
        type_rule=_running_type,
        evaluate=lambda x, axis: np.cumprod(x, axis),
        template=lambda types, attrs: _running_text("cumprod", types, attrs),
        tangent=_cumprod_tangent,
        adjoint=_cumprod_adjoint,
        takes_complex=True,
        samples=ALONG,
    )
)


def _products_before_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, *groups: Handle, axis: int
) -> Handle:
    assert dots[0] is not None
    moved = recurrence(x, y * dots[0], *groups, axis=axis, transposed=False)
    return _before(moved, axis, *groups)


def _products_before_adjoint(
    y_bar: Handle, y: Handle, x: Handle, *groups: Handle, axis: int
) -> list[Handle | None]:
    source = _after(y_bar, axis, *groups)
    later = recurrence(x, source, *groups, axis=axis, transposed=True)
    return [y * later, *[None] * len(groups)]


products_before = register(
    Primitive(
        name="products_before",
        batch=along_axes,
        type_rule=_running_type,
        evaluate=lambda x, *groups, axis: kernels.products_before(x, axis, *groups),
        template=lambda types, attrs: (
            f"products_before({{0}}, {attrs['axis']}" + _more(types, 1)
        ),
        tangent=_products_before_tangent,
        adjoint=_products_before_adjoint,
        takes_complex=True,
        samples=(*ALONG, Sample(("f64[4,2]", GROUPS), {"axis": 0})),
    )
)


def product_of_others(x: Handle, axis: int, *groups: Handle) -> Handle:
    """Return for every element the product of the others along an axis.

    Of those in its group alone, if the neighbours along the axis make ``groups``.
    """
    left = named(products_before(x, *groups, axis=axis), "left")
    backwards = [flipped(part, (0,)) for part in groups]
    right = products_before(flipped(x, (axis,)), *backwards, axis=axis)
    return left * flipped(named(right, "right"), (axis,))


def _prod_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(sum_dtype(types[0].dtype), reduced_shape(types[0].shape, **attrs))


def _prod_tangent(
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    axis: tuple[int, ...],
    keepdims: bool,
) -> Handle:
    assert dots[0] is not None
    terms = _others(x, axis) * dots[0]
    return apply("sum", terms, axis=axis, keepdims=keepdims)


def _prod_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> list[Handle]:
    return [spread(y_bar, x, axis, keepdims) * _others(x, axis)]


def _others(x: Handle, axis: tuple[int, ...]) -> Handle:
    if len(axis) == 1:
        return product_of_others(x, axis[0])
    flat = product_of_others(reshape_to(x, [-1]), 0)
    return reshape_like(flat, x)


prod = register(
    Primitive(
        name="prod",
        batch=along_axes,
        type_rule=_prod_type,
        evaluate=lambda x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
        template=lambda types, attrs: method_text("prod", types, attrs),
        tangent=_prod_tangent,
        adjoint=_prod_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[4]",), {"axis": (0,), "keepdims": False}),
            Sample(("f64[2,3]",), {"axis": (0, 1), "keepdims": False}),
            Sample(("f64[3,4]",), {"axis": (1,), "keepdims": True}),
            Sample(("f32[3,4]",), {"axis": (0,), "keepdims": False}),
            Sample(("f64[0]",), {"axis": (0,), "keepdims": False}),
            Sample(
                (np.array([[1.5, 0.0, 2.0], [0.0, 3.0, 0.0]]),),
                {"axis": (1,), "keepdims": False},
            ),
        ),
    )
)


@lowers(np.prod, method="prod")
def _prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = Only(),
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
    *,
    builder: Builder,
) -> Handle:
    """Lower over several but not all axes as one product after the other."""
    x = lift(builder, a)
    x = x if dtype is None else cast_to(x, dtype)
    result = multiplied(x, axis, keepdims, initial, where)
    return result if dtype is None else cast_to(result, dtype)


def multiplied(x: Handle, axis: Any, keepdims: Any, initial: Any, where: Any) -> Handle:
    """Return the product of the chosen elements, times a first value."""
    factors = chosen(x, flags_for(x, where, "prod"), 1)
    y = _product(factors, axis, bool(static(keepdims)))
    return y if initial is NOT_GIVEN else y * first_value(initial, y, "prod")


def _product(x: Handle, axis: Any, keepdims: bool) -> Handle:
    if x.rank == 0:
        return cast_to(strong(x), sum_dtype(x.dtype))
    axes = normal_axes(axis, x.rank)
    if len(axes) in (1, x.rank):
        return prod(x, axis=axes, keepdims=keepdims)
    for at in reversed(axes):
        x = prod(x, axis=(at,), keepdims=keepdims)
    return x


def running(name: str, x: Handle, axis: Any, dtype: Any) -> Handle:
    """Return running sums or products along an axis, or over all elements in a row."""
    x = x if dtype is None else cast_to(x, dtype)
    along = 0 if axis is None else normal_axis(axis, x.rank)
    x = reshape_to(x, [-1]) if axis is None else x
    return cast_to(apply(name, x, axis=along), dtype)


def _lower_running(name: str, function: Any) -> None:
    @lowers(function, method=name)
    def lowering(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = Only(),
        *,
        builder: Builder,
    ) -> Handle:
        return running(name, lift(builder, a), axis, dtype)


_lower_running("cumsum", np.cumsum)
_lower_running("cumprod", np.cumprod)


def _lower_cumulative(name: str, first: int, function: Any) -> None:
    @lowers(function)
    def lowering(
        x: Any,
        /,
        *,
        builder: Builder,
        axis: Any = None,
        dtype: Any = None,
        out: Any = Only(),
        include_initial: Any = False,
    ) -> Handle:
        terms = lift(builder, x)
        if axis is None and terms.rank != 1:
            raise Refusal(f"np.{function.__name__} of several axes without 'axis'")
        along = normal_axis(0 if axis is None else axis, terms.rank)
        y = running(name, terms, along, dtype)
        if not static(include_initial):
            return y
        shape = [1 if i == along else n for i, n in enumerate(dims_of(y))]
        start = apply("full", first, *shape, builder=builder, dtype=y.dtype)
        return apply("concatenate", start, y, axis=along)


if hasattr(np, "cumulative_sum"):
    _lower_cumulative("cumsum", 0, np.cumulative_sum)
    _lower_cumulative("cumprod", 1, np.cumulative_prod)
