"""Numbers out of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.batchshapes import flattened
from gradgen.primitives.families import linear
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers
from gradgen.primitives.registry import Attrs, Handle, Sample, apply
from gradgen.primitives.shaping import reshape_like, to_float


@lowers(method="item")
def _item(a: Handle, *index: Any) -> Handle:
    if a.rank:
        return _item(read(a, _place(a, index)))
    if index:
        raise Refusal("item() of a number takes no index")
    if a.dtype.kind == "f":
        return to_float(a)
    return apply({"c": "complex", "b": "bool"}.get(a.dtype.kind, "int"), a)


def _place(a: Handle, index: tuple[Any, ...]) -> list[Any]:
    """Return the index of the element that ``a.item(*index)`` takes."""
    if len(index) == a.rank:
        return list(index)
    if index or any(dim != 1 for dim in a.shape):
        raise Refusal("item() of an array with several elements", "x[0]")
    return [0] * a.rank


@lowers(method="tolist")
def _tolist(a: Handle) -> Any:
    if not a.rank:
        return _item(a)
    if not isinstance(a.shape[0], int):
        raise Refusal(
            "tolist() of an array whose length is known only at run time",
            "[float(v) for v in x], or call what needs the list outside and pass its "
            "result in, like a gradgen.stop_gradient(…)",
        )
    return [_tolist(read(a, [k])) for k in range(a.shape[0])]


def _flat_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = types[0].shape
    long = [dim for dim in shape if dim != 1]
    if all(isinstance(dim, int) for dim in shape):
        return tensor(types[0].dtype, (prod(shape),))
    return tensor(types[0].dtype, (long[0] if len(long) == 1 else dims.fresh(),))


flat = linear(
    "flat",
    batch=flattened,
    type_rule=_flat_type,
    evaluate=np.ravel,
    template="{0}.ravel()",
    adjoint=lambda y_bar, y, x: [reshape_like(y_bar, x)],
    shares=(0,),
    samples=(Sample(("f64[3,4]",)), Sample(("f64[2,1]",)), Sample(("f64[0,2]",))),
)
"""The elements as ``x.flat`` gives them, which is also where they are written to."""
