"""Random functions with branches and loops, without anything that mutates."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Param, Value, use_counts
from gradgen.ir.regions import loop_parts, make_for, make_if, make_while
from gradgen.ir.tree import Tree, leaf
from gradgen.ir.types import (
    FLOAT,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    Seq,
    Sym,
    Type,
    same_type,
)
from gradgen.primitives.registry import PRIMITIVES, Handle, apply
from gradgen.structs import replace

VECTOR = Array(FLOAT, (Sym("m", proper=True),))
KINDS: tuple[Type, ...] = (PY_FLOAT, PY_FLOAT, PY_INT, VECTOR)
HINTS = ("", "", "", "a", "b", "x")


@dataclass
class Taped:
    """What a loop has stacked, and what it takes to scan it."""

    bounds: tuple[Atom, Atom, Atom]
    stacked: tuple[Value, ...]
    flags: tuple[Value, ...]


@dataclass
class Maker:
    """Makes statements at random; ``env`` holds what may be read, ``loose`` what not.

    Loose values may be undefined: they can only be handed on.
    """

    rng: np.random.Generator
    builder: Builder = field(default_factory=Builder)
    env: list[Value] = field(default_factory=list)
    loose: list[Value] = field(default_factory=list)
    tapes: list[Taped] = field(default_factory=list)

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def pick(self, items: Any) -> Any:
        return items[int(self.rng.integers(len(items)))]

    def handle(self, atom: Atom) -> Handle:
        return Handle(self.builder, atom)

    def number(self) -> Literal:
        return Literal.of(float(self.pick([0.25, 0.5, -0.75, 1.5])))

    def read(self, type_: Type) -> Atom:
        """Return something of a type that may be read."""
        found = [x for x in self.env if same_type(x.type, type_)]
        if found and (isinstance(type_, Array) or self.chance(0.9)):
            return self.pick(found[-6:])
        if type_ == PY_INT:
            return Literal.of(int(self.rng.integers(4)))
        return self.number()

    def hand_on(self, type_: Type, undefined: float = 0.0) -> tuple[Atom, bool]:
        """Return something that need not be defined, and whether it may be read."""
        found = [x for x in self.loose if same_type(x.type, type_)]
        if found and self.chance(undefined):
            return self.pick(found), False
        if self.chance(undefined):
            return Literal.undefined(type_), False
        return self.read(type_), True

    def new(self, type_: Type) -> Value:
        return Value(type_, self.pick(HINTS))

    def keep(self, value: Value) -> None:
        value.hint = self.pick(HINTS)
        self.env.append(value)

    @contextmanager
    def scope(self) -> Any:
        outer = self.env, self.loose, self.tapes
        self.env, self.loose, self.tapes = map(list, outer)  # type: ignore[assignment]
        with self.builder.region() as ops:
            yield ops
        self.env, self.loose, self.tapes = outer

    def statements(self, depth: int, most: int = 4) -> None:
        kinds: list[Callable[[int], None]] = [self.compute] * 4
        if depth > 0:
            kinds += [self.branch] * 2 + [self.loop] * 2 + [self.repeat, self.scan]
        for _ in range(int(self.rng.integers(1, most + 1))):
            self.pick(kinds)(depth)

    def compute(self, depth: int = 0) -> None:
        type_ = self.pick(KINDS)
        left, right = (self.handle(self.read(type_)) for _ in range(2))
        if type_ == PY_INT:
            made = self.pick([left + 1, right - left, apply("remainder", left, 3)])
        elif isinstance(left.atom, Literal) and isinstance(right.atom, Literal):
            return
        else:
            options = [0.5 * left - 0.25 * right, apply("sin", left), 0.75 * left]
            made = self.pick(options)
        self.keep(made.atom)

    def condition(self) -> Atom:
        type_ = self.pick([PY_FLOAT, PY_INT])
        left, right = (self.handle(self.read(type_)) for _ in range(2))
        if isinstance(left.atom, Literal) and isinstance(right.atom, Literal):
            return Literal.of(bool(self.chance(0.5)))
        made = left < right
        return made.atom  # type: ignore[return-value]

    def branch(self, depth: int) -> None:
        cond = self.condition()
        types = [self.pick(KINDS) for _ in range(int(self.rng.integers(1, 4)))]
        arms, firm = [], [True] * len(types)
        for _ in range(2):
            with self.scope() as ops:
                if self.chance(0.7):
                    self.statements(depth - 1, 2)
                found = [self.hand_on(t, 0.15) for t in types]
            firm = [a and b for a, (_, b) in zip(firm, found, strict=True)]
            arms.append(Block((), tuple(ops), tuple(x for x, _ in found)))
        self.enter(make_if(cond, *arms), firm)

    def enter(self, op: Op, firm: list[bool]) -> None:
        self.builder.append(op)
        for y, is_firm in zip(op.results, firm, strict=False):
            y.hint = self.pick(HINTS)
            (self.env if is_firm else self.loose).append(y)

    def bounds(self) -> tuple[Atom, Atom, Atom]:
        lo, step = self.pick([(0, 1), (0, 1), (1, 1), (-1, 2), (4, -1), (0, 3)])
        hi = self.pick([self.read(PY_INT), Literal.of(3), Literal.of(0)])
        start = self.read(PY_INT) if self.chance(0.2) else Literal.of(lo)
        return start, hi, Literal.of(step)

    def loop(self, depth: int) -> None:
        """A ``for`` with slots, exits and tapes."""
        bounds, exits = self.bounds(), self.chance(0.4)
        slots, initial, firm = self.slots(int(self.rng.integers(0, 4)))
        index = Value(PY_INT, self.pick(["i", "j", ""]))
        with self.scope() as ops:
            self.env.append(index)
            yields, flags = self.body(depth, slots, firm, exits)
        block = Block((index, *slots), tuple(ops), yields)
        reverse = not exits and self.chance(0.3)
        length = self.builder.dims.fresh("k")
        op = make_for(bounds, initial, [], block, length, exits=exits, reverse=reverse)
        self.leave(op, firm, flags)

    def repeat(self, depth: int) -> None:
        """A ``while`` that counts in its first slot."""
        exits = self.chance(0.4)
        slots, initial, firm = self.slots(int(self.rng.integers(0, 3)))
        counter, test_counter = Value(PY_INT, "c"), Value(PY_INT, "c")
        tests = [Value(x.type, x.hint) for x in slots]
        limit = self.read(PY_INT)
        with self.scope() as head:
            self.env.extend(x for x, f in zip(tests, firm, strict=True) if f)
            if self.chance(0.3):
                self.compute()
            more = (self.handle(test_counter) < self.handle(limit)).atom
        test = Block((test_counter, *tests), tuple(head), (more,))
        index = Value(PY_INT, "k")
        with self.scope() as ops:
            self.env.append(counter)
            if self.chance(0.3):
                self.env.append(index)
            following = (self.handle(counter) + 1).atom
            yields, flags = self.body(depth, slots, firm, exits)
        first = int(exits)
        yields = (*yields[:first], following, *yields[first:])
        block = Block((index, counter, *slots), tuple(ops), yields)
        initial = [Literal.of(0), *initial]
        length = self.builder.dims.fresh("k")
        op = make_while(test, initial, [], block, length, exits=exits)
        self.leave(op, [True, *firm], flags)

    def slots(self, count: int) -> tuple[list[Value], list[Atom], list[bool]]:
        slots = [self.new(self.pick(KINDS)) for _ in range(count)]
        found = [self.hand_on(x.type, 0.15) for x in slots]
        return slots, [x for x, _ in found], [f for _, f in found]

    def body(
        self, depth: int, slots: list[Value], firm: list[bool], exits: bool
    ) -> tuple[tuple[Atom, ...], list[int]]:
        for x, is_firm in zip(slots, firm, strict=True):
            (self.env if is_firm else self.loose).append(x)
        self.statements(depth - 1, 3)
        flag = [self.flag(depth, 2)] if exits else []
        following = []
        for k, x in enumerate(slots):
            y, is_firm = self.hand_on(x.type, 0.0 if firm[k] else 0.5)
            following.append(y)
        items: list[Atom] = []
        flags: list[int] = []
        for _ in range(int(self.rng.integers(0, 3))):
            if self.chance(0.4):
                flags.append(len(items))
                items.extend(self.residual())
            else:
                items.append(self.read(self.pick(KINDS)))
        return (*flag, *following, *items), flags

    def residual(self) -> list[Atom]:
        """Return a condition, and what is defined only where it is true."""
        cond = self.condition()
        type_ = self.pick([PY_FLOAT, PY_FLOAT, VECTOR])
        with self.scope() as ops:
            self.compute()
            then = self.read(type_)
        block = Block((), tuple(ops), (then,))
        other = Block((), (), (Literal.undefined(type_),))
        arms = (block, other)
        op = make_if(cond, *arms)
        self.builder.append(op)
        return [cond, op.results[0]]

    def flag(self, depth: int, levels: int) -> Atom:
        """Return whether to leave, often as the result of a branch at the end."""
        cond = self.condition()
        if not levels or self.chance(0.4):
            return cond
        arms = []
        type_ = self.pick(KINDS)
        for leaves in (True, False):
            with self.scope() as ops:
                self.statements(depth - 1, 2)
                flag: Atom = Literal.of(leaves)
                if self.chance(0.3):
                    flag = self.flag(depth - 1, levels - 1)
                y = self.read(type_)
            arms.append(Block((), tuple(ops), (flag, y)))
        if self.chance(0.5):
            arms.reverse()
        op = make_if(cond, *arms)
        self.builder.append(op)
        self.keep(op.results[1])
        return op.results[0]

    def leave(self, op: Op, firm: list[bool], flags: list[int]) -> None:
        parts = loop_parts(op)
        if op.name == "while" and self.chance(0.7):
            types = [Seq(x.type) for x in parts.items]
            stacked = [Value(t) for t in types]
            count = len(parts.final)
            results = (*op.results[:count], *stacked, *op.results[-2:])
            op = replace(op, results=results)
            parts = loop_parts(op)
        self.enter(op, firm)
        stop, left = op.results[-2:]
        if self.chance(0.3):
            self.env.append(stop)
        if self.chance(0.3):
            self.env.append(left)
        if op.name == "for":
            bounds = (parts.range[0], stop, parts.range[2])
            if not op.attrs["exits"]:
                bounds = parts.range
        else:
            bounds = (Literal.of(0), stop, Literal.of(1))
        marks = tuple(parts.stacked[k] for k in flags)
        self.tapes.append(Taped(bounds, parts.stacked, marks))

    def scan(self, depth: int) -> None:
        """A loop, mostly backwards, over what an earlier one has stacked."""
        if not self.tapes:
            return
        taped = self.pick(self.tapes)
        elements = [Value(_item(x.type), self.pick(HINTS)) for x in taped.stacked]
        slots, initial, firm = self.slots(int(self.rng.integers(1, 3)))
        index = Value(PY_INT, "i")
        guarded = {k + 1 for k, x in enumerate(taped.stacked) if x in taped.flags}
        with self.scope() as ops:
            self.env.append(index)
            self.env.extend(e for k, e in enumerate(elements) if k not in guarded)
            for k in guarded:
                self.guarded(elements[k - 1], elements[k])
            yields, flags = self.body(depth, slots, firm, False)
        block = Block((index, *slots, *elements), tuple(ops), yields)
        length = self.builder.dims.fresh("k")
        op = make_for(
            taped.bounds,
            initial,
            taped.stacked,
            block,
            length,
            reverse=self.chance(0.8),
        )
        self.leave(op, firm, flags)

    def guarded(self, cond: Value, element: Value) -> None:
        """Read an element where it is defined."""
        with self.scope() as ops:
            made = 0.5 * self.handle(element)
        blank: Atom = Literal.of(0.0)
        if isinstance(element.type, Array):
            blank = self.read(element.type)
        then = Block((), tuple(ops), (made.atom,))
        self.enter(make_if(cond, then, Block((), (), (blank,))), [True])


def _item(type_: Type) -> Type:
    if isinstance(type_, Seq):
        return type_.element
    assert isinstance(type_, Array)
    if len(type_.shape) > 1:
        return Array(type_.dtype, type_.shape[1:])
    return {"f": PY_FLOAT, "i": PY_INT, "b": PY_BOOL}[type_.dtype.kind]


def random_function(seed: int) -> Function:
    """Return a function of two numbers, an integer and a vector."""
    maker = Maker(np.random.default_rng(seed))
    inputs = [
        Value(PY_FLOAT, "x"),
        Value(PY_FLOAT, "y"),
        Value(PY_INT, "n"),
        Value(VECTOR, "v"),
    ]
    maker.env.extend(inputs)
    maker.statements(3, 6)
    results = [maker.read(t) for t in (PY_FLOAT, PY_INT, VECTOR, PY_FLOAT)]
    results += maker.loose[-2:]
    params = tuple(Param(x.hint, leaf(x)) for x in inputs)
    body = maker.builder.block(tuple(inputs), results)
    body = inlined(body, maker.rng)
    tree = Tree("tuple", tuple(leaf(x) for x in results))
    return Function("random", params, body, tree)


def inlined(block: Block, rng: np.random.Generator) -> Block:
    """Mark ops at random that can be printed where they are used."""
    uses = use_counts(block)
    ops = [
        replace(op, regions=tuple(inlined(r, rng) for r in op.regions))
        for op in block.ops
    ]
    read = {x for op in ops for x in op.operands} | set(block.results)
    for k, op in enumerate(ops):
        once = len(op.results) == 1 and uses.get(op.results[0], 0) == 1
        local = once and op.results[0] in read
        if op.name in PRIMITIVES and local and rng.random() < 0.6:
            ops[k] = replace(op, inline=True)
    return replace(block, ops=tuple(ops))
