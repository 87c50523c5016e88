"""Ops that are computed again: the same ops, defining new values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradgen.ir.core import Atom, Block, Op, Value, namesake
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import replace


class Copier:
    """Copies ops; ``known`` says what stands for the values of the original.

    What has an effect is left out, as it has happened, but for checks of lengths, which
    say what is known of these.
    """

    def __init__(self, known: dict[Value, Atom]) -> None:
        self.known = known

    def atoms(self, atoms: Iterable[Atom]) -> tuple[Atom, ...]:
        """Return what stands for ``atoms``."""
        return tuple(self.known.get(x, x) if isinstance(x, Value) else x for x in atoms)

    def ops(self, ops: Sequence[Op]) -> tuple[Op, ...]:
        """Return copies of ``ops``."""
        return tuple(self.op(op) for op in ops if not _is_done(op))

    def block(self, block: Block) -> Block:
        """Return a copy of a region."""
        params = self._fresh(block.params)
        ops = self.ops(block.ops)
        return Block(params, ops, self.atoms(block.results))

    def op(self, op: Op) -> Op:
        """Return a copy of an op."""
        operands = self.atoms(op.operands)
        regions = tuple(map(self.block, op.regions))
        results = self._fresh(op.results)
        return replace(op, operands=operands, results=results, regions=regions)

    def _fresh(self, values: Sequence[Value]) -> tuple[Value, ...]:
        made = tuple(map(namesake, values))
        self.known.update(zip(values, made, strict=True))
        return made


def _is_done(op: Op) -> bool:
    if op.name not in PRIMITIVES or op.name == "check_dims":
        return False
    return PRIMITIVES[op.name].effect
