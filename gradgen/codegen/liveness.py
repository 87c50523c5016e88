"""When each variable of a program is needed, round the back edges of loops too.

Time is counted over the printed statements, backwards, so that it is negative. A
statement reads at an even time and binds at the odd one after it. A variable is needed
over a list of intervals: between them, its name may be used for something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradgen.codegen.statements import (
    Bind,
    Break,
    Compute,
    For,
    If,
    Line,
    Node,
    Nodes,
    Program,
    Return,
    While,
    is_undefined,
    never_ends,
    targets_of,
)
from gradgen.ir.core import Value
from gradgen.structs import field, struct

Interval = tuple[int, int]
Ranges = dict[Value, list[Interval]]


@struct
class Lives:
    """The intervals of each variable, latest first, and the time of the start.

    ``loose`` are the variables that may be read though they were bound to nothing,
    ``unread`` what is bound, and where, though nobody reads it.
    """

    ranges: Ranges
    start: int
    entering: frozenset[Value]
    loose: frozenset[Value]
    unread: frozenset[tuple[Bind, Value]]


def lives_of(program: Program) -> Lives:
    """Return when each variable is needed.

    What may be read without having been bound is needed from the start on: nothing
    else may be found under its name.
    """
    walker = _Walker(program)
    walker.visit_all(program.nodes)
    entering = walker.suspend()
    found = frozenset(walker.loose), frozenset(walker.unread)
    return Lives(walker.ranges, walker.clock, frozenset(entering), *found)


def reads_by(program: Program, node: Node) -> Iterable[Value]:
    """Yield what a statement reads by itself; of a loop, before it starts."""
    if isinstance(node, Compute):
        yield from program.reads_of(node.op)
    elif isinstance(node, Line):
        yield from program.reads(node.phrase)
    elif isinstance(node, Bind):
        for _, source in node.pairs:
            yield from program.reads(source)
    elif isinstance(node, If | While):
        yield from program.reads(node.test)
    elif isinstance(node, For):
        yield from program.reads(node.iterable)
    elif isinstance(node, Return):
        for atom in node.atoms:
            yield from program.reads(atom)


@struct
class _Walker:
    """Goes backwards through a program. ``open`` holds what is needed, until when."""

    program: Program
    clock: int = 0
    ranges: Ranges = field(default_factory=dict)
    open: dict[Value, int] = field(default_factory=dict)
    exits: list[set[Value]] = field(default_factory=list)
    needed: dict[Node, set[Value]] = field(default_factory=dict)
    loose: set[Value] = field(default_factory=set)
    unread: set[tuple[Bind, Value]] = field(default_factory=set)

    def visit_all(self, nodes: Nodes) -> None:
        for node in reversed(nodes):
            if isinstance(node, If):
                self.visit_if(node)
            elif isinstance(node, For):
                self.visit_for(node)
            elif isinstance(node, While):
                self.visit_while(node)
            elif isinstance(node, Break):
                self.open.clear()
                self.resume(self.exits[-1])
            else:
                self.visit_simple(node)

    def visit_simple(self, node: Node) -> None:
        if never_ends(node):
            self.open.clear()
        if isinstance(node, Bind):
            unbound = (y for y, x in node.pairs if is_undefined(x))
            self.loose.update(y for y in unbound if y in self.open)
            unread = (y for y, _ in node.pairs if y not in self.open)
            self.unread.update((node, y) for y in unread)
        self.bind(targets_of(node))
        self.read(node)

    def bind(self, targets: Iterable[Value]) -> None:
        """Close what is bound at the time after the next read."""
        self.clock -= 2
        time = self.clock + 1
        for value in targets:
            interval = (time, self.open.pop(value, time))
            self.ranges.setdefault(value, []).append(interval)

    def read(self, node: Node) -> None:
        for value in reads_by(self.program, node):
            self.open.setdefault(value, self.clock)

    def suspend(self) -> set[Value]:
        """Close every interval at the edge of a block; return what is needed there."""
        for value, end in self.open.items():
            self.ranges.setdefault(value, []).append((self.clock, end))
        found = set(self.open)
        self.open.clear()
        return found

    def resume(self, values: Iterable[Value]) -> None:
        """Begin a block at whose end ``values`` are needed."""
        self.clock -= 2
        self.open.update(dict.fromkeys(values, self.clock))

    def visit_if(self, node: If) -> None:
        after = self.suspend()
        self.resume(after)
        self.visit_all(node.otherwise)
        before = self.suspend()
        self.resume(after)
        self.visit_all(node.then)
        before |= self.suspend()
        self.resume(before)
        self.read(node)

    def visit_for(self, node: For) -> None:
        after = self.suspend()
        again = self.visit_else(node, after) | self.needed_inside(node)
        self.exits.append(after)
        self.resume(again)
        self.visit_all(node.body)
        self.exits.pop()
        self.bind(node.targets)
        before = self.suspend()
        self.resume(before if node.runs else again)
        self.read(node)

    def visit_else(self, node: For | While, after: set[Value]) -> set[Value]:
        """Return what is needed where a loop ends that is not left by ``break``."""
        if not node.orelse:
            return after
        self.resume(after)
        self.visit_all(node.orelse)
        return self.suspend()

    def visit_while(self, node: While) -> None:
        after = self.suspend()
        ended = set() if node.is_endless else self.visit_else(node, after)
        again = ended | self.needed_inside(node)
        if node.is_endless:
            again |= self.needed_before(node.body, set(), after)
        self.exits.append(after)
        self.resume(again)
        self.visit_all(node.body)
        self.exits.pop()
        before = self.suspend()
        self.resume(before | ended)
        self.read(node)
        self.visit_all(node.head)
        self.suspend()
        self.resume(again)

    def needed_inside(self, node: For | While) -> set[Value]:
        """Return what an iteration reads that an earlier one, or none, has bound."""
        if node not in self.needed:
            needed = self.needed_before(node.body, set())
            if isinstance(node, For):
                needed.difference_update(node.targets)
            else:
                needed.update(reads_by(self.program, node))
                needed = self.needed_before(node.head, needed)
            self.needed[node] = needed
        return self.needed[node]

    def needed_before(
        self,
        nodes: Sequence[Node],
        after: set[Value],
        leaving: frozenset[Value] | set[Value] = frozenset(),
    ) -> set[Value]:
        """Return what is needed before ``nodes`` if ``after`` is behind them.

        At a ``break`` that is ``leaving``.
        """
        needed = set(after)
        for node in reversed(nodes):
            if isinstance(node, If):
                otherwise = self.needed_before(node.otherwise, needed, leaving)
                needed = self.needed_before(node.then, needed, leaving) | otherwise
            elif isinstance(node, For | While):
                needed |= self.needed_before(node.orelse, needed)
                needed |= self.needed_inside(node)
            elif isinstance(node, Break):
                needed = set(leaving)
            elif never_ends(node):
                needed = set()
            else:
                needed.difference_update(targets_of(node))
            if not isinstance(node, While):
                needed.update(reads_by(self.program, node))
        return needed
