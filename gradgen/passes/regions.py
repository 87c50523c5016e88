"""Branches and loops of which more is known: folded, inlined, or with fewer slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradgen.deferred import Deferred
from gradgen.ir.core import Block, Op, map_operands, use_counts
from gradgen.ir.flow import LOOPS
from gradgen.passes.folding import Folding, Rule
from gradgen.structs import replace

if TYPE_CHECKING:
    from gradgen.passes import branches, loops
else:
    branches = Deferred("gradgen.passes.branches")
    loops = Deferred("gradgen.passes.loops")


def fold_regions(block: Block) -> Block:
    """Apply the rules of branches and loops, inner ones first.

    Before -> after::

        if True: y = sin(x)                      ->   y = sin(x)
        else: y = x
        for i in range(n): s = s + a; t = t      ->   for i in range(n): s = s + a
        return s, t                                   return s, t0
    """
    if not any(op.regions for op in block.ops):
        return block
    folding = Folding(use_counts(block))
    block = _folded(folding, block)
    return map_operands(block, folding.look_up) if folding.replaced else block


def _folded(folding: Folding, block: Block) -> Block:
    ops: list[Op] = []
    for op in block.ops:
        ops += _fold_op(folding, op) if op.regions else [op]
    return replace(block, ops=tuple(ops))


def _fold_op(folding: Folding, op: Op) -> list[Op]:
    op = replace(op, regions=_fold_inside(folding, op))
    for rule in _rules(op):
        made = rule(folding, op)
        if made is not None:
            return made
    return [op]


def _rules(op: Op) -> tuple[Rule, ...]:
    if op.name == "if":
        return branches.BRANCH_RULES
    return loops.LOOP_RULES if op.name in LOOPS else ()


def _fold_inside(folding: Folding, op: Op) -> tuple[Block, ...]:
    """Fold the regions of ``op``; in those of a branch its condition is known."""
    if op.name != "if":
        return tuple(_folded(folding, region) for region in op.regions)
    cond, outer = folding.look_up(op.operands[0]), folding.known
    inner = []
    for region, holds in zip(op.regions, (True, False), strict=True):
        folding.known = {**outer, cond: holds}
        inner.append(_folded(folding, region))
    folding.known = outer
    return tuple(inner)
