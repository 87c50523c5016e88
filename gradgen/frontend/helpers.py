"""The functions that recursive calls become: closed, named, and listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradgen.ir.builder import Builder
from gradgen.ir.core import (
    Atom,
    Block,
    Function,
    Op,
    Param,
    Value,
    map_operands,
    walk_ops,
)
from gradgen.ir.dims import Dims
from gradgen.ir.flow import defined_values, free_values
from gradgen.ir.naming import unused
from gradgen.ir.rules import callees, rename_callees
from gradgen.ir.tree import NONE, Tree, leaf
from gradgen.ir.types import Array, Dim, Scalar, Type
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import replace, struct


@struct
class Closing:
    """A function that mentions nothing from outside, and what it takes for that.

    ``captured`` are the values outside that it is given besides its parameters.
    """

    function: Function
    captured: tuple[Value, ...]
    effect: bool


def close(
    builder: Builder,
    name: str,
    params: Sequence[Value],
    ops: Sequence[Op],
    results: Sequence[Atom],
    written: Sequence[tuple[Atom, Atom]],
    callee: Any,
) -> Closing:
    """Return the body of a recursive function, which calls ``callee``, as a function.

    ``written`` pairs what arrays hold at first with what they hold at the end.
    """
    block = Block(tuple(params), tuple(ops), tuple(results))
    free = free_values(block)
    lengths = {x: _length_of(builder, x) for x in free}
    captured = [x for x in free if lengths[x] is None]
    places = {
        x: _place(builder.dims, dim, [*params, *captured])
        for x, dim in lengths.items()
        if dim is not None
    }
    captured += [x for x, place in places.items() if place is None]
    takes = _takes((*params, *captured), results, written)
    effect = any(_has_effect(op, callee) for op in walk_ops(block))
    _finish_calls(block, callee, captured, name, takes, effect)
    own = {x: Value(x.type, x.hint) for x in free}
    read = [_read_length(own, x, p) for x, p in places.items() if p is not None]
    inner = map_operands(block, lambda x: own.get(x, x))  # type: ignore[arg-type]
    body = Block(
        (*params, *(own[x] for x in captured)), (*read, *inner.ops), inner.results
    )
    for value in defined_values(body):
        value.type = _settled(builder.dims, value.type)
    result = _result(body.results)
    function = Function(name, _params(body.params), body, result, takes=takes)
    return Closing(function, tuple(captured), effect)


def _result(leaves: Sequence[Atom]) -> Tree:
    if len(leaves) == 1:
        return leaf(leaves[0])
    return Tree("tuple", tuple(map(leaf, leaves))) if leaves else NONE


def _length_of(builder: Builder, value: Value) -> Dim | None:
    """Return the length that ``value`` was read as, None if it is something else."""
    maker = builder.makers.get(value)
    if maker is None or maker.name != "dim":
        return None
    return maker.operands[0].type.shape[maker.attrs["axis"]]  # type: ignore[union-attr, no-any-return]


def _place(dims: Dims, dim: Dim, values: Sequence[Value]) -> tuple[Value, int] | None:
    """Return an axis of one of ``values`` that has a length."""
    for value in values:
        for axis, other in enumerate(getattr(value.type, "shape", ())):
            if dims.equal(dim, other):
                return value, axis
    return None


def _read_length(
    own: Mapping[Value, Value], value: Value, place: tuple[Value, int]
) -> Op:
    source, axis = place
    operand = own.get(source, source)
    return Op("dim", (operand,), (own[value],), {"axis": axis})


def _takes(
    inputs: Sequence[Value],
    results: Sequence[Atom],
    written: Sequence[tuple[Atom, Atom]],
) -> tuple[tuple[int, int], ...]:
    """Return which results are new versions of which inputs."""
    pairs: dict[int, int] = {}
    for old, new in written:
        if old in inputs and new in results:
            taken = results.index(new)
            if taken not in pairs.values():
                pairs.setdefault(inputs.index(old), taken)
    return tuple(sorted(pairs.items()))


def _has_effect(op: Op, callee: Any) -> bool:
    if op.name == "call":
        return op.attrs["callee"] is not callee and bool(op.attrs["effect"])
    return op.name in PRIMITIVES and PRIMITIVES[op.name].effect


def _finish_calls(
    block: Block,
    callee: Any,
    captured: Sequence[Value],
    name: str,
    takes: tuple[tuple[int, int], ...],
    effect: bool,
) -> None:
    """Have the function's calls of itself hand on what it was given."""
    for op in walk_ops(block):
        if op.name == "call" and op.attrs["callee"] is callee:
            op.operands = (*op.operands, *captured)
            op.attrs = {"callee": name, "takes": takes, "effect": effect}


def _settled(dims: Dims, type_: Type) -> Type:
    """Return a type with one name for lengths that are known outside to be equal."""
    if isinstance(type_, Array):
        return Array(type_.dtype, dims.shape(type_))
    if isinstance(type_, Scalar) and type_.dim is not None:
        return Scalar(type_.dtype, type_.weak, dims.resolve(type_.dim))
    return type_


def _params(values: Sequence[Value]) -> tuple[Param, ...]:
    """Return a parameter for each value, by the name that a reader would use."""
    names: set[str] = set()
    params = []
    for value in values:
        value.hint = unused(_plain_name(value.hint, "x"), names)
        names.add(value.hint)
        params.append(Param(value.hint, leaf(value)))
    return tuple(params)


def _plain_name(name: str, default: str) -> str:
    plain = re.sub(r"\W+", "_", name).strip("_")
    return plain if plain.isidentifier() else default


def enter_helper(builder: Builder, function: Function) -> None:
    """List a function under its name, which nothing else has."""
    builder.helpers[function.name] = function


def free_name(builder: Builder, name: str) -> str:
    """Return a name for a helper, as long as not all are known that are needed."""
    number = len(builder.helpers)
    while f"{name}#{number}" in builder.helpers:
        number += 1
    return f"{name}#{number}"


def with_helpers(function: Function, helpers: Mapping[str, Function]) -> Function:
    """Return ``function`` with the helpers that are called, by their final names."""
    found: dict[str, Function] = {}
    pending = list(called(function.body))
    while pending:
        name = pending.pop(0)
        if name not in found:
            found[name] = helpers[name]
            pending.extend(called(helpers[name].body))
    if not found:
        return function
    names: dict[str, str] = {}
    for name in found:
        stem = _plain_name(name.partition("#")[0], "function")
        names[name] = unused(stem, set(names.values()))
    blocks = (function.body, *(helper.body for helper in found.values()))
    ops = {id(op): op for block in blocks for op in walk_ops(block)}
    for op in ops.values():  # a helper and its tangent have ops in common
        rename_callees(op, names)
    table = {names[key]: replace(f, name=names[key]) for key, f in found.items()}
    return replace(function, helpers=table)


def called(block: Block) -> Iterator[str]:
    """Yield the names of the helpers that ``block`` or its derivatives call."""
    for op in walk_ops(block):
        yield from callees(op)
