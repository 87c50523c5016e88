"""What is decided for each op of a block, and what the decisions need to know."""

from __future__ import annotations

from collections.abc import Iterator

from gradgen.ir.core import Atom, Block, Literal, Op, Value
from gradgen.ir.dims import Dims
from gradgen.ir.flow import LOOPS, free_values
from gradgen.ir.infer import Proven
from gradgen.passes.memory import Memory, content_reads, values_in
from gradgen.passes.writes import free_reads, kept_in_loop, targets_in
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import field, struct

USUAL_NAME = 6
AFTER_ALL = 1 << 60


@struct
class Plan:
    """What is decided for each op of a block, by its position, and what is known.

    ``statement`` holds for each op the position of the one that it is printed with,
    ``size`` and ``width`` how many operations a statement holds, and how many
    characters they take. The statement after the last one is that of what the block
    yields, which is an expression if the block is the test of a loop. ``writes`` and
    ``read`` belong to buffers: where they are overwritten by an update, and the
    statement that reads them last.
    """

    block: Block
    memory: Memory
    dims: Dims
    owner: Op | None
    users: dict[Value, list[int]]
    makers: dict[Value, int]
    writes: dict[Value, list[int]]
    statement: list[int]
    size: list[int]
    width: list[int]
    into: list[int | None]
    inner: dict[int, list[Plan]] = field(default_factory=dict)
    read: dict[Value, int] = field(default_factory=dict)

    def all_inner(self) -> Iterator[Plan]:
        """Yield the plans of all regions."""
        for plans in self.inner.values():
            yield from plans

    def user_at(self, position: int) -> Op | None:
        """Return the op at a position, None for what the block yields."""
        return self.block.ops[position] if position < len(self.block.ops) else None


def make_plan(
    block: Block, memory: Memory, known: Proven, owner: Op | None = None
) -> Plan:
    """Return a plan for a region of ``owner`` in which every op is a statement."""
    count = len(block.ops)
    plan = Plan(
        block,
        memory,
        known[block],
        owner,
        users_in(block, count if is_test(block, owner) else AFTER_ALL),
        {y: position for position, op in enumerate(block.ops) for y in op.results},
        writes_in(block, memory),
        statement=list(range(count + 1)),
        size=[1] * (count + 1),
        width=[width_of(op) for op in block.ops] + [0],
        into=[None] * count,
    )
    for position, op in enumerate(block.ops):
        if op.regions:
            plan.inner[position] = [
                make_plan(region, memory, known, op) for region in op.regions
            ]
    return plan


def is_test(block: Block, owner: Op | None) -> bool:
    """Tell whether ``block`` is the test of the loop ``owner``."""
    return owner is not None and owner.name == "while" and block is owner.regions[0]


def users_in(block: Block, end: int) -> dict[Value, list[int]]:
    """Return the positions of the ops that use each value, once for each use.

    What is used inside a region counts as used more than once.
    """
    users: dict[Value, list[int]] = {}
    for position, op in enumerate(block.ops):
        for x in values_in(op.operands):
            users.setdefault(x, []).append(position)
        for region in op.regions:
            for x in free_values(region):
                users.setdefault(x, []).extend((position, position))
    for x in values_in(block.results):
        users.setdefault(x, []).append(end)
    return users


def writes_in(block: Block, memory: Memory) -> dict[Value, list[int]]:
    """Return where each buffer may be overwritten by an update."""
    writes: dict[Value, list[int]] = {}
    for position, op in enumerate(block.ops):
        for target in targets_in(op):
            for root in memory.touching(memory.of(target)):
                writes.setdefault(root, []).append(position)
    return writes


def note_reads(plan: Plan, after: set[Value]) -> None:
    """Enter for each buffer the last statement that reads it, results included.

    The buffers in ``after`` are read when the block has ended.
    """
    plan.read.update(dict.fromkeys(after, AFTER_ALL))
    for position, op in enumerate(plan.block.ops):
        inside = free_reads(op) if op.regions else ()
        for x in (*content_reads(op), *inside):
            for root in plan.memory.reach(x):
                last = plan.read.get(root, -1)
                plan.read[root] = max(last, read_at(plan, position))
    for y in values_in(plan.block.results):
        plan.read.update(dict.fromkeys(plan.memory.reach(y), AFTER_ALL))


def read_inside(plan: Plan, position: int, region: Plan) -> set[Value]:
    """Return the buffers that are read after a region of the op at ``position``.

    A loop goes on to read what is free in it, and what it scans. Its test is followed
    by its body, to which the values of the slots go as well.
    """
    op = plan.block.ops[position]
    after = {root for root, last in plan.read.items() if last > position}
    if op.name in LOOPS:
        for x in free_reads(op) | kept_in_loop(op):
            after |= plan.memory.reach(x)
    return after


def read_at(plan: Plan, position: int) -> int:
    """Return the position of the statement in which an op reads its operands."""
    return plan.statement[position]


def width_of(op: Op) -> int:
    """Return about how many characters an op takes."""
    if op.name not in PRIMITIVES:
        return 0
    template = PRIMITIVES[op.name].print_as([x.type for x in op.operands], op.attrs)
    return len(template) + sum(name_width(x) - len("{0}") for x in op.operands)


def name_width(atom: Atom) -> int:
    """Return about how long the name of an atom is."""
    if isinstance(atom, Literal):
        return len(str(atom.value))
    if atom.base is not None:
        return name_width(atom.base) + len(atom.suffix)
    return len(atom.hint) or USUAL_NAME


def is_named(value: Value) -> bool:
    """Tell whether the user named this value, or the one that it is a derivative of."""
    return is_named(value.base) if value.base is not None else bool(value.hint)


def is_derivative(value: Value) -> bool:
    """Tell whether a value is the derivative of another one."""
    return value.base is not None
