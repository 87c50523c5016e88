"""From ops to statements: what is printed where, and where values are handed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradgen.codegen.choices import is_choice
from gradgen.codegen.loops import (
    NONE,
    Loop,
    Tape,
    bounds_again,
    iterable_of,
    plan_loop,
    store,
)
from gradgen.codegen.statements import (
    Bind,
    Break,
    Compute,
    For,
    If,
    Nodes,
    Program,
    Return,
    While,
    is_undefined,
    targets_of,
)
from gradgen.codegen.uses import Uses, uses_in
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value


def schedule(function: Function) -> Program:
    """Return the statements of a function in the order in which they are printed."""
    program = Program([])
    ops = function.body.ops
    if any(op.regions for op in ops):
        scheduler = _Scheduler(program, uses_in(function.body))
        scheduler.visible.extend(function.inputs)
        scheduler.add_ops(ops, program.nodes)
    else:
        program.inlined = {op.results[0]: op for op in ops if op.inline}
        program.nodes.extend(Compute(op) for op in ops if not op.inline)
    program.nodes.append(Return(function.body.results))
    return program


@dataclass(slots=True)
class _Scheduler:
    """Goes through blocks in order.

    ``stores`` holds the tapes that a value goes to as soon as it is bound, ``visible``
    what has been bound outside or before.
    """

    program: Program
    uses: Uses
    stores: dict[Value, list[Tape]] = field(default_factory=dict)
    visible: list[Value] = field(default_factory=list)

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
        if op.name == "if":
            self.add_if(op, nodes)
        elif op.name in ("for", "while"):
            self.add_loop(op, nodes)
        elif op.inline:
            self.program.inlined[op.results[0]] = op
        else:
            nodes.append(Compute(op))

    def add_if(self, op: Op, nodes: Nodes) -> None:
        if is_choice(op, self.uses):
            for region in op.regions:
                self.program.inlined.update({o.results[0]: o for o in region.ops})
            if op.inline:
                self.program.inlined[op.results[0]] = op
            else:
                nodes.append(Compute(op))
            return
        sunk = self.take_sunk(op)
        arms: list[Nodes] = [[], []]
        for region, arm in zip(op.regions, arms, strict=True):
            self.add_arm(op, region, sunk, None, [], arm)
        nodes.append(If(op.operands[0], arms[0], arms[1], op.span, op.origin))

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
        self,
        op: Op,
        region: Block,
        sunk: dict[int, list[Tape]],
        exit_: int | None,
        rest: Nodes,
        nodes: Nodes,
    ) -> None:
        """Append a branch: its ops, the stores, and the results that it binds.

        ``exit_`` numbers the yield that says whether to leave the loop round it, which
        needs ``rest`` to be done before.
        """
        finish: Nodes = []
        pairs = []
        for k, (result, x) in enumerate(zip(op.results, region.results, strict=True)):
            if k in sunk:
                finish.extend(self.sink(sunk[k], x, region))
            elif k != exit_ and self.uses.count(result):
                pairs.append((result, x))
        if pairs:
            finish.append(Bind(tuple(pairs), op.origin))
        flag = Literal.of(False) if exit_ is None else region.results[exit_]
        depth = len(self.visible)
        self.add_tail(region.ops, flag, finish, rest, nodes)
        del self.visible[depth:]

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
        if ops and self.says(ops[-1], flag):
            self.add_ops(ops[:-1], nodes)
            self.add_leaving_if(ops[-1], flag, finish, rest, nodes)
            return
        self.add_ops(ops, nodes)
        leave: Nodes = [*rest, Break("primal")]
        if isinstance(flag, Literal):
            nodes.extend([*finish, *leave] if flag.value else finish)
        elif self.changes(finish, flag):
            nodes.append(If(flag, [*finish, *leave], [], None, "primal"))
            nodes.extend(finish)
        else:
            nodes.extend([*finish, If(flag, leave, [], None, "primal")])

    def changes(self, nodes: Nodes, atom: Atom) -> bool:
        """Tell whether statements bind anew what ``atom`` reads."""
        read = set(self.program.reads(atom))
        return any(read.intersection(targets_of(node)) for node in nodes)

    def says(self, op: Op, flag: Atom) -> bool:
        """Tell whether ``flag`` is what a branch at the end of a block decides."""
        if op.name != "if" or not isinstance(flag, Value):
            return False
        return flag in op.results and self.uses.count(flag) == 1

    def add_leaving_if(
        self, op: Op, flag: Atom, finish: Nodes, rest: Nodes, nodes: Nodes
    ) -> None:
        """Append a branch that leaves; what follows it is not nested in it."""
        sunk = self.take_sunk(op)
        exit_ = op.results.index(flag)
        finish = [*self.stores_of(op), *finish]
        rest = [*finish, *rest]
        then: Nodes = []
        otherwise: Nodes = []
        for region, arm in zip(op.regions, (then, otherwise), strict=True):
            self.add_arm(op, region, sunk, exit_, rest, arm)
        test = op.operands[0]
        if _leaves(then):
            nodes.append(If(test, then, [], op.span, op.origin))
            nodes.extend(otherwise)
        elif _leaves(otherwise):
            nodes.append(If(test, [], otherwise, op.span, op.origin))
            nodes.extend(then)
        else:
            nodes.append(If(test, then, otherwise, op.span, op.origin))
        nodes.extend(finish)

    def add_loop(self, op: Op, nodes: Nodes) -> None:
        for bound in bounds_again(op, self.uses):
            self.give_name(bound, nodes)
        loop = plan_loop(op, self.uses, self.visible)
        aliases = self.program.aliases
        aliases.update(zip(loop.parts.final, loop.parts.carried, strict=True))
        nodes.extend(loop.before)
        body: Nodes = []
        depth = len(self.visible)
        if op.name == "while":
            aliases[loop.stop] = loop.index
            nodes.append(self.while_node(loop, body))
        else:
            nodes.append(For(loop.index, iterable_of(loop), body, op.span, op.origin))
        self.add_body(loop, body)
        del self.visible[depth:]
        nodes.extend(loop.after)

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
        return While(head, test, body, loop.op.span, loop.op.origin)

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

    def add_body(self, loop: Loop, nodes: Nodes) -> None:
        block = loop.op.regions[-1]
        nodes.extend(loop.opening)
        for tape, item in loop.tapes:
            nodes.extend(self.sink([tape], item, block))
        flag = loop.parts.exit[0] if loop.parts.exit else Literal.of(False)
        self.visible.extend((*loop.parts.carried, loop.index))
        self.add_tail(block.ops, flag, loop.closing, loop.leaving, nodes)


def _leaves(nodes: Nodes) -> bool:
    return bool(nodes) and isinstance(nodes[-1], Break)
