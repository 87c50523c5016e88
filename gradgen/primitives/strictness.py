"""The checks that strict derivatives make, as ops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Span, quoted
from gradgen.primitives.registry import Attrs, Handle, Primitive, Sample, lift, register


def _text(call: str, types: Sequence[Any], attrs: Attrs) -> str:
    place = repr(attrs["place"]).replace("{", "\\x7b")  # a brace marks an operand
    return f"{call}, {place})"


for _function, _call in (
    (kernels.check_smooth, "check_smooth({0}, {1}"),
    (kernels.check_finite, "check_finite({0}"),
):
    register(
        Primitive(
            name=_function.__name__,
            type_rule=lambda dims, types, attrs: None,
            evaluate=_function,
            template=bind(_text, _call),
            effect=True,
            takes_complex=True,
        )
    )


bends = register(
    Primitive(
        name="bends",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=lambda x, points: x,
        template="{0}",
        tangent=lambda y, dots, x, points: dots[0],
        adjoint=lambda y_bar, y, x, points: [y_bar, None],
        shares=(0,),
        samples=(Sample(("f64[3]", np.array([0.5, 1.0]))),),
    )
)
"""What goes into a function with kinks at certain points, for strict derivatives."""


_uneven = register(
    Primitive(
        name="uneven_like",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=kernels.uneven_like,
        template=lambda types, attrs: f"uneven_like({{0}}, {attrs['start']})",
        shape_only=(0,),
        takes_complex=True,
        samples=(
            Sample(("f64[3]",), {"start": 1}),
            Sample(("f32[2,2]",), {"start": 2}),
        ),
    )
)


def uneven_cotangents(ys: Sequence[Handle]) -> list[Handle]:
    """Return cotangents, no few of which add up to zero; 1 for a number alone."""
    if len(ys) == 1 and not ys[0].rank and ys[0].dtype.kind == "f":
        return [lift(ys[0].builder, 1.0)]
    return [_uneven_cotangent(y, start) for start, y in enumerate(ys, 1)]


def _uneven_cotangent(y: Handle, start: int) -> Handle:
    if y.rank:
        return _uneven(y, start=start)
    number = complex(math.cos(start), math.sin(start))
    return lift(y.builder, number if y.dtype.kind == "c" else number.real)


def check_smooth(kink: Any, slope: Handle, span: Span | None) -> None:
    """Have an error raised where there is a kink and ``slope`` is not zero."""
    builder = slope.builder
    atoms = (lift(builder, kink).atom, slope.atom)
    builder.emit("check_smooth", atoms, [], {"place": quoted(span)})


def check_finite(slope: Handle, span: Span | None) -> None:
    """Have an error raised unless ``slope`` is finite."""
    slope.builder.emit("check_finite", [slope.atom], [], {"place": quoted(span)})
