"""Rules about numbers of elements, which sums and means multiply and divide by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradgen.ir.core import Op
from gradgen.ir.types import Dim
from gradgen.passes.rewriting import RuleSet, Scope, both_ways, constant
from gradgen.primitives.registry import Handle, apply

COUNTS = RuleSet()


@COUNTS("multiply")
def product_of_lengths(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x.shape[0] * x.shape[1] -> x.size`` for a matrix ``x``."""
    if any(x.rank or x.dtype.kind != "i" for x in xs):
        return None
    made = [scope.maker(x, "dim") for x in _factors(scope, xs)]
    found = [dim for dim in made if dim is not None]
    if len(found) != len(made) or len({dim.operands[0] for dim in found}) != 1:
        return None
    (x,) = scope.operands(found[0])
    axes = sorted(dim.attrs["axis"] for dim in found)
    return apply("size", x) if axes == list(range(x.rank)) else None


def _factors(scope: Scope, xs: Sequence[Handle]) -> list[Handle]:
    factors: list[Handle] = []
    for x in xs:
        made = scope.maker(x, "multiply")
        factors += [x] if made is None else _factors(scope, scope.operands(made))
    return factors


@COUNTS("divide")
def count_by_itself(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``float64(1.0 * x.size) / x.size -> 1.0`` where ``x`` cannot be empty."""
    counted = [scope.maker(_number(scope, x), "size", "dim") for x in xs]
    if counted[0] is None or counted[1] is None:
        return None
    first, second = (_lengths(scope, made) for made in counted if made is not None)
    same = sorted(map(str, first)) == sorted(map(str, second))
    return scope.literal(1.0) if same and all(map(_is_positive, first)) else None


def _lengths(scope: Scope, made: Op) -> list[Dim]:
    """Return the lengths whose product ``made`` is, but those of 1."""
    (x,) = scope.operands(made)
    shape = [x.shape[made.attrs["axis"]]] if made.name == "dim" else x.shape
    return [dim for dim in shape if dim != 1]


def _is_positive(dim: Dim) -> bool:
    return dim > 0 if isinstance(dim, int) else dim.proper


def _number(scope: Scope, x: Handle) -> Handle:
    """Return what ``x`` was before it was cast, and before a factor of one."""
    cast = scope.maker(x, "cast")
    inner = x if cast is None else scope.operands(cast)[0]
    product = scope.maker(inner, "multiply")
    for factor, other in both_ways(scope.operands(product)) if product else ():
        if constant(factor) == 1:
            return other
    return inner


@COUNTS("cast")
def cast_whole_number(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``float64(1.0 * n) -> float64(n)`` for a whole number ``n``."""
    number = _number(scope, xs[0])
    if number.atom is xs[0].atom or number.rank or number.dtype.kind != "i":
        return None
    return apply("cast", number, dtype=op.attrs["dtype"])


@COUNTS("full")
def filled_with_cast(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``full(float64(n), shape) -> full(n, shape)``, which casts as well."""
    plain = _without_casts(scope, xs[0], op)
    if plain.atom is xs[0].atom:
        return None
    return apply("full", plain, *xs[1:], dtype=op.attrs["dtype"])


def _without_casts(scope: Scope, x: Handle, op: Op) -> Handle:
    """Return a sum or product of numbers in which none is cast to the dtype of ``op``.

    A quotient stays as it is: Python raises where NumPy divides by zero.
    """
    value = constant(x)
    if isinstance(value, np.float64) and op.attrs["dtype"] == value.dtype:
        return scope.literal(float(value))
    cast = scope.maker_once(x, "cast")
    if cast is not None and cast.origin != "primal":
        (inner,) = scope.operands(cast)
        return inner if _adapts(inner) and x.dtype == op.attrs["dtype"] else x
    made = scope.maker_once(x, "add", "subtract", "multiply")
    if made is None or made.origin == "primal" or x.rank:
        return x
    parts = scope.operands(made)
    plain = [_without_casts(scope, part, op) for part in parts]
    changed = any(p.atom is not q.atom for p, q in zip(plain, parts, strict=True))
    return apply(made.name, *plain) if changed else x


def _adapts(x: Handle) -> bool:
    return not x.rank and x.type.weak and x.dtype.kind in "if"
