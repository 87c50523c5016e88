"""The order of statements in a loop: what goes on to the next iteration comes last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from gradgen.ir.core import Block, Op, Value
from gradgen.ir.regions import loop_parts
from gradgen.passes.joining import is_expression, writes_between
from gradgen.passes.memory import Memory
from gradgen.passes.plan import AFTER_ALL, users_in, writes_in
from gradgen.structs import replace, struct

Slots: TypeAlias = dict[Value, Value]
"""The slots of loops, by what they go on with in the next iteration."""


def slots_last(block: Block, memory: Memory) -> Block:
    """Compute what a slot goes on with when nobody needs the slot any more.

    Then it needs no second name, and an array no second buffer. The user's own
    statements stay where they are.

    Before -> after, in a loop that carries ``s_bar``::

        t = s_bar * x[i]           ->   x_bar[i] += s_bar * s
        x_bar[i] += s_bar * s           s_bar *= x[i]
        s_bar = t
    """
    return _ordered(block, memory, {})


def _ordered(block: Block, memory: Memory, slots: Slots) -> Block:
    if not any(op.regions for op in block.ops):
        return _slots_last(block, memory, slots)
    ops = tuple(
        replace(op, regions=_regions(op, memory, slots)) if op.regions else op
        for op in block.ops
    )
    return _slots_last(replace(block, ops=ops), memory, slots)


def _regions(op: Op, memory: Memory, slots: Slots) -> tuple[Block, ...]:
    if op.name == "if":
        known = [slots.get(y) for y in op.results]
        return tuple(_ordered(r, memory, _slots(known, r)) for r in op.regions)
    *tests, body = op.regions
    parts = loop_parts(op)
    slots = _slots((*[None] * len(parts.exit), *parts.carried), body)
    return (*tests, _ordered(body, memory, slots))


def _slots(slots: Iterable[Value | None], region: Block) -> Slots:
    """Return the slots that what a region yields goes to."""
    pairs = zip(region.results, slots, strict=False)
    return {y: c for y, c in pairs if c is not None and isinstance(y, Value)}


def _slots_last(block: Block, memory: Memory, slots: Slots) -> Block:
    for y in slots:
        block = _moved(_body(block, memory, slots), y)
    return block


@struct
class _Body:
    """A block that is put in order: who makes, reads and overwrites what, and where."""

    block: Block
    memory: Memory
    slots: Slots
    makers: dict[Value, int]
    users: dict[Value, list[int]]
    writes: dict[Value, list[int]]


def _body(block: Block, memory: Memory, slots: Slots) -> _Body:
    makers = {y: k for k, op in enumerate(block.ops) for y in op.results}
    users = users_in(block, AFTER_ALL)
    return _Body(block, memory, slots, makers, users, writes_in(block, memory))


def _moved(body: _Body, y: Value) -> Block:
    """Return a block in which ``y`` is made behind the last reader of its slot."""
    start = body.makers.get(y)
    if start is None or body.block.ops[start].origin == "primal":
        return body.block
    users = body.users.get(body.slots[y], ())
    readers = [_place_of(body, position, start) for position in users]
    end = max((k for k in readers if k < AFTER_ALL), default=start)
    if end <= start or not _may_move(body, start, end):
        return body.block
    ops = list(body.block.ops)
    ops.insert(end, ops.pop(start))
    return replace(body.block, ops=tuple(ops))


def _place_of(body: _Body, position: int, start: int) -> int:
    """Return where an op is read that may be printed where it is used."""
    while position not in (start, AFTER_ALL):
        op = body.block.ops[position]
        users = body.users.get(op.results[0], []) if is_expression(op) else []
        if len(users) != 1 or users[0] == AFTER_ALL:
            break
        position = users[0]
    return position


def _may_move(body: _Body, start: int, end: int) -> bool:
    """Tell whether an op may run behind those up to ``end``, and saves a name there.

    It saves none if it reads a slot that has gone on by then.
    """
    op = body.block.ops[start]
    if not is_expression(op) or any(k <= end for k in body.users[op.results[0]]):
        return False
    between = body.block.ops[start + 1 : end + 1]
    made = (y for other in between for y in other.results)
    gone = {body.slots[y] for y in made if y in body.slots}
    if not gone.isdisjoint(_reads(body, op)):
        return False
    return not writes_between(op, body.memory, body.writes, start, end + 1)


def _reads(body: _Body, op: Op) -> set[Value]:
    """Return what is read by an op, and by those that may be printed inside it."""
    found = {x for x in op.operands if isinstance(x, Value)}
    for x in list(found):
        if x in body.makers and len(body.users[x]) == 1:
            found |= _reads(body, body.block.ops[body.makers[x]])
    return found
