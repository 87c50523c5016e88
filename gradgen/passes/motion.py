"""Loop-invariant code motion."""

from __future__ import annotations

from gradgen.ir.core import Atom, Block, Literal, Op, Value
from gradgen.ir.flow import LOOPS
from gradgen.ir.types import Array, Scalar
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import replace

LENGTHS = ("dim", "size")
VIEWS = ("transpose", "expand_dims")
QUIET = (
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "equal",
    "not_equal",
    "logical_not",
    "not",
    "bool",
)
ARITHMETIC = ("add", "subtract", "multiply")


def hoist_invariants(block: Block) -> Block:
    """Move what is the same in all iterations before the loop.

    The loop may not run: only what neither raises nor warns is moved. The user's own
    arithmetic stays where it was written.

    Before -> after::

        for i in range(n): s = s + 2.0 * a   ->   t = 2.0 * a
                                                  for i in range(n): s = s + t
    """
    if not any(op.regions for op in block.ops):
        return block
    ops: list[Op] = []
    for op in block.ops:
        if op.regions:
            inner = [hoist_invariants(region) for region in op.regions]
            if op.name in LOOPS:
                inner = [_without_invariants(op, region, ops) for region in inner]
            op = replace(op, regions=tuple(inner))
        ops.append(op)
    return replace(block, ops=tuple(ops))


def _without_invariants(loop: Op, region: Block, moved: list[Op]) -> Block:
    """Return a region of ``loop`` without the ops that are added to ``moved``."""
    inside: set[Value] = set(region.params)
    kept = []
    for op in region.ops:
        varies = any(x in inside for x in op.operands if isinstance(x, Value))
        if not varies and _may_move(op, _surely_runs(loop)):
            moved.append(op)
        else:
            kept.append(op)
            inside.update(op.results)
    return replace(region, ops=tuple(kept))


def _surely_runs(loop: Op) -> bool:
    if loop.name != "for":
        return False
    bounds = [x.value for x in loop.operands[:3] if isinstance(x, Literal)]
    return len(bounds) == 3 and bool(bounds[2]) and len(range(*bounds)) > 0


def _may_move(op: Op, runs: bool) -> bool:
    """Tell whether ``op`` may run before a loop, which surely ``runs`` or may not."""
    if op.name in LENGTHS:
        return True
    if op.origin == "primal" or op.regions or op.name not in PRIMITIVES:
        return False
    if op.name in (*VIEWS, *QUIET):
        return True
    if any(isinstance(x.type, Array) for x in op.operands):
        quiet = runs and PRIMITIVES[op.name].elementwise
        return quiet or op.name == "negative"
    return op.name in ARITHMETIC and all(map(_is_python_number, op.operands))


def _is_python_number(atom: Atom) -> bool:
    type_ = atom.type
    return isinstance(type_, Scalar) and type_.weak and type_.dtype.kind in "if"
