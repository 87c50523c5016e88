"""Regions that were kept apart for the reverse sweep, and are not any more."""

from __future__ import annotations

from gradgen.ir.checkpoints import CHECKPOINT
from gradgen.ir.core import Block, Op, map_operands, use_counts, walk_ops
from gradgen.ir.flow import keep_branch_results
from gradgen.passes.cleanup import drop_proven_checks
from gradgen.passes.folding import Folding, is_undefined
from gradgen.structs import replace


def inline_checkpoints(block: Block) -> Block:
    """Put what is computed again where it is computed, when no transform follows.

    Until then it must stay apart: common subexpressions would be found in it, and would
    be stored. Its ops were rewritten as the user's own, so that the same numbers come
    out; what they are part of is the reverse sweep.

    Before -> after::

        if True: y = sin(x)   (checkpoint)   ->   y = sin(x)
        else: y = undefined
    """
    regions = any(op.regions for op in block.ops)
    if not regions or not any(CHECKPOINT in op.attrs for op in walk_ops(block)):
        return block
    folding = Folding(use_counts(block))
    block = _inlined(folding, block, "")
    return drop_proven_checks(map_operands(block, folding.look_up))


def _inlined(folding: Folding, block: Block, origin: str) -> Block:
    """Return ``block`` without marked regions; its primal ops are of ``origin``.

    Those in loops and branches stay as they are, as the user's own steps.
    """
    ops: list[Op] = []
    for op in block.ops:
        marked = CHECKPOINT in op.attrs
        mine = origin if origin and op.origin == "primal" else op.origin
        inner = mine if marked and mine != "primal" else ""
        regions = tuple(_inlined(folding, region, inner) for region in op.regions)
        op = replace(op, regions=regions, origin=mine)
        ops += _opened(folding, op) if marked else [op]
    return replace(block, ops=tuple(ops))


def _opened(folding: Folding, op: Op) -> list[Op]:
    """Return what a marked region computes; what it leaves undefined stays so."""
    taken, otherwise = op.regions
    gaps = [k for k, x in enumerate(taken.results) if is_undefined(x)]
    for k, (y, x) in enumerate(zip(op.results, taken.results, strict=True)):
        if k not in gaps:
            folding.put(y, x)
    if not any(folding.used(op.results[k]) for k in gaps):
        return list(taken.ops)
    regions = (replace(taken, ops=()), otherwise)
    bare = replace(op, operands=op.operands[:1], attrs={}, regions=regions)
    return [*taken.ops, keep_branch_results(bare, gaps)]
