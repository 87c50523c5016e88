"""Makes a derivative fit the value that it belongs to: shape, dtype, name.

Here, and nowhere else, broadcasting is undone and zeros become real.
"""

from __future__ import annotations

from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal, Value
from gradgen.ir.types import (
    Array,
    Scalar,
    Seq,
    Tape,
    Type,
    is_complex,
    same_type,
)
from gradgen.primitives.families import zeros_like
from gradgen.primitives.parts import in_field_of
from gradgen.primitives.registry import Handle, apply, dims_of
from gradgen.primitives.shaping import cast_like, unbroadcast
from gradgen.primitives.unbound import zeros_for


def cotangent_for(bar: Handle, x: Handle) -> Handle:
    """Return a contribution summed to the shape of ``x`` and cast to its dtype.

    Of a complex one to a real ``x`` the real part counts.
    """
    if isinstance(x.atom.type, Seq | Tape):
        return bar
    return cast_like(unbroadcast(in_field_of(bar, x), x), x)


def tangent_for(dot: Handle, y: Handle) -> Handle:
    """Return a tangent broadcast to the shape of ``y`` and cast to its dtype.

    That of a real function of complex numbers is the real part of what the product with
    its partial derivatives is, as its adjoint has it.
    """
    if isinstance(y.atom.type, Seq | Tape):
        return dot
    dot = cast_like(in_field_of(dot, y), y)
    return dot if dot.shape == y.shape else fill(dot, y)


def materialise(derivative: Handle | None, x: Handle) -> Handle:
    """Return a derivative with exactly the type of ``x``; None stands for zero."""
    if isinstance(x.atom.type, Seq | Tape):
        return zeros_like(x) if derivative is None else derivative
    if derivative is None:
        return zeros_for(x) if not isinstance(x.type, Scalar) else _exact_zero(x)
    derivative = in_field_of(derivative, x)
    if derivative.shape != x.shape:
        derivative = fill(derivative, x)
    one_adapts = x.type.weak != derivative.type.weak
    if one_adapts and (derivative.type.weak or derivative.dtype != x.dtype):
        return apply("cast", derivative, builder=x.builder, dtype=x.dtype)
    return cast_like(derivative, x)


def _exact_zero(x: Handle) -> Handle:
    zero = Handle(x.builder, Literal.of(0j if is_complex(x.type) else 0.0))
    return zero if x.type.weak else apply("cast", zero, dtype=x.dtype)


def exact(derivative: Handle, type_: Type) -> Handle:
    """Return a derivative as a value of exactly ``type_``, as a slot needs it.

    A Python number becomes a NumPy scalar, or the other way round.
    """
    given = derivative.atom.type
    if not isinstance(type_, Scalar) or same_type(given, type_):
        return derivative
    if isinstance(derivative.atom, Literal) and derivative.atom.is_undefined:
        return Handle(derivative.builder, Literal.undefined(type_))
    if type_.weak:
        return apply("complex" if is_complex(type_) else "float", derivative)
    if isinstance(derivative.atom, Literal):
        number = type_.dtype.type(derivative.atom.value)
        return Handle(derivative.builder, Literal.of(number))
    return apply("cast", derivative, dtype=type_.dtype)


def returned(derivative: Handle, type_: Type) -> Handle:
    """Return a derivative as a helper returns it: lengths go by the names in ``type_``.

    Inside of the helper more lengths may be known to be equal than outside.
    """
    found = exact(derivative, type_)
    if not isinstance(type_, Array) or found.atom.type == type_:
        return found
    if found.atom not in found.builder.makers:
        found = apply("copy", found)
    if isinstance(found.atom, Value):
        found.atom.type = type_
    return found


def strengthened(type_: Type) -> Type:
    """Return the type of a NumPy scalar for that of a Python number."""
    return Scalar(type_.dtype) if isinstance(type_, Scalar) else type_


def is_weaker(type_: Type, other: Type) -> bool:
    """Tell whether the first is a Python number where the second is a NumPy scalar."""
    if not isinstance(type_, Scalar) or not isinstance(other, Scalar):
        return False
    return type_.weak and not other.weak


def fill(value: Handle, like: Handle) -> Handle:
    """Return ``value`` broadcast to the shape of ``like``, which itself is not read."""
    if value.rank == 0:
        return apply("full", value, *dims_of(like), dtype=like.dtype)
    return apply("broadcast_to", value, *dims_of(like))


def name_after(derivative: Handle, x: Value, suffix: str) -> None:
    """Name a derivative after its value, unless it has a name already.

    One that is named after a value without a name is named again.
    """
    atom = derivative.atom
    if not isinstance(atom, Value) or named_root(atom).hint:
        return
    if atom.base is not None and not named_root(x).hint:
        return
    atom.base, atom.suffix = x, suffix
    atom.hint = x.hint + suffix if x.hint else ""


def derivative_value(x: Value, type_: Type, suffix: str) -> Value:
    """Return a new value of ``type_`` that is named after ``x``."""
    return Value(type_, x.hint + suffix if x.hint else "", x, suffix)


def named_root(value: Value) -> Value:
    """Return the value from whose name that of ``value`` is made."""
    while value.base is not None:
        value = value.base
    return value


def start(inputs: tuple[Value, ...]) -> Builder:
    """Return a builder that knows the lengths of ``inputs``."""
    builder = Builder()
    builder.enter(inputs)
    return builder
