"""Decides in one go what is printed as one expression and what happens in place.

A write happens in place only if the function made all the buffers that may be
overwritten, and nobody reads them afterwards, under whatever name or view. Reads that
are printed inside a later statement happen there. Each rule is a function of its own;
those that look at names alone are about readability, the others about right results.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value, with_body
from gradgen.ir.dims import Dims
from gradgen.ir.types import Array
from gradgen.passes.association import left_to_right
from gradgen.passes.cleanup import drop_proven_checks, eliminate_dead
from gradgen.passes.likes import prefer_like
from gradgen.passes.memory import Memory, content_reads, memory_of, writable
from gradgen.primitives.facts import known_dims, same_layout
from gradgen.primitives.registry import PRIMITIVES

ROOM = {"primal": 12, "tangent": 6, "adjoint": 6, "result": 1}
"""How many operations one printed expression may hold."""

MAX_WIDTH = 72
"""How wide the expression may be, as far as that can be told before names are given."""

USUAL_NAME = 6

WEIGHTLESS = ("dim", "size", "getitem", "transpose", "expand_dims", "cast", "negative")

AFTER_ALL = 1 << 60


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


def last_reads(block: Block) -> dict[Value, int]:
    """Return the position of the last op that reads the contents of each value."""
    last: dict[Value, int] = {}
    for position, op in enumerate(block.ops):
        last.update(dict.fromkeys(content_reads(op), position))
    last.update((x, AFTER_ALL) for x in block.results if isinstance(x, Value))
    return last


def copy_mutated(block: Block) -> Block:
    """Copy what an op overwrites but must not, so that every such op may."""
    memory = memory_of(Block(block.params, (), ()))
    last = last_reads(block)
    tenants: dict[Value, list[Value]] = {}
    ops: list[Op] = []
    for position, op in enumerate(block.ops):
        if PRIMITIVES[op.name].mutates and not (
            writable(memory, _target(op))
            and not read_by_others(memory, tenants, last, op, position)
        ):
            ops.append(_copy_of(_target(op), op))
            memory.note(ops[-1])
            op = op.with_operands((*ops[-1].results, *op.operands[1:]))
        ops.append(op)
        memory.note(op)
        _move_in(memory, tenants, op.results)
    return replace(block, ops=tuple(ops))


def _target(op: Op) -> Value:
    target = op.operands[0]
    assert isinstance(target, Value)
    return target


def _move_in(
    memory: Memory, tenants: dict[Value, list[Value]], values: Iterable[Value]
) -> None:
    for value in values:
        for root in memory.of(value):
            tenants.setdefault(root, []).append(value)


def read_by_others(
    memory: Memory,
    tenants: dict[Value, list[Value]],
    last: dict[Value, int],
    op: Op,
    position: int,
) -> bool:
    """Tell whether a value that lives where ``op`` writes is read after it."""
    for root in memory.of(_target(op)):
        alive = [x for x in tenants[root] if last.get(x, -1) > position]
        tenants[root] = alive
        if alive:
            return True
    return False


def _copy_of(source: Value, op: Op | None, origin: str = "") -> Op:
    result = Value(source.type, source.hint)
    span, found = (op.span, op.origin) if op is not None else (None, "adjoint")
    return Op("copy", (source,), (result,), {}, (), span, origin or found)


def copy_results(block: Block) -> Block:
    """Copy results that the caller must not share with arguments or one another."""
    memory = memory_of(block)
    makers = {y: op for op in block.ops for y in op.results}
    copies: list[Op] = []
    results = []
    given: set[Value] = set()
    for x in block.results:
        if isinstance(x, Value) and isinstance(x.type, Array):
            if not writable(memory, x) or shared_already(memory, x, given):
                copies.append(_copy_of(x, makers.get(x), "result"))
                x = copies[-1].results[0]
            else:
                given |= memory.of(x)
        results.append(x)
    return Block(block.params, (*block.ops, *copies), tuple(results))


def shared_already(memory: Memory, value: Value, given: set[Value]) -> bool:
    """Tell whether another result lives where ``value`` lives."""
    return bool(memory.of(value) & given)


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


def plan_block(block: Block) -> Block:
    """Return ``block`` with ``inline`` and ``into`` set."""
    plan = _empty_plan(block)
    for position in reversed(range(len(block.ops))):
        if joins_user(plan, position):
            (y,) = block.ops[position].results
            plan.statement[position] = plan.statement[plan.users[y][0]]
    plan.read = _read_last(plan)
    for position, op in enumerate(block.ops):
        if PRIMITIVES[op.name].mutates:
            plan.into[position] = 0
        elif plan.statement[position] == position:
            plan.into[position] = _choose_donor(plan, position)
    return replace(block, ops=tuple(_marked(plan, i) for i in range(len(block.ops))))


def _empty_plan(block: Block) -> Plan:
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
        width=[_width(op) for op in block.ops],
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


def _read_last(plan: Plan) -> dict[Value, int]:
    """Return for each buffer the last statement that reads it, results included."""
    read: dict[Value, int] = {}
    for position, op in enumerate(plan.block.ops):
        for x in content_reads(op):
            for root in plan.memory.of(x):
                read[root] = max(read.get(root, -1), read_at(plan, position))
    for y in plan.block.results:
        if isinstance(y, Value):
            read.update(dict.fromkeys(plan.memory.of(y), AFTER_ALL))
    return read


def read_at(plan: Plan, position: int) -> int:
    """Return the position of the statement in which an op reads its operands."""
    return plan.statement[position]


def _marked(plan: Plan, position: int) -> Op:
    inline = plan.statement[position] != position
    return replace(plan.block.ops[position], inline=inline, into=plan.into[position])


def joins_user(plan: Plan, position: int) -> bool:
    """Tell whether an op is printed inside the only op that uses it, and take room."""
    op = plan.block.ops[position]
    primitive = PRIMITIVES[op.name]
    if primitive.effect or primitive.mutates or len(op.results) != 1:
        return False
    (y,) = op.results
    users = plan.users.get(y, [])
    if len(users) != 1 or users[0] == AFTER_ALL:
        return False
    user = plan.block.ops[users[0]]
    if is_overwritten_by(y, user) or not reads_well(op, user):
        return False
    statement = plan.statement[users[0]]
    if overwritten_between(plan, position, statement):
        return False
    return has_room(plan, op, statement)


def is_overwritten_by(value: Value, user: Op) -> bool:
    """Tell whether ``user`` updates ``value``, which then needs a name."""
    return PRIMITIVES[user.name].mutates and user.operands[0] is value


def overwritten_between(plan: Plan, position: int, statement: int) -> bool:
    """Tell whether what an op reads is updated before the statement it would join."""
    for x in content_reads(plan.block.ops[position]):
        for root in plan.memory.of(x):
            writes = plan.writes.get(root, ())
            first = bisect_right(writes, position)
            if first < len(writes) and writes[first] < statement:
                return True
    return False


def reads_well(op: Op, user: Op) -> bool:
    """Tell whether ``op`` inside ``user`` reads as if written by hand.

    What the user named stays a statement, and so do the steps of the two sweeps.
    """
    (y,) = op.results
    if op.name in ("dim", "size"):
        return True
    if op.origin != user.origin and user.origin != "result":
        return op.name in WEIGHTLESS
    is_plain = op.origin == "adjoint" and not isinstance(y.type, Array)
    return not is_named(y) or is_plain


def has_room(plan: Plan, op: Op, statement: int) -> bool:
    """Tell whether an expression has room for ``op``, and take it."""
    size = plan.size[statement] + (op.name not in WEIGHTLESS)
    width = plan.width[statement] + _width(op) - _name_width(op.results[0])
    if size > ROOM[op.origin] or width > MAX_WIDTH:
        return False
    plan.size[statement], plan.width[statement] = size, width
    return True


def _width(op: Op) -> int:
    """Return about how many characters an op takes."""
    template = PRIMITIVES[op.name].print_as([x.type for x in op.operands], op.attrs)
    return len(template) + sum(_name_width(x) - len("{0}") for x in op.operands)


def _name_width(atom: Atom) -> int:
    if isinstance(atom, Literal):
        return len(str(atom.value))
    if atom.base is not None:
        return _name_width(atom.base) + len(atom.suffix)
    return len(atom.hint) or USUAL_NAME


def _choose_donor(plan: Plan, position: int) -> int | None:
    """Return the operand whose buffer the op computes into.

    Nobody reads the old contents afterwards, so that the result can count as living in
    a buffer of its own.
    """
    op = plan.block.ops[position]
    if not takes_out(op):
        return None
    for slot in donor_slots(op):
        x = op.operands[slot]
        if isinstance(x, Value) and may_donate(plan, position, x):
            _make_statement(plan, x)
            return slot
    return None


def takes_out(op: Op) -> bool:
    """Tell whether ``op`` can be told where to put its result."""
    return bool(PRIMITIVES[op.name].ufunc)


def donor_slots(op: Op) -> tuple[int, ...]:
    """Return the operands that ``op`` may compute into: of ``a + b``, both."""
    return (0, 1) if PRIMITIVES[op.name].commutative else (0,)


def may_donate(plan: Plan, position: int, x: Value) -> bool:
    """Tell whether the op at ``position`` may compute into the buffer of ``x``."""
    (y,) = plan.block.ops[position].results
    return (
        fits(plan, x, y)
        and writable(plan.memory, x)
        and not read_after(plan, x, position)
        and names_agree(plan, x, y)
        and is_statement(plan, x)
    )


def fits(plan: Plan, x: Value, y: Value) -> bool:
    """Tell whether ``y`` has the dtype and shape of ``x`` in every run."""
    return same_layout(plan.dims, x.type, y.type)


def read_after(plan: Plan, x: Value, position: int) -> bool:
    """Tell whether a later statement reads what ``x`` lives in."""
    return any(plan.read.get(root, -1) > position for root in plan.memory.of(x))


def names_agree(plan: Plan, x: Value, y: Value) -> bool:
    """Tell whether ``y`` may go by the name of ``x``, or ``x`` by that of ``y``.

    What the user named is not changed under its name, and what the forward sweep reads
    gets no derivative's name. A derivative may become another one. Without names,
    ``t *= x`` reads well and ``np.sin(t, out=t)`` does not.
    """
    if not is_named(x):
        if not is_named(y):
            return is_operator(plan, y)
        return not is_derivative(y) or is_derivative(x) or _used_once(plan, x)
    if not is_named(y):
        return is_derivative(x) and is_derivative(y)
    if x.base is not None or y.base is not None:
        return x.base is y.base and x.suffix == y.suffix
    return x.hint == y.hint


def is_operator(plan: Plan, y: Value) -> bool:
    """Tell whether ``y`` is printed with an operator such as ``+``."""
    op = plan.block.ops[plan.makers[y]]
    template = PRIMITIVES[op.name].print_as([x.type for x in op.operands], op.attrs)
    return template.startswith("{0} ")


def _used_once(plan: Plan, x: Value) -> bool:
    return len(plan.users[x]) == 1


def is_statement(plan: Plan, x: Value) -> bool:
    """Tell whether ``x`` has, or should get, a statement of its own.

    A matrix product is worth one: its sum with a bias then needs no second buffer.
    """
    maker = plan.makers.get(x)
    inline = maker is not None and plan.statement[maker] != maker
    return not inline or plan.block.ops[plan.makers[x]].name == "matmul"


def _make_statement(plan: Plan, x: Value) -> None:
    maker = plan.makers.get(x)
    if maker is not None:
        plan.statement[maker] = maker


def is_named(value: Value) -> bool:
    """Tell whether the user named this value, or the one that it is a derivative of."""
    return is_named(value.base) if value.base is not None else bool(value.hint)


def is_derivative(value: Value) -> bool:
    """Tell whether a value is the derivative of another one."""
    return value.base is not None
