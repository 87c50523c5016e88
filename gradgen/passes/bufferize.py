"""Decides in one go what is printed as one expression and what happens in place.

A write happens in place only if the function made all the buffers that may be
overwritten, and nobody reads them afterwards, under whatever name or view. Reads that
are printed inside a later statement happen there. Each rule is a function of its own;
those that look at names alone are about readability, the others about right results.
"""

from __future__ import annotations

from dataclasses import replace

from gradgen.ir.core import Block, Function, Op, with_body
from gradgen.passes.association import left_to_right
from gradgen.passes.cleanup import drop_proven_checks
from gradgen.passes.copies import copy_mutated, copy_results
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.donation import choose_donor
from gradgen.passes.joining import joins_user
from gradgen.passes.likes import prefer_like
from gradgen.passes.plan import Plan, empty_plan, note_reads
from gradgen.primitives.registry import PRIMITIVES


def bufferize(function: Function) -> Function:
    """Return ``function`` with ops marked ``inline`` or ``into``, and copies put in.

    Before -> after, for ``z`` used twice and the product used here only::

        t = x @ w; z = t + b        ->   z = x @ w; z += b
        r = x * y; s = r - z        ->   s = x * y - z
        x_bar = y  (an argument)    ->   x_bar = y.copy()
    """
    body = left_to_right(drop_proven_checks(function.body))
    body = eliminate_dead(prefer_like(body))
    body = copy_mutated(body)
    body = copy_results(body)
    return with_body(function, plan_block(body))


def plan_block(block: Block) -> Block:
    """Return ``block`` with ``inline`` and ``into`` set."""
    plan = empty_plan(block)
    for position in reversed(range(len(block.ops))):
        if joins_user(plan, position):
            (y,) = block.ops[position].results
            plan.statement[position] = plan.statement[plan.users[y][0]]
    note_reads(plan)
    for position, op in enumerate(block.ops):
        if PRIMITIVES[op.name].mutates:
            plan.into[position] = 0
        elif plan.statement[position] == position:
            plan.into[position] = choose_donor(plan, position)
    return replace(block, ops=tuple(_marked(plan, i) for i in range(len(block.ops))))


def _marked(plan: Plan, position: int) -> Op:
    inline = plan.statement[position] != position
    return replace(plan.block.ops[position], inline=inline, into=plan.into[position])
