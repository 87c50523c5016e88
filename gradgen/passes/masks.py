"""Rules about masks: a masked operation is a plain one where nothing was masked."""

from __future__ import annotations

import cmath
import re
from collections.abc import Iterator, Sequence

from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.types import Array, is_complex
from gradgen.passes.positive import is_positive
from gradgen.passes.rewriting import RuleSet, Scope, both_ways, constant
from gradgen.primitives.registry import Handle, apply

MASKS = RuleSet()

CALLS = ("call", "call_outside")

MASKING = (
    "where",
    "add_at",
    "subtract_at",
    "update",
    "masked_multiply",
    "masked_divide",
    "larger",
    *CALLS,
)

INFINITE = re.compile(
    "divide|power|reciprocal|log|exp(?!and)|sqrt|cbrt|sinh|cosh|tan$|arc|hypot|gamma|norm|mod|curve"
)
"""Finds in the names of ops those whose result or derivative is not always finite."""


@MASKS("masked_multiply", "masked_divide")
def unmasked(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``masked_divide(a, b) -> a / b`` where no mask can have made ``a`` zero.

    Nor does it matter for a product with a factor that is finite.
    """
    if not op.attrs.get("demote"):
        return None
    if op.name == "masked_multiply":
        if may_be_masked(scope, xs[0]) and may_be_infinite(scope, xs[1]):
            return None
        return xs[0] * xs[1]
    return None if may_be_masked(scope, xs[0]) else xs[0] / xs[1]


@MASKS("masked_multiply", "masked_divide")
def mask_last(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``masked_divide(where(c, a, 0.0), x) -> where(c, a / x, 0.0)``."""
    made = scope.maker(xs[0], "where")
    if made is None or made.origin == "primal":
        return None
    cond, a, b = scope.operands(made)
    if constant(b) == 0:
        return apply("where", cond, apply(op.name, a, xs[1], **op.attrs), 0.0)
    if constant(a) == 0:
        return apply("where", cond, 0.0, apply(op.name, b, xs[1], **op.attrs))
    return None


@MASKS("masked_divide", "masked_multiply")
def masked_by_literal(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``masked_divide(a, 2.0) -> a / 2.0``: a zero stays zero anyway."""
    if op.name == "masked_divide" and is_positive(scope, xs[1].atom):
        return xs[0] / xs[1]
    value = constant(xs[1])
    if (
        value is None
        or not cmath.isfinite(value)
        or (not value and "divide" in op.name)
    ):
        return None
    return xs[0] * xs[1] if op.name == "masked_multiply" else xs[0] / xs[1]


def may_be_masked(scope: Scope, bar: Handle) -> bool:
    """Tell whether zeros in ``bar`` may come from a mask or a selection.

    A zero that a branch yields is the bar of what the branch did not use, and one with
    which a loop starts may be left when it runs never. What may be demoted is zero only
    where what it was given is.
    """
    for op, sources in _ancestors(scope, bar):
        if op.name in MASKING and not op.attrs.get("demote"):
            return True
        if any(map(_is_mask, sources)):
            return True
        if op.regions and any(_is_zero(scope, x) for x in sources):
            return True
    return False


def may_be_infinite(scope: Scope, factor: Handle) -> bool:
    """Tell whether an op that is not finite everywhere went into ``factor``.

    What goes into a matrix product does not count: an infinity there spreads to whole
    rows, of which a mask leaves out but some elements.
    """
    found = _ancestors(scope, factor, behind=("matmul", "tensordot", "einsum"))
    return any(_is_infinite(scope, op) for op, _ in found)


def _is_infinite(scope: Scope, op: Op) -> bool:
    if op.name in ("sin", "cos") and is_complex(op.operands[0].type):
        return True
    if op.name in ("divide", "masked_divide") and is_positive(scope, op.operands[1]):
        return False
    return op.name in CALLS or INFINITE.search(op.name) is not None


def _ancestors(
    scope: Scope, handle: Handle, behind: Sequence[str] = ()
) -> Iterator[tuple[Op, Sequence[Atom]]]:
    """Yield the ops that a value was computed by, none from before those ``behind``.

    With each come the atoms that it was computed from; in a loop, from the values that
    slots have in all iterations.
    """
    pending = [handle.atom]
    seen: set[Value] = set()
    while pending:
        atom = pending.pop()
        op = scope.makers.get(atom) if isinstance(atom, Value) else None
        if not isinstance(atom, Value) or op is None or atom in seen:
            continue
        seen.add(atom)
        sources = scope.flows.get(atom, op.operands)
        yield op, sources
        if op.name not in behind:
            pending.extend(sources)


def _is_zero(scope: Scope, atom: Atom) -> bool:
    x = Handle(scope.builder, atom)
    made = scope.maker(x, "zeros", "zeros_like", "full")
    if made is None:
        return bool(constant(x) == 0)
    return made.name != "full" or constant(scope.operands(made)[0]) == 0


def _is_mask(atom: Atom) -> bool:
    return isinstance(atom.type, Array) and atom.type.dtype.kind == "b"


@MASKS("where", primal=True)
def same_either_way(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``where(c, x, x) -> x``."""
    _, x, y = xs
    if x.atom is y.atom or (constant(x) is not None and x.atom == y.atom):
        return x
    return None


@MASKS("multiply")
def factor_into_choice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x * where(c, 1.0, 0.0) -> where(c, x, 0.0)``; what is masked stays zero."""
    for factor, choice in both_ways(xs):
        made = scope.maker_once(choice, "where")
        if made is None:
            continue
        cond, a, b = scope.operands(made)
        if constant(a) == 0 and _joins(factor, b):
            return apply("where", cond, 0.0, factor * b)
        if constant(b) == 0 and _joins(factor, a):
            return apply("where", cond, factor * a, 0.0)
    return None


def _joins(factor: Handle, chosen: Handle) -> bool:
    """Tell whether a product cannot be invalid where it is masked out."""
    return not factor.rank or constant(chosen) is not None


@MASKS("add", "subtract")
def choose_once(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``where(c, a, 0.0) + where(c, b, 0.0) -> where(c, a + b, 0.0)``."""
    ours, theirs = (scope.maker_once(x, "where") for x in xs)
    if ours is None or theirs is None or ours.operands[0] is not theirs.operands[0]:
        return None
    cond, a, b = scope.operands(ours)
    _, c, d = scope.operands(theirs)
    if constant(b) == 0 and constant(d) == 0:
        return apply("where", cond, apply(op.name, a, c), 0.0)
    if constant(a) == 0 and constant(c) == 0:
        return apply("where", cond, 0.0, apply(op.name, b, d))
    return None


@MASKS("add")
def join_choices(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``where(c, a, 0.0) + where(c, 0.0, b) -> where(c, a, b)``."""
    for first, second in both_ways(xs):
        ours = scope.maker_once(first, "where")
        theirs = scope.maker_once(second, "where")
        if ours is None or theirs is None or ours.operands[0] is not theirs.operands[0]:
            continue
        cond, a, rest = scope.operands(ours)
        _, zero, b = scope.operands(theirs)
        if constant(rest) == 0 and constant(zero) == 0:
            return apply("where", cond, a, b)
    return None
