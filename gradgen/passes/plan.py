"""What is decided for each op of a block, and what the decisions need to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradgen.ir.core import Atom, Block, Literal, Op, Value
from gradgen.ir.dims import Dims
from gradgen.passes.memory import Memory, content_reads, memory_of
from gradgen.primitives.facts import known_dims
from gradgen.primitives.registry import PRIMITIVES

USUAL_NAME = 6
AFTER_ALL = 1 << 60


@dataclass(slots=True)
class Plan:
    """What is decided for each op of a block, by its position, and what is known.

    ``statement`` holds for each op the position of the one that it is printed with,
    ``size`` and ``width`` how many operations a statement holds, and how many
    characters they take. ``writes`` and ``read``
    belong to buffers: where they are overwritten by an update, and the statement that
    reads them last.
    """

    block: Block
    memory: Memory
    dims: Dims
    users: dict[Value, list[int]]
    makers: dict[Value, int]
    writes: dict[Value, list[int]]
    statement: list[int]
    size: list[int]
    width: list[int]
    into: list[int | None]
    read: dict[Value, int] = field(default_factory=dict)


def empty_plan(block: Block) -> Plan:
    """Return a plan in which every op is a statement of its own."""
    memory = memory_of(block)
    count = len(block.ops)
    return Plan(
        block,
        memory,
        known_dims(block),
        _users(block),
        {y: position for position, op in enumerate(block.ops) for y in op.results},
        _writes(block, memory),
        statement=list(range(count)),
        size=[1] * count,
        width=[width_of(op) for op in block.ops],
        into=[None] * count,
    )


def _users(block: Block) -> dict[Value, list[int]]:
    """Return the positions of the ops that use each value, once for each use."""
    users: dict[Value, list[int]] = {}
    for position, op in enumerate(block.ops):
        for x in op.operands:
            if isinstance(x, Value):
                users.setdefault(x, []).append(position)
    for x in block.results:
        if isinstance(x, Value):
            users.setdefault(x, []).append(AFTER_ALL)
    return users


def _writes(block: Block, memory: Memory) -> dict[Value, list[int]]:
    writes: dict[Value, list[int]] = {}
    for position, op in enumerate(block.ops):
        if PRIMITIVES[op.name].mutates:
            for root in memory.of(op.results[0]):
                writes.setdefault(root, []).append(position)
    return writes


def note_reads(plan: Plan) -> None:
    """Enter for each buffer the last statement that reads it, results included."""
    for position, op in enumerate(plan.block.ops):
        for x in content_reads(op):
            for root in plan.memory.of(x):
                last = plan.read.get(root, -1)
                plan.read[root] = max(last, read_at(plan, position))
    for y in plan.block.results:
        if isinstance(y, Value):
            plan.read.update(dict.fromkeys(plan.memory.of(y), AFTER_ALL))


def read_at(plan: Plan, position: int) -> int:
    """Return the position of the statement in which an op reads its operands."""
    return plan.statement[position]


def width_of(op: Op) -> int:
    """Return about how many characters an op takes."""
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
