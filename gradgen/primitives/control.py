"""Ops about lengths and checks, and the region ops, which have no own rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Scalar, Type
from gradgen.primitives.registry import Attrs, Primitive, Sample, register


def _dim_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return Scalar(INT, weak=True, dim=types[0].shape[attrs["axis"]])


dim = register(
    Primitive(
        name="dim",
        type_rule=_dim_type,
        evaluate=lambda x, axis: x.shape[axis],
        template=lambda types, attrs: f"{{0}}.shape[{attrs['axis']}]",
        shape_only=(0,),
        takes_complex=True,
        samples=(Sample(("f64[3,4]",), {"axis": 1}),),
    )
)
zeros_if_bound = register(
    Primitive(
        name="zeros_if_bound",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=np.zeros_like,
        template="(None if {0} is None else np.zeros_like({0}))",
        shape_only=(0,),
        takes_complex=True,
        samples=(Sample(("f64[3,4]",)),),
    )
)
copy_if_bound = register(
    Primitive(
        name="copy_if_bound",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=lambda x: np.array(x)[()],
        template="(None if {0} is None else {0}.copy())",
        takes_complex=True,
        samples=(Sample(("f64[3,4]",)),),
    )
)
check_dims = register(
    Primitive(
        name="check_dims",
        type_rule=lambda dims, types, attrs: None,
        evaluate=lambda left, right, dims: kernels.check_dims(left, right),
        template="check_dims({0}, {1})",
        effect=True,
    )
)
