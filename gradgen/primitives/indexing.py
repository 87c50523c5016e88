"""Reading through an index, and adding to or writing what an index selects.

An index is an attribute of the op: a tuple of items, one for each place between the
brackets. Its integers and arrays are operands, so that they may be run-time values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial as bind
from typing import Any, TypeAlias

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import (
    BOOL,
    Array,
    Dim,
    Shape,
    Type,
    shift_dim,
    tensor,
)
from gradgen.primitives.families import zeros_like
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


@dataclass(frozen=True, slots=True)
class At:
    """An integer, or an array of integers or booleans; ``slot`` numbers the operand."""

    slot: int

    def __str__(self) -> str:
        return _item_text(self)


@dataclass(frozen=True, slots=True)
class Cut:
    """A slice. Each bound is None, an integer in the text, or an :class:`At`."""

    start: Any = None
    stop: Any = None
    step: Any = None

    def __str__(self) -> str:
        return _item_text(self)


@dataclass(frozen=True, slots=True)
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


def _getitem_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    source, index = types[0], attrs["index"]
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


def _getitem_adjoint(
    y_bar: Handle, y: Handle, x: Handle, *parts: Handle, index: Index
) -> list[Any]:
    return [Into(lambda x_bar: apply("add_at", x_bar, *parts, y_bar, index=index))]


def _getitem_tangent(
    y: Handle, dots: Sequence[Handle | None], x: Handle, *parts: Handle, index: Index
) -> Handle | None:
    return in_shape_of(y, apply("getitem", dots[0], *parts, index=index))


getitem = register(
    Primitive(
        name="getitem",
        type_rule=_getitem_type,
        evaluate=lambda x, *parts, index: x[build_index(index, (x, *parts))],
        template=lambda types, attrs: f"{{0}}[{index_text(attrs['index'])}]",
        tangent=_getitem_tangent,
        adjoint=_getitem_adjoint,
        shares=(0,),
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


def _add_at_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return types[0]  # type: ignore[no-any-return]


def _evaluate_at(ufunc: np.ufunc, x: Any, *rest: Any, index: Index) -> Any:
    result = np.array(x)
    ufunc.at(result, build_index(index, (x, *rest[:-1])), rest[-1])
    return result


def _at_text(sign: str, name: str, types: Sequence[Any], attrs: Attrs) -> str:
    """Template of a statement, which changes its first operand."""
    index, value = attrs["index"], len(types) - 1
    if may_repeat(index, types):
        where = index_text(index)
        place = f"np.s_[{where}]" if ":" in where else f"({where})"
        return f"np.{name}.at({{0}}, {place}, {{{value}}})"
    return f"{{0}}[{index_text(index)}] {sign}= {{{value}}}"


def _at_tangent(
    name: str,
    y: Handle,
    dots: Sequence[Handle | None],
    x: Handle,
    *rest: Handle,
    index: Index,
) -> Handle:
    x_dot = zeros_like(x) if dots[0] is None else dots[0]
    value_dot = zeros_like(rest[-1]) if dots[-1] is None else dots[-1]
    return apply(name, x_dot, *rest[:-1], value_dot, index=index)


def _at_adjoint(
    name: str, y_bar: Handle, y: Handle, x: Handle, *rest: Handle, index: Index
) -> list[Handle | None]:
    value_bar = apply("getitem", y_bar, *rest[:-1], index=index)
    if name == "subtract_at":
        value_bar = -value_bar
    return [y_bar, *[None] * (len(rest) - 1), value_bar]


def _accumulation(name: str, ufunc: np.ufunc, sign: str) -> Primitive:
    """Declare the update that adds to what an index selects, or subtracts from it."""
    return register(
        Primitive(
            name=name,
            type_rule=_add_at_type,
            evaluate=bind(_evaluate_at, ufunc),
            template=bind(_at_text, sign, ufunc.__name__),
            tangent=bind(_at_tangent, name),
            adjoint=bind(_at_adjoint, name),
            mutates=True,
            samples=(
                Sample(("f64[4]", 1, "f64"), {"index": (At(1),)}),
                Sample(("f64[4]", "f64[2]"), {"index": (Cut(1, -1),)}),
                Sample(("f64[4]", np.array([0, 2, 2]), "f64[3]"), {"index": (At(1),)}),
            ),
        )
    )


add_at = _accumulation("add_at", np.add, "+")
subtract_at = _accumulation("subtract_at", np.subtract, "-")


def read(x: Handle, items: Sequence[Any]) -> Handle:
    """Return ``x[items]``; items are handles, slices of numbers or handles, None."""
    operands: list[Handle] = [x]

    def place(value: Any) -> Any:
        if value is None or isinstance(value, int):
            return value
        operands.append(value)
        return At(len(operands) - 1)

    index: list[Any] = []
    for item in _expand_ellipsis(x, items):
        if item is None:
            index.append(NewAxis())
        elif isinstance(item, slice):
            bounds = (place(b) for b in (item.start, item.stop, item.step))
            index.append(Cut(*bounds))
        else:
            operands.append(lift(x.builder, item))
            index.append(At(len(operands) - 1))
    if all(item == Cut() for item in index):
        return x
    return apply("getitem", *operands, index=tuple(index))


def _expand_ellipsis(x: Handle, items: Sequence[Any]) -> list[Any]:
    if not any(item is Ellipsis for item in items):
        return list(items)
    taken = sum(_rank_taken(i) for i in items if i is not Ellipsis and i is not None)
    at = next(k for k, item in enumerate(items) if item is Ellipsis)
    fill = [slice(None)] * max(x.rank - taken, 0)
    return [*items[:at], *fill, *items[at + 1 :]]


def _rank_taken(item: Any) -> int:
    is_mask = isinstance(item, Handle) and item.dtype == BOOL
    return item.rank if is_mask else 1
