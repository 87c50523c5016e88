"""What calls that change an array in place make of it.

The value of ``MUTATORS[np.copyto](x, source)`` is the array as ``np.copyto(x, source)``
leaves it: of the same dtype and shape, and ``x`` itself is still what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bind
from typing import Any, TypeVar

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, Array, Type
from gradgen.primitives.families import differentiable, zeros_like
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Lowering, Only, describe
from gradgen.primitives.promotion import check_field
from gradgen.primitives.registry import (
    LOWERINGS,
    MUTATORS,
    PRIMITIVES,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    in_shape_of,
    lift,
    register,
    require_same_shape,
)
from gradgen.primitives.shaping import (
    cast_like,
    normal_axis,
    reshape_like,
    reshape_to,
)
from gradgen.primitives.updating import add_into, apply_at, write

F = TypeVar("F", bound=Callable[..., Handle])

ALL = (slice(None),)


def changes(*targets: Any) -> Callable[[F], F]:
    """Declare what calls of functions, or of methods by name, make of an array."""

    def declare(function: F) -> F:
        for target in targets:
            method = isinstance(target, str)
            name = f"the method '{target}'" if method else describe(target)
            MUTATORS[target] = Lowering(function, name)
        return function

    return declare


@changes(np.copyto)
def _copyto(
    dst: Handle, src: Any, casting: Any = Only("same_kind"), where: Any = True
) -> Handle:
    source = lift(dst.builder, src)
    _require_cast(source, dst, "same_kind")
    if where is True:
        return write(dst, ALL, source)
    mask = lift(dst.builder, where)
    if mask.dtype != BOOL:
        raise Refusal(f"NumPy takes no {mask.type} for the mask of np.copyto")
    return _chosen(mask, source, dst)


def _require_cast(source: Handle, target: Handle, rule: Any) -> None:
    """Refuse what NumPy does not cast; Python numbers are cast within their kind."""
    given: Any = source.dtype
    if source.type.weak:
        given = np.min_scalar_type({"b": True, "i": 1, "f": 1.0}[given.kind])
    if not np.can_cast(given, target.dtype, rule):
        raise Refusal(
            f"NumPy does not write {source.type} into an array of {target.dtype} here",
            "x[...] = value, which casts",
        )


def _chosen(mask: Handle, source: Handle, x: Handle) -> Handle:
    """Return ``x`` with ``source`` where ``mask`` holds; both are broadcast to it."""
    if max(mask.rank, source.rank) > x.rank:
        raise Refusal("what has more axes than an array does not fit into it")
    if mask.rank == x.rank and source.rank == 0 and mask.shape == x.shape:
        return write(x, [mask], source)
    return _in_dtype(apply("where", mask, source, x), x)


def _in_dtype(changed: Handle, x: Handle) -> Handle:
    """Return contents of ``x``, of its shape, in its dtype as well."""
    if not require_same_shape(changed, x):
        raise Refusal("NumPy does not broadcast the array that it writes to")
    return cast_like(changed, x)


@changes("fill")
def _fill(x: Handle, value: Any) -> Handle:
    number = lift(x.builder, value)
    if number.rank:
        raise Refusal("NumPy fills an array with a number only", "x[...] = value")
    return write(x, ALL, number)


@changes(np.put, "put")
def _put(a: Handle, ind: Any, v: Any, mode: Any = Only("raise")) -> Handle:
    at, values = _flat(lift(a.builder, ind)), _flat(lift(a.builder, v))
    if values.rank and (not at.rank or not require_same_shape(at, values)):
        raise Refusal(
            "np.put of more or fewer values than indices is not supported",
            "one value for each index",
        )
    return reshape_like(write(reshape_to(a, [-1]), [at], values), a)


def _flat(x: Handle) -> Handle:
    return reshape_to(x, [-1]) if x.rank > 1 else x


@changes(np.place)
def _place(arr: Handle, mask: Any, vals: Any) -> Handle:
    chosen, values = _mask(mask, arr), _flat(lift(arr.builder, vals))
    if not values.rank:
        return write(arr, [chosen], values)
    places = apply("cumsum", reshape_to(chosen, [-1]) * 1, axis=0) - 1
    return _picked(places, values, chosen, arr)


def _mask(mask: Any, x: Handle) -> Handle:
    found = lift(x.builder, mask)
    if found.dtype != BOOL:
        found = apply("not_equal", found, 0)
    if not require_same_shape(found, x):
        raise Refusal("a mask needs the shape of the array that it belongs to")
    return found


def _picked(places: Handle, values: Handle, mask: Handle, x: Handle) -> Handle:
    """Return ``x`` with the values at ``places``, taken in turns, where ``mask`` is."""
    turns = apply("remainder", places, dim_of(values, 0))
    taken = reshape_like(read(values, [turns]), x)
    return _in_dtype(apply("where", mask, cast_like(taken, x), x), x)


@changes(np.putmask)
def _putmask(a: Handle, mask: Any, values: Any) -> Handle:
    chosen, given = _mask(mask, a), lift(a.builder, values)
    if not given.rank:
        return write(a, [chosen], given)
    _require_cast(given, a, "safe")
    if given.shape == a.shape:
        return _chosen(chosen, given, a)
    size = apply("size", a)
    places = apply("arange", 0, size, 1, dtype=np.dtype(np.int64))
    return _picked(places, _flat(given), chosen, a)


@changes(np.put_along_axis)
def _put_along_axis(arr: Handle, indices: Any, values: Any, axis: Any = -1) -> Handle:
    index = lift(arr.builder, indices)
    if axis is None:
        return reshape_like(write(reshape_to(arr, [-1]), [index], values), arr)
    along = normal_axis(axis, arr.rank)
    if index.rank != arr.rank or index.dtype.kind not in "iu":
        raise Refusal("np.put_along_axis takes integers for indices, of the same rank")
    places = [_along(arr, at) for at in range(arr.rank)]
    places[along] = index
    return write(arr, places, values)


def _along(x: Handle, axis: int) -> Handle:
    """Return the numbers of an axis, with the other axes of length 1."""
    line = apply("arange", 0, dim_of(x, axis), 1, dtype=np.dtype(np.int64))
    others = tuple(i for i in range(x.rank) if i != axis)
    return apply("expand_dims", line, axis=others) if others else line


def _fill_diagonal_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if not isinstance(types[0], Array) or len(types[0].shape) != 2:
        raise Refusal("np.fill_diagonal of what is no matrix is not supported")
    check_field(types[1], types[0].dtype)
    return types[0]


def _evaluate_fill_diagonal(x: Any, value: Any) -> Any:
    result = np.array(x)
    np.fill_diagonal(result, value)
    return result


def _fill_diagonal_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, value: Handle
) -> Handle:
    x_dot = zeros_like(x) if dots[0] is None else dots[0]
    return apply(
        "fill_diagonal", x_dot, zeros_like(value) if dots[1] is None else dots[1]
    )


def _fill_diagonal_adjoint(
    y_bar: Handle, y: Handle, x: Handle, value: Handle
) -> list[Handle | None]:
    along = apply("diagonal", y_bar, offset=0)
    value_bar = in_shape_of(value, along) if differentiable(value) else None
    return [apply("fill_diagonal", y_bar, 0.0), value_bar]


register(
    Primitive(
        name="fill_diagonal",
        type_rule=_fill_diagonal_type,
        evaluate=_evaluate_fill_diagonal,
        template="np.fill_diagonal({0}, {1})",
        tangent=_fill_diagonal_tangent,
        adjoint=_fill_diagonal_adjoint,
        mutates=True,
        takes_complex=True,
        samples=(
            Sample(("f64[3,3]", "f64")),
            Sample(("f64[2,3]", "f64")),
            Sample(("f64[3,3]", "f64[3]")),
            Sample(("f32[3,2]", "f64")),
            Sample(("f64[0,2]", "f64")),
        ),
    )
)


@changes(np.fill_diagonal)
def _fill_diagonal(a: Handle, val: Any, wrap: Any = Only(False)) -> Handle:
    values = lift(a.builder, val)
    if values.rank:
        diagonal = apply("diagonal", a, offset=0)
        if values.rank > 1 or not require_same_shape(values, diagonal):
            raise Refusal(
                "np.fill_diagonal with other than a number or a value for each row is "
                "not supported"
            )
    return apply("fill_diagonal", a, values)


@changes("sort")
def _sort(
    x: Handle, axis: Any = -1, kind: Any = None, order: Any = Only(), stable: Any = None
) -> Handle:
    return LOWERINGS[np.sort](x, axis=axis, kind=kind, stable=stable)  # type: ignore[no-any-return]


@changes("partition")
def _partition(
    x: Handle,
    kth: Any,
    axis: Any = -1,
    kind: Any = Only("introselect"),
    order: Any = Only(),
) -> Handle:
    return LOWERINGS[np.partition](x, kth, axis)  # type: ignore[no-any-return]


def _items(indices: Any) -> list[Any]:
    return list(indices) if isinstance(indices, tuple) else [indices]


@changes(np.add.at)
def _add_at(a: Handle, indices: Any, b: Any) -> Handle:
    return add_into(a, _items(indices), b)


@changes(np.subtract.at)
def _subtract_at(a: Handle, indices: Any, b: Any) -> Handle:
    return add_into(a, _items(indices), b, sign=-1)


def _apply_at(ufunc: np.ufunc, a: Handle, indices: Any, *operands: Any) -> Handle:
    """Return ``a`` after ``ufunc.at``, most for indices that name no element twice."""
    items = _items(indices)
    if any(_names_several(a, item) for item in items):
        if f"{ufunc.__name__}_at" in PRIMITIVES:
            return apply_at(ufunc, a, items, *operands)
        raise Refusal(
            f"np.{ufunc.__name__}.at through an array of integers is not supported, "
            "which may name an element twice",
            "a mask, or x[i] = … if no index is repeated",
        )
    result = LOWERINGS[ufunc](read(a, items), *operands)
    if not np.can_cast(result.dtype, a.dtype, "same_kind"):
        raise Refusal(f"NumPy does not write {result.type} into an array of {a.dtype}")
    return write(a, items, result)


def _names_several(a: Handle, item: Any) -> bool:
    if item is None or item is Ellipsis or isinstance(item, slice | int):
        return False
    index = lift(a.builder, item)
    return bool(index.rank) and index.dtype != BOOL


for _ufunc in (
    *(np.multiply, np.divide, np.power, np.maximum, np.minimum, np.fmax, np.fmin),
    *(np.negative, np.square, np.sqrt, np.exp, np.log, np.sin, np.cos, np.absolute),
):
    MUTATORS[_ufunc.at] = Lowering(bind(_apply_at, _ufunc), f"{describe(_ufunc)}.at")
