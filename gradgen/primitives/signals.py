"""Convolution and correlation from ``scipy.signal``, of arrays of any rank.

A convolution is a sum over products of two factors, and so is what it hands back to
either of them: the three are adjoint to one another. In terms of transposed cotangents
nothing is conjugated.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy import signal

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Dim, Type, tensor
from gradgen.kernels import filtering
from gradgen.primitives.axes import flipped
from gradgen.primitives.families import bilinear, differentiable
from gradgen.primitives.lowering import Only, lowers, refuses, static
from gradgen.primitives.parts import conjugated
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
from gradgen.primitives.shaping import dims_from

MODES = ("full", "same", "valid")
METHODS = ("auto", "direct", "fft")


@cache
def _dtype_of(function: str, *dtypes: np.dtype) -> np.dtype:
    ones = (np.ones(1, dtype) for dtype in dtypes)
    found: np.dtype = getattr(signal, function)(*ones).dtype
    return found


def _length(dims: Dims, n: Dim, m: Dim, mode: str) -> Dim:
    """Return the length of a convolution along one axis."""
    n, m = dims.resolve(n), dims.resolve(m)
    if mode == "same" or m == 1:
        return n
    if isinstance(n, int) and isinstance(m, int):
        return n + m - 1 if mode == "full" else abs(n - m) + 1
    return m if n == 1 else dims.fresh()


def _convolution_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    x, y = types
    mode = attrs["mode"]
    pairs = zip(x.shape, y.shape, strict=True)
    shape = tuple(_length(dims, n, m, mode) for n, m in pairs)
    return tensor(_dtype_of(attrs["function"], x.dtype, y.dtype), shape)


def _options(attrs: Attrs) -> dict[str, str]:
    """Return the arguments by name that a call needs besides its mode."""
    method = attrs["method"]
    return {} if method == "auto" else {"method": method}


def _options_text(options: dict[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in options.items())


def _evaluate(x: Any, y: Any, function: str, mode: str, method: str) -> Any:
    options = _options({"method": method})
    return getattr(signal, function)(x, y, mode=mode, **options)


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    mode = attrs["mode"]
    options = {} if mode == "full" else {"mode": mode}
    shown = _options_text({**options, **_options(attrs)})
    return f"signal.{attrs['function']}({{0}}, {{1}}{shown})"


def _adjoint(
    z_bar: Handle, z: Handle, x: Handle, y: Handle, **attrs: Any
) -> list[Handle | None]:
    return [
        _back(z_bar, y, x, first=True, **attrs) if differentiable(x) else None,
        _back(z_bar, x, y, first=False, **attrs) if differentiable(y) else None,
    ]


def _back(z_bar: Handle, other: Handle, like: Handle, **attrs: Any) -> Handle:
    return apply("convolve_back", z_bar, other, *dims_of(like), **attrs)


SAMPLES = (
    (("f64[5]", "f64[2]"), "convolve", "full", "auto"),
    (("f64[2]", "f64[3]"), "fftconvolve", "full", "auto"),
    (("f64[4]", "f64[2]"), "convolve", "same", "direct"),
    (("f64[3,4]", "f64[2,3]"), "convolve", "same", "auto"),
    (("f64[3,4]", "f64[2,3]"), "convolve", "valid", "auto"),
    (("f64[2]", "f64[4]"), "oaconvolve", "valid", "auto"),
    (("f32[4]", "f32[1]"), "convolve", "full", "fft"),
)
convolution = bilinear(
    "convolution",
    type_rule=_convolution_type,
    evaluate=_evaluate,
    template=_text,
    adjoint=_adjoint,
    samples=tuple(
        Sample(operands, {"function": function, "mode": mode, "method": method})
        for operands, function, mode, method in SAMPLES
    ),
)


def _back_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    dtype = _dtype_of(attrs["function"], types[0].dtype, types[1].dtype)
    return tensor(dtype, dims_from(dims, types[2:]))


def _back_evaluate(
    z_bar: Any, other: Any, *shape: int, first: bool, **attrs: Any
) -> Any:
    return filtering.convolve_back(
        z_bar,
        other,
        shape,
        attrs["mode"],
        getattr(signal, attrs["function"]),
        first=first,
        **_options(attrs),
    )


def _back_text(types: Sequence[Any], attrs: Attrs) -> str:
    function, mode, options = attrs["function"], attrs["mode"], _options(attrs)
    if mode == "full":
        return _overlaps_text(function, options)
    lengths = ", ".join(f"{{{k}}}" for k in range(2, len(types)))
    comma = "," if len(types) == 3 else ""
    named = "" if function == "convolve" else f", signal.{function}"
    shown = _options_text({**({} if attrs["first"] else {"first": False}), **options})
    return f"convolve_back({{0}}, {{1}}, ({lengths}{comma}), {mode!r}{named}{shown})"


def _overlaps_text(function: str, options: dict[str, str]) -> str:
    """Return how the sums are written that a whole convolution hands back."""
    if function == "convolve" and not options:
        return "overlaps({0}, {1})"
    if function == "fftconvolve" or options.get("method") == "fft":
        return "spectral_overlaps({0}, {1})"
    shown = _options_text({"mode": "valid", **options})
    return f"signal.{function}({{0}}, np.flip({{1}}){shown})"


def _back_tangent(
    y: Handle,
    dots: Sequence[Handle | None],
    z_bar: Handle,
    other: Handle,
    *shape: Handle,
    **attrs: Any,
) -> Handle:
    z_dot, other_dot = dots[:2]
    return joined_terms(
        None if z_dot is None else _again(z_dot, other, shape, attrs),
        None if other_dot is None else _again(z_bar, other_dot, shape, attrs),
    )


def _again(z_bar: Handle, other: Handle, shape: Sequence[Any], attrs: Attrs) -> Handle:
    return apply("convolve_back", z_bar, other, *shape, **attrs)


def _back_adjoint(
    x_bar: Handle,
    y: Handle,
    z_bar: Handle,
    other: Handle,
    *shape: Handle,
    first: bool,
    **attrs: Any,
) -> list[Handle | None]:
    factors = (x_bar, other) if first else (other, x_bar)
    return [
        convolution(*factors, **attrs) if differentiable(z_bar) else None,
        _back(z_bar, x_bar, other, first=not first, **attrs)
        if differentiable(other)
        else None,
    ]


register(
    Primitive(
        name="convolve_back",
        type_rule=_back_type,
        evaluate=_back_evaluate,
        template=_back_text,
        tangent=_back_tangent,
        adjoint=_back_adjoint,
        takes_complex=True,
        samples=tuple(
            Sample(
                (z_bar, other, *shape),
                {"function": "convolve", "mode": mode, "method": "auto", "first": one},
            )
            for z_bar, other, shape, mode, one in (
                ("f64[5]", "f64[3]", (3,), "full", True),
                ("f64[4]", "f64[2]", (4,), "same", True),
                ("f64[3]", "f64[3]", (4,), "same", False),
                ("f64[2]", "f64[4]", (3,), "valid", True),
                ("f64[2,2]", "f64[3,4]", (2, 3), "valid", False),
                ("f32[3]", "f32[2]", (4,), "valid", True),
            )
        ),
    )
)


def _factors(given: Sequence[Any], name: str, builder: Builder) -> list[Handle]:
    factors = [lift(builder, factor) for factor in given]
    if not factors[0].rank or factors[0].rank != factors[1].rank:
        raise Refusal(f"{name} of single numbers, or of arrays of different ranks")
    if any(0 in factor.shape for factor in factors):
        raise Refusal(f"{name} of an empty array is not supported")
    if any(factor.dtype.kind == "b" for factor in factors):
        raise Refusal(f"{name} of booleans is not supported", "x.astype(float)")
    return factors


def _choice(value: Any, allowed: Sequence[str], option: str, name: str) -> str:
    chosen = static(value)
    if chosen not in allowed:
        raise Refusal(f"argument '{option}' of {name} as {chosen!r}", repr(allowed[0]))
    return str(chosen)


@lowers(signal.convolve)
def _convolve(
    in1: Any, in2: Any, mode: Any = "full", method: Any = "auto", *, builder: Builder
) -> Handle:
    return _lowered("convolve", in1, in2, mode, method, builder)


@lowers(signal.correlate)
def _correlate(
    in1: Any, in2: Any, mode: Any = "full", method: Any = "auto", *, builder: Builder
) -> Handle:
    """Lower to a convolution with the mirror image, as SciPy itself does."""
    name = "scipy.signal.correlate"
    x, y = _factors((in1, in2), name, builder)
    mirrored = conjugated(flipped(y, tuple(range(y.rank))))
    return _lowered("convolve", x, mirrored, mode, method, builder, name)


@lowers(signal.fftconvolve)
def _fftconvolve(
    in1: Any, in2: Any, mode: Any = "full", axes: Any = Only(), *, builder: Builder
) -> Handle:
    return _lowered("fftconvolve", in1, in2, mode, "auto", builder)


@lowers(signal.oaconvolve)
def _oaconvolve(
    in1: Any, in2: Any, mode: Any = "full", axes: Any = Only(), *, builder: Builder
) -> Handle:
    return _lowered("oaconvolve", in1, in2, mode, "auto", builder)


def _lowered(
    function: str,
    in1: Any,
    in2: Any,
    mode: Any,
    method: Any,
    builder: Builder,
    name: str = "",
) -> Handle:
    name = name or f"scipy.signal.{function}"
    return convolution(
        *_factors((in1, in2), name, builder),
        function=function,
        mode=_choice(mode, MODES, "mode", name),
        method=_choice(method, METHODS, "method", name),
    )


for _names, _reason, _hint in (
    (
        "convolve2d correlate2d",
        "it has boundaries of its own",
        "scipy.signal.convolve, of an array that np.pad has padded",
    ),
    (
        "filtfilt",
        "it pads and filters in both directions",
        "scipy.signal.lfilter, of x and of its result from the end to the beginning",
    ),
    (
        "sosfiltfilt",
        "it pads, and filters in both directions by one section after the other",
        "scipy.signal.sosfilt, of x and of its result from the end to the beginning",
    ),
    (
        "savgol_filter",
        "it fits polynomials at both ends",
        "scipy.signal.convolve with scipy.signal.savgol_coeffs, which are constants",
    ),
):
    for _function in _names.split():
        refuses(getattr(signal, _function), reason=_reason, hint=_hint)
