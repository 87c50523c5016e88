"""Common subexpressions, and checks of lengths that something else makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gradgen.ir.core import Atom, Block, Op, Value, map_operands
from gradgen.passes.rewriting import inherit_name
from gradgen.primitives.facts import known_dims
from gradgen.primitives.registry import PRIMITIVES


def eliminate_common(block: Block) -> Block:
    """Compute equal expressions once.

    Values never change, so equal ops over equal operands have equal results::

        a = sin(x); b = sin(x); c = a * b   ->   a = sin(x); c = a * a
    """
    seen: dict[Any, Op] = {}
    replaced: dict[Value, Value] = {}
    kept: list[Op] = []
    for op in block.ops:
        op = _renamed(op, replaced)
        key = _key(op)
        if key is None:
            kept.append(op)
        elif key in seen:
            _merge(op.results[0], seen[key], replaced)
        else:
            seen[key] = op
            kept.append(op)
    results = tuple(_look_up(x, replaced) for x in block.results)
    return Block(block.params, tuple(kept), results)


def _renamed(op: Op, replaced: dict[Value, Value]) -> Op:
    regions = tuple(
        map_operands(region, lambda x: _look_up(x, replaced)) for region in op.regions
    )
    operands = tuple(_look_up(x, replaced) for x in op.operands)
    return replace(op, operands=operands, regions=regions)


def _look_up(atom: Atom, replaced: dict[Value, Value]) -> Atom:
    return replaced.get(atom, atom) if isinstance(atom, Value) else atom


def _merge(value: Value, first: Op, replaced: dict[Value, Value]) -> None:
    replaced[value] = first.results[0]
    if first.origin != "primal" or value.base is None:
        inherit_name(first.results[0], value)


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

    Before -> after::

    check_dims(n, m); z = x + y; return z   ->   z = x + y; return z
    """
    dims = known_dims(block, checks=False)
    kept = []
    for op in block.ops:
        if op.name == "check_dims":
            left, right = op.attrs["dims"]
            if dims.equal(left, right):
                continue
            dims.merge(left, right)
        kept.append(op)
    return replace(block, ops=tuple(kept))
