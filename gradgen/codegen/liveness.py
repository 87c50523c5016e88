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
    targets_of,
)
from gradgen.ir.core import Value
from gradgen.structs import field, struct

Interval = tuple[int, int]
Ranges = dict[Value, list[Interval]]


@struct
class Lives:
    """The intervals of each variable, latest first, and the time of the start."""

    ranges: Ranges
    start: int
    entering: frozenset[Value]


def lives_of(program: Program) -> Lives:
    """Return when each variable is needed.

    What may be read without having been bound is needed from the start on: nothing
    else may be found under its name.
    """
    walker = _Walker(program)
    walker.visit_all(program.nodes)
    entering = walker.suspend()
    return Lives(walker.ranges, walker.clock, frozenset(entering))


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
        again = after | self.needed_inside(node)
        self.exits.append(after)
        self.resume(again)
        self.visit_all(node.body)
        self.exits.pop()
        self.bind(node.targets)
        self.suspend()
        self.resume(again)
        self.read(node)

    def visit_while(self, node: While) -> None:
        after = self.suspend()
        again = after | self.needed_inside(node)
        self.exits.append(after)
        self.resume(again)
        self.visit_all(node.body)
        self.exits.pop()
        before = self.suspend()
        self.resume(before | after)
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

    def needed_before(self, nodes: Sequence[Node], after: set[Value]) -> set[Value]:
        """Return what is needed before ``nodes`` if ``after`` is behind them."""
        needed = set(after)
        for node in reversed(nodes):
            if isinstance(node, If):
                otherwise = self.needed_before(node.otherwise, needed)
                needed = self.needed_before(node.then, needed) | otherwise
            elif isinstance(node, For | While):
                needed |= self.needed_inside(node)
            elif isinstance(node, Break):
                needed = set()
            else:
                needed.difference_update(targets_of(node))
            if not isinstance(node, While):
                needed.update(reads_by(self.program, node))
        return needed
