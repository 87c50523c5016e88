"""The adjoint of a branch: the same condition, over the adjoints of both branches.

It yields the new cotangents of the values outside that a branch reads; a branch that
leaves one alone yields it as it came.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Literal, Op, Value, namesake
from gradgen.ir.regions import make_if
from gradgen.ir.types import Array, Scalar, Seq, Type, same_type
from gradgen.primitives.registry import Handle, apply
from gradgen.primitives.unbound import length_of
from gradgen.structs import replace, struct
from gradgen.transforms.cotangents import Cotangents, Sweep, recheck_lengths, replace_op
from gradgen.transforms.extending import extend_if
from gradgen.transforms.fit import (
    exact,
    is_weaker,
    materialise,
    name_after,
    strengthened,
)
from gradgen.transforms.residuals import (
    Forward,
    carry_out,
    distant_values,
    item_type,
    plan_residuals,
)


@struct
class Branch:
    """A branch of the reverse sweep, and its forward branch."""

    ops: list[Op]
    cotangents: Cotangents
    forward: Forward
    yields: list[Atom]


def reverse_if(sweep: Sweep, op: Op, cotangents: Cotangents, forward: list[Op]) -> None:
    """Append the adjoint of an ``if``; let the forward one yield residuals."""
    builder = sweep.builder
    bars = [cotangents.take(y) for y in op.results]
    branches = [
        reverse_branch(sweep, op, region, bars, cotangents) for region in op.regions
    ]
    touched = touched_by(branches, cotangents)
    if not touched:
        return
    _yield_cotangents(sweep, op.operands[0], branches, touched)
    builder.span, builder.origin = op.span, "adjoint"
    then, otherwise = _resolve(sweep, op, branches, forward)
    reverse = make_if(op.operands[0], then, otherwise, op.span)
    reverse.origin = builder.origin
    builder.append(reverse)
    for x, bar in zip(touched, reverse.results, strict=True):
        if isinstance(x.type, Array) and isinstance(bar.type, Array):
            bar.type = replace(bar.type, shape=x.type.shape)
        cotangents.bars[x] = Handle(builder, bar)
        name_after(cotangents.bars[x], x, "_bar")


def reverse_branch(
    sweep: Sweep,
    op: Op,
    region: Block,
    bars: Sequence[Handle | None],
    cotangents: Cotangents,
) -> Branch:
    """Append the adjoint of a branch to a region of its own."""
    inner = cotangents.within()
    results = zip(region.results, op.results, strict=True)
    given: dict[Value, Atom] = {
        x: y for x, y in results if isinstance(x, Value) and same_type(x.type, y.type)
    }
    forward = Forward((), list(region.ops), given)
    distant = sweep.distant
    if sweep.in_loop or distant:
        distant |= distant_values((), region.ops, distant)
    with sweep.builder.region() as ops:
        recheck_lengths(sweep.builder, region.ops)
        _equate_lengths(sweep.builder, region, op)
        for x, bar in zip(region.results, bars, strict=True):
            inner.add(x, bar)
        within = replace(sweep, distant=distant)
        sweep.reverse(within, region.ops, inner, forward.ops)
    return Branch(ops, inner, forward, [])


def _equate_lengths(builder: Builder, region: Block, op: Op) -> None:
    """Say that in a branch the results of the ``if`` are what the branch yields."""
    for x, y in zip(region.results, op.results, strict=True):
        if not isinstance(x.type, Array) or not isinstance(y.type, Array):
            continue
        for pair in zip(x.type.shape, y.type.shape, strict=True):
            if not builder.dims.equal(*pair):
                builder.emit("check_dims", (), (), {"dims": pair})


def touched_by(branches: Sequence[Branch], cotangents: Cotangents) -> list[Value]:
    """Return the values outside whose cotangents differ after a branch."""
    found = {
        x: None
        for branch in branches
        for x, bar in branch.cotangents.bars.items()
        if cotangents.bars.get(x) is not bar
    }
    return list(found)


def _yield_cotangents(
    sweep: Sweep, cond: Atom, branches: Sequence[Branch], touched: Sequence[Value]
) -> None:
    """Let both branches yield the cotangents of what one has touched, in one type.

    Where a branch never binds an array, its cotangent is undefined, since nothing tells
    its shape.
    """
    for x in touched:
        bars = [branch.cotangents.bars.get(x) for branch in branches]
        type_ = joined_type(x.type, bars)
        for side, (branch, bar) in enumerate(zip(branches, bars, strict=True)):
            shaped = not isinstance(type_, Scalar)
            if shaped and bar is None and _is_undefined(sweep, x, cond, side):
                branch.yields.append(Literal.undefined(type_))
                continue
            with sweep.builder.region(branch.ops):
                whole = materialise(bar, Handle(sweep.builder, x))
                branch.yields.append(exact(whole, type_).atom)


def _is_undefined(sweep: Sweep, x: Value, cond: Atom, side: int) -> bool:
    """Tell whether ``x`` is never defined on this side of a condition."""
    op = sweep.builder.choices.get(x)
    if op is None or op.operands[0] is not cond:
        return False
    given = op.regions[side].results[op.results.index(x)]
    return isinstance(given, Literal) and given.is_undefined


def joined_type(type_: Type, bars: Sequence[Handle | None]) -> Type:
    """Return the type of a cotangent that branches yield, that of ``type_`` itself."""
    strong = any(bar is not None and is_weaker(type_, bar.atom.type) for bar in bars)
    return strengthened(type_) if strong else item_type(type_)


def _resolve(
    sweep: Sweep, op: Op, branches: Sequence[Branch], forward: list[Op]
) -> list[Block]:
    """Return the reverse branches; extend the forward op by the residuals they read."""
    blocks = []
    columns: list[tuple[Branch, Atom, Value]] = []
    for branch in branches:
        plan = plan_residuals(branch.forward, branch.ops, branch.yields, sweep.distant)
        atoms = {x: branch.forward.given[x] for x in plan.given}
        with sweep.builder.region() as head:
            for x in plan.taped:
                given, result, atoms[x] = _record(sweep, branch, x)
                columns.append((branch, given, result))
        ops, yields = carry_out(plan, atoms, branch.yields, sweep.builder.origin)
        blocks.append(Block((), (*head, *ops), tuple(yields)))
    recorded = [_yields(sweep, branch, columns) for branch in branches]
    extended = extend_if(
        op,
        [branch.forward.ops for branch in branches],
        recorded,
        [result for _, _, result in columns],
    )
    replace_op(forward, op, extended)
    return blocks


def _record(sweep: Sweep, branch: Branch, x: Value) -> tuple[Atom, Value, Atom]:
    """Return what a branch yields of a residual, as what, and what is read of that.

    In a loop it is taped in any case. If only the branch that is taken knows its
    lengths, it stands in a list, which is empty for the other branch.
    """
    builder, type_ = sweep.builder, item_type(x.type)
    result = namesake(x, type_)
    if not (sweep.in_loop and isinstance(type_, Array)):
        return x, result, result
    if all(length_of(builder, dim) for dim in type_.shape):
        return x, result, result
    result.type = Seq(type_)
    with builder.region(branch.forward.ops):
        listed = apply("seq_from", Handle(builder, x), element=type_)
    return listed.atom, result, apply("seq_get", Handle(builder, result), 0).atom


def _yields(
    sweep: Sweep, branch: Branch, columns: Sequence[tuple[Branch, Atom, Value]]
) -> list[Atom]:
    """Return what a branch yields of the residuals of both."""
    with sweep.builder.region(branch.forward.ops):
        return [
            given if owner is branch else _nothing(sweep, result.type)
            for owner, given, result in columns
        ]


def _nothing(sweep: Sweep, type_: Type) -> Atom:
    """Return what stands for a residual of the branch that is not taken."""
    if sweep.in_loop and isinstance(type_, Seq):
        return _empty(sweep.builder, type_)
    if sweep.in_loop and isinstance(type_, Scalar):
        number = type_.dtype.type(0)
        return Literal.of(number.item() if type_.weak else number)
    return Literal.undefined(type_)


def _empty(builder: Builder, type_: Seq) -> Atom:
    element, key = type_.element, type_.key
    if key is None:
        return apply("seq_empty", builder=builder, element=element).atom
    return apply("map_from", builder=builder, element=element, key=key).atom
