"""Which copies make a loop cost more than the user's own does."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.ir.core import Block, Op, Value, walk_ops
from gradgen.ir.flow import defined_values
from gradgen.ir.types import Array
from gradgen.passes.memory import values_in
from gradgen.passes.writes import Write

AS_WRITTEN = ("primal", "tangent")
"""The origins of the user's own steps, and of what mirrors them one by one."""


def changes_cost(block: Block, write: Write, others: Sequence[Value]) -> bool:
    """Tell whether copying in a loop for ``write`` is news to the user.

    In Python nobody sees an array as it was before a write, unless it was copied. So
    where one of the user's own ops reads one of ``others``, the values of before that
    are read after the write, the user made that copy. Where only derivative code does,
    it is new. What is defined in the loop is read by the write itself but once.
    """
    if not write.loops or _is_as_large(write.op):
        return False
    if write.op.origin not in AS_WRITTEN:
        return True
    again = set(defined_values(write.loops[-1].regions[-1]))
    readers = _own_readers(block)
    for x in others:
        if readers.get(x, set()) - ({write.op} if x in again else set()):
            return False
    return bool(others)


def _is_as_large(op: Op) -> bool:
    """Tell whether a write is about as much work as copying the array is.

    A slice along every axis counts as that, unlike a row or an element.
    """
    target, value = op.operands[0].type, op.operands[-1].type
    if not isinstance(target, Array) or not isinstance(value, Array):
        return False
    return len(value.shape) == len(target.shape)


def _own_readers(block: Block) -> dict[Value, set[Op | Block]]:
    readers: dict[Value, set[Op | Block]] = {}
    for x in values_in(block.results):
        readers.setdefault(x, set()).add(block)
    for op in walk_ops(block):
        if op.origin in AS_WRITTEN:
            yields = (x for region in op.regions for x in region.results)
            for x in values_in((*op.operands, *yields)):
                readers.setdefault(x, set()).add(op)
    return readers
