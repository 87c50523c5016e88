"""Which ops are printed as one expression.

The rules about reading well look at names and size alone. ``overwritten_between`` is
about right results: what is printed later is read later.
"""

from __future__ import annotations

from bisect import bisect_right

from gradgen.errors import errstate_of
from gradgen.ir.core import Op, Value
from gradgen.ir.flow import LOOPS
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import Array
from gradgen.passes.indices import is_index
from gradgen.passes.memory import Memory, content_reads, overwritten_slots
from gradgen.passes.plan import AFTER_ALL, Plan, is_named, name_width, width_of
from gradgen.primitives.registry import PRIMITIVES

ROOM = {"primal": 12, "tangent": 6, "adjoint": 6, "result": 1, "forced": 1}
"""How many operations one printed expression may hold."""

MAX_WIDTH = 72
"""How wide the expression may be, as far as that can be told before names are given."""

WEIGHTLESS = ("dim", "size", "getitem", "transpose", "expand_dims", "cast", "negative")


def join_users(plan: Plan) -> None:
    """Let ops of a block be printed with their users, the last ones first."""
    for position in reversed(range(len(plan.block.ops))):
        if joins_user(plan, position):
            (y,) = plan.block.ops[position].results
            plan.statement[position] = plan.statement[plan.users[y][0]]


def joins_user(plan: Plan, position: int) -> bool:
    """Tell whether an op is printed inside the only op that uses it, and take room."""
    op = plan.block.ops[position]
    if len(op.results) != 1 or not is_expression(op):
        return False
    (y,) = op.results
    users = plan.users.get(y, [])
    if len(users) != 1 or users[0] == AFTER_ALL:
        return False
    user = plan.user_at(users[0])
    if user is not None and not takes_in(user, y):
        return False
    if not reads_well(op, user) and not is_converted(plan, op, user):
        return False
    statement = plan.statement[users[0]]
    if overwritten_between(plan, position, statement):
        return False
    return has_room(plan, op, statement)


def is_expression(op: Op) -> bool:
    """Tell whether ``op`` is printed as an expression, with nothing else to it."""
    primitive = PRIMITIVES.get(op.name)
    return primitive is not None and not (primitive.effect or primitive.mutates)


def takes_in(user: Op, value: Value) -> bool:
    """Tell whether ``value`` may be printed inside ``user``, where it is read once.

    What is updated, or bound to a slot of a loop, needs a name; what a loop scans is
    read in each iteration.
    """
    if user.name in LOOPS:
        return user.name == "for" and value in user.operands[:3]
    return not any(user.operands[slot] is value for slot in overwritten_slots(user))


def overwritten_between(plan: Plan, position: int, statement: int) -> bool:
    """Tell whether what an op reads is updated before the statement it would join."""
    if not plan.writes:
        return False
    op = plan.block.ops[position]
    return writes_between(op, plan.memory, plan.writes, position, statement)


def writes_between(
    op: Op, memory: Memory, writes: dict[Value, list[int]], start: int, end: int
) -> bool:
    """Tell whether one of ``writes`` between two positions changes what an op reads."""
    for x in content_reads(op):
        for root in memory.reach(x):
            found = writes.get(root, ())
            first = bisect_right(found, start)
            if first < len(found) and found[first] < end:
                return True
    return False


def reads_well(op: Op, user: Op | None) -> bool:
    """Tell whether ``op`` inside ``user`` reads as if written by hand.

    What the user named stays a statement, and so do the steps of the two sweeps, and
    what stands in a ``with np.errstate(...)`` of its own.
    """
    (y,) = op.results
    if op.name in ("dim", "size"):
        return True
    if errstate_of(op.span) != errstate_of(user.span if user else None):
        return False
    if user is None:
        return not is_named(y)
    if op.origin != user.origin and user.origin != "result":
        return op.name in WEIGHTLESS
    is_plain = op.origin == "adjoint" and not isinstance(y.type, Array)
    return not is_named(y) or is_plain


def is_converted(plan: Plan, op: Op, user: Op | None) -> bool:
    """Tell whether what the user named is converted only to go on under its name.

    That is what happens to a number that becomes one of NumPy's in a loop.
    """
    (y,) = op.results
    if user is None or user.name != "cast" or errstate_of(op.span):
        return False
    users = plan.users.get(user.results[0], [])
    loop = plan.user_at(users[0]) if len(users) == 1 else None
    if loop is None or loop.name not in LOOPS:
        return False
    parts = loop_parts(loop)
    pairs = zip(parts.initial, parts.carried, strict=True)
    return any(x is user.results[0] and c.hint == y.hint for x, c in pairs)


def has_room(plan: Plan, op: Op, statement: int) -> bool:
    """Tell whether an expression has room for ``op``, and take it."""
    index = is_index(op)
    size = plan.size[statement] + (not index and op.name not in WEIGHTLESS)
    width = plan.width[statement] + width_of(op) - name_width(op.results[0])
    if not index and (size > ROOM[op.origin] or width > MAX_WIDTH):
        return False
    plan.size[statement], plan.width[statement] = size, width
    return True
