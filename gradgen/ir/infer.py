"""What the ops of a block prove about lengths, by not raising."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.dims import Dims
from gradgen.ir.flow import LOOPS, is_assumed, note_lengths
from gradgen.ir.regions import REGION_OPS, element_type, loop_parts
from gradgen.ir.types import Array, Scalar, Sym, Type
from gradgen.structs import field, replace, struct

Infer: TypeAlias = Callable[[Op, Dims], Sequence[Type] | None]
"""Returns the result types that an op must have, or None if anything goes."""

Proven: TypeAlias = dict[Block, Dims]
"""What is known in a block and in each of its regions."""


def proven_dims(block: Block, infer: Infer, *, checks: bool = True) -> Dims:
    """Return which lengths are equal wherever ``block`` raises nothing.

    Without ``checks``, what only a ``check_dims`` op proves does not count.
    """
    return proven_inside(block, infer, checks=checks)[block]


def proven_inside(block: Block, infer: Infer, *, checks: bool = True) -> Proven:
    """Return which lengths are equal in ``block`` and in each region in it.

    What a region proves holds in it alone, since it may not run. Types are inferred
    anew from those of the parameters: the recorded ones may hold equalities that only
    a check establishes. Without ``checks`` those do not count.
    """
    return prove(block, infer, checks=checks).found


def prove(block: Block, infer: Infer, *, checks: bool = True) -> Prover:
    """Return what has run over a block, which knows lengths and result types."""
    prover = Prover(infer, checks)
    note_lengths(prover.dims, block)
    prover.run(block)
    return prover


@struct
class Prover:
    """Runs over a block and its regions.

    ``found`` says which lengths are equal in each, ``inferred`` which types the results
    of ops over operands of recorded types have; ``types`` holds those that are others
    than the recorded ones.
    """

    infer: Infer
    checks: bool
    dims: Dims = field(default_factory=Dims)
    types: dict[Value, Type] = field(default_factory=dict)
    found: Proven = field(default_factory=dict)
    inferred: dict[Op, Sequence[Type] | None] = field(default_factory=dict)

    def run(self, block: Block) -> None:
        self.found[block] = self.dims
        for op in block.ops:
            if op.name == "check_dims":
                if self.checks or is_assumed(op):
                    self.dims.merge(*op.attrs["dims"])
            elif op.name == "if":
                self._run_branches(op)
            elif op.name in LOOPS:
                self._run_loop(op)
            elif op.name not in REGION_OPS:
                self._infer_results(op)

    def _infer_results(self, op: Op) -> None:
        ages = self.dims.names
        known = len(ages)

        def is_new(dim: Sym) -> bool:
            return ages.get(dim.name, known) >= known

        operands = tuple(map(self._retyped, op.operands)) if self.types else op.operands
        if operands == op.operands:
            inferred = self.inferred[op] = self.infer(op, self.dims)
        else:
            inferred = self.infer(op.with_operands(operands), self.dims)
        for result, type_ in zip(op.results, inferred or (), strict=bool(inferred)):
            found = _with_recorded_names(type_, result.type, is_new)
            if found != result.type:
                self.types[result] = found
            self.dims.note(found)

    def _retyped(self, atom: Atom) -> Atom:
        if isinstance(atom, Value) and atom in self.types:
            return Value(self.types[atom])
        return atom

    def _inside(self, region: Block) -> Prover:
        """Run over a region with what is known here, and return what it learnt."""
        inner = replace(self, dims=self.dims.copy(), types=dict(self.types))
        inner.run(region)
        return inner

    def _run_branches(self, op: Op) -> None:
        inner = [self._inside(region) for region in op.regions]
        for k, result in enumerate(op.results):
            for prover, region in zip(inner, op.regions, strict=True):
                self._agree([result], prover, region.results[k])

    def _run_loop(self, op: Op) -> None:
        """Run over the body, and again if a slot does not keep its shape."""
        parts = loop_parts(op)
        tests = [test.params for test in op.regions[:-1]]
        slots = list(zip(parts.carried, parts.final, *tests, strict=True))
        for slot, start in zip(slots, parts.initial, strict=True):
            self._agree(slot, self, start)
        for e, xs in zip(parts.elements, parts.scanned, strict=True):
            self.types[e] = element_type(self._retyped(xs).type) or e.type
        for _ in range(2):
            inner = [self._inside(region) for region in op.regions]
            yields = zip(slots, parts.next, strict=True)
            agreed = [self._agree(slot, inner[-1], x) for slot, x in yields]
            if all(agreed):
                break
        for y, item in zip(parts.stacked, parts.items, strict=True):
            self._agree([y], inner[-1], item)

    def _agree(self, values: Iterable[Value], source: Prover, atom: Atom) -> bool:
        """Give ``values`` new lengths where their last axes are not those of ``atom``.

        Return whether none had to be given.
        """
        before = [self.types.get(value) for value in values]
        for value in values:
            self.types[value] = self._agreed(value, source, source._retyped(atom).type)
        return before == [self.types[value] for value in values]

    def _agreed(self, value: Value, source: Prover, given: Type) -> Type:
        type_ = self.types.get(value, value.type)
        if not isinstance(type_, Array) or not isinstance(given, Array):
            return type_
        first = len(type_.shape) - len(given.shape)
        pairs = zip(type_.shape[first:], given.shape, strict=True)
        shape = [x if source.dims.equal(x, y) else self.dims.fresh() for x, y in pairs]
        return replace(type_, shape=(*type_.shape[:first], *shape))


def _with_recorded_names(
    inferred: Type, recorded: Type, is_new: Callable[[Sym], bool]
) -> Type:
    """Use recorded names of lengths where inference could only make up new ones."""
    if inferred == recorded:
        return inferred
    if isinstance(inferred, Array) and isinstance(recorded, Array):
        pairs = zip(inferred.shape, recorded.shape, strict=True)
        shape = [old if isinstance(x, Sym) and is_new(x) else x for x, old in pairs]
        return Array(inferred.dtype, tuple(shape))
    if isinstance(inferred, Scalar) and isinstance(recorded, Scalar):
        dim = recorded.dim if inferred.dim is None else inferred.dim
        return replace(inferred, dim=dim)
    return inferred
