"""Copies that are needed before anything is written or handed out.

After this, every op that overwrites its first operand may do so, and all results are
the caller's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gradgen.ir.core import Block, Op, Value
from gradgen.ir.types import Array
from gradgen.passes.memory import Memory, content_reads, memory_of, writable
from gradgen.passes.plan import AFTER_ALL
from gradgen.primitives.registry import PRIMITIVES


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
