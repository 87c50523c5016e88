"""Copies that are needed before anything is written or handed out.

After this, every op that overwrites its first operand may do so, and all results are
the caller's own. That is proven anew for every write and every choice of copies; which
copies are tried, and in which order, decides only how good the code is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gradgen.ir.checkpoints import KEEPS
from gradgen.ir.core import Atom, Block, Op, Value, walk_ops
from gradgen.ir.flow import LOOPS, defined_values
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import Array, Seq, Tape
from gradgen.passes.aliases import RESULT, Copies, Site, memory_of
from gradgen.passes.forced import changes_cost
from gradgen.passes.memory import Memory, mutates, shared_slots, writable
from gradgen.passes.tapes import referring_tapes
from gradgen.passes.writes import Write, find_writes
from gradgen.structs import field, frozen, struct


@frozen
class Needed:
    """Copies, and those of them that make a loop cost more than the user's own.

    ``memory`` is where values live without the copies of results.
    """

    copies: Copies
    forced: set[Site]
    memory: Memory


def needed_copies(
    block: Block, taken: Sequence[Value] = (), *, helper: bool = False
) -> Needed:
    """Return the copies that make each write right, and each result the caller's.

    The function may overwrite the parameters that it has ``taken``. What calls a
    ``helper`` knows that the tapes it returns hold what it was given.
    """
    found = Search(block, taken)
    for write in found.writes:
        found.settle(write)
    found.drop_superfluous()
    results = own_results(block, found.memory, tapes=not helper)
    return Needed({**found.copies, **results}, found.forced, found.memory)


def is_safe(memory: Memory, write: Write) -> bool:
    """Tell whether a write overwrites nothing but what it may."""
    return writable(memory, write.target) and not read_by_others(memory, write)


def read_by_others(memory: Memory, write: Write) -> list[Value]:
    """Return the values that live where ``write`` writes, and are read after it."""
    near = memory.touching(memory.of(write.target))
    return [x for x in write.alive if not near.isdisjoint(memory.reach(x))]


@struct
class Search:
    """The copies chosen so far, and the memory that results from them.

    ``memories`` holds what results from copies that were looked at before.
    """

    block: Block
    taken: Sequence[Value] = ()
    copies: Copies = field(default_factory=dict)
    forced: set[Site] = field(default_factory=set)
    memories: dict[Any, Memory] = field(default_factory=dict)
    memory: Memory = field(init=False)
    writes: list[Write] = field(init=False)
    makers: dict[Value, Op] = field(init=False)
    order: dict[Value, int] = field(init=False)

    def __post_init__(self) -> None:
        self.writes = find_writes(self.block)
        self.memory = self.memory_after({})
        self.makers, self.order = {}, {}
        if self.writes:
            ops = walk_ops(self.block)
            self.makers = {y: op for op in ops for y in op.results}
            values = enumerate(defined_values(self.block))
            self.order = {value: number for number, value in values}

    def settle(self, write: Write) -> None:
        """Choose copies after which ``write`` is safe: the cheapest that will do.

        Those are copies before a loop, then of views that are read later and of what
        lists hold, then of what is written itself.
        """
        if is_safe(self.memory, write):
            return
        others = read_by_others(self.memory, write)
        chosen = self.chosen(write)
        if changes_cost(self.block, write, others):
            self.forced |= {site for site in chosen if is_repeated(site, write)}
        self.take(chosen)

    def chosen(self, write: Write) -> Copies:
        """Return the copies that are chosen for a write that is not safe."""
        for entries in self.entries(write):
            copies = self.cured(write, entries)
            if copies is not None:
                return copies
        return {(write.op, write.slot): copied(write.target)}

    def entries(self, write: Write) -> Iterator[Copies]:
        """Yield copies of initial values: none, or those of a loop, outermost first."""
        yield {}
        reached = origins_of(self.memory, write)
        for loop in write.loops:
            parts = loop_parts(loop)
            bounds = len(parts.range)
            slots = enumerate(zip(parts.carried, parts.initial, strict=True), bounds)
            found: Copies = {
                (loop, slot): copied(initial)
                for slot, (carried, initial) in slots
                if carried in reached
                and isinstance(initial, Value)
                and (loop, slot) not in self.copies
            }
            if found:
                yield found

    def cured(self, write: Write, entries: Copies) -> Copies | None:
        """Return ``entries`` and copies of what is read later, if these will do."""
        memory = self.memory_with(entries)
        if not writable(memory, write.target):
            return None
        cures = dict(entries)
        others = read_by_others(memory, write)
        for x in sorted(others, key=lambda x: self.order[x]):
            found = self.cure(memory, x, write)
            if not found:
                return None
            cures |= found
        return cures if is_safe(self.memory_with(cures), write) else None

    def memory_with(self, copies: Copies) -> Memory:
        """Return the memory that results from ``copies`` besides those chosen."""
        if not copies:
            return self.memory
        return self.memory_after({**self.copies, **copies})

    def memory_after(self, copies: Copies) -> Memory:
        """Return the memory that results from ``copies`` alone."""
        key = frozenset(copies.items())
        if key not in self.memories:
            self.memories[key] = memory_of(self.block, copies, self.taken)
        return self.memories[key]

    def take(self, copies: Copies) -> None:
        """Choose ``copies``."""
        self.memory = self.memory_with(copies)
        self.copies |= copies

    def drop_superfluous(self) -> None:
        """Drop copies for one write that those for another made superfluous."""
        if len(self.copies) < 2:
            return
        targets = {(write.op, write.slot) for write in self.writes}
        for site in [site for site in self.copies if site not in targets]:
            fewer = {at: copy for at, copy in self.copies.items() if at != site}
            memory = self.memory_after(fewer)
            if all(is_safe(memory, write) for write in self.writes):
                self.copies, self.memory = fewer, memory

    def cure(self, memory: Memory, x: Value, write: Write) -> Copies:
        """Return copies that keep ``x`` from what is written: of a view, of items."""
        maker = self.makers.get(x)
        if maker is not None and is_view_op(maker):
            return {(maker, RESULT): Value(x.type)}
        if maker is None or not (isinstance(x.type, Seq) or maker.name in LOOPS):
            return {}
        near = memory.touching(memory.of(write.target))
        return {
            site: copied(item)
            for site, item in put_in_lists(self.block)
            if not near.isdisjoint(memory.reach(item))
        }


def is_repeated(site: Site, write: Write) -> bool:
    """Tell whether what is written, or enters an inner loop, is copied in a loop.

    A loop that is there to keep states copies what those that run on from one change.
    """
    inner: dict[Op | Block, Op] = dict(zip(write.loops[1:], write.loops, strict=False))
    around = inner.get(site[0])
    if around is not None:
        return KEEPS not in around.attrs
    return site == (write.op, write.slot)


def origins_of(memory: Memory, write: Write) -> set[Value]:
    """Return all roots from which what is written may come."""
    found: set[Value] = set()
    pending = list(memory.of(write.target))
    while pending:
        root = pending.pop()
        if root not in found:
            found.add(root)
            pending += memory.origins.get(root, ())
    return found


def is_view_op(op: Op) -> bool:
    """Tell whether ``op`` looks at an array in another way, without writing to it."""
    if op.regions or op.name == "call" or mutates(op):
        return False
    shared = [op.operands[slot] for slot in shared_slots(op)]
    return any(isinstance(x.type, Array) for x in shared)


def put_in_lists(block: Block) -> Iterator[tuple[Site, Value]]:
    """Yield the arrays that are put in lists and tapes, and where that happens."""
    for op in walk_ops(block):
        if op.name in LOOPS:
            body = op.regions[-1]
            for _, k in referring_tapes(op):
                yield from _array_at(body, k, body.results[k])
        elif op.name != "call" and any(isinstance(y.type, Seq) for y in op.results):
            for slot, x in enumerate(op.operands):
                yield from _array_at(op, slot, x)


def _array_at(owner: Op | Block, k: int, atom: Atom) -> Iterator[tuple[Site, Value]]:
    if isinstance(atom, Value) and isinstance(atom.type, Array):
        yield (owner, k), atom


def copied(source: Value) -> Value:
    """Return the value of a copy of ``source``."""
    return Value(source.type, source.hint)


def own_results(block: Block, memory: Memory, *, tapes: bool = True) -> Copies:
    """Return copies of results that the caller must not share with others."""
    found: Copies = {}
    given: set[Value] = set()
    for k, x in enumerate(block.results):
        if not isinstance(x, Value) or not memory.of(x):
            continue
        if isinstance(x.type, Tape) and not tapes:
            continue
        mine = writable(memory, x) and memory.held(x) <= memory.owned
        if not mine or shared_already(memory, x, given):
            found[block, k] = copied(x)
        else:
            given |= memory.reach(x)
    return found


def shared_already(memory: Memory, value: Value, given: set[Value]) -> bool:
    """Tell whether another result lives where ``value`` lives."""
    return memory.share(memory.reach(value), given)
