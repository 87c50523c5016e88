"""Products read from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.ir.core import Atom, Block, Literal, Op, Value
from gradgen.ir.dims import Dims
from gradgen.ir.infer import Proven
from gradgen.ir.types import Array, Scalar, Type, same_type
from gradgen.passes.uses import weighted_uses
from gradgen.primitives.facts import known_inside
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import field, replace, struct


@struct
class _Scope:
    uses: dict[Value, int]
    makers: dict[Value, Op] = field(default_factory=dict)
    dims: Dims = field(default_factory=Dims)


def left_to_right(block: Block) -> Block:
    """Reassociate products of derivative code, where that costs no more.

    Before -> after::

        2 * (x * y)   ->   2 * x * y
        2 * (x / y)   ->   2 * x / y

    What is not used any more is left for dead-code elimination.
    """
    return _ordered(block, _Scope(weighted_uses(block)), known_inside(block))


def _ordered(block: Block, scope: _Scope, known: Proven) -> Block:
    ops: list[Op] = []
    for op in block.ops:
        scope.dims = known[block]
        if op.regions:
            inner = tuple(_ordered(region, scope, known) for region in op.regions)
            ops.append(replace(op, regions=inner))
        else:
            ops += _chain(scope, op)
    return replace(block, ops=tuple(ops))


def _chain(scope: _Scope, op: Op) -> list[Op]:
    """Return ``op``, or what computes its result from left to right."""
    pair = _split(scope, op)
    if pair is None:
        scope.makers.update(dict.fromkeys(op.results, op))
        return [op]
    first, second = pair
    scope.uses[first.results[0]] = 1
    return [*_chain(scope, first), *_chain(scope, second)]


def _split(scope: _Scope, op: Op) -> tuple[Op, Op] | None:
    """Return ``c * a`` and its product with ``b``, or quotient, for ``c * (a * b)``."""
    if op.name != "multiply" or op.attrs or op.origin == "primal":
        return None
    factor, product = op.operands
    made = scope.makers.get(product) if isinstance(product, Value) else None
    if made is None or not _may_open(scope, factor, made):
        return None
    first, second = _in_order(scope, made)
    inner = _type(scope, "multiply", [factor, first])
    whole = op.results[0].type
    if not _costs_no_more(scope, inner, made.results[0].type, whole):
        return None
    if not _is_as_exact(inner, whole):
        return None
    value = Value(inner)
    if not same_type(_type(scope, made.name, [value, second]), whole):
        return None
    return (
        replace(op, operands=(factor, first), results=(value,)),
        replace(op, name=made.name, operands=(value, second)),
    )


def _may_open(scope: _Scope, factor: Atom, made: Op) -> bool:
    """Tell whether a product or quotient is unnamed and made for this use alone."""
    (y,) = made.results if len(made.results) == 1 else (None,)
    if y is None or y.hint or scope.uses[y] != 1 or made.attrs:
        return False
    if made.origin == "primal" or made.name not in ("multiply", "divide"):
        return False
    is_quotient = made.name == "divide"
    scaled = isinstance(factor.type, Scalar) and not isinstance(
        made.operands[0], Literal
    )
    return scaled or not is_quotient


def _in_order(scope: _Scope, made: Op) -> tuple[Atom, Atom]:
    """Return the operands of a product, the smaller one first."""
    first, second = made.operands
    if made.name == "multiply" and len(_shape(scope, first.type)) > len(
        _shape(scope, second.type)
    ):
        return second, first
    return first, second


def _costs_no_more(scope: _Scope, inner: Type, made: Type, whole: Type) -> bool:
    """Tell whether ``inner`` in place of ``made`` adds no operation of full size."""
    full = _shape(scope, whole)
    return _shape(scope, inner) != full or _shape(scope, made) == full


def _is_as_exact(inner: Type, whole: Type) -> bool:
    """Tell whether a product is rounded as the whole one is, and does not wrap."""
    assert isinstance(inner, Array | Scalar)
    assert isinstance(whole, Array | Scalar)
    weak = isinstance(inner, Scalar) and inner.weak
    return weak or inner.dtype == whole.dtype


def _shape(scope: _Scope, type_: Type) -> tuple[object, ...]:
    assert isinstance(type_, Array | Scalar)
    return scope.dims.shape(type_)


def _type(scope: _Scope, name: str, operands: Sequence[Atom]) -> Type:
    found: Type | None = PRIMITIVES[name].type_rule(
        scope.dims, [x.type for x in operands], {}
    )
    assert found is not None
    return found
