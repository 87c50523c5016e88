"""The checks that strict derivatives make, as ops."""

from __future__ import annotations

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


def check_smooth(kink: Any, slope: Handle, span: Span | None) -> None:
    """Have an error raised where there is a kink and ``slope`` is not zero."""
    builder = slope.builder
    atoms = (lift(builder, kink).atom, slope.atom)
    builder.emit("check_smooth", atoms, [], {"place": quoted(span)})


def check_finite(slope: Handle, span: Span | None) -> None:
    """Have an error raised unless ``slope`` is finite."""
    slope.builder.emit("check_finite", [slope.atom], [], {"place": quoted(span)})
