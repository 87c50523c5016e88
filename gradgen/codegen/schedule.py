"""From ops to statements: what is printed where, and where values are handed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from gradgen.codegen.choices import connective, feeds, inlined_in, is_choice
from gradgen.codegen.exits import drop_repeated, leaves
from gradgen.codegen.lengths import surely_runs
from gradgen.codegen.liveness import reads_by
from gradgen.codegen.loops import (
    NONE,
    Loop,
    Tape,
    bounds_again,
    iterable_of,
    plan_loop,
    store,
)
from gradgen.codegen.models import Models
from gradgen.codegen.plain import plain_numbers
from gradgen.codegen.scans import (
    elements_phrase,
    elements_read,
    find_scans,
    scan_of,
)
from gradgen.codegen.statements import (
    Bind,
    Break,
    Compute,
    For,
    If,
    Nodes,
    Phrase,
    Program,
    While,
    is_undefined,
    targets_of,
)
from gradgen.codegen.straight import add_straight
from gradgen.codegen.uses import Uses, uses_in
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value
from gradgen.structs import field, struct

Targets: TypeAlias = tuple[Value, ...]


def schedule(
    function: Function, ops: Sequence[Op], program: Program, models: Models
) -> None:
    """Append the statements of ``ops``, the body of a function, to a program."""
    uses = program.uses = uses_in(function.body)
    program.truths, program.plain = uses.truths, plain_numbers(function.body, uses)
    scans = find_scans(function.body, uses)
    scheduler = _Scheduler(program, uses, scans, models)
    scheduler.visible.extend(function.inputs)
    scheduler.add_ops(ops, program.nodes)


@struct
class Tail:
    """How a branch hands on its results, by their numbers.

    ``sunk`` go to tapes only, ``exit`` says whether to leave the loop round it, and
    ``pushed`` are bound to variables of that loop.
    """

    sunk: dict[int, list[Tape]]
    exit: int | None = None
    pushed: dict[int, list[Value]] = field(default_factory=dict)


@struct
class _Scheduler:
    """Goes through blocks in order.

    ``stores`` holds the tapes that a value goes to as soon as it is bound, ``visible``
    what has been bound outside or before, ``models`` tell what shapes are read from,
    ``read`` holds the ops whose results a loop binds by itself.
    """

    program: Program
    uses: Uses
    scans: set[Op]
    models: Models
    stores: dict[Value, list[Tape]] = field(default_factory=dict)
    visible: list[Value] = field(default_factory=list)
    read: set[Op] = field(default_factory=set)

    def add_ops(self, ops: Sequence[Op], nodes: Nodes) -> None:
        """Append the statements of ``ops``, each followed by the stores of results."""
        for op in ops:
            self.add_op(op, nodes)
            nodes.extend(self.stores_of(op))
            if not op.inline:
                self.visible.extend(y for y in op.results if self.uses.count(y))

    def stores_of(self, op: Op) -> Nodes:
        """Return the stores of what an op defines."""
        return [store(t, y) for y in op.results for t in self.stores.pop(y, ())]

    def add_op(self, op: Op, nodes: Nodes) -> None:
        if op in self.read:
            return
        if op.name == "if":
            self.add_if(op, nodes)
        elif op.name in ("for", "while"):
            self.add_loop(op, nodes)
        elif op.name == "cast" and op.results[0] in self.program.plain:
            self.add_plain(op, nodes)
        else:
            add_straight((op,), self.program, nodes, self.models)

    def add_plain(self, op: Op, nodes: Nodes) -> None:
        """Let a number be what it is, under another name if need be."""
        if op.inline:
            self.program.inlined[op.results[0]] = op
        else:
            pairs = ((op.results[0], op.operands[0]),)
            nodes.append(Bind(pairs, op.origin, op.span))

    def add_if(self, op: Op, nodes: Nodes) -> None:
        if is_choice(op, self.uses):
            inner = list(inlined_in(op))
            self.program.inlined.update({o.results[0]: o for o in inner})
            words = {o: connective(o, self.uses) for o in (op, *inner)}
            self.program.connectives.update(words)
            last = nodes[-1] if nodes else None
            if isinstance(last, Compute) and feeds(last.op, op, self.uses):
                self.program.inlined[last.op.results[0]] = last.op
                nodes.pop()
            if op.inline:
                self.program.inlined[op.results[0]] = op
            else:
                nodes.append(Compute(op))
            return
        self.inline_condition(op, nodes)
        tail = Tail(self.take_sunk(op))
        arms: list[Nodes] = [[], []]
        for region, arm in zip(op.regions, arms, strict=True):
            self.add_arm(op, region, tail, [], arm)
        nodes.append(If(op.operands[0], arms[0], arms[1], op.span, op.origin))
        self.follow_branch(op)

    def follow_branch(self, op: Op) -> None:
        """A branch that may write in a copy leaves what has its shape."""
        for k, y in enumerate(op.results):
            for region in op.regions if self.uses.count(y) else ():
                self.models.follow(region.results[k], y)

    def take_sunk(self, op: Op) -> dict[int, list[Tape]]:
        """Return the results that only go to tapes, and are undefined in some branch.

        They are stored where they are defined, and are no variables.
        """
        sunk = {}
        for k, y in enumerate(op.results):
            tapes = self.stores.get(y, [])
            if len(tapes) == self.uses.count(y) and any(
                is_undefined(region.results[k]) for region in op.regions
            ):
                sunk[k] = tapes
                self.stores.pop(y, None)
        return sunk

    def add_arm(
        self, op: Op, region: Block, tail: Tail, rest: Nodes, nodes: Nodes
    ) -> None:
        """Append a branch: its ops, the stores, and the results that it binds.

        Where the branch leaves a loop, ``rest`` has to be done before.
        """
        finish: Nodes = []
        pairs: list[tuple[Value, Atom]] = []
        for k, (result, x) in enumerate(zip(op.results, region.results, strict=True)):
            if k in tail.sunk:
                finish.extend(self.sink(tail.sunk[k], x, region))
            elif k in tail.pushed:
                pairs.extend((target, x) for target in tail.pushed[k])
            elif k != tail.exit and self.uses.count(result):
                pairs.append((result, x))
        if pairs:
            finish.append(Bind(tuple(pairs), op.origin))
        flag = Literal.of(False) if tail.exit is None else region.results[tail.exit]
        depth, newest = len(self.visible), dict(self.models.newest)
        self.add_tail(region.ops, flag, finish, rest, nodes)
        del self.visible[depth:]
        self.models.newest = newest

    def sink(self, tapes: list[Tape], atom: Atom, region: Block) -> Nodes:
        """Store an atom where it is bound in the region, else in what is returned."""
        if is_undefined(atom):
            return [store(tape, NONE) for tape in tapes if tape.place is None]
        if isinstance(atom, Value) and any(atom in op.results for op in region.ops):
            self.stores.setdefault(atom, []).extend(tapes)
            return []
        return [store(tape, atom) for tape in tapes]

    def add_tail(
        self, ops: Sequence[Op], flag: Atom, finish: Nodes, rest: Nodes, nodes: Nodes
    ) -> None:
        """Append ops and ``finish``; break where ``flag`` is true, after ``rest``."""
        if ops and ops[-1].name == "if" and flag in ops[-1].results:
            tail, kept = self.tail_of(ops[-1], flag, finish)
            if tail is not None:
                self.add_ops(ops[:-1], nodes)
                self.add_leaving_if(ops[-1], tail, kept, rest, nodes)
                return
        self.add_ops(ops, nodes)
        self.inline_last(flag, nodes)
        leave: Nodes = [*rest, Break("primal")]
        if isinstance(flag, Literal):
            nodes.extend([*finish, *leave] if flag.value else finish)
        elif self.changes(finish, flag):
            nodes.append(If(flag, [*finish, *leave], [], None, "primal"))
            nodes.extend(finish)
        else:
            flag = self.read_later(flag, _copies(finish))
            nodes.extend([*finish, If(flag, leave, [], None, "primal")])

    def read_later(self, atom: Atom, copies: dict[Value, Value]) -> Atom:
        """Return an atom that reads variables in place of what they are bound to."""
        if not isinstance(atom, Value):
            return atom
        op = self.program.inlined.get(atom)
        if op is None:
            return copies.get(atom, atom)
        operands = tuple(self.read_later(x, copies) for x in op.operands)
        self.program.inlined[atom] = op.with_operands(operands)
        return atom

    def changes(self, nodes: Nodes, atom: Atom) -> bool:
        """Tell whether statements bind anew what ``atom`` reads."""
        read = set(self.program.reads(atom))
        return any(read.intersection(targets_of(node)) for node in nodes)

    def tail_of(self, op: Op, flag: Atom, finish: Nodes) -> tuple[Tail | None, Nodes]:
        """Return how a branch decides whether to leave, and what it leaves to do.

        What would be bound behind the branch to nothing but one of its results is
        bound in its arms. None if the flag is needed for anything else.
        """
        pushed: dict[int, list[Value]] = {}
        kept: Nodes = []
        for node in finish:
            if not isinstance(node, Bind):
                kept.append(node)
                continue
            pairs = []
            for target, source in node.pairs:
                if self.is_handed_on(source, op, flag, finish):
                    pushed.setdefault(op.results.index(source), []).append(target)
                else:
                    pairs.append((target, source))
            if pairs:
                kept.append(Bind(tuple(pairs), node.origin))
        targets = {target for found in pushed.values() for target in found}
        if any(targets.intersection(reads_by(self.program, node)) for node in kept):
            pushed, kept = {}, finish
        exit_ = op.results.index(flag)
        if self.uses.count(op.results[exit_]) != 1 + len(pushed.get(exit_, ())):
            return None, finish
        if any({flag} & set(reads_by(self.program, node)) for node in kept):
            return None, finish
        return Tail(self.take_sunk(op), exit_, pushed), kept

    def is_handed_on(self, atom: Atom, op: Op, flag: Atom, finish: Nodes) -> bool:
        """Tell whether a result of a branch is only bound by ``finish``."""
        if not isinstance(atom, Value) or atom not in op.results:
            return False
        bound = [
            source
            for node in finish
            if isinstance(node, Bind)
            for _, source in node.pairs
            if source is atom
        ]
        return self.uses.count(atom) == len(bound) + (atom is flag)

    def add_leaving_if(
        self, op: Op, tail: Tail, finish: Nodes, rest: Nodes, nodes: Nodes
    ) -> None:
        """Append a branch that leaves; what follows it is not nested in it."""
        self.inline_condition(op, nodes)
        finish = [*self.stores_of(op), *finish]
        rest = [*finish, *rest]
        then: Nodes = []
        otherwise: Nodes = []
        for region, arm in zip(op.regions, (then, otherwise), strict=True):
            self.add_arm(op, region, tail, rest, arm)
        test = op.operands[0]
        if leaves(then):
            nodes.append(If(test, then, [], op.span, op.origin))
            nodes.extend(otherwise)
        elif leaves(otherwise):
            nodes.append(If(test, [], otherwise, op.span, op.origin))
            nodes.extend(then)
        else:
            nodes.append(If(test, then, otherwise, op.span, op.origin))
        nodes.extend(finish)

    def add_loop(self, op: Op, nodes: Nodes) -> None:
        is_scan = op in self.scans
        for bound in [] if is_scan else bounds_again(op, self.uses):
            self.give_name(bound, nodes)
        loop = plan_loop(op, self.uses, self.shapes(), is_scan=is_scan)
        newest = dict(self.models.newest)
        self.follow_all(loop.parts.initial, loop.parts.carried)
        for bound in loop.parts.range:
            self.reread(bound)
        aliases = self.program.aliases
        aliases.update(zip(loop.parts.final, loop.parts.carried, strict=True))
        nodes.extend(loop.before)
        body: Nodes = []
        depth = len(self.visible)
        if op.name == "while":
            aliases[loop.stop] = loop.index
            nodes.append(self.while_node(loop, body))
        else:
            targets, iterable = self.iteration(loop, is_scan=is_scan)
            runs = surely_runs(loop.parts.range, self.uses)
            nodes.append(For(op, targets, iterable, body, runs))
        self.add_body(loop, body)
        for c, x in zip(loop.parts.carried, loop.parts.initial, strict=True):
            if isinstance(x, Literal) and not self.uses.count(c):
                drop_repeated(body, c, x)
        del self.visible[depth:]
        self.models.newest = newest
        self.follow_all(loop.parts.initial, loop.parts.final)
        nodes.extend(loop.after)

    def iteration(self, loop: Loop, *, is_scan: bool) -> tuple[Targets, Phrase]:
        """Return what a ``for`` binds, and what it goes through."""
        if is_scan:
            return scan_of(loop.op, self.uses)
        reads = elements_read(loop, self.uses)
        if not reads:
            return (loop.index,), iterable_of(loop, self.uses)
        self.read.update(reads)
        return elements_phrase(reads)

    def follow_all(self, old: Sequence[Atom], new: Sequence[Value]) -> None:
        """A loop goes on with copies under other names, and leaves them so."""
        for x, y in zip(old, new, strict=True):
            self.models.follow(x, y)

    def reread(self, atom: Atom) -> None:
        """Read the shapes in an expression from what copies have become."""
        op = self.program.inlined.get(atom) if isinstance(atom, Value) else None
        if op is not None and self.models.newest:
            self.program.inlined[op.results[0]] = self.models.reading(op)
            for x in op.operands:
                self.reread(x)

    def shapes(self) -> list[Value]:
        """Return the values of which lengths can be read."""
        bound = (x for x in self.visible if self.uses.has_shape(x))
        found = (self.models.of(x) for x in bound)
        return [x for x in found if isinstance(x, Value)]

    def give_name(self, atom: Atom, nodes: Nodes) -> None:
        """Make a statement of what would be printed more than once."""
        op = self.program.inlined.pop(atom, None) if isinstance(atom, Value) else None
        if op is not None:
            nodes.append(Compute(op))

    def while_node(self, loop: Loop, body: Nodes) -> While:
        block = loop.op.regions[0]
        self.program.aliases.update(zip(block.params, loop.parts.carried, strict=True))
        head: Nodes = []
        self.add_ops(block.ops, head)
        (test,) = block.results
        self.inline_last(test, head)
        return While(loop.op, head, test, body)

    def inline_last(self, atom: Atom, nodes: Nodes) -> None:
        """Print what was computed last inside the statement that follows."""
        last = nodes[-1] if nodes else None
        if (
            isinstance(last, Compute)
            and last.op.results == (atom,)
            and self.uses.count(last.op.results[0]) == 1
        ):
            self.program.inlined[last.op.results[0]] = last.op
            nodes.pop()

    def inline_condition(self, op: Op, nodes: Nodes) -> None:
        """Print ``a and b`` inside the branch that asks for it."""
        last = nodes[-1] if nodes else None
        if isinstance(last, Compute) and connective(last.op, self.uses):
            self.inline_last(op.operands[0], nodes)

    def add_body(self, loop: Loop, nodes: Nodes) -> None:
        block = loop.op.regions[-1]
        nodes.extend(loop.opening)
        for tape, item in loop.tapes:
            nodes.extend(self.sink([tape], item, block))
        flag = loop.parts.exit[0] if loop.parts.exit else Literal.of(False)
        self.visible.extend((*loop.parts.carried, loop.index))
        self.add_tail(block.ops, flag, loop.closing, loop.leaving, nodes)


def _copies(nodes: Nodes) -> dict[Value, Value]:
    """Return the variables that values are bound to."""
    pairs = [pair for node in nodes if isinstance(node, Bind) for pair in node.pairs]
    return {source: y for y, source in pairs if isinstance(source, Value)}
