"""Follows buffers through a block and its regions.

Two values may share memory only at a time when both are there. So what a slot of a
loop may share is asked of its initial value, and of what an iteration yields at its
end; a buffer that an iteration makes is not the one that an earlier one made. In this
way two slots that are swapped in each iteration are known to stay apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.flow import LOOPS
from gradgen.ir.regions import LoopParts, loop_parts
from gradgen.ir.types import Array, Seq, Tape, Type
from gradgen.passes.memory import (
    NOWHERE,
    Memory,
    Roots,
    is_fixed,
    mutates,
    shared_slots,
    values_in,
)
from gradgen.passes.tapes import referring_tapes
from gradgen.structs import field, struct

RESULT = -1
LIVING = (Array, Seq, Tape)
"""The types of what lives in memory that others may share."""

Site: TypeAlias = tuple[Op | Block, int]
"""Where a copy is made: of an operand of an op, of its ``RESULT``, or of a yield."""

Copies: TypeAlias = dict[Site, Value]

KEPT_OUTSIDE = ("call_outside",)
"""Ops whose results somebody else may hold, too."""

FRESH_ITEMS = ("seq_zeros_like", "tape_zeros_like")
"""Ops that return a list of new items, whatever the one that they are given holds."""


class Source(NamedTuple):
    """Where something may come from: its roots, and whether it may be overwritten."""

    roots: Roots
    fixed: bool = False


@struct
class Join:
    """Roots at each of which what one of several ways brings may arrive.

    Of the roots that were there before, those numbered below ``first``, they are new
    names; the others are gone when it does.
    """

    targets: Sequence[Value]
    ways: Sequence[Sequence[Source]]
    first: int


def holds_arrays(type_: Type) -> bool:
    """Tell whether values of a type hold what lives in memory of its own."""
    if isinstance(type_, Tape):
        return True
    return isinstance(type_, Seq) and isinstance(type_.element, LIVING)


def memory_of(
    block: Block,
    copies: Mapping[Site, Value] | None = None,
    taken: Sequence[Value] = (),
) -> Memory:
    """Return where the values of ``block`` and its regions live, once copied.

    Of the parameters, the function owns those that it has ``taken``.
    """
    tracer = _Tracer(copies or {})
    for value in block.params:
        tracer.declare(value)
    for value in taken:
        tracer.make(value)
    tracer.trace(block)
    if tracer.joins:
        _find_overlaps(tracer)
        _find_owned(tracer)
    return tracer.memory


@struct
class _Tracer:
    """``items`` holds the root of what a list holds, ``number`` the order of roots."""

    copies: Mapping[Site, Value]
    memory: Memory = field(default_factory=Memory)
    joins: list[Join] = field(default_factory=list)
    number: dict[Value, int] = field(default_factory=dict)
    items: dict[Value, Value] = field(default_factory=dict)

    def trace(self, block: Block) -> None:
        for op in block.ops:
            if op.name == "if":
                self.trace_branches(op)
            elif op.name in LOOPS:
                self.trace_loop(op)
            elif op.name == "call":
                self.trace_call(op)
            else:
                self.trace_primitive(op)

    def root(self, value: Value) -> Roots:
        """Return a buffer that is known by ``value``."""
        self.number.setdefault(value, len(self.number))
        return frozenset([value])

    def declare(self, value: Value) -> list[Value]:
        """Let ``value`` live in buffers of its own, and return their roots."""
        if not isinstance(value.type, LIVING):
            return []
        self.memory.roots[value] = self.root(value)
        if not holds_arrays(value.type):
            return [value]
        items = self.items.setdefault(value, Value(value.type, value.hint))
        self.memory.holds[value] = self.root(items)
        return [value, items]

    def make(self, value: Value) -> None:
        """Let the function make the buffers of ``value``."""
        self.memory.owned.update(self.declare(value))

    def at(self, owner: Op | Block, slot: int, atom: Atom) -> Atom:
        """Return what arrives at a place: ``atom``, or the copy made of it there."""
        copy = self.copies.get((owner, slot)) if self.copies else None
        if copy is None:
            return atom
        self.make(copy)
        if copy in self.memory.holds and isinstance(atom, Value):
            self.memory.holds[copy] = self.memory.held(atom)
        return copy

    def trace_call(self, op: Op) -> None:
        """Let results live where the operands do that they are new versions of.

        What else a function returns it has made, but for the items of lists and tapes.
        """
        memory = self.memory
        atoms = [self.at(op, slot, x) for slot, x in enumerate(op.operands)]
        reached = NOWHERE.union(*map(memory.reach, values_in(atoms)))
        taken = {result: atoms[slot] for slot, result in op.attrs["takes"]}
        for k, y in enumerate(op.results):
            self.make(y)
            if k in taken and isinstance(taken[k], Value):
                memory.roots[y] = memory.of(taken[k])
        arrays = [memory.of(y) for y in op.results if isinstance(y.type, Array)]
        for y in op.results:
            if isinstance(y.type, Tape):
                memory.holds[y] = memory.held(y).union(reached, *arrays)

    def trace_primitive(self, op: Op) -> None:
        for y in op.results:
            if isinstance(y.type, Array):
                self.trace_array(op, y)
            elif isinstance(y.type, Seq):
                self.trace_list(op, y)
            elif isinstance(y.type, Tape):
                self.trace_tape(op, y)

    def trace_tape(self, op: Op, y: Value) -> None:
        """Let a tape hold what it is made of; that of zeros holds new ones."""
        self.make(y)
        if op.name not in FRESH_ITEMS:
            sites = enumerate(op.operands)
            atoms = values_in(self.at(op, slot, x) for slot, x in sites)
            self.memory.holds[y] = NOWHERE.union(*map(self.memory.reach, atoms))

    def trace_array(self, op: Op, y: Value) -> None:
        memory = self.memory
        atoms = [self.at(op, slot, op.operands[slot]) for slot in shared_slots(op)]
        shared = [x for x in atoms if isinstance(x, Value)]
        if (op, RESULT) in self.copies:
            y_roots = self.root(self.copies[op, RESULT])
            memory.roots[y] = y_roots
            memory.owned |= y_roots
            return
        if op.name == "unpack":
            shared = values_in(op.operands)
        roots = NOWHERE.union(*(self.memory.parts(x) for x in shared))
        if op.name in KEPT_OUTSIDE:
            self.declare(y)
            return
        if not roots:
            self.make(y)
            return
        memory.roots[y] = roots
        if is_fixed(op, memory, shared):
            memory.fixed.add(y)

    def trace_list(self, op: Op, y: Value) -> None:
        """Let a list hold what the one that it is made of holds, and what is put in."""
        memory = self.memory
        sites = enumerate(op.operands)
        atoms = values_in(self.at(op, slot, x) for slot, x in sites)
        self.make(y)
        if mutates(op):
            memory.roots[y] = memory.of(atoms[0])
        elif shared_slots(op) and isinstance(atoms[0].type, Seq):
            memory.roots[y] = memory.held(atoms[0])
            if holds_arrays(y.type):
                memory.holds[y] = memory.held(atoms[0])
            return
        if holds_arrays(y.type) and op.name not in FRESH_ITEMS:
            held = NOWHERE.union(*(self.put_in(y, x) for x in atoms))
            memory.holds[y] = held or memory.holds[y]

    def put_in(self, y: Value, x: Value) -> Roots:
        """Return what the list ``y`` holds if it is made of ``x``."""
        same_kind = isinstance(x.type, Seq) and x.type == y.type
        return self.memory.held(x) if same_kind else self.memory.reach(x)

    def trace_branches(self, op: Op) -> None:
        first = len(self.number)
        for region in op.regions:
            self.trace(region)
        ways = [self.sources(region, region.results) for region in op.regions]
        targets = [root for y in op.results for root in self.declare(y)]
        self.joins.append(Join(targets, ways, first))

    def trace_loop(self, op: Op) -> None:
        parts = loop_parts(op)
        tapes = self.declare_tapes(op, parts)
        first = len(self.number)
        slots = [root for p in parts.carried for root in self.declare(p)]
        for e, xs in zip(parts.elements, parts.scanned, strict=True):
            self.trace_element(e, xs)
        tests = [self.declare_test(test) for test in op.regions[:-1]]
        for region in op.regions:
            self.trace(region)
        ways = self.ways_into(op, parts, tapes)
        final = [root for f in parts.final for root in self.declare(f)]
        for targets in (slots, *tests, final):
            self.joins.append(Join([*targets, *tapes], ways, first))

    def declare_test(self, test: Block) -> list[Value]:
        """Declare what a test gets, which it must leave for the body as it is."""
        self.memory.fixed.update(test.params)
        return [root for value in test.params for root in self.declare(value)]

    def declare_tapes(self, op: Op, parts: LoopParts) -> dict[Value, int]:
        """Make tapes; return the roots of what they refer to, and its place."""
        for y in parts.stacked:
            self.make(y)
        referring = referring_tapes(op)
        return {root: k for y, k in referring for root in self.memory.parts(y)}

    def trace_element(self, element: Value, scanned: Atom) -> None:
        if isinstance(element.type, LIVING) and isinstance(scanned, Value):
            roots = self.memory.parts(scanned)
            self.memory.roots[element] = roots
            if holds_arrays(element.type):
                self.memory.holds[element] = roots
            if scanned in self.memory.fixed:
                self.memory.fixed.add(element)

    def ways_into(
        self, op: Op, parts: LoopParts, tapes: Mapping[Value, int]
    ) -> list[list[Source]]:
        """Return what arrives at the slots, and in the tapes, first and later."""
        body = op.regions[-1]
        initial = self.sources(op, parts.initial, len(parts.range))
        later = self.sources(body, parts.next, len(parts.exit))
        before = [Source(NOWHERE)] * len(tapes)
        after = [Source(self.item(body, k) | {tape}) for tape, k in tapes.items()]
        return [[*initial, *before], [*later, *after]]

    def item(self, body: Block, number: int) -> Roots:
        """Return where something lives that is put on a tape."""
        atom = self.at(body, number, body.results[number])
        return self.memory.reach(atom) if isinstance(atom, Value) else NOWHERE

    def sources(
        self, owner: Op | Block, atoms: Iterable[Atom], start: int = 0
    ) -> list[Source]:
        """Return where atoms come from: what they live in, and what lists hold."""
        found: list[Source] = []
        for slot, atom in enumerate(atoms, start):
            found += self.source(self.at(owner, slot, atom), atom.type)
        return found

    def source(self, atom: Atom, type_: Type) -> list[Source]:
        count = int(isinstance(type_, LIVING)) + int(holds_arrays(type_))
        if not isinstance(atom, Value):
            return [Source(NOWHERE)] * count
        fixed = atom in self.memory.fixed
        found = [Source(self.memory.of(atom), fixed), Source(self.memory.held(atom))]
        return found[:count]


def _find_overlaps(tracer: _Tracer) -> None:
    """Enter which roots may be one buffer, round the back edges too.

    A way is looked at again if more is known of what it brings.
    """
    ways = [(join, way) for join in tracer.joins for way in join.ways]
    known = [-1] * len(ways)
    changed = True
    while changed:
        changed = False
        for k, (join, way) in enumerate(ways):
            found = sum(tracer.memory.count_near(source.roots) for source in way)
            if found != known[k]:
                known[k] = found
                changed |= _meet(tracer, join, way)


def _meet(tracer: _Tracer, join: Join, way: Sequence[Source]) -> bool:
    """Enter what the targets of ``join`` share when it is reached on one way."""
    memory, number = tracer.memory, tracer.number
    changed = False
    for k, (target, source) in enumerate(zip(join.targets, way, strict=True)):
        near = memory.touching(source.roots)
        if not near:
            continue
        met = [r for r in near if number[r] < join.first]
        others = zip(join.targets[:k], way[:k], strict=True)
        met += [t for t, other in others if not near.isdisjoint(other.roots)]
        for root in met:
            changed |= _overlap(memory, target, root)
    return changed


def _overlap(memory: Memory, one: Value, other: Value) -> bool:
    found = memory.overlaps.setdefault(one, set())
    if one is other or other in found:
        return False
    found.add(other)
    memory.overlaps.setdefault(other, set()).add(one)
    return True


def _find_owned(tracer: _Tracer) -> None:
    """Own what comes from buffers alone that the function owns and may overwrite.

    That holds for all until something is found against it, so that what only goes round
    a loop is owned.
    """
    memory = tracer.memory
    doubts: list[tuple[Value, Source]] = []
    for join in tracer.joins:
        for way in join.ways:
            pairs = list(zip(join.targets, way, strict=True))
            doubts += pairs
            for target, source in pairs:
                memory.origins.setdefault(target, set()).update(source.roots)
    memory.owned.update(target for target, _ in doubts)
    changed = True
    while changed:
        lost = {t for t, s in doubts if s.fixed or not s.roots <= memory.owned}
        changed = not lost.isdisjoint(memory.owned)
        memory.owned -= lost
