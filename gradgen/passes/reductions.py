"""Rules of sums, means and matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from gradgen.ir.core import Literal, Op
from gradgen.passes.rewriting import (
    RuleSet,
    Scope,
    both_ways,
    constant,
    filled,
    sum_key,
)
from gradgen.passes.shapes import spread_value
from gradgen.primitives.registry import Handle, apply, dims_of

REDUCTIONS = RuleSet()


def product(scope: Scope, factors: Sequence[Handle]) -> Handle:
    """Return the product of numbers, 1 if there are none."""
    return reduce(lambda p, q: p * q, factors) if factors else scope.literal(1)


@REDUCTIONS("sum", "mean")
def sum_of_constant(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``sum(full(s, (n, m)), axis=0) -> full(s * n, m)``."""
    value = spread_value(scope, xs[0])
    if value is None or value.rank:
        return None
    lengths = dims_of(xs[0])
    if op.name == "sum":
        value = value * product(scope, [lengths[axis] for axis in op.attrs["axis"]])
    return filled(scope, value, op, xs)


def is_invariant(scope: Scope, part: Handle, op: Op) -> bool:
    """Tell whether ``part`` of a product is the same along the axes of the sum ``op``.

    It must also broadcast against the sum as it did against the product.
    """
    axis, rank = op.attrs["axis"], len(op.operands[0].type.shape)  # type: ignore[union-attr]
    if op.attrs["keepdims"]:
        lead = rank - part.rank
        return all(a < lead or part.shape[a - lead] == 1 for a in axis)
    return part.rank <= rank - 1 - max(axis, default=-1)


@REDUCTIONS("sum", "mean")
def sum_of_broadcast(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``mean(broadcast_to(x, (n, m)), axis=0) -> x`` for a vector ``x``."""
    made = scope.maker(xs[0], "broadcast_to")
    x = None if made is None else scope.operands(made)[0]
    if x is None or not is_invariant(scope, x, op):
        return None
    if op.name == "mean":
        return x
    lengths = dims_of(xs[0])
    return product(scope, [lengths[axis] for axis in op.attrs["axis"]]) * x


@REDUCTIONS("sum", "mean")
def sum_of_scaled(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``sum(s * x) -> s * sum(x)`` if ``s`` is the same along the axes summed over."""
    made = scope.maker_once(xs[0], "multiply")
    if made is None:
        return None
    for factor, x in both_ways(scope.operands(made)):
        if x.shape == xs[0].shape and is_invariant(scope, factor, op):
            return factor * apply(op.name, x, **op.attrs)
    return None


@REDUCTIONS("sum", "mean")
def sum_of_quotient(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``sum(x / s) -> sum(x) / s`` if ``s`` is the same along the axes summed over."""
    made = scope.maker_once(xs[0], "divide")
    if made is None:
        return None
    x, divisor = scope.operands(made)
    if x.shape != xs[0].shape or not is_invariant(scope, divisor, op):
        return None
    return apply(op.name, x, **op.attrs) / divisor


def known_sum(scope: Scope, x: Handle, op: Op) -> Handle | None:
    """Return the sum of ``x`` as the sum ``op`` takes it, if no array need be read."""
    found = scope.sums.get(sum_key(x.atom, op.attrs))
    if found is not None:
        return Handle(scope.builder, found)
    made = scope.made_by(x)
    if made is None or (made.origin == "primal" and made.name != "subtract"):
        return None
    parts = scope.operands(made)
    if made.name == "negative":
        inner = known_sum(scope, parts[0], op)
        return inner if inner is None or constant(inner) == 0 else -inner
    if made.name in ("multiply", "divide"):
        return _known_product(scope, made, parts, x, op)
    return _known_difference(scope, made, parts, x, op)


def _known_product(
    scope: Scope, made: Op, parts: Sequence[Handle], x: Handle, op: Op
) -> Handle | None:
    for factor, rest in both_ways(parts):
        if made.name == "divide" and rest is parts[1]:
            continue
        if rest.shape == x.shape and is_invariant(scope, factor, op):
            inner = known_sum(scope, rest, op)
            if inner is None or constant(inner) == 0:
                return inner
            return factor * inner if made.name == "multiply" else inner / factor
    return None


def _known_difference(
    scope: Scope, made: Op, parts: Sequence[Handle], x: Handle, op: Op
) -> Handle | None:
    if made.name not in ("add", "subtract"):
        return None
    if is_centred(scope, made, op):
        return scope.literal(0.0)
    if made.origin == "primal" or any(part.shape != x.shape for part in parts):
        return None
    sums = [known_sum(scope, part, op) for part in parts]
    if sums[0] is None or sums[1] is None:
        return None
    return sums[0] + sums[1] if made.name == "add" else sums[0] - sums[1]


def is_centred(scope: Scope, made: Op, op: Op) -> bool:
    """Tell whether ``made`` subtracts from ``x`` its mean along the axes of ``op``."""
    if made.name != "subtract":
        return False
    x, centre = scope.operands(made)
    mean = scope.maker(centre, "mean")
    if mean is None or mean.operands[0] is not x.atom:
        return False
    axis = mean.attrs["axis"]
    aligned = mean.attrs["keepdims"] or max(axis) < x.rank - centre.rank
    return aligned and bool(axis == op.attrs["axis"])


@REDUCTIONS("sum")
def sum_known(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """Take a sum from others: ``sum(x - (sum(x) / s) * y) -> 0`` where ``s = sum(y)``.

    This is how the derivative of a shift by the maximum goes out of a softmax.
    """
    key = sum_key(xs[0].atom, op.attrs)
    if key in scope.sums:
        return None
    found = known_sum(scope, xs[0], op)
    if found is None or found.rank == len(scope.shape_of(op)):
        return found
    return filled(scope, found, op, xs)


@REDUCTIONS("sum")
def sum_with_centred(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``sum(a + b) -> sum(a)`` where the sum of ``b`` is known to be zero."""
    made = scope.maker(xs[0], "add", "subtract")
    if made is None:
        return None
    a, b = scope.operands(made)
    if a.shape != xs[0].shape or b.shape != xs[0].shape:
        return None
    for first, second in ((a, b), (b, a)):
        if _sums_to_zero(scope, second, op):
            rest = apply("sum", first, **op.attrs)
            return -rest if first is b and made.name == "subtract" else rest
    return None


def _sums_to_zero(scope: Scope, x: Handle, op: Op) -> bool:
    made = scope.made_by(x)
    if made is None:
        return False
    if made.name in ("multiply", "divide", "negative"):
        parts = scope.operands(made)
        pairs = [parts] if made.name == "divide" else both_ways(parts)
        if made.name == "negative":
            return _sums_to_zero(scope, parts[0], op)
        return any(
            rest.shape == x.shape
            and is_invariant(scope, factor, op)
            and _sums_to_zero(scope, rest, op)
            for rest, factor in pairs
        )
    return is_centred(scope, made, op)


@REDUCTIONS("divide")
def mean_of(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``sum(x, axis=1) / x.shape[1] -> mean(x, axis=1)``."""
    made = scope.maker_once(xs[0], "sum")
    if made is None or not _counts(scope, made, xs[1]):
        return None
    return apply("mean", scope.operands(made)[0], **made.attrs)


def _counts(scope: Scope, total: Op, count: Handle) -> bool:
    """Tell whether ``count`` is the number of elements that go into one sum."""
    (x,) = scope.operands(total)
    axis = total.attrs["axis"]
    if len(axis) == 1:
        known = scope.builder.dim_atom(x.shape[axis[0]])
        if known is not None and known == count.atom:
            return True
    made = scope.maker(count, "size")
    if made is None or len(axis) != x.rank:
        return False
    return scope.operands(made)[0].shape == x.shape


@REDUCTIONS("sum")
def sum_of_products(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``sum(x * y) -> x @ y`` for vectors."""
    made = scope.maker_once(xs[0], "multiply")
    if made is None or xs[0].rank != 1 or op.attrs["keepdims"]:
        return None
    x, y = scope.operands(made)
    alike = x.shape == y.shape and x.dtype == y.dtype and x.dtype.kind == "f"
    return x @ y if alike and not isinstance(x.atom, Literal) else None


@REDUCTIONS("matmul")
def product_with_constant(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``full(s, n) @ x -> s * sum(x, axis=0)`` for matrices and vectors."""
    if max(x.rank for x in xs) > 2:
        return None
    for slot, (uniform, x) in enumerate(both_ways(xs)):
        value = spread_value(scope, uniform)
        if value is None or value.rank:
            continue
        axis = 0 if slot == 0 or x.rank == 1 else 1
        keepdims = x.rank == 2 and uniform.rank == 2
        total = apply("sum", x, axis=(axis,), keepdims=keepdims)
        scaled = value * total
        return scaled if scope.covers(scaled, op) else filled(scope, scaled, op, xs)
    return None


@REDUCTIONS("transpose")
def transpose_of_product(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(a @ b.T).T -> b @ a.T`` for matrices."""
    made = scope.maker_once(xs[0], "matmul")
    if made is None or xs[0].rank != 2 or op.attrs["axes"] != (1, 0):
        return None
    a, b = scope.operands(made)
    if a.rank != 2 or b.rank != 2:
        return None
    if not any(scope.maker(x, "transpose") for x in (a, b)):
        return None
    return apply("transpose", b, axes=(1, 0)) @ apply("transpose", a, axes=(1, 0))
