"""Moves copies of what may never have been bound to where it is bound."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.ir.core import Atom, Block, Literal, Op, Value, walk_ops
from gradgen.ir.flow import LOOPS, gaps_in
from gradgen.ir.regions import loop_parts
from gradgen.structs import replace

COPIES = ("copy", "seq_copy", "tape_copy")
HANDING = ("call", "pack", "tape_add")
"""Ops that do not compute with what they are given."""


def guard_copies(block: Block, residuals: Sequence[Value]) -> Block:
    """Copy in the branch that defines a value what the other one leaves undefined.

    Before -> after::

        y = if c {t} {undefined}; z = copy y
        ->  y, z = if c {z' = copy t; t, z'} {undefined, undefined}

    Until it is copied nobody writes to what ``y`` holds, so it may be copied earlier.
    What a loop may not have bound yet is copied if it is bound, and so is one of
    ``residuals``, of which nothing is known.
    """
    gaps = gaps_in(block, _unknown(block, residuals))
    copied = (x for op in walk_ops(block) if op.name in COPIES for x in op.operands)
    return _guarded(block, gaps) if gaps.intersection(copied) else block


def _unknown(block: Block, residuals: Sequence[Value]) -> set[Value]:
    """Return the residuals, and what tapes and lists among them hold."""
    found = set(residuals)
    for op in walk_ops(block):
        holds = op.name == "seq_get" and op.operands[0] in found
        if holds or op.name == "unpack":
            found.update(op.results)
    return found


def _guarded(block: Block, gaps: set[Value]) -> Block:
    ops: list[Op] = []
    for op in block.ops:
        regions = tuple(_guarded(region, gaps) for region in op.regions)
        op = replace(op, regions=regions)
        if op.name not in COPIES or not _move(ops, op, gaps):
            ops.append(op)
    read = {x for op in ops for x in _computed_with(op)}
    handed = (_if_bound(op, gaps) if read.isdisjoint(op.results) else op for op in ops)
    return replace(block, ops=tuple(handed))


def _computed_with(op: Op) -> Sequence[Atom]:
    """Return the operands that ``op`` does not just hand on."""
    if op.name in LOOPS:
        parts = loop_parts(op)
        return (*parts.range, *parts.scanned) if op.name == "for" else parts.scanned
    return () if op.name in HANDING else op.operands


def _if_bound(op: Op, gaps: set[Value]) -> Op:
    """Return a copy that nobody computes with as one of what may be nothing."""
    loose = op.name == "copy" and not gaps.isdisjoint(op.operands)
    return replace(op, name="copy_if_bound") if loose else op


def _move(ops: list[Op], copy: Op, gaps: set[Value]) -> bool:
    """Move a copy into the branches that define its operand, if there are any."""
    (x,), (y,) = copy.operands, copy.results
    if x not in gaps:
        return False
    for position, op in enumerate(ops):
        if op.name == "if" and x in op.results:
            found = op.results.index(x)
            regions = tuple(_extended(r, found, copy, gaps) for r in op.regions)
            ops[position] = replace(op, results=(*op.results, y), regions=regions)
            return True
    return False


def _extended(region: Block, number: int, copy: Op, gaps: set[Value]) -> Block:
    """Return a branch that yields a copy of what it yields under a number as well."""
    atom = region.results[number]
    if isinstance(atom, Literal):
        return replace(region, results=(*region.results, atom))
    inner = replace(copy, operands=(atom,), results=(Value(atom.type, atom.hint),))
    ops = list(region.ops)
    if not _move(ops, inner, gaps):
        ops.append(_if_bound(inner, gaps))
    return Block(region.params, tuple(ops), (*region.results, *inner.results))
