"""Forward mode: the tangent of every op right after its primal."""

from __future__ import annotations

from collections.abc import Mapping

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Op, Value, walk_ops
from gradgen.primitives.registry import PRIMITIVES, Handle
from gradgen.transforms.activity import active_values
from gradgen.transforms.fit import name_after, start, tangent_for


def tangent_sweep(
    function: Function, seeds: Mapping[Value, Value]
) -> tuple[Builder, dict[Value, Handle]]:
    """Return a builder with primal and tangent ops, and the tangents of all values.

    ``seeds`` maps the inputs that move to the values that hold their tangents. A value
    without a tangent does not depend on them.
    """
    active = active_values(function.body, seeds, function.body.results)
    builder = start(function.inputs)
    for op in walk_ops(function.body):
        for y in op.results:
            builder.dims.note(y.type)
    dots = {x: Handle(builder, dot) for x, dot in seeds.items()}
    for op in function.body.ops:
        builder.origin = "primal"
        builder.append(op)
        _push(builder, op, active, dots)
    return builder, dots


def push_tangents(builder: Builder, block: Block, dots: dict[Value, Handle]) -> None:
    """Append the tangents of ops that stand in the builder already.

    ``dots`` holds the tangents of the inputs, and gets those of what depends on them.
    """
    active = active_values(block, dots, block.results)
    for op in block.ops:
        _push(builder, op, active, dots)


def _push(
    builder: Builder, op: Op, active: set[Value], dots: dict[Value, Handle]
) -> None:
    if not any(y in active for y in op.results):
        return
    x_dots = [_dot_of(x, dots) for x in op.operands]
    if all(dot is None for dot in x_dots):
        return
    primitive = PRIMITIVES[op.name]
    assert primitive.tangent is not None, op.name
    (y,) = op.results
    builder.span, builder.origin = op.span, "tangent"
    builder.scalar_math = op.attrs.get("lib") == "math"
    xs = [Handle(builder, x) for x in op.operands]
    handle = Handle(builder, y)
    dot = primitive.tangent(handle, x_dots, *xs, **op.attrs)
    builder.scalar_math = False
    if dot is not None:
        dots[y] = tangent_for(dot, handle)
        name_after(dots[y], y, "_dot")


def _dot_of(x: Atom, dots: Mapping[Value, Handle]) -> Handle | None:
    return dots.get(x) if isinstance(x, Value) else None
