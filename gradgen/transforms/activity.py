"""Activity: which values depend on a differentiated input and reach an output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradgen.errors import refuse
from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.types import is_floating
from gradgen.primitives.registry import PRIMITIVES

CONTROL = ("if", "for", "while", "call")


def active_values(
    block: Block, inputs: Iterable[Value], outputs: Iterable[Atom]
) -> set[Value]:
    """Return the values that are both varied and useful.

    A value is varied if it depends on ``inputs`` through differentiable operands, and
    useful if one of ``outputs`` depends on it so (Griewank and Walther, section 6.2).
    """
    varied = _varied(block.ops, set(inputs))
    return varied & _useful(block.ops, varied, outputs)


def _varied(ops: Sequence[Op], varied: set[Value]) -> set[Value]:
    for op in ops:
        if op.name in CONTROL:
            raise refuse(f"the derivative of '{op.name}'", op.span)
        if carries(op) and any(x in varied for x in moving_operands(op)):
            varied.update(y for y in op.results if is_floating(y.type))
    return varied


def _useful(
    ops: Sequence[Op], varied: set[Value], outputs: Iterable[Atom]
) -> set[Value]:
    useful = {atom for atom in outputs if isinstance(atom, Value) and atom in varied}
    for op in reversed(ops):
        if any(y in useful for y in op.results):
            useful.update(x for x in moving_operands(op) if x in varied)
    return useful


def carries(op: Op) -> bool:
    """Tell whether a derivative can pass through ``op``."""
    return op.name in PRIMITIVES and PRIMITIVES[op.name].differentiable


def moving_operands(op: Op) -> list[Value]:
    """Return the operands through whose contents a derivative can pass."""
    shape_only = PRIMITIVES[op.name].shape_only
    return [
        x
        for slot, x in enumerate(op.operands)
        if isinstance(x, Value) and is_floating(x.type) and slot not in shape_only
    ]
