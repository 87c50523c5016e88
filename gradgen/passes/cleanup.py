"""Common subexpressions and dead code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.dims import Dims
from gradgen.primitives.registry import PRIMITIVES


def eliminate_common(block: Block) -> Block:
    """Compute equal expressions once.

    Values never change, so equal ops over equal operands have equal results::

        a = sin(x); b = sin(x); c = a * b   ->   a = sin(x); c = a * a
    """
    seen: dict[Any, Value] = {}
    replaced: dict[Value, Value] = {}
    kept: list[Op] = []
    for op in block.ops:
        op = op.with_operands(tuple(_look_up(x, replaced) for x in op.operands))
        key = _key(op)
        if key is None:
            kept.append(op)
        elif key in seen:
            _merge(op.results[0], seen[key], replaced)
        else:
            seen[key] = op.results[0]
            kept.append(op)
    results = tuple(_look_up(x, replaced) for x in block.results)
    return Block(block.params, tuple(kept), results)


def _look_up(atom: Atom, replaced: dict[Value, Value]) -> Atom:
    return replaced.get(atom, atom) if isinstance(atom, Value) else atom


def _merge(value: Value, first: Value, replaced: dict[Value, Value]) -> None:
    replaced[value] = first
    first.hint = first.hint or value.hint


def _key(op: Op) -> Any:
    primitive = PRIMITIVES.get(op.name)
    if primitive is None or primitive.effect or op.regions:
        return None
    operands = tuple(x if isinstance(x, Value) else ("literal", x) for x in op.operands)
    return op.name, operands, tuple(sorted(op.attrs.items(), key=lambda item: item[0]))


def eliminate_dead(block: Block) -> Block:
    """Drop ops whose results nobody reads, unless they have an effect::

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
    """Drop checks of lengths that an op that is still there makes by itself::

        check_dims(n, m); z = x + y; return z   ->   z = x + y; return z
    """
    proven = {pair for op in block.ops for pair in _assumptions(op)}
    checked: set[frozenset[Any]] = set()
    kept = []
    for op in block.ops:
        if op.name == "check_dims":
            pair = frozenset(op.attrs["dims"])
            if pair in proven or pair in checked:
                continue
            checked.add(pair)
        kept.append(op)
    return replace(block, ops=tuple(kept))


def _assumptions(op: Op) -> list[frozenset[Any]]:
    primitive = PRIMITIVES.get(op.name)
    if primitive is None or op.name == "check_dims" or op.regions:
        return []
    dims = Dims()
    primitive.type_rule(dims, [x.type for x in op.operands], op.attrs)
    return [frozenset(pair) for pair in dims.take_assumed()]
