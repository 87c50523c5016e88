"""The adjoint of a branch: the same condition, over the adjoints of both branches.

It yields the new cotangents of the values outside that a branch reads; a branch that
leaves one alone yields it as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradgen.ir.core import Atom, Block, Literal, Op, Value
from gradgen.ir.regions import make_if
from gradgen.ir.types import Scalar, Type, same_type
from gradgen.primitives.registry import Handle
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
    Plan,
    carry_out,
    distant_values,
    item_type,
    plan_residuals,
)


@dataclass(slots=True)
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
        _reverse_branch(sweep, op, region, bars, cotangents) for region in op.regions
    ]
    touched = _touched(branches, cotangents)
    if not touched:
        return
    _yield_cotangents(sweep, branches, touched)
    builder.span, builder.origin = op.span, "adjoint"
    then, otherwise = _resolve(sweep, op, branches, forward)
    reverse = make_if(op.operands[0], then, otherwise, op.span)
    reverse.origin = builder.origin
    builder.append(reverse)
    for x, bar in zip(touched, reverse.results, strict=True):
        cotangents.bars[x] = Handle(builder, bar)
        name_after(cotangents.bars[x], x, "_bar")


def _reverse_branch(
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
    if sweep.in_loop:
        distant |= distant_values((), region.ops, distant)
    with sweep.builder.region() as ops:
        recheck_lengths(sweep.builder, region.ops)
        for x, bar in zip(region.results, bars, strict=True):
            inner.add(x, bar)
        within = replace(sweep, distant=distant)
        sweep.reverse(within, region.ops, inner, forward.ops)
    return Branch(ops, inner, forward, [])


def _touched(branches: Sequence[Branch], cotangents: Cotangents) -> list[Value]:
    """Return the values outside whose cotangents differ after a branch."""
    found = {
        x: None
        for branch in branches
        for x, bar in branch.cotangents.bars.items()
        if cotangents.bars.get(x) is not bar
    }
    return list(found)


def _yield_cotangents(
    sweep: Sweep, branches: Sequence[Branch], touched: Sequence[Value]
) -> None:
    """Let both branches yield the cotangents of what one has touched, in one type."""
    for x in touched:
        bars = [branch.cotangents.bars.get(x) for branch in branches]
        type_ = _joined(x.type, bars)
        for branch, bar in zip(branches, bars, strict=True):
            with sweep.builder.region(branch.ops):
                whole = materialise(bar, Handle(sweep.builder, x))
                branch.yields.append(exact(whole, type_).atom)


def _joined(type_: Type, bars: Sequence[Handle | None]) -> Type:
    strong = any(bar is not None and is_weaker(type_, bar.atom.type) for bar in bars)
    return strengthened(type_) if strong else item_type(type_)


def _resolve(
    sweep: Sweep, op: Op, branches: Sequence[Branch], forward: list[Op]
) -> list[Block]:
    """Return the reverse branches; extend the forward op by the residuals they read."""
    plans = [
        plan_residuals(b.forward, b.ops, b.yields, sweep.distant) for b in branches
    ]
    results = [
        [Value(item_type(x.type), x.hint, x.base, x.suffix) for x in plan.taped]
        for plan in plans
    ]
    blocks = []
    for branch, plan, recorded in zip(branches, plans, results, strict=True):
        atoms = {x: branch.forward.given[x] for x in plan.given}
        atoms.update(zip(plan.taped, recorded, strict=True))
        ops, yields = carry_out(plan, atoms, branch.yields, sweep.builder.origin)
        blocks.append(Block((), tuple(ops), tuple(yields)))
    extended = extend_if(
        op,
        [branch.forward.ops for branch in branches],
        _recorded(sweep, plans),
        [y for recorded in results for y in recorded],
    )
    replace_op(forward, op, extended)
    return blocks


def _recorded(sweep: Sweep, plans: Sequence[Plan]) -> list[list[Atom]]:
    """Return what each branch yields of the residuals of both."""
    return [
        [x if own is plan else _nothing(sweep, x) for own in plans for x in own.taped]
        for plan in plans
    ]


def _nothing(sweep: Sweep, x: Value) -> Atom:
    """Return what stands for a residual of the branch that is not taken.

    In a loop it is taped all the same, so a number is one that can be.
    """
    if sweep.in_loop and isinstance(x.type, Scalar):
        number = x.type.dtype.type(0)
        return Literal.of(number.item() if x.type.weak else number)
    return Literal.undefined(item_type(x.type))
