"""Decides in one go what is printed as one expression and what happens in place.

A write happens in place only if the function made all the buffers that may be
overwritten, and nobody reads them afterwards, under whatever name or view, in whatever
iteration of a loop. Reads that are printed inside a later statement happen there. Each
rule is a function of its own; those that look at names alone are about readability, the
others about right results.
"""

from __future__ import annotations

from gradgen.ir.core import Block, Function, Op, Value, with_body
from gradgen.passes.aliases import memory_of
from gradgen.passes.association import left_to_right
from gradgen.passes.checkpoints import inline_checkpoints
from gradgen.passes.cleanup import drop_proven_checks
from gradgen.passes.copies import needed_copies
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.donation import choose_donor
from gradgen.passes.indices import repeat_indices
from gradgen.passes.inserting import insert_copies
from gradgen.passes.joining import join_users
from gradgen.passes.likes import prefer_like
from gradgen.passes.memory import Memory, mutates
from gradgen.passes.order import slots_last
from gradgen.passes.orders import put_in_order
from gradgen.passes.plan import Plan, make_plan, note_reads, read_inside
from gradgen.primitives.facts import known_inside
from gradgen.structs import replace


def bufferize(function: Function) -> Function:
    """Return ``function`` with ops marked ``inline`` or ``into``, and copies put in.

    Before -> after, for ``z`` used twice and the product used here only::

        t = x @ w; z = t + b        ->   z = x @ w; z += b
        r = x * y; s = r - z        ->   s = x * y - z
        x_bar = y  (an argument)    ->   x_bar = y.copy()
    """
    helpers = {
        name: _bufferized(helper, helper=True)
        for name, helper in function.helpers.items()
    }
    return replace(_bufferized(function), helpers=helpers)


def _bufferized(function: Function, *, helper: bool = False) -> Function:
    body = left_to_right(drop_proven_checks(function.body))
    body = inline_checkpoints(body)
    taken = [function.inputs[k] for k, _ in function.takes]
    body, ordered = put_in_order(body)
    body = repeat_indices(eliminate_dead(prefer_like(body, ordered)))
    needed = needed_copies(body, taken, helper=helper)
    body = insert_copies(body, needed, _residuals(function))
    memory = memory_of(body, taken=taken) if needed.copies else needed.memory
    body = slots_last(body, memory)
    return with_body(function, plan_block(body, memory))


def _residuals(function: Function) -> list[Value]:
    params = (p for p in function.params if p.role == "residual")
    return [x for p in params for x in p.tree.leaves()]


def plan_block(block: Block, memory: Memory) -> Block:
    """Return ``block`` with ``inline`` and ``into`` set, in regions too.

    What is printed inside what is settled first, since that is when things are read.
    """
    plan = make_plan(block, memory, known_inside(block))
    _join(plan)
    _donate(plan, set())
    return _marked_block(plan)


def _join(plan: Plan) -> None:
    join_users(plan)
    for inner in plan.all_inner():
        _join(inner)


def _donate(plan: Plan, after: set[Value]) -> None:
    """Choose what is computed in place, given the buffers read ``after`` the block."""
    note_reads(plan, after)
    for position, op in enumerate(plan.block.ops):
        if mutates(op):
            plan.into[position] = 0
        elif op.regions:
            for inner in plan.inner[position]:
                _donate(inner, read_inside(plan, position, inner))
        elif plan.statement[position] == position:
            plan.into[position] = choose_donor(plan, position)


def _marked_block(plan: Plan) -> Block:
    ops = tuple(_marked(plan, position) for position in range(len(plan.block.ops)))
    return replace(plan.block, ops=ops)


def _marked(plan: Plan, position: int) -> Op:
    op = plan.block.ops[position]
    return replace(
        op,
        inline=plan.statement[position] != position,
        into=plan.into[position],
        regions=tuple(map(_marked_block, plan.inner.get(position, ()))),
    )
