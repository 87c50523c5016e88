"""What the ops of a block prove about lengths, by not raising."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.ir.core import Block, Op
from gradgen.ir.dims import Dims
from gradgen.ir.infer import Proven, proven_dims, proven_inside
from gradgen.ir.types import Array, Type
from gradgen.primitives.registry import PRIMITIVES


def infer(op: Op, dims: Dims) -> Sequence[Type]:
    """Return the result types that the primitive of ``op`` gives its operands."""
    types = [x.type for x in op.operands]
    primitive = PRIMITIVES[op.name]
    result = primitive.type_rule(dims, types, op.attrs)
    if primitive.several:
        return list(result)
    return [] if result is None else [result]


def known_dims(block: Block, *, checks: bool = True) -> Dims:
    """Return which lengths are equal wherever the block raises nothing.

    Without ``checks``, what only a ``check_dims`` op proves does not count.
    """
    return proven_dims(block, infer, checks=checks)


def known_inside(block: Block, *, checks: bool = True) -> Proven:
    """Return which lengths are equal in the block and in each of its regions."""
    return proven_inside(block, infer, checks=checks)


def same_layout(dims: Dims, left: Type, right: Type) -> bool:
    """Tell whether two arrays have the same dtype and are known to have one shape."""
    if not isinstance(left, Array) or not isinstance(right, Array):
        return False
    return left.dtype == right.dtype and dims.shape(left) == dims.shape(right)
