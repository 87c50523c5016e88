"""Rules of arithmetic: constants, scalars before arrays, quotients.

In products, literals go outermost, where they meet; scalars go outermost among factors
of full size, and into a factor that is smaller than the product.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradgen.ir.core import Op
from gradgen.ir.types import is_complex
from gradgen.passes.rewriting import RuleSet, Scope, both_ways, constant
from gradgen.primitives.registry import PRIMITIVES, Handle, apply

ALGEBRA = RuleSet()

ARITHMETIC = ("add", "subtract", "multiply", "divide", "negative", "power")
QUOTIENTS = ("divide", "masked_divide")


@ALGEBRA(*ARITHMETIC, primal=True)
def fold(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``2 * 3 -> 6``, where it raises nothing; of the user's, only whole numbers."""
    values = [constant(x) for x in xs]
    if any(v is None for v in values) or op.attrs:
        return None
    if scope.primal and not all(type(v) is int for v in values):
        return None
    try:
        with np.errstate(all="raise"):
            result = PRIMITIVES[op.name].evaluate(*values)
    except (ArithmeticError, ValueError):
        return None
    return scope.literal(abs(result) if result == 0 else result)


@ALGEBRA("multiply", primal=True)
def multiply_by_one(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``1 * x -> x``; as a factor of a complex number, 1 changes infinities."""
    if scope.primal and is_complex(op.results[0].type):
        return None
    for factor, other in both_ways(xs):
        if constant(factor) == 1:
            return other
    return None


@ALGEBRA("divide", "power", primal=True)
def divide_by_one(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x / 1 -> x`` and ``x ** 1 -> x``."""
    if scope.primal and is_complex(op.results[0].type):
        return None
    return xs[0] if constant(xs[1]) == 1 else None


@ALGEBRA("multiply")
def multiply_by_minus_one(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``-1.0 * x -> -x``."""
    for factor, other in both_ways(xs):
        if constant(factor) == -1:
            return -other
    return None


@ALGEBRA("multiply", "divide")
def product_with_zero(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``0.0 * x -> 0.0`` and ``0.0 / x -> 0.0`` for a number ``x``.

    A zero written in derivative code is structural, and wins over infinity.
    """
    zero = constant(xs[0]) == 0 or (op.name == "multiply" and constant(xs[1]) == 0)
    return scope.literal(0.0) if zero and not scope.shape_of(op) else None


@ALGEBRA("add", "subtract")
def add_zero(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x + 0.0 -> x``, ``x - 0.0 -> x`` and ``0.0 - x -> -x``."""
    if constant(xs[1]) == 0:
        return xs[0]
    if constant(xs[0]) != 0:
        return None
    return xs[1] if op.name == "add" else -xs[1]


@ALGEBRA("add_at")
def add_zero_at(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x[i] += 0.0 -> x``."""
    return xs[0] if constant(xs[-1]) == 0 else None


@ALGEBRA("add")
def add_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``a + a -> 2 * a``."""
    return 2 * xs[0] if xs[0].atom is xs[1].atom else None


@ALGEBRA("subtract")
def subtract_summand(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(a + b) - b -> a``."""
    made = scope.maker(xs[0], "add")
    if made is None:
        return None
    for kept, gone in both_ways(scope.operands(made)):
        if gone.atom is xs[1].atom:
            return kept
    return None


@ALGEBRA("add", "subtract")
def common_factor(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``2 * x + 2 * y -> 2 * (x + y)``."""
    products = [scope.maker_once(x, "multiply") for x in xs]
    if products[0] is None or products[1] is None or xs[0].shape != xs[1].shape:
        return None
    (first, x), (second, y) = (scope.operands(p) for p in products if p is not None)
    if first.rank or first.atom != second.atom:
        return None
    return first * apply(op.name, x, y)


@ALGEBRA("multiply")
def literal_first(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x * 2.0 -> 2.0 * x``."""
    if constant(xs[1]) is None or constant(xs[0]) is not None:
        return None
    return xs[1] * xs[0]


@ALGEBRA("multiply")
def cancel_quotient(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(a / b) * b -> a``."""
    for quotient, factor in both_ways(xs):
        made = scope.maker(quotient, "divide")
        if made is not None and made.operands[1] is factor.atom:
            return scope.operands(made)[0]
    return None


@ALGEBRA("multiply")
def cancel_modulus(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``divide_or_zero(conj(z), abs(z)) * abs(z) -> conj(z)``, 0 where ``z`` is."""
    for quotient, factor in both_ways(xs):
        made = scope.maker(quotient, "divide_or_zero")
        modulus = scope.maker(factor, "absolute")
        if made is None or modulus is None or made.operands[1] is not factor.atom:
            continue
        leg = scope.operands(made)[0]
        conjugate = scope.maker(leg, "conjugate")
        if conjugate is not None and conjugate.operands == modulus.operands:
            return leg
    return None


@ALGEBRA("multiply")
def gather_scalars(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``s * (t * x) -> (s * t) * x`` for numbers ``s``, ``t`` and an array ``x``.

    Among numbers, only literals are gathered: ``s * (2 * t) -> 2 * (s * t)``.
    """
    for outer, product in both_ways(xs):
        made = scope.maker_once(product, "multiply")
        if made is None or outer.rank:
            continue
        for inner, rest in both_ways(scope.operands(made)):
            if inner.rank or (not rest.rank and constant(inner) is None):
                continue
            if rest.rank or constant(outer) is not None:
                return (outer * inner) * rest
            return inner * (outer * rest)
    return None


@ALGEBRA("multiply")
def scalar_out(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x * (s * y) -> s * (x * y)`` for arrays, if ``y`` has full size."""
    for x, product in both_ways(xs):
        made = scope.maker_once(product, "multiply")
        if made is None or not x.rank:
            continue
        scalar, rest = scope.operands(made)
        if not scalar.rank and scope.covers(rest, op):
            return scalar * (x * rest)
    return None


@ALGEBRA("multiply")
def scalar_in(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``s * (a * b) -> (s * a) * b`` if ``a`` is smaller; so for ``a / b``."""
    for scalar, product in both_ways(xs):
        made = scope.maker_once(product, "multiply", *QUOTIENTS)
        if scalar.rank or made is None:
            continue
        first, second = scope.operands(made)
        if _is_smaller(scope, first, made):
            return apply(made.name, scalar * first, second, **made.attrs)
        if made.name == "multiply" and _is_smaller(scope, second, made):
            return first * (scalar * second)
    return None


def _is_smaller(scope: Scope, part: Handle, whole: Op) -> bool:
    return constant(part) is not None or not scope.covers(part, whole)


@ALGEBRA("multiply")
def scalar_over_scalar(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``s * (x / t) -> (s / t) * x`` for numbers ``s``, ``t`` and an array ``x``."""
    for scalar, quotient in both_ways(xs):
        made = scope.maker_once(quotient, "divide")
        if scalar.rank or made is None:
            continue
        x, divisor = scope.operands(made)
        if x.rank and not divisor.rank:
            return (scalar / divisor) * x
    return None


@ALGEBRA("multiply")
def times_reciprocal(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x * (1.0 / y) -> x / y``, if ``y`` has full size."""
    for x, quotient in both_ways(xs):
        made = scope.maker_once(quotient, "divide")
        if made is None:
            continue
        one, divisor = scope.operands(made)
        if constant(one) == 1 and scope.covers(divisor, op):
            return x / divisor
    return None


@ALGEBRA("divide")
def divide_scaled(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(s * x) / t -> (s / t) * x`` for numbers ``s``, ``t`` and an array ``x``."""
    made = scope.maker_once(xs[0], "multiply")
    if made is None or xs[1].rank:
        return None
    scalar, x = scope.operands(made)
    return (scalar / xs[1]) * x if x.rank and not scalar.rank else None


@ALGEBRA("divide")
def divide_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(x / s) / t -> x / (s * t)`` for numbers ``s``, ``t`` and an array ``x``."""
    made = scope.maker_once(xs[0], "divide")
    if made is None or xs[1].rank:
        return None
    x, first = scope.operands(made)
    return x / (first * xs[1]) if x.rank and not first.rank else None


@ALGEBRA(*QUOTIENTS)
def literal_out(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(2.0 * x) / y -> 2.0 * (x / y)``, if ``x`` has full size."""
    made = scope.maker_once(xs[0], "multiply")
    if made is None:
        return None
    factor, x = scope.operands(made)
    value = constant(factor)
    if not value or constant(x) is not None or not scope.covers(x, op):
        return None
    return factor * apply(op.name, x, xs[1], **op.attrs)


@ALGEBRA("add", "subtract", "multiply", "divide")
def whole_number(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``1.0 * n - x -> n - x`` for a whole number ``n``."""
    for slot, x in enumerate(xs):
        made = scope.maker(x, "multiply")
        if made is None:
            continue
        one, number = scope.operands(made)
        if constant(one) == 1 and number.dtype.kind == "i":
            parts = [*xs[:slot], number, *xs[slot + 1 :]]
            return apply(op.name, *parts)
    return None
