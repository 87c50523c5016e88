"""Arrays made from shapes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, INT, PY_FLOAT, Array, Dim, Type, tensor
from gradgen.primitives.batchshapes import filled
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import check_field, common_dtype, dtype_of
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dims_of,
    lift,
    register,
)
from gradgen.primitives.shaping import cast_to, dims_from, lengths_of, shape_text


def _zeros_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(attrs["dtype"], dims_from(dims, types))


def _creation_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    dtype = "" if attrs["dtype"] == FLOAT else f", np.{attrs['dtype'].name}"
    return f"np.{name}({shape_text(types, 0) if types else '()'}{dtype})"


def _declare_new(name: str, function: Any) -> None:
    register(
        Primitive(
            name=name,
            type_rule=_zeros_type,
            evaluate=lambda *shape, dtype: function(shape, dtype),
            template=bind(_creation_text, name),
            takes_complex=True,
            samples=(Sample((3, 4), {"dtype": FLOAT}),),
        )
    )


_declare_new("zeros", np.zeros)
_declare_new("ones", np.ones)
_declare_new("empty", np.zeros)


def _full_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    check_field(types[0], attrs["dtype"])
    return tensor(attrs["dtype"], dims_from(dims, types[1:]))


def _full_text(types: Sequence[Any], attrs: Attrs) -> str:
    default = types and types[0].dtype == attrs["dtype"]
    dtype = "" if default else f", np.{attrs['dtype'].name}"
    return f"np.full({shape_text(types, 1) if len(types) > 1 else '()'}, {{0}}{dtype})"


full = linear(
    "full",
    batch=filled,
    type_rule=_full_type,
    evaluate=lambda value, *shape, dtype: np.full(shape, value, dtype),
    template=_full_text,
    adjoint=lambda y_bar, y, x, *shape, dtype: [
        apply("sum", y_bar, axis=tuple(range(y_bar.rank)), keepdims=False)
    ],
    samples=(
        Sample(("f64", 3, 4), {"dtype": FLOAT}),
        Sample(("f32", 2), {"dtype": FLOAT}),
    ),
)


def _new(name: str, shape: Any, dtype: Any, builder: Builder) -> Handle:
    """Return a constant array; one without axes is a number."""
    lengths = lengths_of(shape)
    if not lengths:
        return cast_to(lift(builder, 1.0 if name == "ones" else 0.0), dtype)
    return apply(name, *lengths, builder=builder, dtype=dtype_of(dtype))


def _lower_new(name: str, function: Any, like: Any) -> None:
    @lowers(function, name=f"np.{name}")
    def new(
        shape: Any,
        dtype: Any = float,
        order: Any = Only("C"),
        *,
        builder: Builder,
        device: Any = Only(),
        like: Any = Only(),
    ) -> Handle:
        return _new(name, shape, float if dtype is None else dtype, builder)

    @lowers(like)
    def new_like(
        a: Any,
        dtype: Any = None,
        order: Any = Only("K"),
        subok: Any = Only(True),
        shape: Any = None,
        *,
        builder: Builder,
        device: Any = Only(),
    ) -> Handle:
        x = lift(builder, a)
        given = dims_of(x) if shape is None else shape
        return _new(name, given, x.dtype if dtype is None else dtype, builder)


_lower_new("zeros", np.zeros, np.zeros_like)
_lower_new("ones", np.ones, np.ones_like)
_lower_new("empty", np.empty, np.empty_like)


@lowers(np.ndarray, name="np.ndarray")
def _np_ndarray(
    shape: Any,
    dtype: Any = float,
    buffer: Any = Only(None),
    offset: Any = Only(0),
    strides: Any = Only(None),
    order: Any = Only("C"),
    *,
    builder: Builder,
) -> Handle:
    """Return a new array of undefined values, as ``np.empty`` does."""
    return _new("empty", shape, float if dtype is None else dtype, builder)


def _full(value: Any, shape: Any, dtype: Any, builder: Builder) -> Handle:
    x, lengths = lift(builder, value), lengths_of(shape)
    wanted = x.dtype if dtype is None else dtype_of(dtype)
    if not lengths:
        return cast_to(x, wanted)
    if x.rank == 0:
        return apply("full", x, *lengths, dtype=wanted)
    return cast_to(apply("broadcast_to", x, *lengths), wanted)


@lowers(np.full)
def _np_full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = Only("C"),
    *,
    builder: Builder,
    device: Any = Only(),
    like: Any = Only(),
) -> Handle:
    return _full(fill_value, shape, dtype, builder)


@lowers(np.full_like)
def _np_full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = Only("K"),
    subok: Any = Only(True),
    shape: Any = None,
    *,
    builder: Builder,
    device: Any = Only(),
) -> Handle:
    x = lift(builder, a)
    given = dims_of(x) if shape is None else shape
    return _full(fill_value, given, x.dtype if dtype is None else dtype, builder)


def _eye_text(types: Sequence[Any], attrs: Attrs) -> str:
    square = types and types[0].dim is not None and types[0].dim == types[1].dim
    offset = f", k={attrs['offset']}" if attrs["offset"] else ""
    dtype = "" if attrs["dtype"] == FLOAT else f", dtype=np.{attrs['dtype'].name}"
    return "np.eye({0}" + ("" if square else ", {1}") + offset + dtype + ")"


eye = register(
    Primitive(
        name="eye",
        type_rule=_zeros_type,
        evaluate=lambda rows, columns, offset, dtype: np.eye(
            rows, columns, offset, dtype
        ),
        template=_eye_text,
        takes_complex=True,
        samples=(
            Sample((3, 3), {"offset": 0, "dtype": FLOAT}),
            Sample((2, 3), {"offset": 1, "dtype": np.dtype(np.float32)}),
        ),
    )
)


@lowers(np.eye)
def _eye(
    N: Any,
    M: Any = None,
    k: Any = 0,
    dtype: Any = float,
    order: Any = Only("C"),
    *,
    builder: Builder,
    device: Any = Only(),
    like: Any = Only(),
) -> Handle:
    columns = N if M is None else M
    attrs = {"offset": static(k), "dtype": dtype_of(dtype)}
    return apply("eye", N, columns, builder=builder, **attrs)


@lowers(np.identity)
def _identity(
    n: Any, dtype: Any = None, *, builder: Builder, like: Any = Only()
) -> Handle:
    kind = dtype_of(float if dtype is None else dtype)
    return apply("eye", n, n, builder=builder, offset=0, dtype=kind)


def _arange_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if any(isinstance(type_, Array) for type_ in types):
        raise Refusal("np.arange of arrays is not supported")
    bounds = [type_.dim for type_ in types]
    counting = bounds[0] == 0 and bounds[2] == 1
    if all(isinstance(bound, int) for bound in bounds):
        length: Dim = len(range(*bounds))
    else:
        length = bounds[1] if counting and bounds[1] is not None else dims.fresh()
    return tensor(attrs["dtype"], (length,))


def _arange_text(types: Sequence[Any], attrs: Attrs) -> str:
    start, _, step = (type_.dim for type_ in types) if types else (None, None, None)
    text = "{0}, {1}, {2}" if step != 1 else "{1}" if start == 0 else "{0}, {1}"
    plain = np.result_type(*(t.dtype for t in types)) if types else None
    dtype = "" if plain == attrs["dtype"] else f", dtype=np.{attrs['dtype'].name}"
    return f"np.arange({text}{dtype})"


arange = register(
    Primitive(
        name="arange",
        type_rule=_arange_type,
        evaluate=lambda *bounds, dtype: np.arange(*bounds, dtype=dtype),
        template=_arange_text,
        samples=(
            Sample((0, 4, 1), {"dtype": INT}),
            Sample((1, 8, 2), {"dtype": FLOAT}),
            Sample((5, 0, -1), {"dtype": INT}),
            Sample((0.5, 2.5, 0.5), {"dtype": FLOAT}),
            Sample((3, 0, 1), {"dtype": INT}),
        ),
    )
)


@lowers(np.arange)
def _arange(
    start: Any,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    builder: Builder,
    device: Any = Only(),
    like: Any = Only(),
) -> Handle:
    by = 1 if step is None else step
    given = (0, start, by) if stop is None else (start, stop, by)
    bounds = [lift(builder, bound) for bound in given]
    if any(b.dtype.kind == "f" and not isinstance(b.atom, Literal) for b in bounds):
        raise Refusal(
            "np.arange of floats known only at run time is not supported",
            "start + step * np.arange(n)",
        )
    natural = np.result_type(*(bound.dtype for bound in bounds))
    return apply("arange", *bounds, dtype=natural if dtype is None else dtype_of(dtype))


def _linspace_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if any(isinstance(type_, Array) for type_ in types):
        raise Refusal(
            "np.linspace of arrays is not supported", "linspaces of numbers, stacked"
        )
    dtype = common_dtype([*types[:2], PY_FLOAT])
    return tensor(dtype, dims_from(dims, types[2:]))


def _weights(y: Handle, count: Handle, endpoint: bool) -> Handle:
    """Return how far each point is from the start, as a share of the way."""
    return linspace(0.0, 1.0, count, endpoint=endpoint)


def _linspace_adjoint(
    y_bar: Handle, y: Handle, start: Handle, stop: Handle, count: Handle, endpoint: bool
) -> list[Handle]:
    weights = _weights(y, count, endpoint)
    return [
        apply("sum", y_bar * (1 - weights), axis=(0,), keepdims=False),
        apply("sum", y_bar * weights, axis=(0,), keepdims=False),
    ]


linspace = linear(
    "linspace",
    type_rule=_linspace_type,
    evaluate=lambda start, stop, count, endpoint: np.linspace(
        start, stop, count, endpoint=endpoint
    ),
    template=lambda types, attrs: (
        "np.linspace({0}, {1}, {2}"
        + (")" if attrs["endpoint"] else ", endpoint=False)")
    ),
    adjoint=_linspace_adjoint,
    operands=2,
    samples=(
        Sample(("f64", "f64", 5), {"endpoint": True}),
        Sample(("float", 2.0, 4), {"endpoint": False}),
        Sample(("f64", "f64", 1), {"endpoint": True}),
        Sample(("f32", 1, 3), {"endpoint": True}),
        Sample(("f64", "f64", 0), {"endpoint": True}),
    ),
)


@lowers(np.meshgrid)
def _meshgrid(
    *xi: Any,
    builder: Builder,
    copy: Any = Only(True),
    sparse: Any = False,
    indexing: Any = "xy",
) -> tuple[Handle, ...]:
    lines = [lift(builder, x) for x in xi]
    if any(line.rank != 1 for line in lines) or indexing not in ("xy", "ij"):
        raise Refusal("np.meshgrid of what are no vectors is not supported")
    order = list(range(len(lines)))
    if indexing == "xy" and len(order) > 1:
        order[:2] = [1, 0]
    if static(sparse):
        count = len(lines)
        opened = (_opened(x, order.index(i), count) for i, x in enumerate(lines))
        return tuple(apply("copy", x) for x in opened)
    lengths = [dims_of(lines[i])[0] for i in order]
    return tuple(_laid_out(x, order.index(i), lengths) for i, x in enumerate(lines))


def _opened(line: Handle, axis: int, rank: int) -> Handle:
    """Return a vector along one of several axes."""
    others = tuple(i for i in range(rank) if i != axis)
    return apply("expand_dims", line, axis=others) if others else line


def _laid_out(line: Handle, axis: int, lengths: Sequence[Handle]) -> Handle:
    column = _opened(line, axis, len(lengths))
    if column is line:
        return apply("copy", line)
    return apply("broadcast_to", column, *lengths)
