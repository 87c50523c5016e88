"""Reverse mode: a forward sweep, then the adjoint of every op in opposite order."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Function, Op, Value
from gradgen.primitives.families import zeros_like
from gradgen.primitives.registry import PRIMITIVES, Handle, Into
from gradgen.transforms.activity import active_values
from gradgen.transforms.fit import cotangent_for, materialise, name_after, start


class Cotangents:
    """The cotangents collected so far. A value without an entry has a zero one."""

    def __init__(self, builder: Builder, active: set[Value]) -> None:
        self.builder = builder
        self.active = active
        self.bars: dict[Value, Handle] = {}

    def add(self, x: Atom, contribution: Handle | Into | None) -> None:
        """Add what one use of ``x`` contributes to its cotangent."""
        if contribution is None or not isinstance(x, Value) or x not in self.active:
            return
        handle = Handle(self.builder, x)
        collected = self.bars.get(x)
        if isinstance(contribution, Into):
            total = contribution.add(collected or self._zero(x))
        else:
            part = cotangent_for(contribution, handle)
            total = part if collected is None else collected + part
        name_after(total, x, "_bar")
        self.bars[x] = total

    def _zero(self, x: Value) -> Handle:
        zero = zeros_like(Handle(self.builder, x))
        name_after(zero, x, "_bar")
        return zero

    def take(self, y: Value) -> Handle | None:
        """Remove and return the cotangent of ``y``."""
        return self.bars.pop(y, None)


def reverse_sweep(
    builder: Builder,
    function: Function,
    inputs: Sequence[Value],
    seeds: Sequence[tuple[Atom, Handle]],
) -> list[Handle]:
    """Append the reverse sweep and return the cotangents of ``inputs``.

    ``seeds`` pairs results of ``function`` with their cotangents. The forward sweep
    must stand in ``builder`` already.
    """
    outputs = [atom for atom, _ in seeds]
    active = active_values(function.body, inputs, outputs)
    cotangents = Cotangents(builder, active)
    builder.origin = "adjoint"
    for atom, seed in seeds:
        cotangents.add(atom, seed)
    for op in reversed(function.body.ops):
        _reverse_op(builder, op, cotangents)
    handles = [Handle(builder, x) for x in inputs]
    bars = [
        materialise(cotangents.take(x), handle)
        for x, handle in zip(inputs, handles, strict=True)
    ]
    for bar, x in zip(bars, inputs, strict=True):
        name_after(bar, x, "_bar")
    return bars


def _reverse_op(builder: Builder, op: Op, cotangents: Cotangents) -> None:
    bars = [cotangents.take(y) for y in op.results]
    if all(bar is None for bar in bars):
        return
    primitive = PRIMITIVES[op.name]
    assert primitive.adjoint is not None, op.name
    (y,), (y_bar,) = op.results, bars
    builder.span = op.span
    builder.scalar_math = op.attrs.get("lib") == "math"
    xs = [Handle(builder, x) for x in op.operands]
    contributions = primitive.adjoint(y_bar, Handle(builder, y), *xs, **op.attrs)
    for x, contribution in zip(op.operands, contributions, strict=False):
        cotangents.add(x, contribution)
    builder.scalar_math = False


def forward_sweep(function: Function) -> Builder:
    """Return a builder that holds the ops of ``function`` as they are."""
    builder = start(function.inputs)
    for op in function.body.ops:
        builder.append(op)
    return builder
