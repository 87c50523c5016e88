"""Arrays made from shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Type, tensor
from gradgen.primitives.families import linear
from gradgen.primitives.registry import Attrs, Primitive, Sample, apply, register
from gradgen.primitives.shaping import dims_from, shape_text


def _zeros_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(attrs["dtype"], dims_from(dims, types))


def _creation_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    dtype = "" if attrs["dtype"] == FLOAT else f", np.{attrs['dtype'].name}"
    return f"np.{name}({shape_text(types, 0) if types else '()'}{dtype})"


for _name, _function in (("zeros", np.zeros), ("ones", np.ones), ("empty", np.zeros)):
    register(
        Primitive(
            name=_name,
            type_rule=_zeros_type,
            evaluate=lambda *shape, dtype, f=_function: f(shape, dtype),
            template=lambda types, attrs, name=_name: _creation_text(
                name, types, attrs
            ),
            samples=(Sample((3, 4), {"dtype": FLOAT}),),
        )
    )


def _full_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(attrs["dtype"], dims_from(dims, types[1:]))


def _full_text(types: Sequence[Any], attrs: Attrs) -> str:
    default = types and types[0].dtype == attrs["dtype"]
    dtype = "" if default else f", np.{attrs['dtype'].name}"
    return f"np.full({shape_text(types, 1) if len(types) > 1 else '()'}, {{0}}{dtype})"


full = linear(
    "full",
    type_rule=_full_type,
    evaluate=lambda value, *shape, dtype: np.full(shape, value, dtype),
    template=_full_text,
    adjoint=lambda y_bar, y, x, *shape, dtype: [
        apply("sum", y_bar, axis=tuple(range(y_bar.rank)), keepdims=False)
    ],
    samples=(
        Sample(("f64", 3, 4), {"dtype": FLOAT}),
        Sample(("f32", 2), {"dtype": FLOAT}),
    ),
)
