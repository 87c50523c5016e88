"""Ops that are computed again: the same ops, defining new values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradgen.errors import refuse
from gradgen.ir.core import Atom, Block, Function, Op, Value, walk_ops
from gradgen.ir.types import Random
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import replace

DRAWS_WITHIN = (
    "random numbers are drawn in a loop, branch or call that is computed again"
)
DRAW_BEFORE = "draw them before, with size=, and pass them in"


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
        return tuple(self._op(op) for op in ops if not _is_done(op))

    def block(self, block: Block) -> Block:
        """Return a copy of a region."""
        params = self._fresh(block.params)
        ops = self.ops(block.ops)
        return Block(params, ops, self.atoms(block.results))

    def _op(self, op: Op) -> Op:
        operands = self.atoms(op.operands)
        regions = tuple(map(self.block, op.regions))
        results = self._fresh(op.results)
        return replace(op, operands=operands, results=results, regions=regions)

    def _fresh(self, values: Sequence[Value]) -> tuple[Value, ...]:
        made = tuple(fresh(x) for x in values)
        self.known.update(zip(values, made, strict=True))
        return made


def fresh(x: Value) -> Value:
    """Return a new value of the type and name of ``x``."""
    return Value(x.type, x.hint, x.base, x.suffix)


def drawn_in(ops: Sequence[Op], helpers: Mapping[str, Function]) -> list[Value]:
    """Return what ops draw, which is recorded, not drawn again.

    Raises
    ------
    UnsupportedError
        Where a loop, a branch or a recursive call among them draws.
    """
    for op in ops:
        inner = [x for region in op.regions for x in walk_ops(region)]
        inner += [op] if op.name == "call" else []
        if any(draws(x, helpers) for x in inner):
            raise refuse(DRAWS_WITHIN, op.span, DRAW_BEFORE)
    return [
        y
        for op in ops
        if draws(op, helpers)
        for y in op.results
        if not isinstance(y.type, Random)
    ]


def draws(op: Op, helpers: Mapping[str, Function]) -> bool:
    """Tell whether an op gives other results when it is carried out again."""
    if op.name != "call":
        return _is_done(op) and bool(op.results)
    pending, seen = [op.attrs["callee"]], set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        for inner in walk_ops(helpers[name].body):
            if inner.name == "call":
                pending.append(inner.attrs["callee"])
            elif draws(inner, helpers):
                return True
    return False


def _is_done(op: Op) -> bool:
    if op.name not in PRIMITIVES or op.name == "check_dims":
        return False
    return PRIMITIVES[op.name].effect
