"""Which buffers values live in, and which may be overwritten: facts about one op."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.types import Seq, Tape
from gradgen.primitives.indexing import is_basic
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import field, struct

Roots = frozenset[Value]
NOWHERE: Roots = frozenset()


@struct
class Memory:
    """The buffers that values may live in.

    A buffer is known by the value that it was made for, its root. Where several may
    arrive, at a slot of a loop or a result of a branch, there is a root as well; it
    ``overlaps`` the roots of what may arrive, as far as these are still there, and has
    its ``origins`` in them. A list lives in a buffer of its own, apart from those that
    it ``holds``.

    The function owns the buffers that it made itself, and what comes from these alone.
    What is ``fixed`` cannot be written to: elements of a broadcast view share their
    place.
    """

    roots: dict[Value, Roots] = field(default_factory=dict)
    holds: dict[Value, Roots] = field(default_factory=dict)
    owned: set[Value] = field(default_factory=set)
    fixed: set[Value] = field(default_factory=set)
    overlaps: dict[Value, set[Value]] = field(default_factory=dict)
    origins: dict[Value, set[Value]] = field(default_factory=dict)

    def of(self, value: Value) -> Roots:
        """Return the buffers that ``value`` may live in; none for a scalar."""
        return self.roots.get(value, NOWHERE)

    def held(self, value: Value) -> Roots:
        """Return the buffers that the items of a list may live in."""
        return self.holds.get(value, NOWHERE)

    def reach(self, value: Value) -> Roots:
        """Return all buffers that are read where ``value`` is read."""
        return self.of(value) | self.held(value) if self.holds else self.of(value)

    def parts(self, value: Value) -> Roots:
        """Return where items of a list live, or views of an array."""
        is_list = isinstance(value.type, Seq | Tape)
        return self.held(value) if is_list else self.of(value)

    def touching(self, roots: Iterable[Value]) -> set[Value]:
        """Return ``roots`` and all that may be the same buffers at the same time."""
        found = set(roots)
        for root in roots:
            found |= self.overlaps.get(root, NOWHERE)
        return found

    def count_near(self, roots: Iterable[Value]) -> int:
        """Return how much is known of what may be the same buffers as ``roots``."""
        return sum(len(self.overlaps.get(root, NOWHERE)) for root in roots)

    def share(self, one: Iterable[Value], other: Iterable[Value]) -> bool:
        """Tell whether buffers known by these roots may be the same."""
        return not self.touching(one).isdisjoint(other)


def writable(memory: Memory, value: Value) -> bool:
    """Tell whether the function may overwrite what ``value`` holds."""
    roots = memory.of(value)
    return bool(roots) and value not in memory.fixed and roots <= memory.owned


def mutates(op: Op) -> bool:
    """Tell whether ``op`` overwrites its first operand."""
    primitive = PRIMITIVES.get(op.name)
    return primitive is not None and primitive.mutates


def overwritten_slots(op: Op) -> Sequence[int]:
    """Return the operands that ``op`` overwrites."""
    if op.name != "call":
        return (0,) if mutates(op) else ()
    taken = [slot for slot, _ in op.attrs["takes"]]
    return [slot for slot in taken if isinstance(op.operands[slot], Value)]


def shared_slots(op: Op) -> Sequence[int]:
    """Return the operands whose memory the results of ``op`` may share."""
    if op.name == "getitem" and not is_view(op):
        return ()
    primitive = PRIMITIVES[op.name]
    return (0,) if primitive.mutates else primitive.shares


def is_view(op: Op) -> bool:
    """Tell whether a ``getitem`` returns a view, not a copy."""
    return is_basic(op.attrs["index"], [x.type for x in op.operands])


def is_fixed(op: Op, memory: Memory, shared: Sequence[Value]) -> bool:
    """Tell whether the result of ``op``, which shares memory, must not be written."""
    if PRIMITIVES[op.name].mutates:
        return False
    return PRIMITIVES[op.name].readonly or any(x in memory.fixed for x in shared)


def values_in(atoms: Iterable[Atom]) -> list[Value]:
    """Return ``atoms`` without the literals."""
    return [x for x in atoms if isinstance(x, Value)]


def content_reads(op: Op) -> list[Value]:
    """Return the operands whose contents ``op`` reads, not just their shape."""
    primitive = PRIMITIVES.get(op.name)
    if primitive is None or not primitive.shape_only:
        return values_in(op.operands)
    atoms = enumerate(op.operands)
    return values_in(x for slot, x in atoms if slot not in primitive.shape_only)
