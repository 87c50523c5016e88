"""Discrete Fourier transforms.

All are linear over the reals. With transposed cotangents that of complex numbers is its
own adjoint, since its matrix is symmetric; so is its inverse. A transform of real
numbers keeps half of the spectrum: what it leaves out is the conjugate of what it
keeps. ``rfft`` and ``hfft`` are adjoint to one another, and ``ihfft`` and ``irfft``, up
to the terms that stand for two, which is all but that of frequency 0 and, for an even
count, the last. An ``n`` other than the length of the axis cuts off or adds zeros
before the transform, and so does the adjoint after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Dim, Sym, Type, is_complex, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    in_shape_of,
    lift,
    register,
)
from gradgen.primitives.shaping import dims_from, normal_axes, normal_axis, shape_text

Axes = tuple[int, ...]
OF_REALS = ("rfft", "ihfft")
TO_REALS = ("irfft", "hfft")
NORMS = (None, "backward", "ortho", "forward")


@cache
def _dtype_of(name: str, dtype: np.dtype) -> np.dtype:
    found: np.dtype = getattr(np.fft, name)(np.ones(2, dtype)).dtype
    return found


def _half(dims: Dims, length: Dim) -> Dim:
    """Return the length of half a spectrum, the same symbol for the same length."""
    length = dims.resolve(length)
    if isinstance(length, int):
        return length // 2 + 1
    return dims.fresh() if length.offset else Sym(f"{length.name}_half")


def _count_of(dims: Dims, half: Dim) -> Dim:
    return 2 * (half - 1) if isinstance(half, int) else dims.fresh()


def _transform_type(name: str, dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    x = types[0]
    if name in OF_REALS and is_complex(x):
        raise Refusal(f"np.fft.{name} of complex numbers", "np.fft.fft, or x.real")
    shape = [dims.resolve(dim) for dim in x.shape]
    last = attrs["axes"][-1]
    if name in TO_REALS and shape[last] == 0:
        raise Refusal(f"np.fft.{name} of no numbers returns what memory held")
    for axis, length in zip(attrs["axes"], dims_from(dims, types[1:]), strict=False):
        shape[axis] = length
    if name in TO_REALS and len(types) == 1:
        shape[last] = _count_of(dims, shape[last])
    if any(shape[axis] == 0 for axis in attrs["axes"]):
        raise Refusal(f"np.fft.{name} of no numbers is an error")
    if name in OF_REALS:
        shape[last] = _half(dims, shape[last])
    return tensor(_dtype_of(name, x.dtype), tuple(shape))


def _evaluate(name: str, x: Any, *s: int, axes: Axes, norm: str) -> Any:
    if len(axes) == 1:
        return getattr(np.fft, name)(x, *s, axis=axes[0], norm=norm)
    return getattr(np.fft, f"{name}n")(x, s or None, axes, norm)


def _text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    """Return the call of NumPy's function, that of one or two axes where it may be."""
    axes, rank = attrs["axes"], len(types[0].shape)
    options = ["{0}", *([shape_text(types, 1)] if len(types) > 1 else [])]
    if len(axes) > 1:
        plane = axes == (rank - 2, rank - 1)
        name += "2" if plane else "n"
        whole = plane or (len(options) == 1 and axes == tuple(range(rank)))
        options += [] if whole else [f"axes={axes}"]
    elif axes[0] != rank - 1:
        options.append(f"axis={axes[0]}")
    if attrs["norm"] != "backward":
        options.append(f"norm='{attrs['norm']}'")
    return f"np.fft.{name}({', '.join(options)})"


def _fitted(z: Handle, x: Handle, axes: Axes, s: Sequence[Handle]) -> Handle:
    """Return ``z`` in the shape of ``x``, of which ``s`` made one of other lengths."""
    if not s:
        return in_shape_of(x, z)
    off = tuple(axis for axis in axes if z.shape[axis] != x.shape[axis])
    lengths = [dim_of(x, axis) for axis in off]
    return apply("fit_axes", z, *lengths, axes=off) if off else z


def _self_adjoint(
    name: str,
    y_bar: Handle,
    y: Handle,
    x: Handle,
    *s: Handle,
    axes: Axes,
    norm: str,
) -> list[Handle]:
    return [_fitted(apply(name, y_bar, axes=axes, norm=norm), x, axes, s)]


def _adjoint_of_reals(
    back: str,
    others: str,
    y_bar: Handle,
    y: Handle,
    x: Handle,
    *s: Handle,
    axes: Axes,
    norm: str,
) -> list[Handle]:
    """Return the adjoint of a transform of reals, by ``back`` along the last axis."""
    *first, last = axes
    count = s[-1] if s else dim_of(x, last)
    z = apply("scale_paired", y_bar, count, axis=last, factor=0.5)
    if first:
        z = apply(others, z, axes=tuple(first), norm=norm)
    z = apply(back, z, count, axes=(last,), norm=norm)
    return [_fitted(z, x, axes, s)]


def _adjoint_to_reals(
    back: str,
    others: str,
    y_bar: Handle,
    y: Handle,
    x: Handle,
    *s: Handle,
    axes: Axes,
    norm: str,
) -> list[Handle]:
    *first, last = axes
    z = apply(back, y_bar, axes=(last,), norm=norm)
    z = apply("scale_paired", z, dim_of(y_bar, last), axis=last, factor=2.0)
    if first:
        z = apply(others, z, axes=tuple(first), norm=norm)
    return [_fitted(z, x, axes, s)]


ALONG: Attrs = {"axes": (0,), "norm": "backward"}
LINES = (
    Sample(("f64[4]",), ALONG),
    Sample(("f64[5]",), ALONG),
    Sample(("f64[2,3]",), {"axes": (1,), "norm": "ortho"}),
    Sample(("f64[3,2]", 2), {"axes": (0,), "norm": "forward"}),
    Sample(("f64[3]", 5), ALONG),
    Sample(("f64[4]", 1), ALONG),
    Sample(("f32[6]",), ALONG),
)
PLANES = (
    Sample(("f64[3,4]",), {"axes": (0, 1), "norm": "backward"}),
    Sample(("f64[3,2,5]",), {"axes": (2, 0), "norm": "ortho"}),
    Sample(("f64[2,4]", 3, 3), {"axes": (0, 1), "norm": "forward"}),
)


def _transform(name: str, adjoint: Callable[..., Any], several: bool = True) -> None:
    linear(
        name,
        batch=along_axes,
        type_rule=bind(_transform_type, name),
        evaluate=bind(_evaluate, name),
        template=bind(_text, name),
        adjoint=adjoint,
        samples=(*LINES, *(PLANES if several else ())),
    )


_transform("fft", bind(_self_adjoint, "fft"))
_transform("ifft", bind(_self_adjoint, "ifft"))
_transform("rfft", bind(_adjoint_of_reals, "hfft", "fft"))
_transform("irfft", bind(_adjoint_to_reals, "ihfft", "ifft"))
_transform("hfft", bind(_adjoint_to_reals, "rfft", "fft"), several=False)
_transform("ihfft", bind(_adjoint_of_reals, "irfft", "ifft"), several=False)

linear(
    "scale_paired",
    batch=along_axes,
    type_rule=lambda dims, types, attrs: types[0],
    evaluate=kernels.scale_paired,
    template=lambda types, attrs: (
        f"scale_paired({{0}}, {{1}}, {attrs['axis']}, {attrs['factor']})"
    ),
    adjoint=lambda y_bar, y, x, n, **attrs: [apply("scale_paired", y_bar, n, **attrs)],
    samples=(
        Sample(("f64[3]", 4), {"axis": 0, "factor": 2.0}),
        Sample(("f64[2,3]", 5), {"axis": 1, "factor": 0.5}),
        Sample(("f32[1,2]", 1), {"axis": 0, "factor": 0.5}),
    ),
)


def _fit_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = list(types[0].shape)
    for axis, length in zip(attrs["axes"], dims_from(dims, types[1:]), strict=True):
        shape[axis] = length
    return tensor(types[0].dtype, tuple(shape))


def _fit_text(types: Sequence[Any], attrs: Attrs) -> str:
    lengths = ", ".join(f"{{{k}}}" for k in range(1, len(types)))
    return f"fit_axes({{0}}, {attrs['axes']}, {lengths})"


def _fit_adjoint(
    y_bar: Handle, y: Handle, x: Handle, *lengths: Handle, axes: Axes
) -> list[Handle]:
    return [apply("fit_axes", y_bar, *(dim_of(x, axis) for axis in axes), axes=axes)]


linear(
    "fit_axes",
    batch=along_axes,
    type_rule=_fit_type,
    evaluate=lambda x, *lengths, axes: kernels.fit_axes(x, axes, *lengths),
    template=_fit_text,
    adjoint=_fit_adjoint,
    shares=(0,),
    samples=(
        Sample(("f64[3]", 5), {"axes": (0,)}),
        Sample(("f64[3,4]", 2, 5), {"axes": (1, 0)}),
        Sample(("f32[2,3]", 3), {"axes": (1,)}),
        Sample(("f64[0,2]", 1), {"axes": (0,)}),
    ),
)


def _along(
    name: str, given: Any, axes: Axes, s: Sequence[Any], norm: Any, builder: Builder
) -> Handle:
    kind = static(norm)
    if not isinstance(kind, str | None) or kind not in NORMS:
        raise Refusal(f"argument 'norm' of np.fft.{name} as {kind!r}", "'ortho'")
    x = lift(builder, given)
    return apply(name, x, *s, axes=axes, norm=kind or "backward")


def _lower_line(name: str) -> None:
    @lowers(getattr(np.fft, name))
    def along_one(
        a: Any,
        n: Any = None,
        axis: Any = -1,
        norm: Any = None,
        out: Any = Only(),
        *,
        builder: Builder,
    ) -> Handle:
        axes = (normal_axis(axis, lift(builder, a).rank),)
        return _along(name, a, axes, [] if n is None else [n], norm, builder)


def _axes_for(axes: Any, s: Any, rank: int) -> Axes:
    """Return the axes of a transform, the last ones where only ``s`` is given."""
    axes, s = static(axes), s if s is None else list(s)
    given = range(-rank if s is None else -len(s), 0) if axes is None else axes
    if not isinstance(given, range | tuple | list):
        raise Refusal(f"argument 'axes' as {given!r}", "a tuple of integers")
    found = tuple(normal_axis(axis, rank) for axis in given)
    if not found or len(set(found)) != len(found):
        raise Refusal("argument 'axes' that names no axis, or one twice")
    if s is not None and len(s) != len(found):
        raise Refusal("argument 's' has another length than 'axes'")
    return found


def _lengths(x: Handle, s: Any, axes: Axes) -> list[Any]:
    """Return the lengths that ``s`` says, of which -1 is that of the axis."""
    pairs = [] if s is None else zip(s, axes, strict=True)
    return [
        dim_of(x, axis) if type(length) is int and length == -1 else length
        for length, axis in pairs
    ]


def _lower_several(name: str, suffix: str, default: Any) -> None:
    @lowers(getattr(np.fft, name + suffix))
    def along_several(
        a: Any,
        s: Any = None,
        axes: Any = default,
        norm: Any = None,
        out: Any = Only(),
        *,
        builder: Builder,
    ) -> Handle:
        x = lift(builder, a)
        if not isinstance(s, tuple | list | None):
            raise Refusal("argument 's' that is no tuple", "a tuple of integers")
        found = _axes_for(axes, s, x.rank)
        return _along(name, x, found, _lengths(x, s, found), norm, builder)


for _name in ("fft", "ifft", "rfft", "irfft"):
    _lower_line(_name)
    _lower_several(_name, "2", (-2, -1))
    _lower_several(_name, "n", None)
_lower_line("hfft")
_lower_line("ihfft")


def _shift_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    axes, rank = attrs["axes"], len(types[0].shape)
    shown = axes[0] if len(axes) == 1 else axes
    return f"np.fft.{name}({{0}}" + (")" if len(axes) == rank else f", axes={shown})")


def _shift(name: str, back: str) -> None:
    function = getattr(np.fft, name)
    linear(
        name,
        batch=along_axes,
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=function,
        template=bind(_shift_text, name),
        adjoint=lambda y_bar, y, x, axes: [apply(back, y_bar, axes=axes)],
        samples=(
            Sample(("f64[5]",), {"axes": (0,)}),
            Sample(("f64[3,4]",), {"axes": (1,)}),
            Sample(("f32[3,4]",), {"axes": (0, 1)}),
            Sample(("f64[0]",), {"axes": (0,)}),
        ),
    )

    @lowers(function)
    def lowering(x: Any, axes: Any = None, *, builder: Builder) -> Handle:
        array = lift(builder, x)
        if not array.rank:
            raise Refusal(f"np.fft.{name} of a single number")
        return apply(name, array, axes=normal_axes(axes, array.rank))


_shift("fftshift", "ifftshift")
_shift("ifftshift", "fftshift")


def _frequencies_type(
    name: str, dims: Dims, types: Sequence[Any], attrs: Attrs
) -> Type:
    if types[1].shape:
        raise Refusal(f"np.fft.{name} of several spacings", "np.fft.fftfreq(n) / d")
    (length,) = dims_from(dims, types[:1])
    if length == 0:
        raise Refusal(f"np.fft.{name} of no numbers is an error")
    return tensor(FLOAT, (length if name == "fftfreq" else _half(dims, length),))


def _frequencies_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    unit = isinstance(types[1].dim, int) and types[1].dim == 1
    return f"np.fft.{name}({{0}})" if unit else f"np.fft.{name}({{0}}, {{1}})"


def _frequencies(name: str) -> None:
    """Declare frequencies, which are inversely proportional to the spacing ``d``."""
    function = getattr(np.fft, name)
    register(
        Primitive(
            name=name,
            type_rule=bind(_frequencies_type, name),
            evaluate=function,
            template=bind(_frequencies_text, name),
            tangent=lambda y, dots, n, d: y * (-dots[1] / d),
            adjoint=lambda y_bar, y, n, d: [
                None,
                -apply("sum", y_bar * y, axis=(0,), keepdims=False) / d,
            ],
            samples=tuple(
                Sample((n, d), domain=(0.5, 2.0))
                for n, d in ((4, "f64"), (5, "float"), (1, "f32"), (3, 1))
            ),
        )
    )

    @lowers(function)
    def lowering(
        n: Any, d: Any = 1.0, device: Any = Only(), *, builder: Builder
    ) -> Handle:
        spacing = 1 if isinstance(d, float) and d == 1.0 else d
        return apply(name, n, spacing, builder=builder)


_frequencies("fftfreq")
_frequencies("rfftfreq")
