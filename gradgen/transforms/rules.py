"""Derivatives that the user gives: a call of a helper that his rule became."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradgen.deferred import Deferred
from gradgen.errors import refuse
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.rules import RULE, NeedsRules, RuleCall, UserRule
from gradgen.primitives.registry import Handle
from gradgen.transforms.cotangents import Cotangents
from gradgen.transforms.fit import derivative_value, exact, materialise, name_after
from gradgen.transforms.residuals import item_type

if TYPE_CHECKING:
    from gradgen.transforms import checks
else:
    checks = Deferred("gradgen.transforms.checks")


def reverse_rule(builder: Builder, op: Op, cotangents: Cotangents) -> None:
    """Append the call of an adjoint that the user has given."""
    rule: UserRule = op.attrs[RULE]
    call = _required(rule, rule.adjoint, op, ("an adjoint", "reverse", ""))
    bars = [cotangents.take(y) for y in op.results]
    builder.origin = "adjoint"
    found = _append(builder, op, call, (op.results, bars), op.operands, "_bar")
    for k, bar in zip(call.returned, found, strict=True):
        if builder.strict:
            checks.check_number(bar, op.span)
        cotangents.add(op.operands[k], bar)


def push_rule(
    builder: Builder, op: Op, dots: Sequence[Handle | None]
) -> list[tuple[Value, Handle]]:
    """Append the call of a tangent that the user has given; return those of results."""
    rule: UserRule = op.attrs[RULE]
    words = ("a tangent", "forward", ', mode="tangent"')
    call = _required(rule, rule.tangent, op, words)
    builder.origin = "tangent"
    found = _append(builder, op, call, (op.operands, dots), op.results, "_dot")
    return [(op.results[k], dot) for k, dot in zip(call.returned, found, strict=True)]


def _required(
    rule: UserRule, call: RuleCall | None, op: Op, words: tuple[str, str, str]
) -> RuleCall:
    """Return a call, which must have been given, and lowered."""
    if not rule.lowered:
        raise NeedsRules(f"the rule of '{rule.name}' is needed once more")
    if call is None:
        what, mode, option = words
        raise refuse(
            f"the rule of '{rule.name}' has no {what.partition(' ')[2]}, which {mode} "
            "mode needs",
            op.span,
            f"give it one: @gradgen.rule({rule.name}{option})",
        )
    return call


def _append(
    builder: Builder,
    op: Op,
    call: RuleCall,
    moving: tuple[Sequence[Atom], Sequence[Handle | None]],
    targets: Sequence[Atom],
    suffix: str,
) -> list[Handle]:
    """Append a call of a rule; return what it computes, one for each it is about.

    ``moving`` are the values whose derivatives it takes, and these; ``targets`` the
    ones whose derivatives it returns.
    """
    builder.span = op.span
    values, derivatives = moving
    plain = {"result": op.results, "operand": op.operands}
    models = builder.helpers[call.helper].inputs
    operands = [
        _derivative(Handle(builder, values[k]), derivatives[k], model, suffix)
        if kind == "derivative"
        else plain[kind][k]
        for (kind, k), model in zip(call.given, models, strict=True)
    ]
    results = [_target(targets[k], suffix) for k in call.returned]
    attrs = {"callee": call.helper, "takes": (), "effect": call.effect}
    made = Op(
        "call", tuple(operands), tuple(results), attrs, (), op.span, builder.origin
    )
    builder.append(made)
    return [Handle(builder, y) for y in results]


def _derivative(
    x: Handle, derivative: Handle | None, model: Value, suffix: str
) -> Atom:
    """Return a derivative as the helper takes it."""
    found = exact(materialise(derivative, x), item_type(model.type))
    if isinstance(x.atom, Value):
        name_after(found, x.atom, suffix)
    return found.atom


def _target(x: Atom, suffix: str) -> Value:
    type_ = item_type(x.type)
    if isinstance(x, Value):
        return derivative_value(x, type_, suffix)
    return Value(type_)
