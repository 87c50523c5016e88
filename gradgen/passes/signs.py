"""Rules about signs: out to where a sum takes them in, at the end inwards again."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.ir.core import Op
from gradgen.passes.rewriting import RuleSet, Scope, both_ways, constant
from gradgen.primitives.registry import Handle, apply

SIGNS = RuleSet()
SETTLE = RuleSet()

ODD_IN_BOTH = ("multiply", "divide", "masked_multiply", "masked_divide", "matmul")
LINEAR = (
    "sum",
    "mean",
    "sum_to",
    "expand_dims",
    "squeeze",
    "reshape",
    "transpose",
    "broadcast_to",
    "getitem",
)
SHAPING = ("expand_dims", "squeeze", "reshape", "transpose", "broadcast_to", "full")


@SIGNS("add")
def add_negative(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``a + (-b) -> a - b``."""
    for first, second in both_ways(xs):
        made = scope.maker(second, "negative")
        if made is not None:
            return first - scope.operands(made)[0]
    return None


@SIGNS("subtract")
def subtract_negative(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``a - (-b) -> a + b`` and ``(-a) - b -> -(a + b)``."""
    made = scope.maker(xs[1], "negative")
    if made is not None:
        return xs[0] + scope.operands(made)[0]
    made = scope.maker(xs[0], "negative")
    return -(scope.operands(made)[0] + xs[1]) if made is not None else None


@SIGNS("negative")
def negative_of(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``-(-a) -> a`` and ``-(a - b) -> b - a``."""
    made = scope.maker(xs[0], "negative", "subtract")
    if made is None:
        return None
    inner = scope.operands(made)
    if made.name == "negative":
        return inner[0]
    return inner[1] - inner[0] if scope.once(xs[0]) else None


@SIGNS(*ODD_IN_BOTH)
def sign_of_product(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(-a) * b -> -(a * b)``, so that sums can turn it into a difference."""
    for slot in (0, 1):
        made = scope.maker(xs[slot], "negative")
        if made is not None:
            parts = list(xs)
            parts[slot] = scope.operands(made)[0]
            return -apply(op.name, *parts, **op.attrs)
    return None


@SIGNS(*LINEAR)
def sign_of_linear(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``sum(-x) -> -sum(x)``, and so for other linear operations."""
    made = scope.maker(xs[0], "negative")
    if made is None:
        return None
    return -apply(op.name, scope.operands(made)[0], *xs[1:], **op.attrs)


@SIGNS("add_at", "subtract_at")
def sign_of_update(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x[i] += -v`` -> ``x[i] -= v``, and the other way round."""
    made = scope.maker(xs[-1], "negative")
    if made is None:
        return None
    other = "subtract_at" if op.name == "add_at" else "add_at"
    return apply(other, *xs[:-1], scope.operands(made)[0], **op.attrs)


@SETTLE("negative")
def sign_into_factor(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``-(2.0 * x) -> -2.0 * x``, ``-(a * b) -> (-a) * b`` if ``a`` is smaller."""
    made = scope.maker_once(xs[0], "multiply", "divide", "masked_divide", "matmul")
    if made is None:
        return None
    parts = scope.operands(made)
    slot = _smaller_part(scope, made, parts)
    if slot is None:
        return None
    value = constant(parts[slot])
    parts[slot] = -parts[slot] if value is None else scope.literal(-value)
    return apply(made.name, *parts, **made.attrs)


def _smaller_part(scope: Scope, op: Op, parts: Sequence[Handle]) -> int | None:
    """Return the operand at which a sign costs less than at the result of ``op``."""
    for slot, part in enumerate(parts):
        if constant(part) is not None or _has_literal(scope, part):
            return slot
    for slot, part in enumerate(parts):
        rank = max(x.rank for x in parts)
        if op.name == "matmul":
            smaller = part.rank < rank
        else:
            smaller = not scope.covers(part, op)
        if smaller:
            return slot
    return None


def _has_literal(scope: Scope, part: Handle) -> bool:
    made = scope.maker_once(part, "multiply", "divide")
    return made is not None and constant(scope.operands(made)[0]) is not None


@SETTLE("negative")
def sign_into_shape(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``-full(s, shape) -> full(-s, shape)``, where a factor may take it in."""
    made = scope.maker_once(xs[0], *SHAPING)
    if made is None:
        return None
    value, *rest = scope.operands(made)
    return apply(made.name, -value, *rest, **made.attrs)


@SETTLE("negative")
def literal_sign(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``-(2.0) -> -2.0``."""
    value = constant(xs[0])
    return None if value is None or isinstance(value, bool) else scope.literal(-value)


@SETTLE("multiply")
def divide_by_scalar(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(1.0 / n) * x -> x / n``, once no other scalar can join in."""
    for quotient, x in both_ways(xs):
        made = scope.maker_once(quotient, "divide")
        if made is not None and constant(scope.operands(made)[0]) == 1:
            return x / scope.operands(made)[1]
    return None


@SETTLE("multiply")
def from_left_to_right(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``2 * (x / y) -> 2 * x / y``, which needs no parentheses."""
    made = scope.maker_once(xs[1], "multiply", "divide")
    if made is None or made.origin == "primal" or constant(xs[0]) is None:
        return None
    x, y = scope.operands(made)
    if made.name == "multiply" and x.rank < y.rank:
        return None
    return apply(made.name, xs[0] * x, y, **made.attrs)


@SETTLE("subtract")
def minus_sum(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``a - (b + c) -> a - b - c``."""
    made = scope.maker_once(xs[1], "add")
    if made is None or xs[0].shape != xs[1].shape:
        return None
    b, c = scope.operands(made)
    return xs[0] - b - c


@SETTLE("full")
def plain_constant(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``full(0.0, n) -> zeros(n)`` and ``full(1.0, n) -> ones(n)``."""
    name = {0.0: "zeros", 1.0: "ones"}.get(constant(xs[0]), "")
    if not name:
        return None
    return apply(name, *xs[1:], builder=scope.builder, **op.attrs)


SETTLE["negative"] += SIGNS["negative"]
