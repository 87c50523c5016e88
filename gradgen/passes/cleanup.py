"""Common subexpressions and dead code."""

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


def eliminate_dead(block: Block) -> Block:
    """Drop ops whose results nobody reads, unless they have an effect.

    Before -> after::

    a = sin(x); b = cos(x); return b   ->   b = cos(x); return b
    """
    live = {x for x in block.results if isinstance(x, Value)}
    kept: list[Op] = []
    for op in reversed(block.ops):
        if _has_effect(op) or any(y in live for y in op.results):
            kept.append(op)
            live.update(x for x in op.operands if isinstance(x, Value))
            for region in op.regions:
                live.update(_free_values(region))
    return Block(block.params, tuple(reversed(kept)), block.results)


def _has_effect(op: Op) -> bool:
    primitive = PRIMITIVES.get(op.name)
    return primitive is not None and primitive.effect


def _free_values(block: Block) -> set[Value]:
    used = {x for x in block.results if isinstance(x, Value)}
    for op in block.ops:
        used.update(x for x in op.operands if isinstance(x, Value))
        for region in op.regions:
            used |= _free_values(region)
    return used


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
