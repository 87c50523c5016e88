"""Prints shapes as a reader would: ``np.zeros_like(x)`` instead of its lengths."""

from __future__ import annotations

from collections.abc import Collection

from gradgen.ir.core import Atom, Block, Op, Value, walk_ops
from gradgen.ir.infer import Proven
from gradgen.ir.types import Array
from gradgen.primitives.facts import known_inside, same_layout
from gradgen.structs import replace

FILLED = ("zeros", "ones", "full")


def prefer_like(block: Block, ordered: Collection[Value] = ()) -> Block:
    """Name the array that has the wanted shape anyway.

    What has to be ``ordered`` stays as it is, since the other array need not be.

    Before -> after::

        n = x.shape[0]; y = zeros(n)   ->   y = zeros_like(x)
    """
    if not any(op.name in FILLED for op in walk_ops(block)):
        return block
    makers = {y: op for op in walk_ops(block) for y in op.results}
    return _liked(block, makers, known_inside(block), ordered)


def _liked(
    block: Block,
    makers: dict[Value, Op],
    known: Proven,
    ordered: Collection[Value],
) -> Block:
    ops = []
    for op in block.ops:
        keeps = not op.results or op.results[0] in ordered
        model = None if keeps else _model(op, makers)
        if model is not None and same_layout(
            known[block], model.type, op.results[0].type
        ):
            op = _like(op, model)
        elif op.regions:
            inner = tuple(_liked(r, makers, known, ordered) for r in op.regions)
            op = replace(op, regions=inner)
        ops.append(op)
    return replace(block, ops=tuple(ops))


def _model(op: Op, makers: dict[Value, Op]) -> Value | None:
    """Return the array all of whose lengths ``op`` was given in their order."""
    if op.name not in FILLED:
        return None
    lengths = op.operands[1:] if op.name == "full" else op.operands
    sources = [_source(x, axis, makers) for axis, x in enumerate(lengths)]
    first = sources[0] if sources else None
    if first is None or any(source is not first for source in sources):
        return None
    rank = len(first.type.shape) if isinstance(first.type, Array) else 0
    return first if rank == len(sources) else None


def _source(atom: Atom, axis: int, makers: dict[Value, Op]) -> Value | None:
    op = makers.get(atom) if isinstance(atom, Value) else None
    if op is None or op.name != "dim" or op.attrs["axis"] != axis:
        return None
    source = op.operands[0]
    return source if isinstance(source, Value) else None


def _like(op: Op, model: Value) -> Op:
    value = op.operands[:1] if op.name == "full" else ()
    return replace(op, name=f"{op.name}_like", operands=(model, *value), attrs={})
