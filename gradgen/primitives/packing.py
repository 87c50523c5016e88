"""What a call keeps for its reverse sweep: values packed into one, and taken out.

The tangent or cotangent of a tape is a tape as well: of those of its items, with
nothing in place of items that carry none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen import kernels
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Array, Scalar, Tape, Type, is_floating, same_type
from gradgen.primitives.families import zeros_like
from gradgen.primitives.lists import item_for
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    apply,
    apply_several,
    joined_terms,
    register,
)
from gradgen.primitives.unbound import zeros_for


def pack(builder: Builder, items: Sequence[Handle], name: str) -> Handle:
    """Return a tape of some values."""
    return apply("pack", *items, builder=builder, tape=name)


def unpack(tape: Handle, types: Sequence[Type]) -> list[Handle]:
    """Return the values on a tape."""
    return apply_several("unpack", tape, types=tuple(types))


def _nothing(x: Handle) -> Handle:
    return Handle(x.builder, Literal.undefined(x.atom.type))


def _moving(x: Handle, derivative: Handle | None) -> Handle:
    """Return the derivative of an item as one of a tape: zeros, or nothing at all."""
    if not is_floating(x.atom.type):
        return _nothing(x)
    type_ = x.atom.type
    if derivative is None:
        derivative = zeros_for(x) if isinstance(type_, Array) else zeros_like(x)
    if isinstance(type_, Scalar) and not same_type(derivative.atom.type, type_):
        return item_for(derivative, type_)
    return derivative


def _pack_tangent(
    y: Handle, dots: Sequence[Handle | None], *xs: Handle, tape: str
) -> Handle:
    moving = [_moving(x, dot) for x, dot in zip(xs, dots, strict=True)]
    return pack(y.builder, moving, tape)


def _pack_adjoint(
    y_bar: Handle, y: Handle, *xs: Handle, tape: str
) -> list[Handle | None]:
    bars = unpack(y_bar, [x.atom.type for x in xs])
    pairs = zip(xs, bars, strict=True)
    return [bar if is_floating(x.atom.type) else None for x, bar in pairs]


def _unpack_tangent(
    ys: Sequence[Handle],
    dots: Sequence[Handle | None],
    tape: Handle,
    *,
    types: Sequence[Type],
) -> list[Handle | None]:
    if dots[0] is None:
        return [None for _ in ys]
    found = unpack(dots[0], types)
    return [
        dot if is_floating(type_) else None
        for dot, type_ in zip(found, types, strict=True)
    ]


def _unpack_adjoint(
    y_bars: Sequence[Handle | None],
    ys: Sequence[Handle],
    tape: Handle,
    *,
    types: Sequence[Type],
) -> list[Handle | None]:
    assert isinstance(tape.atom.type, Tape)
    items = [_moving(y, bar) for y, bar in zip(ys, y_bars, strict=True)]
    return [pack(tape.builder, items, tape.atom.type.name)]


def _tuple_text(types: Sequence[Any], attrs: Attrs) -> str:
    items = ", ".join(f"{{{k}}}" for k in range(len(types)))
    return f"({items},)" if len(types) == 1 else f"({items})"


def _same(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return types[0]  # type: ignore[no-any-return]


register(
    Primitive(
        name="pack",
        type_rule=lambda dims, types, attrs: Tape(attrs["tape"]),
        evaluate=lambda *items, tape: items,
        template=_tuple_text,
        tangent=_pack_tangent,
        adjoint=_pack_adjoint,
        takes_complex=True,
    )
)
register(
    Primitive(
        name="unpack",
        type_rule=lambda dims, types, attrs: attrs["types"],
        evaluate=lambda tape, types: tape,
        template="{0}",
        tangent=_unpack_tangent,
        adjoint=_unpack_adjoint,
        several=True,
        takes_complex=True,
    )
)
register(
    Primitive(
        name="tape_add",
        type_rule=_same,
        evaluate=kernels.add_tapes,
        template="add_tapes({0}, {1})",
        tangent=lambda y, dots, *xs: (
            joined_terms(*dots)
            if None in dots
            else apply("tape_add", *dots, builder=y.builder)
        ),
        adjoint=lambda y_bar, y, *xs: [y_bar, y_bar],
        takes_complex=True,
    )
)
register(
    Primitive(
        name="tape_zeros_like",
        type_rule=_same,
        evaluate=kernels.zeros_like_tape,
        template="zeros_like_tape({0})",
        takes_complex=True,
    )
)
register(
    Primitive(
        name="tape_copy",
        type_rule=_same,
        evaluate=kernels.copy_tape,
        template="copy_tape({0})",
        tangent=lambda y, dots, tape: dots[0],
        adjoint=lambda y_bar, y, tape: [y_bar],
        takes_complex=True,
    )
)
