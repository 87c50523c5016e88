"""Rules about shapes: broadcasts come last, lengths from what is there anyway."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradgen.ir.core import Op
from gradgen.ir.types import Array
from gradgen.passes.rewriting import ELEMENTWISE, RuleSet, Scope, constant, filled, fits
from gradgen.primitives.indexing import Cut, NewAxis, may_repeat
from gradgen.primitives.registry import PRIMITIVES, Handle, apply

SHAPES = RuleSet()

CONSTANT_ARRAYS = {"zeros": 0.0, "ones": 1.0}
SPREAD = ("full", "broadcast_to", "zeros", "ones")


def spread_value(scope: Scope, x: Handle) -> Handle | None:
    """Return ``s`` if ``x`` is ``full(s, …)``, or what else was broadcast to ``x``."""
    made = scope.maker(x, *SPREAD)
    if made is None:
        return None
    if made.name in CONSTANT_ARRAYS:
        return scope.literal(CONSTANT_ARRAYS[made.name])
    return scope.operands(made)[0]


@SHAPES(ELEMENTWISE, primal=True)
def spread_operand(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``full(s, shape) * x -> s * x`` where ``x`` has that shape anyway."""
    for slot, x in enumerate(xs):
        value = spread_value(scope, x)
        if value is None:
            continue
        parts = [*xs[:slot], value, *xs[slot + 1 :]]
        if any(scope.covers(part, op) for part in parts):
            return apply(op.name, *parts, **op.attrs)
    return None


@SHAPES(ELEMENTWISE)
def sink_broadcast(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``full(s, shape) * t -> full(s * t, shape)``, for ``t`` that is smaller."""
    values = [spread_value(scope, x) for x in xs]
    if all(v is None for v in values) or not scope.shape_of(op):
        return None
    parts = [x if v is None else v for x, v in zip(xs, values, strict=True)]
    if any(scope.covers(part, op) for part in parts):
        return None
    return filled(scope, apply(op.name, *parts, **op.attrs), op, xs)


@SHAPES("multiply", "divide", "masked_multiply", "masked_divide")
def times_zeros(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``0.0 * x -> zeros`` and ``0.0 / x -> zeros``."""
    factors = xs if op.name == "multiply" else xs[:1]
    if not any(constant(x) == 0 for x in factors) or not scope.shape_of(op):
        return None
    return filled(scope, scope.literal(0.0), op, xs)


@SHAPES("subtract")
def difference_of_same(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x - x -> zeros``."""
    if xs[0].atom is not xs[1].atom:
        return None
    return filled(scope, scope.literal(0.0), op, xs)


@SHAPES("full", "broadcast_to")
def broadcast_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``broadcast_to(full(s, a), b) -> full(s, b)``."""
    value = spread_value(scope, xs[0])
    return None if value is None else filled(scope, value, op, xs)


@SHAPES("expand_dims", "squeeze", "transpose", "reshape", "getitem")
def reshaped_constant(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``full(s, shape).T -> full(s, shape[::-1])``."""
    value = spread_value(scope, xs[0])
    if value is None or value.rank:
        return None
    return filled(scope, value, op, xs)


@SHAPES("transpose", primal=True)
def transpose_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x.T.T -> x``, and two permutations become one."""
    axes = op.attrs["axes"]
    if axes == tuple(range(len(axes))):
        return xs[0]
    made = scope.maker(xs[0], "transpose")
    if made is None:
        return None
    inner = made.attrs["axes"]
    order = tuple(inner[axis] for axis in axes)
    return apply("transpose", scope.operands(made)[0], axes=order)


@SHAPES("squeeze", "expand_dims", primal=True)
def undo_expansion(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``squeeze(expand_dims(x, a), a) -> x``, and the other way round."""
    inverse = "expand_dims" if op.name == "squeeze" else "squeeze"
    made = scope.maker(xs[0], inverse)
    if made is None or made.attrs["axis"] != op.attrs["axis"]:
        return None
    return scope.operands(made)[0]


@SHAPES("expand_dims", "squeeze")
def kept_axes(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``sum(x, axis=0)[None] -> sum(x, axis=0, keepdims=True)``, and back."""
    made = scope.maker_once(xs[0], "sum", "mean")
    keepdims = op.name == "expand_dims"
    if made is None or made.attrs["axis"] != op.attrs["axis"]:
        return None
    if made.attrs["keepdims"] == keepdims:
        return None
    axis = made.attrs["axis"]
    return apply(made.name, scope.operands(made)[0], axis=axis, keepdims=keepdims)


@SHAPES("reshape", primal=True)
def reshape_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x.reshape(a).reshape(b) -> x.reshape(b)``, or ``x`` if that is its shape."""
    made = scope.maker(xs[0], "reshape")
    source = scope.operands(made)[0] if made is not None else xs[0]
    if fits(scope.builder.dims, source.atom.type, op.results[0].type):
        return source
    return apply("reshape", source, *xs[1:]) if made is not None else None


@SHAPES("copy", primal=True)
def copy_of_value(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x.copy() -> x``: values never change; ``bufferize`` copies where it must."""
    return xs[0]


@SHAPES("cast", "broadcast_to", "sum_to", primal=True)
def same_already(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """Leave out what changes nothing."""
    same = fits(scope.builder.dims, xs[0].atom.type, op.results[0].type)
    return xs[0] if same else None


@SHAPES("cast")
def cast_constant(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``float32(1.0)``, an op -> ``float32(1.0)``, a literal."""
    value = constant(xs[0])
    if value is None or op.attrs["dtype"].kind not in "fc":
        return None
    return scope.literal(np.asarray(value).astype(op.attrs["dtype"])[()])


@SHAPES("cast")
def cast_spread(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``full(s, n).astype(complex) -> full(s, n, complex)``."""
    made = scope.maker_once(xs[0], "full", "zeros", "ones")
    if made is None:
        return None
    parts = scope.operands(made)
    return apply(made.name, *parts, builder=scope.builder, dtype=op.attrs["dtype"])


def new_axes(index: Sequence[object]) -> tuple[int, ...] | None:
    """Return the axes that an index adds, None if it does anything else."""
    if not all(isinstance(i, NewAxis) or i == Cut() for i in index):
        return None
    return tuple(axis for axis, i in enumerate(index) if isinstance(i, NewAxis))


@SHAPES("getitem", primal=True)
def index_that_expands(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x[:, None] -> expand_dims(x, 1)``, which is printed the same."""
    axes = new_axes(op.attrs["index"])
    return apply("expand_dims", xs[0], axis=axes) if axes else None


@SHAPES("add_at", "subtract_at")
def update_of_all(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x[:, None] += v -> x + squeeze(v, 1)``."""
    axes = new_axes(op.attrs["index"])
    if axes is None or len(xs) != 2 or "path" in op.attrs:
        return None
    value = apply("squeeze", xs[1], axis=axes) if axes else xs[1]
    if value.shape != xs[0].shape:
        return None
    return xs[0] + value if op.name == "add_at" else xs[0] - value


@SHAPES("dim", "size")
def length_of_operand(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``size(x * y) -> size(x)`` if ``x`` has the shape of an unused product."""
    x = xs[0]
    if not scope.once(x):
        return None
    made = scope.made_by(x)
    if (
        made is None
        or made.name not in PRIMITIVES
        or not PRIMITIVES[made.name].elementwise
    ):
        return None
    for part in scope.operands(made):
        if part.shape == x.shape and isinstance(part.type, Array):
            return apply(op.name, part, **op.attrs)
    return None


@SHAPES("dim")
def length_known(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """Use the length of an equal axis that is at hand."""
    atom = scope.builder.dim_atom(xs[0].shape[op.attrs["axis"]])
    return None if atom is None else Handle(scope.builder, atom)


@SHAPES("size")
def size_of_vector(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``size(x) -> n`` for a vector ``x`` of which the length ``n`` is at hand."""
    if xs[0].rank != 1:
        return None
    atom = scope.builder.dim_atom(xs[0].shape[0])
    return None if atom is None else Handle(scope.builder, atom)


@SHAPES("multiply")
def scalar_into_shape(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``s * expand_dims(x, 1) -> expand_dims(s * x, 1)``, to meet other scalars."""
    for scalar, shaped in ((xs[0], xs[1]), (xs[1], xs[0])):
        made = scope.maker_once(
            shaped, "expand_dims", "squeeze", "transpose", "reshape"
        )
        if made is None or scalar.rank:
            continue
        x, *rest = scope.operands(made)
        return apply(made.name, scalar * x, *rest, **made.attrs)
    return None


@SHAPES("add_at", "subtract_at")
def update_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x[i] += a; x[i] += b -> x[i] += a + b``."""
    made = scope.maker_once(xs[0], "add_at", "subtract_at")
    if made is None or made.operands[1:-1] != op.operands[1:-1]:
        return None
    if made.attrs != op.attrs:
        return None
    target, *index, value = scope.operands(made)
    if value.shape != xs[-1].shape:
        return None
    total = value + xs[-1] if made.name == op.name else value - xs[-1]
    return apply(made.name, target, *index, total, **op.attrs)


@SHAPES("add_at", "subtract_at")
def add_to_zero(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x[i] = 0.0; x[i] += v -> x[i] = v``, unless ``i`` may name an element twice."""
    made = scope.maker_once(xs[0], "update")
    if made is None or made.attrs != op.attrs:
        return None
    target, *index, value = scope.operands(made)
    same = made.operands[1:-1] == op.operands[1:-1]
    if not same or constant(value) != 0:
        return None
    if may_repeat(op.attrs["index"], [x.type for x in xs]):
        return None
    added = xs[-1] if op.name == "add_at" else -xs[-1]
    return apply("update", target, *index, added, **op.attrs)
