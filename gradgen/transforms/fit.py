"""Makes a derivative fit the value that it belongs to: shape, dtype, name.

Here, and nowhere else, broadcasting is undone and zeros become real.
"""

from __future__ import annotations

from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal, Value
from gradgen.ir.types import Scalar
from gradgen.primitives.families import zeros_like
from gradgen.primitives.registry import Handle, apply, dims_of
from gradgen.primitives.shaping import cast_like, unbroadcast


def cotangent_for(bar: Handle, x: Handle) -> Handle:
    """Return a contribution summed to the shape of ``x`` and cast to its dtype."""
    return cast_like(unbroadcast(bar, x), x)


def tangent_for(dot: Handle, y: Handle) -> Handle:
    """Return a tangent broadcast to the shape of ``y`` and cast to its dtype."""
    dot = cast_like(dot, y)
    return dot if dot.shape == y.shape else fill(dot, y)


def materialise(derivative: Handle | None, x: Handle) -> Handle:
    """Return a derivative with exactly the type of ``x``; None stands for zero."""
    if derivative is None:
        return zeros_like(x) if not isinstance(x.type, Scalar) else _exact_zero(x)
    if derivative.shape != x.shape:
        derivative = fill(derivative, x)
    one_adapts = x.type.weak != derivative.type.weak
    if one_adapts and (derivative.type.weak or derivative.dtype != x.dtype):
        return apply("cast", derivative, builder=x.builder, dtype=x.dtype)
    return cast_like(derivative, x)


def _exact_zero(x: Handle) -> Handle:
    zero = Handle(x.builder, Literal.of(0.0))
    return zero if x.type.weak else apply("cast", zero, dtype=x.dtype)


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
