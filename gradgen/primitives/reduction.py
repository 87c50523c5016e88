"""Reductions: sum, mean, max and min over any axes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from functools import reduce
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, INT, Scalar, Shape, Type, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.chosen import lowest
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import lowers, static
from gradgen.primitives.promotion import dtype_of
from gradgen.primitives.registry import (
    ATTRIBUTES,
    PRIMITIVES,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    lift,
    register,
)
from gradgen.primitives.shaping import (
    broadcast_like,
    cast_like,
    cast_to,
    normal_axes,
    strong,
)


def reduced_shape(shape: Shape, axis: tuple[int, ...], keepdims: bool) -> Shape:
    """Return the shape that is left after a reduction over ``axis``."""
    kept = (None if i in axis else dim for i, dim in enumerate(shape))
    return tuple(1 if d is None else d for d in kept if keepdims or d is not None)


def sum_dtype(dtype: np.dtype) -> np.dtype:
    """Return the dtype in which NumPy sums: short integers become long ones."""
    if dtype.kind in "bi":
        return np.result_type(dtype, INT)
    return np.result_type(dtype, np.uint64) if dtype.kind == "u" else dtype


def _sum_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(sum_dtype(types[0].dtype), reduced_shape(types[0].shape, **attrs))


def _mean_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    dtype = types[0].dtype if types[0].dtype.kind in "fc" else FLOAT
    return tensor(dtype, reduced_shape(types[0].shape, **attrs))


def extremum_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Return the type of a reduction that keeps the dtype."""
    shape = reduced_shape(types[0].shape, attrs["axis"], attrs["keepdims"])
    return tensor(types[0].dtype, shape)


def method_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    """Return the template of a reduction as a method: ``{0}.sum(axis=0)``."""
    options = []
    axis = attrs["axis"]
    if types and len(axis) != len(types[0].shape):
        options.append(f"axis={axis[0] if len(axis) == 1 else axis}")
    if attrs["keepdims"]:
        options.append("keepdims=True")
    if "initial" in attrs:
        options.append(f"initial={_number_text(attrs['initial'])}")
    return f"{{0}}.{name}({', '.join(options)})"


def _number_text(value: Any) -> str:
    infinite = isinstance(value, float)
    return f"{'-' if value < 0 else ''}np.inf" if infinite else repr(value)


def spread(y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool) -> Handle:
    """Return a reduced ``y`` ready to broadcast against ``x``, its axes put back."""
    if keepdims or len(axis) == x.rank:
        return y
    if all(a < b for a in axis for b in range(x.rank) if b not in axis):
        return y
    return apply("expand_dims", y, axis=axis)


def _sum_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> list[Handle | None]:
    return [broadcast_like(spread(y_bar, x, axis, keepdims), x)]


AXES = (
    Sample(("f64[3,4]",), {"axis": (0, 1), "keepdims": False}),
    Sample(("f64[3,4]",), {"axis": (0,), "keepdims": False}),
    Sample(("f64[3,4]",), {"axis": (1,), "keepdims": True}),
    Sample(("f64[2,3,4]",), {"axis": (0, 2), "keepdims": False}),
    Sample(("f32[3,4]",), {"axis": (1,), "keepdims": False}),
)

sum_ = linear(
    "sum",
    batch=along_axes,
    type_rule=_sum_type,
    evaluate=lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    template=lambda types, attrs: method_text("sum", types, attrs),
    adjoint=_sum_adjoint,
    samples=AXES,
)


def _from_text(types: Sequence[Any], attrs: Attrs) -> str:
    text = method_text("sum", types, attrs)[:-1]
    return f"{text}{'' if text.endswith('(') else ', '}initial={{1}})"


sum_from = linear(
    "sum_from",
    batch=along_axes,
    type_rule=_sum_type,
    evaluate=lambda x, first, axis, keepdims: np.sum(
        x, axis=axis, keepdims=keepdims, initial=first
    ),
    template=_from_text,
    adjoint=lambda y_bar, y, x, first, axis, keepdims: [
        *_sum_adjoint(y_bar, y, x, axis, keepdims),
        apply("sum", y_bar, axis=tuple(range(y_bar.rank)), keepdims=False),
    ],
    operands=2,
    takes_complex=False,
    samples=(
        Sample(("f64[3,4]", "f64"), {"axis": (0,), "keepdims": False}),
        Sample(("f32[3,4]", "float"), {"axis": (1,), "keepdims": True}),
        Sample(("f64[0]", "f64"), {"axis": (0,), "keepdims": False}),
    ),
)


def averaged_in(x: Handle, dtype: Any, name: str) -> Handle:
    """Return ``x`` in the dtype in which a mean is taken, which must be no integer.

    NumPy cuts off the fraction of such a mean.
    """
    if dtype is not None and dtype_of(dtype).kind in "biu":
        raise Refusal(f"argument 'dtype' of np.{name} as an integer dtype", "float")
    return x if dtype is None else cast_to(x, dtype)


def count_of(x: Handle, axis: tuple[int, ...]) -> Handle:
    """Return the number of elements that a reduction over ``axis`` brings together."""
    if len(axis) == x.rank:
        return apply("size", x) if _symbolic(x.shape) else _product(x, axis)
    return _product(x, axis)


def _symbolic(shape: Shape) -> bool:
    return any(not isinstance(dim, int) for dim in shape)


def _product(x: Handle, axis: tuple[int, ...]) -> Handle:
    lengths = [dim_of(x, a) for a in axis]
    return reduce(lambda p, q: p * q, lengths) if lengths else lift(x.builder, 1)


size = register(
    Primitive(
        name="size",
        type_rule=lambda dims, types, attrs: Scalar(INT, weak=True),
        evaluate=lambda x: x.size,
        template="{0}.size",
        shape_only=(0,),
        takes_complex=True,
        samples=(Sample(("f64[3,4]",)),),
    )
)


at_least_one = register(
    Primitive(
        name="at_least_one",
        type_rule=lambda dims, types, attrs: Scalar(INT, weak=True),
        evaluate=lambda n: max(n, 1),
        template="max({0}, 1)",
        samples=(Sample((3,)), Sample((0,))),
    )
)


def share_count(x: Handle, axis: tuple[int, ...]) -> Handle:
    """Return the number of elements that share a cotangent, 1 if there are none.

    Python's own division of a number by zero raises, and NumPy's mean does not.
    """
    shape = [x.shape[a] for a in axis]
    if 0 in shape:
        return lift(x.builder, 1)
    certain = all(isinstance(dim, int) or dim.proper for dim in shape)
    count = count_of(x, axis)
    return count if certain else apply("at_least_one", count)


def _mean_adjoint(
    y_bar: Handle, y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> list[Handle | None]:
    share = spread(y_bar / share_count(x, axis), x, axis, keepdims)
    return [broadcast_like(share, x)]


mean = linear(
    "mean",
    batch=along_axes,
    type_rule=_mean_type,
    evaluate=lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
    template=lambda types, attrs: method_text("mean", types, attrs),
    adjoint=_mean_adjoint,
    samples=AXES,
)


def _share_of_ties(
    y: Handle, x: Handle, axis: tuple[int, ...], keepdims: bool
) -> tuple[Handle, Handle]:
    """Return where ``x`` reaches the extremum ``y``, and how often, but at least once.

    It never does where the extremum is NaN.
    """
    reached = apply("equal", x, spread(y, x, axis, keepdims))
    counted = (
        "sum" if y.rank else "count_nonzero"
    )  # the one is slow over all of an array
    ties = apply(counted, reached, axis=axis, keepdims=keepdims)
    return reached, apply("maximum", ties, 1)


def extremum_tangent(
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    axis: tuple[int, ...],
    keepdims: bool,
    **_: Any,
) -> Handle:
    """Return the mean of what moves the elements that reach an extremum ``y``."""
    reached, ties = _share_of_ties(y, x, axis, keepdims)
    assert dots[0] is not None
    return apply("sum", dots[0] * reached, axis=axis, keepdims=keepdims) / ties


def extremum_adjoint(
    y_bar: Handle,
    y: Handle,
    x: Handle,
    axis: tuple[int, ...],
    keepdims: bool,
    **_: Any,
) -> list[Handle | None]:
    """Return the shares of the elements that reach an extremum ``y``."""
    reached, ties = _share_of_ties(y, x, axis, keepdims)
    return [reached * spread(cast_like(y_bar / ties, y), x, axis, keepdims)]


def _declare_extremum(name: str, function: Any) -> None:
    register(
        Primitive(
            name=name,
            batch=along_axes,
            type_rule=extremum_type,
            evaluate=lambda x, **options: function(x, **options),
            template=bind(method_text, name),
            tangent=extremum_tangent,
            adjoint=extremum_adjoint,
            samples=(
                *AXES,
                Sample(
                    ("f64[3,4]",),
                    {
                        "axis": (0,),
                        "keepdims": False,
                        "initial": lowest(np.dtype(float), name),
                    },
                ),
            ),
        )
    )


_declare_extremum("max", np.max)
_declare_extremum("min", np.min)


def reduced(name: str, a: Any, axis: Any, keepdims: Any, builder: Builder) -> Handle:
    """Return the reduction ``name`` of what a user gives, a number included."""
    x = lift(builder, a)
    if x.rank == 0:
        return _of_number(name, x, axis)
    axes = normal_axes(axis, x.rank)
    return apply(name, x, axis=axes, keepdims=bool(static(keepdims)))


POSITIONS = ("argmax", "argmin", "nanargmax", "nanargmin", "count_nonzero")


def _of_number(name: str, x: Handle, axis: Any) -> Handle:
    """Return the reduction of a number, for which NumPy allows the axes 0 and -1."""
    if axis not in (None, (), 0, -1):
        normal_axes(axis, 0)
    if name in POSITIONS:
        line = apply("reshape", strong(x), 1)
        return apply(name, line, axis=(0,), keepdims=False)
    attrs = {"axis": (), "keepdims": False}
    result = PRIMITIVES[name].type_rule(x.builder.dims, [x.type], attrs)
    assert isinstance(result, Scalar)
    return cast_to(x, result.dtype)


@lowers(np.size)
def _size(a: Any, axis: Any = None, *, builder: Builder) -> Handle:
    x = lift(builder, a)
    return count_of(x, normal_axes(axis, x.rank))


ATTRIBUTES["size"] = lambda x: count_of(x, tuple(range(x.rank)))
