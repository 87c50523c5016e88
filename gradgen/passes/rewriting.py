"""The machinery of algebraic rewriting: rules, what they may look at, one sweep.

A rule takes an op and handles for its operands and returns what replaces the result,
or None. It may append ops. Its outcome is dropped unless it has the type of the result,
and takes no equality of lengths for granted that is not known already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Literal, Op, Undefined, Value, walk_ops
from gradgen.ir.dims import Dims
from gradgen.ir.flow import LOOPS, defined_values, flow, note_lengths
from gradgen.ir.types import Array, Dim, Scalar, Shape, Type, same_type
from gradgen.passes.uses import weighted_uses
from gradgen.primitives.registry import PRIMITIVES, Handle, apply
from gradgen.structs import field, struct

MAX_DEPTH = 8
PRODUCTS = ("multiply", "power", "matmul", "outer", "tensordot", "einsum")
RING = frozenset(("add", "subtract", "negative", *PRODUCTS))


@struct
class Scope:
    """What a rule may look at: who defines a value, and how often it is used.

    ``primal`` says that the op is the user's own arithmetic, which only exact
    identities may change. ``flows`` tells what parameters and results of region ops
    come from, ``taken`` holds what was written to, or handed to a region that may.
    ``loop`` numbers the loop that is being rewritten, ``homes`` those in which values
    are made; ``reached`` says that a rule looked at what is made outside.
    """

    builder: Builder
    uses: dict[Value, int]
    makers: dict[Value, Op] = field(default_factory=dict)
    sums: dict[Any, Value] = field(default_factory=dict)
    primal: bool = True
    flows: dict[Value, tuple[Atom, ...]] = field(default_factory=dict)
    taken: set[Atom] = field(default_factory=set)
    homes: dict[Value, int] = field(default_factory=dict)
    loop: int = 0
    reached: bool = False

    def maker(self, handle: Handle, *names: str) -> Op | None:
        """Return the op that made ``handle`` if it is one of ``names``.

        Arithmetic of NumPy's whole numbers is not taken apart: it may have wrapped.
        """
        op = self.makers.get(handle.atom) if isinstance(handle.atom, Value) else None
        if op is None or op.name not in names or _ring_of(op) is not None:
            return None
        return self._noted(op)

    def made_by(self, handle: Handle) -> Op | None:
        """Return the primitive op that made ``handle``."""
        op = self.makers.get(handle.atom) if isinstance(handle.atom, Value) else None
        return self._noted(op) if op is not None and op.name in PRIMITIVES else None

    def _noted(self, op: Op) -> Op:
        if self.loop and self.homes.get(op.results[0]) != self.loop:
            self.reached = True
        return op

    def once(self, handle: Handle) -> bool:
        """Tell whether ``handle`` is used only here."""
        return isinstance(handle.atom, Value) and self.uses.get(handle.atom, 0) <= 1

    def maker_once(self, handle: Handle, *names: str) -> Op | None:
        """Return the op that made ``handle``, if it made it for this use alone."""
        return self.maker(handle, *names) if self.once(handle) else None

    def operands(self, op: Op) -> list[Handle]:
        """Return the operands of another op as handles."""
        return [Handle(self.builder, x) for x in op.operands]

    def literal(self, value: Any) -> Handle:
        """Return a constant."""
        return Handle(self.builder, Literal.of(value))

    def shape_of(self, op: Op) -> Shape:
        """Return the shape of the result of ``op``, as far as it is known."""
        type_ = op.results[0].type
        assert isinstance(type_, Scalar | Array)
        return self.builder.dims.shape(type_)

    def covers(self, handle: Handle, op: Op) -> bool:
        """Tell whether ``handle`` has the shape of the result of ``op``."""
        return handle.shape == self.shape_of(op)

    def record(self, op: Op) -> None:
        """Remember who made the results of ``op``."""
        self.makers.update(dict.fromkeys(op.results, op))
        if self.loop:
            self.homes.update(dict.fromkeys(op.results, self.loop))
        if op.regions:
            self.taken.update(x for region in op.regions for x in region.results)
        elif op.name in PRIMITIVES and PRIMITIVES[op.name].mutates:
            self.taken.add(op.operands[0])
        if op.name == "sum":
            self.sums.setdefault(sum_key(op.operands[0], op.attrs), op.results[0])


Rule: TypeAlias = Callable[[Scope, Op, Sequence[Handle]], Handle | None]
Rules: TypeAlias = Callable[[str], Sequence[Rule]]
"""The rules for a primitive by its name."""

ELEMENTWISE = "elementwise"
"""Stands for the name of every primitive that is elementwise."""


class RuleSet(dict[str, list[Rule]]):
    """Rules by the primitive that they apply to."""

    def __call__(self, *names: str, primal: bool = False) -> Callable[[Rule], Rule]:
        """Enter the decorated rule for the primitives ``names``.

        ``primal`` says that it is an exact identity, fit for the user's arithmetic.
        """

        def enter(rule: Rule) -> Rule:
            guarded = rule if primal else _spare_primal(rule)
            for name in names:
                self.setdefault(name, []).append(guarded)
            return rule

        return enter


def _spare_primal(rule: Rule) -> Rule:
    def guarded(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
        return None if scope.primal else rule(scope, op, xs)

    return guarded


def rewrite(block: Block, rules: Rules) -> Block:
    """Apply to each op the first rule that fits, and again to what that made."""
    return _Sweep(block, rules).run()


class _Sweep:
    """One pass over a block; ``replaced`` maps old results to what stands for them.

    Regions are visited where they stand. No rule moves work into a loop: where it opens
    what was made outside, it must leave no more to do than before.
    """

    def __init__(self, block: Block, rules: Rules) -> None:
        self.block = block
        self.rules = rules
        self.builder = Builder()
        self.scope = Scope(self.builder, weighted_uses(block))
        self.replaced: dict[Value, Atom] = {}
        self.old = set(defined_values(block))
        self.loops = 0

    def run(self) -> Block:
        note_lengths(self.builder.dims, self.block)
        for op in walk_ops(self.block):
            if op.regions:
                self._note_regions(op)
        return self._rewritten(self.block)

    def _note_regions(self, op: Op) -> None:
        """Remember where values in regions come from, those of later ops included."""
        self.scope.flows.update(flow(op))
        for region in op.regions:
            self.scope.makers.update(dict.fromkeys(region.params, op))
            for inner in region.ops:
                self.scope.makers.update(dict.fromkeys(inner.results, inner))

    def _rewritten(self, block: Block) -> Block:
        """Visit the ops of ``block``, which are collected by the builder."""
        for op in block.ops:
            self.visit(self._renamed(op), 0)
        return self.builder.block(
            block.params, [self._look_up(x) for x in block.results]
        )

    def _look_up(self, atom: Atom) -> Atom:
        while isinstance(atom, Value) and atom in self.replaced:
            atom = self.replaced[atom]
        return atom

    def _renamed(self, op: Op) -> Op:
        return op.with_operands(tuple(map(self._look_up, op.operands)))

    def _visit_regions(self, op: Op) -> None:
        self.scope.flows.update(flow(op))
        self.scope.taken.update(op.operands)
        op.regions = tuple(self._region(op, region) for region in op.regions)
        self.scope.flows.update(flow(op))
        self.builder.append(op)
        self.scope.record(op)

    def _region(self, op: Op, region: Block) -> Block:
        scope, outer = self.scope, (self.scope.loop, self.scope.sums)
        scope.sums = dict(scope.sums)
        if op.name in LOOPS:
            self.loops += 1
            scope.loop = self.loops
        with self.builder.region():
            block = self._rewritten(region)
        scope.loop, scope.sums = outer
        return block

    def visit(self, op: Op, depth: int) -> None:
        """Append ``op``, or what the first rule that fits puts in its place."""
        if op.regions:
            self._visit_regions(op)
            return
        mark = _Mark(self.builder)
        self.builder.span, self.builder.origin = op.span, op.origin
        self.scope.primal = op.origin == "primal"
        candidates = self.rules(op.name) if depth < MAX_DEPTH else ()
        xs = [Handle(self.builder, x) for x in op.operands]
        for rule in candidates:
            self.scope.reached = False
            found = _applied(rule, self.scope, op, xs)
            atom = None if found is None else self._fitted(found.atom, op.results[0])
            made = mark.undo()
            if atom is not None and self._allows(op, made):
                self._replace(op.results[0], atom, made, depth)
                return
        self.builder.append(op)
        self.scope.record(op)

    def _allows(self, op: Op, made: Sequence[Op]) -> bool:
        """Tell whether ``made`` may stand for ``op``."""
        if any(inner.name == "check_dims" for inner in made):
            return False
        if any(_is_narrower(inner, op) for inner in made):
            return False
        return not self.scope.reached or _work(made) <= _work([op])

    def _fitted(self, atom: Atom, old: Value) -> Atom | None:
        """Return ``atom`` if it can stand for ``old``."""
        if fits(self.builder.dims, atom.type, old.type):
            return atom
        if isinstance(atom, Literal) and isinstance(old.type, Scalar):
            return _converted(atom, old.type)
        return None

    def _replace(self, old: Value, new: Atom, made: Sequence[Op], depth: int) -> None:
        for op in made:
            self.visit(self._renamed(op), depth + 1)
        new = self._look_up(new)
        self.replaced[old] = new
        if isinstance(new, Value):
            count = self.scope.uses.get(old, 0) - (1 if new in self.old else 0)
            self.scope.uses[new] = self.scope.uses.get(new, 0) + count
            maker = self.scope.makers.get(new)
            derived = maker is not None and maker.origin != "primal"
            if new not in self.old or new.base or not old.base or derived:
                inherit_name(new, old)


def _applied(rule: Rule, scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """Return what a rule makes; None where there is no such op, as no ``-True``."""
    try:
        return rule(scope, op, xs)
    except Refusal:
        return None


def _is_narrower(made: Op, op: Op) -> bool:
    """Tell whether ``made`` computes with whole numbers where ``op`` has more room.

    NumPy's wrap around, and ``True + True`` is ``True``, unlike the numbers that they
    are taken for in a product with one.
    """
    ring = _ring_of(made)
    return ring is not None and ring != op.results[0].type.dtype  # type: ignore[union-attr]


def _ring_of(op: Op) -> Any:
    """Return the dtype if an op computes with NumPy's whole numbers, or booleans."""
    type_ = op.results[0].type if op.name in RING else None
    if not isinstance(type_, Array | Scalar) or type_.dtype.kind not in "biu":
        return None
    weak = isinstance(type_, Scalar) and type_.weak
    return None if weak else type_.dtype


def _work(ops: Sequence[Op]) -> tuple[int, int]:
    """Return how many ops there are with arrays, and how many at all."""
    atoms = [(*op.operands, *op.results) for op in ops]
    arrays = [any(isinstance(x.type, Array) for x in of_op) for of_op in atoms]
    return sum(arrays), len(ops)


class _Mark:
    """A point to which a builder can be taken back."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.ops = len(builder.ops)
        self.equalities = len(builder.dims.parent)

    def undo(self) -> list[Op]:
        """Forget what was appended since, and return it."""
        builder = self.builder
        made = builder.ops[self.ops :]
        del builder.ops[self.ops :]
        while len(builder.dims.parent) > self.equalities:
            builder.dims.parent.popitem()
        for op in made:
            if op.name == "dim":
                _forget(builder.dim_atoms, op.results[0])
                _forget(builder.dim_exact, op.results[0])
        return made


def _forget(atoms: dict[Any, Atom], value: Value) -> None:
    for dim in [dim for dim, atom in atoms.items() if atom is value]:
        del atoms[dim]


def fits(dims: Dims, new: Type, old: Type) -> bool:
    """Tell whether types agree in all but the names of lengths known to be equal."""
    if isinstance(new, Array) and isinstance(old, Array):
        return new.dtype == old.dtype and dims.shape(new) == dims.shape(old)
    return same_type(new, old)


def _converted(atom: Literal, type_: Scalar) -> Literal | None:
    """Return a float as the number that ``type_`` asks for, NumPy's or complex."""
    kind = type_.dtype.kind
    if isinstance(atom.value, float) and kind == "f" and not type_.weak:
        return Literal.of(type_.dtype.type(atom.value))
    if isinstance(atom.value, float | complex) and kind == "c":
        number = complex(atom.value)
        return Literal.of(number if type_.weak else type_.dtype.type(number))
    return None


def inherit_name(new: Value, old: Value) -> None:
    """Give ``new`` the name of ``old``, unless it has one or gave ``old`` its own."""
    if not _root(new).hint and not _named_after(old, new):
        new.hint, new.base, new.suffix = old.hint, old.base, old.suffix


def _root(value: Value) -> Value:
    """Return the value from whose name that of ``value`` is made."""
    while value.base is not None:
        value = value.base
    return value


def _named_after(value: Value, base: Value) -> bool:
    """Tell whether the name of ``value`` is made from that of ``base``."""
    while value.base is not None:
        value = value.base
        if value is base:
            return True
    return False


def constant(handle: Handle) -> Any:
    """Return the value of a literal number, else None."""
    value = handle.atom.value if isinstance(handle.atom, Literal) else None
    return None if isinstance(value, str | Undefined) else value


def both_ways(pair: Sequence[Handle]) -> tuple[Sequence[Handle], Sequence[Handle]]:
    """Return the two orders of a pair of operands."""
    return pair, pair[::-1]


def sum_key(operand: Atom, attrs: Mapping[str, Any]) -> Any:
    """Return what two equal sums have in common."""
    return operand, attrs["axis"], attrs["keepdims"]


def lengths(scope: Scope, op: Op, xs: Sequence[Handle]) -> list[Handle] | None:
    """Return the lengths of the result of ``op``, None if its operands do not tell."""
    found = [_length(scope, dim, xs) for dim in scope.shape_of(op)]
    return [x for x in found if x is not None] if None not in found else None


def _length(scope: Scope, dim: Dim, xs: Sequence[Handle]) -> Handle | None:
    atom = scope.builder.dim_atom(dim)
    if atom is not None:
        return Handle(scope.builder, atom)
    for x in xs:
        if dim in x.shape:
            return apply("dim", x, axis=x.shape.index(dim))
    return None


def filled(scope: Scope, value: Handle, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """Return ``value`` spread to the shape and dtype of the result of ``op``."""
    shape = lengths(scope, op, xs)
    if shape is None:
        return None
    if value.rank:
        return apply("broadcast_to", value, *shape)
    dtype = op.results[0].type.dtype  # type: ignore[union-attr]
    if not shape:
        number = constant(value) is not None or not value.type.weak
        return value if number else apply("cast", value, dtype=dtype)
    return apply("full", value, *shape, builder=scope.builder, dtype=dtype)
