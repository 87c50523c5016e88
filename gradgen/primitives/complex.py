"""Complex numbers: their parts, conjugates and angles, and the functions of cmath.

Derivatives of these are linear over the reals only. With transposed cotangents the
adjoint of ``real`` is ``y_bar``, that of ``imag`` ``-1j * y_bar``, and that of ``conj``
``conj(y_bar)``.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import PY_COMPLEX, PY_FLOAT, Scalar, Type, is_complex, tensor
from gradgen.primitives.batching import by_broadcasting
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.parts import conjugated, imaginary_part, real_part
from gradgen.primitives.promotion import support_type
from gradgen.primitives.registry import (
    ATTRIBUTES,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    builder_of,
    dims_of,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_to, strong

NUMBERS = (
    Sample(("complex",)),
    Sample(("c128",)),
    Sample(("c128[3,4]",)),
    Sample(("c64[5]",)),
    Sample(("c128[0,2]",)),
)


def _part_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if types[0].weak:
        return PY_FLOAT
    return tensor(np.empty(0, types[0].dtype).real.dtype, types[0].shape)


def _declare_part(
    name: str, tangent: Callable[[Handle], Handle], adjoint: Callable[[Handle], Any]
) -> Primitive:
    return register(
        Primitive(
            name=name,
            batch=by_broadcasting,
            type_rule=_part_type,
            evaluate=lambda x: getattr(x, name),
            template=f"{{0}}.{name}",
            tangent=lambda y, dots, x: tangent(dots[0]),
            adjoint=lambda y_bar, y, x: [adjoint(y_bar)],
            shares=(0,),
            takes_complex=True,
            samples=NUMBERS,
        )
    )


real = _declare_part("real", real_part, lambda y_bar: y_bar)
imag = _declare_part("imag", imaginary_part, lambda y_bar: -1j * y_bar)


def _conjugate_text(types: Sequence[Any], attrs: Attrs) -> str:
    plain = types and types[0].weak and "lib" not in attrs
    return "{0}.conjugate()" if plain else "np.conj({0})"


conjugate = register(
    Primitive(
        name="conjugate",
        type_rule=bind(support_type, np.conjugate),
        evaluate=lambda x, lib="": np.conj(x) if lib else x.conjugate(),
        template=_conjugate_text,
        tangent=lambda y, dots, x, **_: conjugated(dots[0]),
        adjoint=lambda y_bar, y, x, **_: [conjugated(y_bar)],
        elementwise=True,
        ufunc="np.conj",
        takes_complex=True,
        samples=NUMBERS,
    )
)


@lowers(np.real)
def _real(val: Any, *, builder: Builder) -> Handle:
    return real_part(lift(builder, val))


@lowers(np.imag)
def _imag(val: Any, *, builder: Builder) -> Handle:
    """Return zeros for a real array, whose imaginary part they are."""
    x = lift(builder, val)
    if is_complex(x.type):
        return imag(x)
    if x.rank:
        return apply("zeros", *dims_of(x), builder=builder, dtype=x.dtype)
    zero = {"f": 0.0, "i": 0, "u": 0, "b": 0}[x.dtype.kind]
    return lift(builder, zero if x.type.weak else x.dtype.type(zero))


ATTRIBUTES["real"] = lambda x: _real(x, builder=x.builder)
ATTRIBUTES["imag"] = lambda x: _imag(x, builder=x.builder)


@lowers(np.conjugate)
def _conjugate(x: Any, /, out: Any = Only()) -> Handle:
    handle = lift(builder_of(x), x)
    if is_complex(handle.type):
        return conjugate(handle, lib="np")
    return apply("copy", handle) if handle.rank else strong(handle)


@lowers(method="conj")
def _conj_method(a: Handle) -> Handle:
    """Return the conjugate; of reals, NumPy's method returns the array itself."""
    return conjugated(a)


@lowers(method="conjugate")
def _conjugate_method(a: Handle) -> Handle:
    return conjugated(a)


@lowers(np.angle)
def _angle(z: Any, deg: Any = False, *, builder: Builder) -> Handle:
    """Lower as NumPy computes it."""
    x = lift(builder, z)
    angle = apply("arctan2", _imag(x, builder=builder), real_part(x))
    return angle * (180 / np.pi) if deg else angle


@lowers(np.isreal)
def _isreal(x: Any, *, builder: Builder) -> Handle:
    return apply("equal", _imag(x, builder=builder), 0)


@lowers(np.iscomplex)
def _iscomplex(x: Any, *, builder: Builder) -> Handle:
    return apply("not_equal", _imag(x, builder=builder), 0, lib="np")


@lowers(np.iscomplexobj)
def _iscomplexobj(x: Any, *, builder: Builder) -> bool:
    return is_complex(lift(builder, x).type)


@lowers(np.isrealobj)
def _isrealobj(x: Any, *, builder: Builder) -> bool:
    return not is_complex(lift(builder, x).type)


@lowers(np.real_if_close)
def _real_if_close(a: Any, tol: Any = 100, *, builder: Builder) -> Handle:
    x = lift(builder, a)
    if is_complex(x.type):
        raise Refusal(
            "whether np.real_if_close returns real numbers depends on their values",
            "x.real",
        )
    return x if x.rank else strong(x)


def _complex_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if not all(isinstance(type_, Scalar) for type_ in types):
        raise Refusal("a Python number out of an array", "x[0] or x.reshape(())")
    return PY_COMPLEX


def _complex_adjoint(y_bar: Handle, y: Handle, *xs: Handle) -> list[Handle]:
    return [y_bar, 1j * y_bar][: len(xs)]


complex_ = linear(
    "complex",
    type_rule=_complex_type,
    evaluate=complex,
    template=lambda types, attrs: (
        f"complex({', '.join(f'{{{i}}}' for i in range(len(types)))})"
    ),
    adjoint=_complex_adjoint,
    operands=0,
    samples=(
        Sample(("float", "float")),
        Sample(("f64", 2.0)),
        Sample(("float",)),
        Sample(("c128",)),
    ),
)


@lowers(complex)
def _complex(real: Any = 0, imag: Any = None) -> Handle:
    """Lower as Python, which adds ``1j`` times the second number to the first."""
    if imag is None:
        return complex_(real)
    builder = builder_of(real, imag)
    x, y = lift(builder, real), lift(builder, imag)
    left, right = real_part(x), real_part(y)
    if is_complex(y.type):
        left = left - imaginary_part(y)
    if is_complex(x.type):
        right = right + imaginary_part(x)
    return apply("complex", left, right, builder=builder)


def _lower_dtype(dtype: type[np.complexfloating]) -> None:
    @lowers(dtype)
    def lowering(real: Any = 0, imag: Any = None, /, *, builder: Builder) -> Handle:
        both = real if imag is None else _complex(real, imag)
        return cast_to(lift(builder, both), dtype)


_lower_dtype(np.complex64)
_lower_dtype(np.complex128)

_CIRCULAR = ("sin", "cos", "tan", "sinh", "cosh", "tanh")
_OF_CMATH = {
    **{name: name for name in ("exp", "log10", "sqrt", *_CIRCULAR)},
    **{f"a{name}": f"arc{name}" for name in _CIRCULAR},
    **{name: name for name in ("isnan", "isinf", "isfinite")},
}
"""The functions of ``cmath`` of one number, and the primitives that they are."""


def _of_cmath(name: str, x: Any, /) -> Handle:
    return apply(name, x, lib="cmath")


for _name, _ufunc in _OF_CMATH.items():
    lowers(getattr(cmath, _name))(bind(_of_cmath, _ufunc))


@lowers(cmath.log)
def _log(z: Any, base: Any = None, /) -> Handle:
    """Lower the logarithm to any base as ``cmath`` itself computes it."""
    builder = builder_of(z, base)
    logs = [
        apply("log", part, builder=builder, lib="cmath")
        for part in (z, base)
        if part is not None
    ]
    return logs[0] if base is None else logs[0] / logs[1]


@lowers(cmath.phase)
def _phase(z: Handle, /) -> Handle:
    parts = (_imag(z, builder=z.builder), real_part(z))
    return apply("arctan2", *parts, builder=z.builder, lib="math")


@lowers(cmath.polar)
def _polar(z: Handle, /) -> tuple[Handle, Handle]:
    return apply("float", apply("absolute", z)), _phase(z)


@lowers(cmath.rect)
def _rect(r: Any, phi: Any, /) -> Handle:
    builder = builder_of(r, phi)
    angle = lift(builder, phi)
    if isinstance(angle.atom, Literal):
        sides = [lift(builder, f(angle.atom.value)) for f in (math.cos, math.sin)]
    else:
        sides = [apply(name, angle, lib="math") for name in ("cos", "sin")]
    return complex_(*(r * side for side in sides))
