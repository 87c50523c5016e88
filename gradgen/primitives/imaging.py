"""Filters of ``scipy.ndimage``, which extend an array beyond its edges.

A sum over products of an array and weights is linear in either. With zeros around the
array, correlation and convolution are adjoint to one another; with other extensions,
what a filter gives outside of the edges goes back to the places that were copied there.
A value other than 0 around the array (``cval``) is constant: tangents have 0 there.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.kernels import images
from gradgen.primitives.families import differentiable
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import elementwise_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dims_of,
    joined_terms,
    lift,
    register,
)
from gradgen.primitives.shaping import dims_from, normal_axis

Dots = Sequence[Handle | None]
OPPOSITE = {
    function.__name__: opposite.__name__
    for function, opposite in images.OPPOSITE.items()
}
DEFAULTS: Attrs = {"mode": "reflect", "origin": 0, "axis": None, "cval": 0.0}


def _shown(attrs: Attrs, *names: str, rank: int = 0) -> str:
    """Return the arguments by name that differ from their defaults."""
    last = {**DEFAULTS, "axis": rank - 1 if rank else None}
    given = {name: attrs[name] for name in names if attrs[name] != last[name]}
    return "".join(f", {name}={value!r}" for name, value in given.items())


def _without_value(attrs: Attrs) -> dict[str, Any]:
    """Return the attributes of the part that is linear in the array."""
    return {**attrs, "cval": 0.0}


def _is_framed(attrs: Attrs) -> bool:
    """Tell whether there are constants around the array."""
    return images.PADDING[attrs["mode"]] == "constant"


def _filter_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    x, weights = types
    if len(weights.shape) != (len(x.shape) if attrs["axis"] is None else 1):
        raise Refusal("weights with another number of axes than the array")
    return tensor(x.dtype, x.shape)


def _evaluate(x: Any, weights: Any, function: str, **attrs: Any) -> Any:
    along = {} if attrs["axis"] is None else {"axis": attrs["axis"]}
    options = {name: attrs[name] for name in ("mode", "cval", "origin")}
    return getattr(ndimage, function)(x, weights, **along, **options)


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    rank = 0 if attrs["axis"] is None else len(types[0].shape)
    options = _shown(attrs, "axis", "mode", "cval", "origin", rank=rank)
    return f"ndimage.{attrs['function']}({{0}}, {{1}}{options})"


def _tangent(y: Handle, dots: Dots, x: Handle, weights: Handle, **attrs: Any) -> Handle:
    x_dot, weights_dot = dots
    linear = _without_value(attrs)
    return joined_terms(
        None if x_dot is None else image_filter(x_dot, weights, **linear),
        None if weights_dot is None else image_filter(x, weights_dot, **attrs),
    )


def _adjoint(
    y_bar: Handle, y: Handle, x: Handle, weights: Handle, **attrs: Any
) -> list[Handle | None]:
    return [
        _array_back(y_bar, weights, attrs) if differentiable(x) else None,
        _weights_back(y_bar, x, weights, attrs) if differentiable(weights) else None,
    ]


def _array_back(y_bar: Handle, weights: Handle, attrs: Attrs) -> Handle:
    linear = _without_value(attrs)
    if _is_framed(attrs):
        linear["function"] = OPPOSITE[attrs["function"]]
        return image_filter(y_bar, weights, **linear)
    return apply("filter_back", y_bar, weights, **linear)


def _weights_back(y_bar: Handle, x: Handle, like: Handle, attrs: Attrs) -> Handle:
    return apply("weights_back", y_bar, x, *dims_of(like), **attrs)


FILTERS: tuple[tuple[Any, str, dict[str, Any]], ...] = (
    (("f64[4]", "f64[3]"), "correlate", {}),
    (("f64[3]", "f64[4]"), "convolve", {"mode": "wrap", "origin": 1}),
    (("f64[3,4]", "f64[2,3]"), "convolve", {"mode": "mirror", "origin": (-1, 1)}),
    (("f64[2,3]", "f64[3,2]"), "correlate", {"mode": "constant", "cval": 0.5}),
    (("f64[2,3]", "f64[2]"), "correlate1d", {"mode": "nearest", "axis": 0}),
    (("f32[4]", "f32[3]"), "convolve1d", {"axis": 0}),
)
image_filter = register(
    Primitive(
        name="filtered",
        type_rule=_filter_type,
        evaluate=_evaluate,
        template=_text,
        tangent=_tangent,
        adjoint=_adjoint,
        samples=tuple(
            Sample(operands, {**DEFAULTS, "function": function, **attrs})
            for operands, function, attrs in FILTERS
        ),
    )
)


def _back_evaluate(
    y_bar: Any, weights: Any, function: str, cval: float, **attrs: Any
) -> Any:
    return images.filter_back(getattr(ndimage, function), y_bar, weights, **attrs)


def _back_text(types: Sequence[Any], attrs: Attrs) -> str:
    options = _shown(attrs, "mode", "origin", "axis")
    return f"filter_back(ndimage.{attrs['function']}, {{0}}, {{1}}{options})"


def _back_tangent(
    x_bar: Handle, dots: Dots, y_bar: Handle, weights: Handle, **attrs: Any
) -> Handle:
    y_dot, weights_dot = dots
    return joined_terms(
        None if y_dot is None else apply("filter_back", y_dot, weights, **attrs),
        None
        if weights_dot is None
        else apply("filter_back", y_bar, weights_dot, **attrs),
    )


def _back_adjoint(
    bar: Handle, x_bar: Handle, y_bar: Handle, weights: Handle, **attrs: Any
) -> list[Handle | None]:
    return [
        image_filter(bar, weights, **attrs) if differentiable(y_bar) else None,
        _weights_back(y_bar, bar, weights, attrs) if differentiable(weights) else None,
    ]


register(
    Primitive(
        name="filter_back",
        type_rule=_filter_type,
        evaluate=_back_evaluate,
        template=_back_text,
        tangent=_back_tangent,
        adjoint=_back_adjoint,
        samples=tuple(
            Sample(operands, {**DEFAULTS, "function": function, **attrs})
            for operands, function, attrs in FILTERS
            if attrs.get("mode") != "constant"
        ),
    )
)


def _weights_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    dtype = elementwise_dtype(np.multiply, types[:2])
    return tensor(dtype, dims_from(dims, types[2:]))


def _weights_evaluate(
    y_bar: Any, x: Any, *shape: int, function: str, **attrs: Any
) -> Any:
    return images.weights_back(getattr(ndimage, function), y_bar, x, shape, **attrs)


def _weights_text(types: Sequence[Any], attrs: Attrs) -> str:
    lengths = ", ".join(f"{{{k}}}" for k in range(2, len(types)))
    shape = f"({lengths}{',' if len(types) == 3 else ''})"
    options = _shown(attrs, "mode", "origin", "axis", "cval")
    return f"weights_back(ndimage.{attrs['function']}, {{0}}, {{1}}, {shape}{options})"


def _weights_tangent(
    bar: Handle, dots: Dots, y_bar: Handle, x: Handle, *shape: Handle, **attrs: Any
) -> Handle:
    y_dot, x_dot = dots[:2]
    linear = _without_value(attrs)
    return joined_terms(
        None if y_dot is None else apply("weights_back", y_dot, x, *shape, **attrs),
        None
        if x_dot is None
        else apply("weights_back", y_bar, x_dot, *shape, **linear),
    )


def _weights_adjoint(
    bar: Handle, y: Handle, y_bar: Handle, x: Handle, *shape: Handle, **attrs: Any
) -> list[Handle | None]:
    return [
        image_filter(x, bar, **attrs) if differentiable(y_bar) else None,
        _array_back(y_bar, bar, attrs) if differentiable(x) else None,
    ]


register(
    Primitive(
        name="weights_back",
        type_rule=_weights_type,
        evaluate=_weights_evaluate,
        template=_weights_text,
        tangent=_weights_tangent,
        adjoint=_weights_adjoint,
        samples=tuple(
            Sample(
                (operands[0], operands[0], *shape),
                {**DEFAULTS, "function": function, **attrs},
            )
            for (operands, function, attrs), shape in zip(
                FILTERS, ((3,), (4,), (2, 3), (3, 2), (2,), (3,)), strict=True
            )
        ),
    )
)


def floats(x: Any, name: str, builder: Builder) -> Handle:
    """Return an array of floats, in which a filter computes without rounding."""
    array = lift(builder, x)
    if not array.rank or array.dtype.kind not in "fc":
        raise Refusal(
            f"{name} of integers rounds its result, and of a number it does nothing",
            "x.astype(float)",
        )
    return array


def checked_mode(mode: Any, name: str) -> str:
    """Return how an array is extended."""
    chosen = static(mode)
    if not isinstance(chosen, str) or chosen not in images.PADDING:
        raise Refusal(f"argument 'mode' of {name} as {chosen!r}", "'nearest'")
    return chosen


def constant(value: Any, option: str, name: str) -> float:
    """Return a finite number that is known when compiling."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise Refusal(f"argument '{option}' of {name} that is no constant")
    return float(value)


def _filtered(
    function: str, x: Any, weights: Any, axis: Any, builder: Builder, **options: Any
) -> Handle:
    name = f"scipy.ndimage.{function}"
    array = floats(x, name, builder)
    return image_filter(
        array,
        lift(builder, weights),
        function=function,
        mode=checked_mode(options["mode"], name),
        cval=constant(options["cval"], "cval", name),
        origin=_origin(options["origin"]),
        axis=None if axis is None else normal_axis(axis, array.rank),
    )


def _origin(given: Any) -> int | tuple[int, ...]:
    origin = static(given)
    if isinstance(origin, list | tuple):
        return tuple(map(operator.index, origin))
    return operator.index(origin)


def _lower_filter(name: str) -> None:
    @lowers(getattr(ndimage, name))
    def along_all(
        input: Any,
        weights: Any,
        output: Any = Only(),
        mode: Any = "reflect",
        cval: Any = 0.0,
        origin: Any = 0,
        *,
        axes: Any = Only(),
        builder: Builder,
    ) -> Handle:
        options = {"mode": mode, "cval": cval, "origin": origin}
        return _filtered(name, input, weights, None, builder, **options)


def _lower_line_filter(name: str) -> None:
    @lowers(getattr(ndimage, name))
    def along_one(
        input: Any,
        weights: Any,
        axis: Any = -1,
        output: Any = Only(),
        mode: Any = "reflect",
        cval: Any = 0.0,
        origin: Any = 0,
        *,
        builder: Builder,
    ) -> Handle:
        options = {"mode": mode, "cval": cval, "origin": origin}
        return _filtered(name, input, weights, axis, builder, **options)


for _name in ("convolve", "correlate"):
    _lower_filter(_name)
    _lower_line_filter(f"{_name}1d")
