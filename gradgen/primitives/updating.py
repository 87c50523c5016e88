"""Writing and adding to a part of an array, as functions that return a new one.

``update(x, *parts, v)`` is ``x`` after ``x[index] = v``; ``add_at`` adds ``v`` to what
the index selects. ``parts`` holds what the index and the path to it read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.core import Value
from gradgen.ir.dims import Dims
from gradgen.ir.types import (
    BOOL,
    Array,
    Dim,
    Scalar,
    Shape,
    Sym,
    Tensor,
    Type,
    is_complex,
    may_be_one,
    tensor,
)
from gradgen.primitives.batchindexing import written
from gradgen.primitives.families import differentiable, zeros_like
from gradgen.primitives.indexing import (
    At,
    Cut,
    Index,
    build_index,
    index_of,
    index_text,
    is_whole,
    may_repeat,
    result_shape,
)
from gradgen.primitives.paths import (
    Path,
    Step,
    View,
    changed,
    follow,
    follow_types,
    local_index,
    path_attrs,
    path_of,
    path_text,
    place_type,
)
from gradgen.primitives.promotion import elementwise_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    dims_of,
    lift,
    register,
)
from gradgen.primitives.shaping import dims_from


def _update_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    place = place_type(dims, types, attrs["index"], attrs.get("path", ()))
    _check_value(types[0], types[-1], place)
    _check_masked(place, attrs["index"], types)
    _check_fits(dims, place.shape, types)
    return types[0]  # type: ignore[no-any-return]


def _check_value(target: Any, value: Any, place: Tensor) -> None:
    if not isinstance(target, Array):
        raise Refusal("writing into what is no array is not supported")
    if not isinstance(value, Scalar | Array):
        raise Refusal(f"writing a value of type {value} into an array is not supported")
    if is_complex(value) and not is_complex(place):
        raise Refusal("NumPy does not write complex numbers into an array of reals")


def _check_masked(place: Tensor, index: Index, types: Sequence[Any]) -> None:
    masked = any(isinstance(i, At) and types[i.slot].dtype == BOOL for i in index)
    if masked and len(place.shape) == 1 == len(index) and len(types[-1].shape) > 1:
        raise Refusal("NumPy writes only a number or a vector through a mask")


def _check_fits(dims: Dims, place: Shape, types: Sequence[Any]) -> None:
    """Assume what NumPy takes for granted when it broadcasts a value to ``place``.

    A length that only the place has is left to NumPy, which raises if it does not fit.
    """
    value = types[-1].shape
    extra = max(len(value) - len(place), 0)
    if extra and not place:
        raise Refusal("setting a single element with an array", "x[i] = v[0]")
    for dim in value[:extra]:
        dims.assume_equal(dim, 1)
    told = {dims.resolve(dim) for type_ in types for dim in type_.shape}
    start = len(place) + extra - len(value)
    for to, dim in zip(place[start:], value[extra:], strict=True):
        if _is_told(dims.resolve(to), told) and not may_be_one(dims.resolve(dim)):
            dims.assume_equal(to, dim)


def _is_told(dim: Dim, told: set[Dim]) -> bool:
    """Tell whether a length is known without looking at the place itself."""
    if isinstance(dim, int) or dim in told:
        return True
    return bool({Sym(dim.name), Sym(dim.name, proper=True)} & told)


def _evaluate_update(x: Any, *rest: Any, index: Index, path: Path = ()) -> Any:
    operands = (x, *rest)
    where = build_index(index, operands)

    def change(part: Any) -> None:
        part[where] = rest[-1]

    return changed(change, x, operands, path)


def _place_text(types: Sequence[Any], attrs: Attrs) -> str:
    prefix = path_text(types, attrs.get("path", ()))
    index = attrs["index"]
    return f"{prefix}[{':' if index and is_whole(index) else index_text(index)}]"


def _update_text(types: Sequence[Any], attrs: Attrs) -> str:
    """Template of a statement, which changes its first operand."""
    return f"{_place_text(types, attrs)} = {{{len(types) - 1}}}"


def _update_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, *rest: Handle, **place: Any
) -> Handle:
    x_dot = zeros_like(x) if dots[0] is None else dots[0]
    value_dot = 0.0 if dots[-1] is None else dots[-1]
    return apply("update", x_dot, *rest[:-1], value_dot, **place)


def _update_adjoint(
    y_bar: Handle, y: Handle, x: Handle, *rest: Handle, index: Index, path: Path = ()
) -> list[Handle | None]:
    *parts, value = rest
    value_bar = None
    if differentiable(value):
        value_bar = _read_for(value, [y_bar, *parts], index, path)
        if may_repeat(index, [p.type for p in (x, *parts)]):
            value_bar = _only_last(value_bar, [x, *parts], index, path)
    x_bar = None
    if differentiable(x) and not (is_whole(index) and not path):
        x_bar = apply("update", y_bar, *parts, 0.0, **path_attrs(index, path))
    return [x_bar, *[None] * len(parts), value_bar]


def _read_for(
    value: Handle, operands: Sequence[Handle], index: Index, path: Path
) -> Handle:
    """Return what a place holds, to be summed to the shape of what was written there.

    The place is a path and an index into the first operand. What is written to an
    imaginary part has the adjoint of ``1j * x``.
    """
    bar = follow(operands, path)
    if any(step.name == "imag" for step in path):
        bar = -bar
    known = set(value.builder.dims.names)
    if not is_whole(index):
        slots, local = local_index(index, 1)
        bar = apply("getitem", bar, *(operands[slot] for slot in slots), index=local)
    extra = value.rank - bar.rank
    _agree_on_lengths(bar, value, known)
    return apply("expand_dims", bar, axis=tuple(range(extra))) if extra > 0 else bar


def _agree_on_lengths(bar: Handle, value: Handle, known: set[str]) -> None:
    """Give a place the lengths of its value along the axes that were not broadcast.

    A length that is not among ``known``, since only reading the place tells it, is the
    value's own. Others have to be compared.
    """
    start, offset = max(bar.rank - value.rank, 0), max(value.rank - bar.rank, 0)
    shape = list(bar.shape)
    for axis, given in enumerate(value.shape[offset:], start):
        place = shape[axis]
        if may_be_one(given) or place == given:
            continue
        if isinstance(place, Sym) and place.name not in known and not place.offset:
            shape[axis] = given
        else:
            _check_length(bar, axis, given, dim_of(value, axis - start + offset))
    if tuple(shape) != bar.shape and isinstance(bar.atom, Value):
        bar.atom.type = Array(bar.dtype, tuple(shape))


def _check_length(bar: Handle, axis: int, given: Dim, length: Handle) -> None:
    found = apply("dim", bar, axis=axis)
    dims = (bar.shape[axis], given)
    bar.builder.emit("check_dims", [found.atom, length.atom], [], {"dims": dims})


def _only_last(
    bar: Handle, operands: Sequence[Handle], index: Index, path: Path
) -> Handle:
    """Return ``bar``, and zero for what was overwritten at once by a later value."""
    lengths = dims_of(follow(operands, path))
    slots, local = local_index(index, len(lengths))
    parts = [operands[slot] for slot in slots]
    stayed = apply("last_written", *lengths, *parts, index=local, rank=len(lengths))
    return apply("where", stayed, bar, 0.0)


ROWS = np.array([0, 2, 2])
MASK = np.array([True, False, True, True])
TRANSPOSED = (Step("transpose", (("axes", (1, 0)),)),)
ROW = (Step("getitem", (("index", (At(1),)),), (1,)),)
PLACES: tuple[Sample, ...] = (
    Sample(("f64[4]", 1, "f64"), {"index": (At(1),)}),
    Sample(("f64[4]", "f64[2]"), {"index": (Cut(1, -1),)}),
    Sample(("f64[4]", ROWS, "f64[3]"), {"index": (At(1),)}),
    Sample(("f64[4,3]", 0, "f64[4]"), {"index": (At(1),), "path": TRANSPOSED}),
    Sample(("f64[3,4]", 1, 2, "f64"), {"index": (At(2),), "path": ROW}),
)

update = register(
    Primitive(
        name="update",
        batch=written,
        type_rule=_update_type,
        evaluate=_evaluate_update,
        template=_update_text,
        tangent=_update_tangent,
        adjoint=_update_adjoint,
        mutates=True,
        takes_complex=True,
        samples=(
            *PLACES,
            Sample(("f64[4]", "f64"), {"index": (Cut(),)}),
        ),
    )
)


def _at_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    place = place_type(dims, types, attrs["index"], attrs.get("path", ()))
    _check_value(types[0], types[-1], place)
    if len(types[-1].shape) > len(place.shape):
        raise Refusal("adding an array of more axes than what it is added to has")
    _check_fits(dims, place.shape, types)
    return types[0]  # type: ignore[no-any-return]


def _evaluate_at(
    ufunc: np.ufunc, x: Any, *rest: Any, index: Index, path: Path = ()
) -> Any:
    operands = (x, *rest)
    where = build_index(index, operands)
    return changed(lambda part: ufunc.at(part, where, rest[-1]), x, operands, path)


SIGNS = {np.add: "+", np.subtract: "-"}


def _at_text(ufunc: np.ufunc, types: Sequence[Any], attrs: Attrs) -> str:
    """Template of a statement, which changes its first operand."""
    index, value = attrs["index"], len(types) - 1
    if ufunc in SIGNS and not may_repeat(index, types):
        return f"{_place_text(types, attrs)} {SIGNS[ufunc]}= {{{value}}}"
    where = index_text(index)
    place = f"np.s_[{where}]" if ":" in where else f"({where})"
    start = path_text(types, attrs.get("path", ()))
    return f"np.{ufunc.__name__}.at({start}, {place}, {{{value}}})"


def _at_tangent(
    name: str,
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    *rest: Handle,
    **place: Any,
) -> Handle:
    x_dot = zeros_like(x) if dots[0] is None else dots[0]
    value_dot = zeros_like(rest[-1]) if dots[-1] is None else dots[-1]
    return apply(name, x_dot, *rest[:-1], value_dot, **place)


def _at_adjoint(
    name: str,
    y_bar: Handle,
    y: Handle,
    x: Handle,
    *rest: Handle,
    index: Index,
    path: Path = (),
) -> list[Handle | None]:
    *parts, value = rest
    value_bar = None
    if differentiable(value):
        value_bar = _read_for(value, [y_bar, *parts], index, path)
        value_bar = -value_bar if name == "subtract_at" else value_bar
    return [y_bar, *[None] * len(parts), value_bar]


def declare_at(
    ufunc: np.ufunc, tangent: Any, adjoint: Any, **options: Any
) -> Primitive:
    """Declare what ``ufunc.at`` makes of what an index selects, and a value."""
    return register(
        Primitive(
            name=f"{ufunc.__name__}_at",
            batch=written,
            type_rule=_at_type,
            evaluate=bind(_evaluate_at, ufunc),
            template=bind(_at_text, ufunc),
            tangent=tangent,
            adjoint=adjoint,
            mutates=True,
            **options,
        )
    )


add_at, subtract_at = (
    declare_at(
        ufunc,
        bind(_at_tangent, f"{ufunc.__name__}_at"),
        bind(_at_adjoint, f"{ufunc.__name__}_at"),
        takes_complex=True,
        samples=PLACES,
    )
    for ufunc in (np.add, np.subtract)
)


def _last_written_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = dims_from(dims, types[: attrs["rank"]])
    return tensor(BOOL, result_shape(dims, shape, attrs["index"], types))


def _last_written_text(types: Sequence[Any], attrs: Attrs) -> str:
    lengths = "".join(f"{{{slot}}}, " for slot in range(attrs["rank"]))
    return f"last_written(({lengths.rstrip()}), np.s_[{index_text(attrs['index'])}])"


register(
    Primitive(
        name="last_written",
        type_rule=_last_written_type,
        evaluate=lambda *operands, index, rank: kernels.last_written(
            operands[:rank], build_index(index, operands)
        ),
        template=_last_written_text,
        samples=(
            Sample((4, ROWS), {"index": (At(1),), "rank": 1}),
            Sample((2, 4, ROWS), {"index": (Cut(), At(2)), "rank": 2}),
        ),
    )
)


def write(
    x: Handle, items: Sequence[Any], value: Any, path: Sequence[View] = ()
) -> Handle:
    """Return ``x`` after ``x[items] = value``, or with a view of ``x`` in its place."""
    operands, place = _place(x, items, path)
    return apply("update", *operands, value, **place)


def add_into(
    x: Handle,
    items: Sequence[Any],
    value: Any,
    path: Sequence[View] = (),
    sign: int = 1,
) -> Handle:
    """Return ``x`` after ``np.add.at(x, items, value)``, or ``subtract`` for -1.

    An element that the index names twice gets both values, unlike in ``x[items] +=``.
    """
    return apply_at(np.add if sign > 0 else np.subtract, x, items, value, path)


def apply_at(
    ufunc: np.ufunc,
    x: Handle,
    items: Sequence[Any],
    value: Any,
    path: Sequence[View] = (),
) -> Handle:
    """Return ``x`` after ``ufunc.at(x, items, value)``."""
    operands, place = _place(x, items, path)
    given = lift(x.builder, value)
    result = elementwise_dtype(ufunc, [Array(x.dtype, (1,)), given.type])
    if not np.can_cast(result, x.dtype, "same_kind"):
        name = f"{x.dtype} and {given.type}"
        raise Refusal(f"NumPy does not {ufunc.__name__} {name} in place")
    return apply(f"{ufunc.__name__}_at", *operands, given, **place)


def _place(
    x: Handle, items: Sequence[Any], views: Sequence[View]
) -> tuple[list[Handle], Attrs]:
    operands = [x]
    path = path_of(x, views, operands)
    types = [handle.type for handle in operands]
    target = follow_types(x.builder.dims, types, path)
    index = index_of(len(target.shape), items, operands)
    return operands, path_attrs(index, path)
