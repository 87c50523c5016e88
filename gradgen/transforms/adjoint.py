"""Reverse mode: a forward sweep, then the adjoint of every op in opposite order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import refused_at
from gradgen.ir.builder import Builder
from gradgen.ir.checkpoints import CHECKPOINT
from gradgen.ir.core import Atom, Function, Op, Value
from gradgen.ir.rules import RULE
from gradgen.primitives.registry import PRIMITIVES, Handle
from gradgen.transforms.activity import active_values
from gradgen.transforms.cotangents import (
    Cotangents,
    Sweep,
    current_op,
    look_inside,
    views_in,
)
from gradgen.transforms.fit import materialise, name_after
from gradgen.transforms.helpers import sweep_over

if TYPE_CHECKING:
    from gradgen.transforms import branches, calls, checkpoints, checks, loops, rules
else:
    branches = Deferred("gradgen.transforms.branches")
    calls = Deferred("gradgen.transforms.calls")
    checkpoints = Deferred("gradgen.transforms.checkpoints")
    checks = Deferred("gradgen.transforms.checks")
    loops = Deferred("gradgen.transforms.loops")
    rules = Deferred("gradgen.transforms.rules")


def reverse_sweep(
    builder: Builder,
    function: Function,
    inputs: Sequence[Value],
    seeds: Sequence[tuple[Atom, Handle]],
) -> list[Handle]:
    """Append the reverse sweep and return the cotangents of ``inputs``.

    ``seeds`` pairs results of ``function`` with their cotangents. The forward sweep
    must stand in ``builder`` already; region ops that have to record residuals are
    replaced there.
    """
    outputs = [atom for atom, _ in seeds]
    active = active_values(function.body, inputs, outputs, builder.strict)
    regions = any(op.regions for op in function.body.ops)
    views = views_in(function.body.ops) if regions else {}
    if regions:
        look_inside(builder, function.body)
    cotangents = Cotangents(builder, active, views)
    builder.origin = "adjoint"
    for atom, seed in seeds:
        cotangents.add(atom, seed)
    sweep = Sweep(builder, active, reverse_ops)
    reverse_ops(sweep, function.body.ops, cotangents, builder.ops)
    handles = [Handle(builder, x) for x in inputs]
    bars = [
        materialise(cotangents.take(x), handle)
        for x, handle in zip(inputs, handles, strict=True)
    ]
    for bar, x in zip(bars, inputs, strict=True):
        name_after(bar, x, "_bar")
        if builder.strict:
            checks.check_once(bar, function.span)
    return bars


def reverse_ops(
    sweep: Sweep, ops: Sequence[Op], cotangents: Cotangents, forward: list[Op]
) -> None:
    """Append the adjoints of ``ops`` in opposite order."""
    for op in reversed(ops):
        if any(y in cotangents.bars for y in op.results):
            with refused_at(op.span):
                _append_adjoint(sweep, op, cotangents, forward)


def _append_adjoint(
    sweep: Sweep, op: Op, cotangents: Cotangents, forward: list[Op]
) -> None:
    if RULE in op.attrs:
        rules.reverse_rule(sweep.builder, op, cotangents)
    elif op.name == "call":
        calls.reverse_call(sweep, op, cotangents, forward)
    elif op.regions:
        op = current_op(forward, op)
        _reverse_of(op)(sweep, op, cotangents, forward)
    else:
        _reverse_op(sweep.builder, op, cotangents)


def _reverse_of(op: Op) -> Callable[[Sweep, Op, Cotangents, list[Op]], None]:
    if CHECKPOINT in op.attrs:
        return checkpoints.reverse_checkpoint
    return branches.reverse_if if op.name == "if" else loops.reverse_loop


def _reverse_op(builder: Builder, op: Op, cotangents: Cotangents) -> None:
    given = [cotangents.take(y) for y in op.results]
    primitive = PRIMITIVES[op.name]
    builder.span = op.span
    if builder.strict:
        checks.check_cotangents(op, given[0], cotangents.moves(op))
    if primitive.adjoint is None:
        return
    builder.scalar_math = op.attrs.get("lib") in ("math", "cmath")
    xs = [Handle(builder, x) for x in op.operands]
    ys = [Handle(builder, y) for y in op.results]
    bars: Any = given if primitive.several else given[0]
    values: Any = ys if primitive.several else ys[0]
    contributions = primitive.adjoint(bars, values, *xs, **op.attrs)
    if builder.strict:
        checks.check_results(op, given, contributions, cotangents.moves(op))
    for x, contribution in zip(op.operands, contributions, strict=False):
        cotangents.add(x, contribution)
    builder.scalar_math = False


def forward_sweep(function: Function, strictly: bool = False) -> Builder:
    """Return a builder that holds the ops of ``function`` as they are."""
    return sweep_over(function, dict(function.helpers), strictly)
