"""What the ops of a block prove about lengths, by not raising."""

from __future__ import annotations

from gradgen.ir.core import Block
from gradgen.ir.dims import Dims
from gradgen.ir.types import Array, Type
from gradgen.primitives.registry import PRIMITIVES


def known_dims(block: Block) -> Dims:
    """Return which lengths are equal wherever the block raises nothing."""
    dims = Dims()
    for value in block.params:
        dims.note(value.type)
    for op in block.ops:
        if op.name == "check_dims":
            dims.merge(*op.attrs["dims"])
        elif not op.regions:
            types = [x.type for x in op.operands]
            PRIMITIVES[op.name].type_rule(dims, types, op.attrs)
    return dims


def same_layout(dims: Dims, left: Type, right: Type) -> bool:
    """Tell whether two arrays have the same dtype and are known to have one shape."""
    if not isinstance(left, Array) or not isinstance(right, Array):
        return False
    return left.dtype == right.dtype and dims.shape(left) == dims.shape(right)
