"""Builds functions with branches and loops for tests, with handles in all regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradgen.ir.builder import Builder
from gradgen.ir.core import Block, Function, Literal, Op, Param, Value
from gradgen.ir.regions import element_type, make_for, make_if, make_while
from gradgen.ir.tree import Tree, leaf
from gradgen.ir.types import PY_INT, Sym, Type
from gradgen.primitives.registry import Handle, lift

Build = Callable[..., Sequence[Any]]


def make_function(types: dict[str, Type], build: Callable[..., Any]) -> Function:
    """Return the function that ``build`` writes over inputs of the given types."""
    values = {name: Value(type_, name) for name, type_ in types.items()}
    builder = Builder()
    builder.enter(list(values.values()))
    builder.origin = "adjoint"
    made = build(*(Handle(builder, x) for x in values.values()))
    atoms = _atoms(builder, made if isinstance(made, list | tuple) else [made])
    params = tuple(Param(name, leaf(x)) for name, x in values.items())
    tree = Tree("tuple", tuple(map(leaf, atoms)))
    return Function("f", params, builder.block(tuple(values.values()), atoms), tree)


def _atoms(builder: Builder, values: Sequence[Any]) -> list[Any]:
    return [x if isinstance(x, Literal) else lift(builder, x).atom for x in values]


def region(builder: Builder, params: Sequence[Value], build: Build) -> Block:
    """Return the region that ``build`` writes over handles for ``params``."""
    with builder.region() as ops:
        made = build(*(Handle(builder, x) for x in params))
        atoms = _atoms(builder, made)
    return Block(tuple(params), tuple(ops), tuple(atoms))


def _appended(builder: Builder, op: Op) -> list[Handle]:
    op.origin = builder.origin
    builder.append(op)
    return [Handle(builder, y) for y in op.results]


def branch(cond: Handle, then: Build, otherwise: Build) -> list[Handle]:
    """Append an ``if`` and return its results."""
    builder = cond.builder
    blocks = region(builder, (), then), region(builder, (), otherwise)
    return _appended(builder, make_if(cond.atom, *blocks))


def loop(
    bounds: Sequence[Any],
    initial: Sequence[Handle | Literal],
    build: Build,
    *,
    scanned: Sequence[Handle] = (),
    builder: Builder | None = None,
    **options: Any,
) -> list[Handle]:
    """Append a ``for`` and return its results; ``build`` takes i, slots, elements."""
    builder = builder or next(x.builder for x in initial if isinstance(x, Handle))
    starts = _atoms(builder, initial)
    params = _params(starts, scanned)
    body = region(builder, params, build)
    lo, hi, step = _atoms(builder, bounds)
    length = builder.dims.fresh("trips")
    operands = [x.atom for x in scanned]
    return _appended(
        builder, make_for((lo, hi, step), starts, operands, body, length, **options)
    )


def loop_while(
    test: Build,
    initial: Sequence[Handle],
    build: Build,
    *,
    scanned: Sequence[Handle] = (),
    exits: bool = False,
) -> list[Handle]:
    """Append a ``while`` and return its results."""
    builder = initial[0].builder
    starts = _atoms(builder, initial)
    params = _params(starts, scanned)
    slots = [Value(x.type) for x in starts]
    tested = region(builder, slots, test)
    body = region(builder, params, build)
    length = builder.dims.fresh("trips")
    operands = [x.atom for x in scanned]
    op = make_while(tested, starts, operands, body, length, exits=exits)
    return _appended(builder, op)


def _params(starts: Sequence[Any], scanned: Sequence[Handle]) -> list[Value]:
    elements = [element_type(x.atom.type) for x in scanned]
    slots = [Value(_plain(x.type)) for x in starts]
    return [Value(PY_INT, "i"), *slots, *(Value(t) for t in elements if t is not None)]


def _plain(type_: Type) -> Type:
    """Return the type of a slot: its value may differ from that at the start."""
    return PY_INT if getattr(type_, "dim", None) is not None else type_


def first(name: str, block: Block) -> Op:
    """Return the first op of a name in ``block``."""
    return next(op for op in block.ops if op.name == name)


def names(block: Block) -> list[str]:
    """Return the names of the ops of ``block``, but for lengths."""
    return [op.name for op in block.ops if op.name != "dim"]


TRIPS = Sym("trips")
