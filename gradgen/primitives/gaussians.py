"""Gaussian filters of ``scipy.ndimage``, linear in the array.

How far a filter reaches jumps with its standard deviation, so that there is no
derivative in this. The weights are symmetric or, for an odd order, antisymmetric: up to
a sign and the edges, a filter is its own adjoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scipy import ndimage

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type
from gradgen.kernels import images
from gradgen.primitives.imaging import checked_mode, constant, floats
from gradgen.primitives.lowering import Only, lowers, refuses, static
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    Unknown,
    apply,
    lift,
    register,
)
from gradgen.primitives.shaping import normal_axis

Dots = Sequence[Handle | None]
DEFAULTS: dict[str, Any] = {
    "order": 0,
    "mode": "reflect",
    "cval": 0.0,
    "truncate": 4.0,
    "radius": None,
    "axes": None,
}
WHY = "the derivative of a Gaussian filter in 'sigma' is not known: its reach jumps"
HINT = "scipy.ndimage.correlate1d with weights that are computed from it"


def _type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if any(type_.shape for type_ in types[1:]):
        raise Refusal("argument 'sigma' of a Gaussian filter as an array", "a tuple")
    result: Type = types[0]
    return result


def _sigma(values: Sequence[Any], several: bool) -> Any:
    return tuple(values) if several else values[0]


def _sigma_text(types: Sequence[Any], attrs: Attrs) -> str:
    slots = ", ".join(f"{{{k}}}" for k in range(1, len(types)))
    return f"({slots}{',' * (len(types) == 2)})" if attrs["several"] else slots


def _options(attrs: Attrs, *names: str) -> str:
    given = {name: attrs[name] for name in names if attrs[name] != DEFAULTS[name]}
    return "".join(f", {name}={value!r}" for name, value in given.items())


def _evaluate(x: Any, *sigma: Any, line: bool, several: bool, **attrs: Any) -> Any:
    if line:
        (attrs["axis"],) = attrs.pop("axes")
        return ndimage.gaussian_filter1d(x, *sigma, **attrs)
    return ndimage.gaussian_filter(x, _sigma(sigma, several), **attrs)


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    if not attrs["line"]:
        return (
            f"ndimage.gaussian_filter({{0}}, {_sigma_text(types, attrs)}"
            f"{_options(attrs, *DEFAULTS)})"
        )
    (axis,) = attrs["axes"]
    along = "" if axis == len(types[0].shape) - 1 else f", axis={axis}"
    names = (name for name in DEFAULTS if name != "axes")
    return f"ndimage.gaussian_filter1d({{0}}, {{1}}{along}{_options(attrs, *names)})"


def _tangent(y: Handle, dots: Dots, x: Handle, *sigma: Handle, **attrs: Any) -> Handle:
    if dots[0] is None or any(dot is not None for dot in dots[1:]):
        raise Refusal(WHY, HINT)
    return apply("gaussian_filter", dots[0], *sigma, **{**attrs, "cval": 0.0})


def _adjoint(
    y_bar: Handle, y: Handle, x: Handle, *sigma: Handle, **attrs: Any
) -> list[Any]:
    attrs["cval"] = 0.0
    framed = images.PADDING[attrs["mode"]] == "constant"
    name = "gaussian_filter" if framed and attrs["order"] == 0 else "gaussian_back"
    return [apply(name, y_bar, *sigma, **attrs), *([Unknown(WHY, HINT)] * len(sigma))]


GAUSSIANS: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    (("f64[5]", 1), {"truncate": 2.0}),
    (("f64[3,4]", 1), {"mode": "constant", "cval": 0.5, "truncate": 1.0}),
    (("f64[3,4]", 1, 2), {"mode": "wrap", "order": (1, 2), "several": True}),
    (("f64[4,3]", 1), {"mode": "mirror", "order": 1, "axes": (0,), "line": True}),
    (("f32[4]", 1), {"mode": "nearest", "radius": 2}),
)


def _samples(**same: Any) -> tuple[Sample, ...]:
    plain = {**DEFAULTS, "line": False, "several": False}
    return tuple(Sample(x, {**plain, **attrs, **same}) for x, attrs in GAUSSIANS)


register(
    Primitive(
        name="gaussian_filter",
        type_rule=_type,
        evaluate=_evaluate,
        template=_text,
        tangent=_tangent,
        adjoint=_adjoint,
        samples=_samples(),
    )
)


def _back_evaluate(
    y_bar: Any, *sigma: Any, line: bool, several: bool, cval: float, **attrs: Any
) -> Any:
    return images.gaussian_back(y_bar, _sigma(sigma, several), **attrs)


def _back_text(types: Sequence[Any], attrs: Attrs) -> str:
    names = (name for name in DEFAULTS if name != "cval")
    options = _options(attrs, *names)
    return f"gaussian_back({{0}}, {_sigma_text(types, attrs)}{options})"


def _back_tangent(
    y: Handle, dots: Dots, y_bar: Handle, *sigma: Handle, **attrs: Any
) -> Handle:
    if dots[0] is None or any(dot is not None for dot in dots[1:]):
        raise Refusal(WHY, HINT)
    return apply("gaussian_back", dots[0], *sigma, **attrs)


def _back_adjoint(
    bar: Handle, y: Handle, y_bar: Handle, *sigma: Handle, **attrs: Any
) -> list[Any]:
    forward = apply("gaussian_filter", bar, *sigma, **attrs)
    return [forward, *([Unknown(WHY, HINT)] * len(sigma))]


register(
    Primitive(
        name="gaussian_back",
        type_rule=_type,
        evaluate=_back_evaluate,
        template=_back_text,
        tangent=_back_tangent,
        adjoint=_back_adjoint,
        samples=_samples(cval=0.0),
    )
)


def _lowered(
    name: str, x: Any, sigma: Any, builder: Builder, line: bool, **attrs: Any
) -> Handle:
    several = isinstance(sigma, list | tuple)
    deviations = [lift(builder, s) for s in (sigma if several else [sigma])]
    attrs["mode"] = checked_mode(attrs["mode"], name)
    attrs["cval"] = constant(attrs["cval"], "cval", name)
    attrs["truncate"] = constant(attrs["truncate"], "truncate", name)
    for option in ("order", "radius"):
        given = static(attrs[option])
        attrs[option] = tuple(given) if isinstance(given, list) else given
    array = floats(x, name, builder)
    return apply(
        "gaussian_filter", array, *deviations, line=line, several=several, **attrs
    )


@lowers(ndimage.gaussian_filter)
def _gaussian_filter(
    input: Any,
    sigma: Any,
    order: Any = 0,
    output: Any = Only(),
    mode: Any = "reflect",
    cval: Any = 0.0,
    truncate: Any = 4.0,
    *,
    radius: Any = None,
    axes: Any = None,
    builder: Builder,
) -> Handle:
    return _lowered(
        "scipy.ndimage.gaussian_filter",
        input,
        sigma,
        builder,
        line=False,
        order=order,
        mode=mode,
        cval=cval,
        truncate=truncate,
        radius=radius,
        axes=_axes(axes, lift(builder, input).rank),
    )


def _axes(given: Any, rank: int) -> tuple[int, ...] | None:
    """Return which axes are filtered, in the order in which they are given."""
    axes = static(given)
    if axes is None:
        return None
    listed = axes if isinstance(axes, list | tuple) else [axes]
    return tuple(normal_axis(axis, rank) for axis in listed)


@lowers(ndimage.gaussian_filter1d)
def _gaussian_filter1d(
    input: Any,
    sigma: Any,
    axis: Any = -1,
    order: Any = 0,
    output: Any = Only(),
    mode: Any = "reflect",
    cval: Any = 0.0,
    truncate: Any = 4.0,
    *,
    radius: Any = None,
    builder: Builder,
) -> Handle:
    return _lowered(
        "scipy.ndimage.gaussian_filter1d",
        input,
        sigma,
        builder,
        line=True,
        order=order,
        mode=mode,
        cval=cval,
        truncate=truncate,
        radius=radius,
        axes=(normal_axis(axis, lift(builder, input).rank),),
    )


for _names, _reason, _hint in (
    (
        "map_coordinates affine_transform geometric_transform rotate shift zoom "
        "spline_filter spline_filter1d",
        "it interpolates by splines",
        "np.interp, or an index array and weights of your own",
    ),
    (
        "maximum_filter minimum_filter median_filter percentile_filter rank_filter "
        "maximum_filter1d minimum_filter1d grey_dilation grey_erosion",
        "it sorts what is around each place",
        "np.max, np.min or np.median of np.lib.stride_tricks.sliding_window_view",
    ),
    (
        "generic_filter generic_filter1d generic_laplace generic_gradient_magnitude",
        "it calls a function for each place",
        "operations on whole arrays",
    ),
    (
        "uniform_filter uniform_filter1d laplace sobel prewitt gaussian_laplace "
        "gaussian_gradient_magnitude",
        "it is made of other filters",
        "scipy.ndimage.correlate1d with its weights",
    ),
):
    for _name in _names.split():
        refuses(getattr(ndimage, _name), reason=_reason, hint=_hint)
