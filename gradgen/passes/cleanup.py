"""Common subexpressions, and checks of lengths that something else makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen.ir.core import Atom, Block, Op, Value, walk_ops
from gradgen.ir.flow import LOOPS, is_assumed
from gradgen.ir.infer import Proven
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import Array, Dim
from gradgen.passes.memory import overwritten_slots
from gradgen.passes.rewriting import inherit_name
from gradgen.primitives.facts import known_inside
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import replace


def eliminate_common(block: Block) -> Block:
    """Compute equal expressions once.

    Values never change, so equal ops over equal operands have equal results. What is
    computed outside serves regions, not the other way round: a region may not run.
    Arrays that are filled later stay apart, since each needs memory of its own::

        a = sin(x); b = sin(x); c = a * b   ->   a = sin(x); c = a * a
        a = sin(x)                               a = sin(x)
        for i in range(n): s += sin(x)      ->   for i in range(n): s += a
    """
    return _Merging(_written(block)).block(block, {})


def _written(block: Block) -> set[Atom]:
    """Return what is written to, or taken over by a loop that may write to it."""
    found: set[Atom] = set()
    for op in walk_ops(block):
        if op.name in LOOPS:
            found.update(loop_parts(op).initial)
        else:
            found.update(op.operands[slot] for slot in overwritten_slots(op))
    return found


class _Merging:
    """Goes through blocks; ``replaced`` maps values to equal ones computed before."""

    def __init__(self, written: set[Atom]) -> None:
        self.written = written
        self.replaced: dict[Value, Value] = {}

    def block(self, block: Block, seen: dict[Any, Op]) -> Block:
        """Return ``block`` without what ``seen`` or itself computed before."""
        kept: list[Op] = []
        for op in block.ops:
            op = op.with_operands(tuple(map(self.look_up, op.operands)))
            key = self.key(op)
            if key is not None and key in seen:
                self.merge(op, seen[key])
                continue
            if key is not None:
                seen[key] = op
            if op.regions:
                op = replace(op, regions=self.regions(op, seen))
            kept.append(op)
        results = tuple(map(self.look_up, block.results))
        return Block(block.params, tuple(kept), results)

    def regions(self, op: Op, seen: dict[Any, Op]) -> tuple[Block, ...]:
        """Return the regions of ``op``, served by what was seen but new arrays."""
        serving = {key: made for key, made in seen.items() if not _is_new(made)}
        return tuple(self.block(region, dict(serving)) for region in op.regions)

    def look_up(self, atom: Atom) -> Atom:
        """Return what stands for ``atom``."""
        return self.replaced.get(atom, atom) if isinstance(atom, Value) else atom

    def key(self, op: Op) -> Any:
        """Return what ``op`` has in common with equal ones, None if it stays."""
        if op.results and op.results[0] in self.written and _is_new(op):
            return None
        return _key(op)

    def merge(self, op: Op, first: Op) -> None:
        """Let the results of ``first`` stand for those of ``op``."""
        for value, kept in zip(op.results, first.results, strict=True):
            self.replaced[value] = kept
            if first.origin != "primal" or value.base is None:
                inherit_name(kept, value)


def _is_new(op: Op) -> bool:
    """Tell whether ``op`` makes an array of numbers alone, such as a buffer to fill."""
    arrays = [isinstance(x.type, Array) for x in op.operands]
    return isinstance(op.results[0].type, Array) and not any(arrays)


def _key(op: Op) -> Any:
    primitive = PRIMITIVES.get(op.name)
    if primitive is None or primitive.effect or op.regions:
        return None
    operands = tuple(x if isinstance(x, Value) else ("literal", x) for x in op.operands)
    attrs = tuple(sorted(op.attrs.items(), key=lambda item: item[0]))
    if primitive.commutative and len(operands) == 2:
        return op.name, frozenset(operands), len(set(operands)), attrs
    return op.name, operands, attrs


def drop_proven_checks(block: Block) -> Block:
    """Drop checks of lengths that an op that is still there makes by itself.

    Those without operands say only what is known: they served the passes before.

    Before -> after::

    check_dims(n, m); z = x + y; return z   ->   z = x + y; return z
    """
    if not any(op.name == "check_dims" for op in walk_ops(block)):
        return block
    return _without_proven(block, known_inside(block, checks=False), [])


def _without_proven(
    block: Block, known: Proven, checked: Sequence[tuple[Dim, Dim]]
) -> Block:
    """Drop checks that ``known`` proves, or one that was made outside."""
    dims, checked = known[block], list(checked)
    for left, right in checked:
        dims.merge(left, right)
    kept = []
    for op in block.ops:
        if op.name == "check_dims":
            left, right = op.attrs["dims"]
            if dims.equal(left, right):
                continue
            dims.merge(left, right)
            checked.append((left, right))
            if is_assumed(op):
                continue
        elif op.regions:
            inner = tuple(_without_proven(r, known, checked) for r in op.regions)
            op = replace(op, regions=inner)
        kept.append(op)
    return replace(block, ops=tuple(kept))
