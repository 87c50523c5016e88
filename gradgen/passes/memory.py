"""Which buffers the values of a block live in, and which may be overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradgen.ir.core import Block, Op, Value
from gradgen.ir.types import Array
from gradgen.primitives.indexing import is_basic
from gradgen.primitives.registry import PRIMITIVES

Roots = frozenset[Value]


@dataclass(slots=True)
class Memory:
    """The buffers that values may live in.

    A buffer is known by the value that it was made for, its root. The function owns
    those that it made itself. What is ``fixed`` cannot be written to: elements of a
    broadcast view share their place.
    """

    roots: dict[Value, Roots] = field(default_factory=dict)
    owned: set[Value] = field(default_factory=set)
    fixed: set[Value] = field(default_factory=set)

    def of(self, value: Value) -> Roots:
        """Return the buffers that ``value`` may live in; none for a scalar."""
        return self.roots.get(value, frozenset())

    def note(self, op: Op) -> None:
        """Enter the results of an op whose operands are known."""
        shared = shared_operands(op)
        roots = frozenset[Value]().union(*(self.of(x) for x in shared))
        for y in op.results:
            if isinstance(y.type, Array):
                self.roots[y] = roots or frozenset([y])
                if not roots:
                    self.owned.add(y)
                if is_fixed(op, self):
                    self.fixed.add(y)


def memory_of(block: Block) -> Memory:
    """Return where the values of a block live."""
    memory = Memory()
    for value in block.params:
        if isinstance(value.type, Array):
            memory.roots[value] = frozenset([value])
    for op in block.ops:
        memory.note(op)
    return memory


def shared_operands(op: Op) -> list[Value]:
    """Return the operands whose memory the results of ``op`` may share."""
    if op.name == "getitem" and not is_view(op):
        return []
    primitive = PRIMITIVES[op.name]
    return values_at(op, (0,) if primitive.mutates else primitive.shares)


def is_view(op: Op) -> bool:
    """Tell whether a ``getitem`` returns a view, not a copy."""
    return is_basic(op.attrs["index"], [x.type for x in op.operands])


def values_at(op: Op, slots: Sequence[int]) -> list[Value]:
    """Return the operands in ``slots``, literals left out."""
    atoms = [op.operands[slot] for slot in slots if slot < len(op.operands)]
    return [x for x in atoms if isinstance(x, Value)]


def is_fixed(op: Op, memory: Memory) -> bool:
    """Tell whether the result of ``op`` must not be written to."""
    if PRIMITIVES[op.name].mutates:
        return False
    return PRIMITIVES[op.name].readonly or any(
        x in memory.fixed for x in shared_operands(op)
    )


def writable(memory: Memory, value: Value) -> bool:
    """Tell whether the function may overwrite what ``value`` holds."""
    roots = memory.of(value)
    return bool(roots) and value not in memory.fixed and roots <= memory.owned


def content_reads(op: Op) -> list[Value]:
    """Return the operands whose contents ``op`` reads, not just their shape."""
    shape_only = PRIMITIVES[op.name].shape_only
    return [
        x
        for slot, x in enumerate(op.operands)
        if isinstance(x, Value) and slot not in shape_only
    ]
