"""Indices, and reading what an index selects.

An index is an attribute of the op: a tuple of items, one for each place between the
brackets. Its integers and arrays are operands, so that they may be run-time values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import (
    BOOL,
    Array,
    Dim,
    Shape,
    Tensor,
    Type,
    shift_dim,
    tensor,
)
from gradgen.primitives.batching import Batch
from gradgen.primitives.promotion import broadcast
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Into,
    Primitive,
    Sample,
    apply,
    in_shape_of,
    lift,
    register,
)
from gradgen.structs import frozen

if TYPE_CHECKING:
    from gradgen.primitives import batchindexing
else:
    batchindexing = Deferred("gradgen.primitives.batchindexing")


@frozen
class At:
    """An integer, or an array of integers or booleans; ``slot`` numbers the operand."""

    slot: int

    def __str__(self) -> str:
        return _item_text(self)


@frozen
class Cut:
    """A slice. Each bound is None, an integer in the text, or an :class:`At`."""

    start: Any = None
    stop: Any = None
    step: Any = None

    def __str__(self) -> str:
        return _item_text(self)


@frozen
class NewAxis:
    """``None`` between the brackets."""

    def __str__(self) -> str:
        return _item_text(self)


Index: TypeAlias = tuple[Any, ...]


def _is_array(type_: Any) -> bool:
    return isinstance(type_, Array)


def result_shape(dims: Dims, shape: Shape, index: Index, types: Sequence[Any]) -> Shape:
    """Return the shape of ``x[index]`` by NumPy's rules, advanced ones included."""
    arrays = any(isinstance(i, At) and _is_array(types[i.slot]) for i in index)
    basic: list[Dim] = []
    advanced: list[Shape] = []
    places: list[int] = []
    axis = where = 0
    for position, item in enumerate(index):
        if isinstance(item, NewAxis):
            basic.append(1)
        elif isinstance(item, Cut):
            basic.append(cut_length(dims, shape[axis], item))
            axis += 1
        else:
            type_ = types[item.slot]
            if arrays:
                places.append(position)
                advanced.append(_index_shape(dims, type_))
                where = len(basic) if len(places) == 1 else where
            axis += _axes_taken(type_)
    basic.extend(dims.resolve(dim) for dim in shape[axis:])
    if not arrays:
        return tuple(basic)
    joined = broadcast(dims, advanced)
    contiguous = places == list(range(places[0], places[-1] + 1))
    where = where if contiguous else 0
    return (*basic[:where], *joined, *basic[where:])


def _axes_taken(type_: Any) -> int:
    return len(type_.shape) if type_.dtype == BOOL else 1


def _index_shape(dims: Dims, type_: Any) -> Shape:
    if _is_array(type_) and type_.dtype == BOOL:
        return (dims.fresh(),)
    return tuple(type_.shape)


def cut_length(dims: Dims, dim: Dim, cut: Cut) -> Dim:
    """Return the length of ``x[cut]`` along an axis of length ``dim``."""
    bounds = (cut.start, cut.stop, cut.step)
    dim = dims.resolve(dim)
    if any(isinstance(bound, At) for bound in bounds):
        return dims.fresh()
    if isinstance(dim, int):
        return len(range(*slice(*bounds).indices(dim)))
    start, stop, step = cut.start or 0, cut.stop, cut.step or 1
    if step == -1 and cut.start is None and stop is None:
        return dim
    if step == 1 and start >= 0 and (stop is None or stop < 0) and dim.offset <= 0:
        return shift_dim(dim, (stop or 0) - start)
    return dims.fresh()


def index_text(index: Index) -> str:
    """Return the template of what stands between the brackets."""
    return ", ".join(map(_item_text, index)) or "()"


def _item_text(item: Any) -> str:
    if isinstance(item, At):
        return f"{{{item.slot}}}"
    if isinstance(item, NewAxis):
        return "None"
    start, stop, step = (_bound_text(b) for b in (item.start, item.stop, item.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def _bound_text(bound: Any) -> str:
    if isinstance(bound, At):
        return f"{{{bound.slot}}}"
    return "" if bound is None else str(bound)


def build_index(index: Index, operands: Sequence[Any]) -> tuple[Any, ...]:
    """Return the Python object that stands between the brackets."""

    def bound(item: Any) -> Any:
        return operands[item.slot] if isinstance(item, At) else item

    def build(item: Any) -> Any:
        if isinstance(item, NewAxis):
            return None
        if isinstance(item, Cut):
            return slice(bound(item.start), bound(item.stop), bound(item.step))
        return bound(item)

    return tuple(build(item) for item in index)


def may_repeat(index: Index, types: Sequence[Any]) -> bool:
    """Tell whether an index can name an element twice."""
    ats = [types[i.slot] for i in index if isinstance(i, At)]
    return any(_is_array(type_) and type_.dtype != BOOL for type_ in ats)


def is_basic(index: Index, types: Sequence[Any]) -> bool:
    """Tell whether NumPy returns a view."""
    return not any(isinstance(i, At) and _is_array(types[i.slot]) for i in index)


def selected_type(
    dims: Dims, source: Any, index: Index, types: Sequence[Any]
) -> Tensor:
    """Return the type of ``x[index]`` for an ``x`` of type ``source``."""
    taken = sum(
        _axes_taken(types[i.slot]) if isinstance(i, At) else 1
        for i in index
        if not isinstance(i, NewAxis)
    )
    if taken > len(source.shape):
        raise Refusal(f"{taken} indices for an array of rank {len(source.shape)}")
    for item in index:
        if isinstance(item, At) and types[item.slot].dtype.kind not in "iub":
            raise Refusal(f"an index of type {types[item.slot]}", "integers")
    return tensor(source.dtype, result_shape(dims, source.shape, index, types))


def _getitem_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return selected_type(dims, types[0], attrs["index"], types)


def _getitem_adjoint(
    y_bar: Handle, y: Handle, x: Handle, *parts: Handle, index: Index
) -> list[Any]:
    def add(x_bar: Handle, *more: Handle, **path: Any) -> Handle:
        if (
            len(index) == len(parts) == x_bar.rank == 1
            and parts[0].rank > 1
            and not more
        ):
            # NumPy adds quickly where the index is a vector.
            flat = [apply("reshape", z, apply("size", z)) for z in (parts[0], y_bar)]
            return apply("add_at", x_bar, *flat, index=index, **path)
        return apply("add_at", x_bar, *parts, *more, y_bar, index=index, **path)

    return [Into(add, len(parts) + 1)]


def _getitem_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, *parts: Handle, index: Index
) -> Handle | None:
    return in_shape_of(y, apply("getitem", dots[0], *parts, index=index))


def _batched(batch: Batch) -> Handle | None:
    found: Handle | None = batchindexing.selected(batch)
    return found


getitem = register(
    Primitive(
        name="getitem",
        batch=_batched,
        type_rule=_getitem_type,
        evaluate=lambda x, *parts, index: x[build_index(index, (x, *parts))],
        template=lambda types, attrs: f"{{0}}[{index_text(attrs['index'])}]",
        tangent=_getitem_tangent,
        adjoint=_getitem_adjoint,
        shares=(0,),
        takes_complex=True,
        samples=(
            Sample(("f64[4]", 1), {"index": (At(1),)}),
            Sample(("f64[4]",), {"index": (Cut(1, -1),)}),
            Sample(("f64[4,3]",), {"index": (Cut(None, None, -1), NewAxis())}),
            Sample(("f64[4,3]", 2), {"index": (Cut(), At(1))}),
            Sample(("f64[4]", np.array([0, 2, 2])), {"index": (At(1),)}),
            Sample(
                ("f64[4,3]", np.array([0, 1, 1]), np.array([2, 0, 0])),
                {"index": (At(1), At(2))},
            ),
        ),
    )
)


def read(x: Handle, items: Sequence[Any]) -> Handle:
    """Return ``x[items]``; items are handles, slices of numbers or handles, None."""
    operands: list[Handle] = [x]
    index = index_of(x.rank, items, operands)
    return x if is_whole(index) else apply("getitem", *operands, index=index)


def index_of(rank: int, items: Sequence[Any], operands: list[Handle]) -> Index:
    """Return the index that ``items`` are for an array of some rank.

    What it reads is appended to ``operands``.
    """
    builder = operands[0].builder

    def place(value: Any) -> Any:
        if value is None or isinstance(value, int):
            return value
        operands.append(value)
        return At(len(operands) - 1)

    index: list[Any] = []
    for item in _expand_ellipsis(rank, items):
        if item is None:
            index.append(NewAxis())
        elif isinstance(item, slice):
            bounds = (place(b) for b in (item.start, item.stop, item.step))
            index.append(Cut(*bounds))
        else:
            operands.append(lift(builder, item))
            index.append(At(len(operands) - 1))
    return tuple(index)


def is_whole(index: Index) -> bool:
    """Tell whether an index selects all of an array, in its shape."""
    return all(item == Cut() for item in index)


def renumbered(index: Index, numbers: Mapping[int, int]) -> Index:
    """Return ``index`` for an op whose operands are numbered otherwise."""

    def move(item: Any) -> Any:
        if isinstance(item, At):
            return At(numbers[item.slot])
        if isinstance(item, Cut):
            return Cut(move(item.start), move(item.stop), move(item.step))
        return item

    return tuple(move(item) for item in index)


def slots_in(index: Index) -> list[int]:
    """Return the numbers of the operands that an index reads."""
    found: list[int] = []
    for item in index:
        bounds = (
            (item.start, item.stop, item.step) if isinstance(item, Cut) else (item,)
        )
        found.extend(bound.slot for bound in bounds if isinstance(bound, At))
    return found


def _expand_ellipsis(rank: int, items: Sequence[Any]) -> list[Any]:
    if not any(item is Ellipsis for item in items):
        return list(items)
    taken = sum(_rank_taken(i) for i in items if i is not Ellipsis and i is not None)
    at = next(k for k, item in enumerate(items) if item is Ellipsis)
    fill = [slice(None)] * max(rank - taken, 0)
    return [*items[:at], *fill, *items[at + 1 :]]


def _rank_taken(item: Any) -> int:
    is_mask = isinstance(item, Handle) and item.dtype == BOOL
    return item.rank if is_mask else 1
