"""The adjoint of what is marked to be computed again instead of being stored.

A region marked ``"call"`` records nothing: its adjoint computes it again, and is such a
region itself, so that its own derivatives record nothing either. A loop marked
``"every"`` becomes one over segments, each of which is such a region, so that only the
states at their beginnings are taped. The reverse of a loop marked ``"memory"`` is in
``revolve``.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.errors import refuse
from gradgen.ir.checkpoints import CHECKPOINT, KEEPS, MARKED
from gradgen.ir.core import Atom, Block, Literal, Op, Value, map_operands, namesake
from gradgen.ir.regions import loop_parts, make_for, make_if
from gradgen.ir.types import PY_INT
from gradgen.primitives.registry import Handle, find_lowering
from gradgen.structs import replace
from gradgen.transforms.again import Copier
from gradgen.transforms.branches import (
    joined_type,
    reverse_branch,
    reverse_if,
    touched_by,
)
from gradgen.transforms.cotangents import Cotangents, Sweep, replace_op
from gradgen.transforms.extending import extend_if
from gradgen.transforms.fit import exact, materialise, name_after
from gradgen.transforms.recorded import DRAW_BEFORE, Reader, Recording, draws
from gradgen.transforms.revolve import reverse_with_snapshots

ALWAYS = Literal.of(True)


def reverse_checkpoint(
    sweep: Sweep, op: Op, cotangents: Cotangents, forward: list[Op]
) -> None:
    """Append the adjoint of a region that is computed again, or of a loop in one."""
    if op.attrs[CHECKPOINT] == "call":
        _reverse_call(sweep, op, cotangents, forward)
        return
    loop = _marked_loop(op)
    bare = replace(op, operands=op.operands[:1], attrs={})
    if loop is not None and op.attrs[CHECKPOINT] == "every":
        segments = in_segments(sweep, loop, Handle(sweep.builder, op.operands[1]))
        bare = _with_loop(bare, loop, segments)
    elif loop is not None:
        _check_draws(sweep, loop)
        sweep = _with_snapshots(sweep, loop, Handle(sweep.builder, op.operands[1]))
    replace_op(forward, op, bare)
    reverse_if(sweep, bare, cotangents, forward)


def _marked_loop(op: Op) -> Op | None:
    """Return the loop that the user marked, if it is still one and stacks nothing."""
    for inner in op.regions[0].ops:
        if inner.attrs.get(MARKED) and not inner.attrs["exits"]:
            parts = loop_parts(inner)
            return None if parts.scanned or parts.stacked else inner
    return None


def _check_draws(sweep: Sweep, loop: Op) -> None:
    """Refuse draws where only some states are kept, and all else is run again."""
    if draws(loop, sweep.builder.helpers):
        reason = "random numbers are drawn in a loop of which memory= keeps few states"
        raise refuse(reason, loop.span, f"every= instead of memory=, or {DRAW_BEFORE}")


def _reverse_call(
    sweep: Sweep, op: Op, cotangents: Cotangents, forward: list[Op]
) -> None:
    """Append a region that computes what is in ``op`` again, and reverses that.

    What was drawn in it is not drawn again, but recorded.
    """
    builder = sweep.builder
    bars = [cotangents.take(y) for y in op.results]
    within = replace(sweep, in_loop=False)
    region, copier = _recorded(sweep, op, forward)
    branch = reverse_branch(within, op, region, bars, cotangents)
    touched = touched_by([branch], cotangents)
    with builder.region(branch.ops):
        for x in touched:
            bar = branch.cotangents.bars.get(x)
            whole = materialise(bar, Handle(builder, x))
            branch.yields.append(exact(whole, joined_type(x.type, [bar])).atom)
    again = copier.ops(branch.forward.ops)
    reverse = map_operands(
        Block((), tuple(branch.ops), tuple(branch.yields)),
        lambda x: copier.atoms([x])[0],
    )
    builder.span, builder.origin = op.span, "adjoint"
    made = computed_again(replace(reverse, ops=(*again, *reverse.ops)), op)
    made.origin = builder.origin
    builder.append(made)
    for x, y in zip(touched, made.results, strict=True):
        cotangents.bars[x] = Handle(builder, y)
        name_after(cotangents.bars[x], x, "_bar")


def _recorded(sweep: Sweep, op: Op, forward: list[Op]) -> tuple[Block, Copier]:
    """Let a region yield what is drawn in it; return it, and what copies its ops."""
    then, otherwise = op.regions
    recording = Recording(sweep.builder)
    ops, drawn = recording.record(then.ops)
    if not drawn:
        return then, Copier({})
    results = [namesake(x) for x in drawn]
    nothing = [Literal.undefined(x.type) for x in drawn]
    extended = extend_if(op, [ops, otherwise.ops], [drawn, nothing], results)
    replace_op(forward, op, extended)
    known: dict[Value, Atom] = dict(zip(drawn, results, strict=True))
    return replace(then, ops=tuple(ops)), Reader(known, recording.inner)


def computed_again(block: Block, op: Op) -> Op:
    """Return a region that stands in place of ``op`` and is computed again."""
    nothing = tuple(Literal.undefined(x.type) for x in block.results)
    made = make_if(ALWAYS, block, Block((), (), nothing), op.span)
    made.attrs = {CHECKPOINT: "call"}
    return made


def _with_loop(op: Op, loop: Op, ops: Sequence[Op]) -> Op:
    """Return a region with ``ops`` in place of ``loop``."""
    then, otherwise = op.regions
    place = then.ops.index(loop)
    block = replace(then, ops=(*then.ops[:place], *ops, *then.ops[place + 1 :]))
    return replace(op, regions=(block, otherwise))


def in_segments(sweep: Sweep, loop: Op, size: Handle) -> list[Op]:
    """Return a loop as one over segments of ``size`` turns, each computed again.

    Before -> after::

        for i in range(lo, hi): ...   ->   for start in range(lo, hi, size):
                                               for i in range(start, min(start + size,
                                                              hi)): ...
    """
    builder, parts = sweep.builder, loop_parts(loop)
    _, hi, step = (Handle(builder, x) for x in parts.range)
    origin, builder.origin, builder.span = builder.origin, loop.origin, loop.span
    start = Value(PY_INT, "start")
    carried = [namesake(x) for x in parts.carried]
    with builder.region() as ops:
        stride = size * step if parts.range[2] != Literal.of(1) else size
        with builder.region() as segment:
            end = _nearer(Handle(builder, start) + stride, hi, parts.range[2])
            _name(end, "stop")
        inner = _segment(loop, (start, end.atom, parts.range[2], *carried))
        finals = loop_parts(inner).final
        again = computed_again(Block((), (*segment, inner), finals), loop)
        again.origin = loop.origin
        block = Block((start, *carried), (again,), again.results)
        bounds = (parts.range[0], parts.range[1], stride.atom)
        outer = make_for(bounds, parts.initial, (), block, 0, span=loop.span)
        attrs = {**outer.attrs, KEEPS: True}
        builder.append(
            replace(outer, results=loop.results, attrs=attrs, origin=loop.origin)
        )
    builder.origin = origin
    for k, x in enumerate(parts.carried):
        if x in sweep.active:
            sweep.active.update((carried[k], finals[k], again.results[k]))
    return ops


def _nearer(end: Handle, hi: Handle, step: Literal | Value) -> Handle:
    """Return where a segment ends: the last one may be shorter."""
    assert isinstance(step, Literal), step
    lowering = find_lowering(min if step.value > 0 else max)
    assert lowering is not None
    return lowering(end, hi)  # type: ignore[no-any-return]


def _name(x: Handle, hint: str) -> None:
    """Name a value that has no name."""
    if isinstance(x.atom, Value) and not x.atom.hint:
        x.atom.hint = hint


def _segment(loop: Op, operands: tuple[Literal | Value, ...]) -> Op:
    """Return a loop over other bounds, from other values on."""
    attrs = {k: v for k, v in loop.attrs.items() if k != MARKED}
    results = tuple(namesake(y) for y in loop.results)
    return replace(loop, operands=operands, results=results, attrs=attrs)


def _with_snapshots(sweep: Sweep, loop: Op, memory: Handle) -> Sweep:
    """Return a sweep that reverses ``loop`` within ``memory`` bytes of its states."""

    def reverse(
        within: Sweep, ops: Sequence[Op], cotangents: Cotangents, forward: list[Op]
    ) -> None:
        within = replace(within, reverse=sweep.reverse)
        place = ops.index(loop) if loop in ops else len(ops)
        within.reverse(within, ops[place + 1 :], cotangents, forward)
        if loop in ops and any(y in cotangents.bars for y in loop.results):
            reverse_with_snapshots(within, loop, cotangents, memory)
        within.reverse(within, ops[:place], cotangents, forward)

    return replace(sweep, reverse=reverse)
