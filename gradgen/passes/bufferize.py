"""Decides in one go what is printed as one expression and what happens in place.

Every value has roots, the buffers that its memory may belong to. A write happens in
place only if all roots of the operand that it overwrites were made here, and nobody
reads them afterwards, under whatever name or view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gradgen.ir.core import Block, Function, Literal, Op, Value, with_body
from gradgen.ir.types import Array
from gradgen.passes.cleanup import eliminate_dead
from gradgen.passes.likes import prefer_like
from gradgen.primitives.facts import known_dims, same_layout
from gradgen.primitives.registry import PRIMITIVES

ROOM = {"primal": 12, "tangent": 5, "adjoint": 5, "result": 1}
"""How many operations one printed expression may hold."""

WEIGHTLESS = ("dim", "size", "getitem", "transpose", "expand_dims", "cast", "negative")

AFTER_ALL = 1 << 60


def bufferize(function: Function) -> Function:
    """Return ``function`` with ops marked ``inline`` or ``into``, and copies put in.

    Before -> after, for ``z`` used twice and the product used here only::

        t = x @ w; z = t + b        ->   z = x @ w; z += b
        r = x * y; s = r - z        ->   s = x * y - z
        x_bar = y  (an argument)    ->   x_bar = y.copy()
    """
    body = eliminate_dead(prefer_like(function.body))
    body = _copy_mutated(body)
    body = _copy_results(body)
    return with_body(function, _Planner(body).plan())


@dataclass(slots=True)
class _Memory:
    """The roots of values, and which roots belong to the function."""

    roots: dict[Value, frozenset[Value]] = field(default_factory=dict)
    owned: set[Value] = field(default_factory=set)

    def of(self, value: Value) -> frozenset[Value]:
        return self.roots.get(value, frozenset())

    def owns(self, value: Value) -> bool:
        roots = self.of(value)
        return bool(roots) and roots <= self.owned


def memory_of(block: Block) -> _Memory:
    """Return the roots of all values of a block."""
    memory = _Memory()
    for value in block.params:
        memory.roots[value] = frozenset([value])
    for op in block.ops:
        shared = _shared_roots(op, memory)
        for y in op.results:
            if not isinstance(y.type, Array):
                continue
            memory.roots[y] = shared or frozenset([y])
            if not shared:
                memory.owned.add(y)
    return memory


def _shared_roots(op: Op, memory: _Memory) -> frozenset[Value]:
    primitive = PRIMITIVES[op.name]
    slots = (0,) if primitive.mutates else primitive.shares
    parts = [memory.of(x) for x in _values_at(op, slots)]
    return frozenset().union(*parts)


def _values_at(op: Op, slots: Sequence[int]) -> list[Value]:
    atoms = [op.operands[slot] for slot in slots if slot < len(op.operands)]
    return [x for x in atoms if isinstance(x, Value)]


def content_reads(op: Op) -> list[Value]:
    """Return the operands whose contents ``op`` reads."""
    shape_only = PRIMITIVES[op.name].shape_only
    return [
        x
        for slot, x in enumerate(op.operands)
        if isinstance(x, Value) and slot not in shape_only
    ]


def _copy_op(source: Value, op: Op | None) -> Op:
    result = Value(source.type, source.hint)
    span, origin = (op.span, op.origin) if op is not None else (None, "adjoint")
    return Op("copy", (source,), (result,), {}, (), span, origin)


def _copy_mutated(block: Block) -> Block:
    """Copy what an op overwrites but does not own, or what is read again later."""
    memory = memory_of(block)
    ops: list[Op] = []
    for position, op in enumerate(block.ops):
        if PRIMITIVES[op.name].mutates and not _may_take(block, memory, position):
            source = op.operands[0]
            assert isinstance(source, Value)
            copied = _copy_op(source, op)
            ops.append(copied)
            op = op.with_operands((copied.results[0], *op.operands[1:]))
        ops.append(op)
    return replace(block, ops=tuple(ops))


def _may_take(block: Block, memory: _Memory, position: int) -> bool:
    source = block.ops[position].operands[0]
    assert isinstance(source, Value)
    if not memory.owns(source):
        return False
    later = block.ops[position + 1 :]
    reads = [x for op in later for x in content_reads(op)]
    reads.extend(x for x in block.results if isinstance(x, Value))
    heirs = _heirs(block, block.ops[position].results[0])
    return not any(memory.of(x) & memory.of(source) for x in reads if x not in heirs)


def _heirs(block: Block, value: Value) -> set[Value]:
    """Return ``value`` and what is made from it by sharing its memory."""
    heirs = {value}
    for op in block.ops:
        primitive = PRIMITIVES[op.name]
        slots = (0,) if primitive.mutates else primitive.shares
        if any(x in heirs for x in _values_at(op, slots)):
            heirs.update(op.results)
    return heirs


def _copy_results(block: Block) -> Block:
    """Copy results that the caller must not share with arguments or one another."""
    memory = memory_of(block)
    makers = {y: op for op in block.ops for y in op.results}
    ops = list(block.ops)
    results = []
    taken: set[Value] = set()
    for x in block.results:
        if isinstance(x, Value) and isinstance(x.type, Array):
            roots = memory.of(x)
            read_only = x in makers and makers[x].name == "broadcast_to"
            if not memory.owns(x) or roots & taken or read_only:
                copied = _copy_op(x, makers.get(x))
                copied = replace(copied, origin="result")
                ops.append(copied)
                x = copied.results[0]
            taken |= roots
        results.append(x)
    return Block(block.params, tuple(ops), tuple(results))


class _Planner:
    """Plans one block. Positions number its statements, not its ops."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.memory = memory_of(block)
        self.dims = known_dims(block)
        self.users: dict[Value, list[int]] = {}
        self.index = {y: i for i, op in enumerate(block.ops) for y in op.results}
        self.inline = [False] * len(block.ops)
        self.into: list[int | None] = [None] * len(block.ops)
        self.size = [1] * len(block.ops)
        for i, op in enumerate(block.ops):
            for x in op.operands:
                if isinstance(x, Value):
                    self.users.setdefault(x, []).append(i)
        for x in block.results:
            if isinstance(x, Value):
                self.users.setdefault(x, []).append(AFTER_ALL)

    def plan(self) -> Block:
        for i in reversed(range(len(self.block.ops))):
            self.inline[i] = self._joins_user(i)
        for i, op in enumerate(self.block.ops):
            if PRIMITIVES[op.name].mutates:
                self.into[i] = 0
            elif not self.inline[i]:
                self.into[i] = self._choose_donor(i, op)
        ops = tuple(
            replace(op, inline=self.inline[i], into=self.into[i])
            for i, op in enumerate(self.block.ops)
        )
        return replace(self.block, ops=ops)

    def _joins_user(self, i: int) -> bool:
        """Tell whether op ``i`` is printed inside the only op that uses it."""
        op = self.block.ops[i]
        primitive = PRIMITIVES[op.name]
        if primitive.effect or primitive.mutates or len(op.results) != 1:
            return False
        users = self.users.get(op.results[0], [])
        if len(users) != 1 or users[0] == AFTER_ALL:
            return False
        user = self.block.ops[users[0]]
        if PRIMITIVES[user.name].mutates and op.results[0] is user.operands[0]:
            return False
        statement = self._statement(users[0])
        if self._overwritten_between(i, statement) or not self._reads_well(op, user):
            return False
        return self._take_room(op, statement)

    def _reads_well(self, op: Op, user: Op) -> bool:
        (y,) = op.results
        if op.name in ("dim", "size"):
            return True
        if op.origin != user.origin and user.origin != "result":
            return op.name in WEIGHTLESS
        is_plain = op.origin == "adjoint" and not isinstance(y.type, Array)
        return not is_named(y) or is_plain

    def _take_room(self, op: Op, statement: int) -> bool:
        """Tell whether the expression has room for ``op``, and take it."""
        weight = 0 if op.name in WEIGHTLESS else 1
        limit = ROOM[op.origin]
        if self.size[statement] + weight > limit:
            return False
        self.size[statement] += weight
        return True

    def _overwritten_between(self, i: int, end: int) -> bool:
        """Tell whether something op ``i`` reads is overwritten before ``end``."""
        reads = content_reads(self.block.ops[i])
        roots = frozenset().union(*(self.memory.of(x) for x in reads))
        return any(
            PRIMITIVES[op.name].mutates and self.memory.of(op.results[0]) & roots
            for op in self.block.ops[i + 1 : end]
        )

    def _statement(self, position: int) -> int:
        """Return the position of the statement that an op is printed in."""
        while position < len(self.block.ops) and self.inline[position]:
            (y,) = self.block.ops[position].results
            position = self.users[y][0]
        return position

    def _choose_donor(self, i: int, op: Op) -> int | None:
        if not PRIMITIVES[op.name].ufunc or not isinstance(op.results[0].type, Array):
            return None
        slots = range(2 if PRIMITIVES[op.name].commutative else 1)
        return next((slot for slot in slots if self._may_donate(i, op, slot)), None)

    def _may_donate(self, i: int, op: Op, slot: int) -> bool:
        x = op.operands[slot]
        if isinstance(x, Literal):
            return False
        if not same_layout(self.dims, x.type, op.results[0].type):
            return False
        if not self.memory.owns(x) or self._read_after(x, i):
            return False
        if is_named(x) and is_named(op.results[0]) and not _same_name(x, op.results[0]):
            return False
        maker = self.index[x]
        if self.inline[maker]:
            if self.block.ops[maker].name != "matmul":
                return False
            self.inline[maker] = False
        self._inherit(op.results[0], x)
        return True

    def _read_after(self, x: Value, position: int) -> bool:
        """Tell whether the memory of ``x`` is read after the statement ``position``."""
        roots = self.memory.of(x)
        for other, users in self.users.items():
            if not self.memory.of(other) & roots:
                continue
            if any(self._reads_late(other, user, position) for user in users):
                return True
        return False

    def _reads_late(self, value: Value, user: int, position: int) -> bool:
        if user == AFTER_ALL:
            return True
        if value not in content_reads(self.block.ops[user]):
            return False
        return self._statement(user) > position

    def _inherit(self, y: Value, x: Value) -> None:
        """Give the result of an op in place the roots of the operand it overwrites."""
        old, new = self.memory.of(y), self.memory.of(x)
        for value, roots in self.memory.roots.items():
            if roots & old:
                self.memory.roots[value] = (roots - old) | new


def is_named(value: Value) -> bool:
    """Tell whether the user named this value, or the one that it is a derivative of."""
    return is_named(value.base) if value.base is not None else bool(value.hint)


def _same_name(x: Value, y: Value) -> bool:
    if x.base is not None or y.base is not None:
        return x.base is y.base and x.suffix == y.suffix
    return x.hint == y.hint
