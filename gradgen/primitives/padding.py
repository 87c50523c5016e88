"""Padding, and windows that slide along axes.

Padding with what an axis begins or ends with, or with a mirror image of it, reads each
place of the result from one of the array: the adjoint adds what came from one place.
Other modes are lowered to joins, one axis after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Dim, Type, shift_dim, tensor
from gradgen.kernels import layouts
from gradgen.primitives.batching import along_axes
from gradgen.primitives.batchshapes import padded
from gradgen.primitives.families import linear
from gradgen.primitives.indexing import read
from gradgen.primitives.joining import concatenate
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Sample,
    apply,
    dim_of,
    dims_of,
    lift,
)
from gradgen.primitives.shaping import cast_like, dims_from, normal_axis
from gradgen.primitives.updating import write

Widths = tuple[tuple[int, int], ...]


def _longer(dims: Dims, dim: Dim, by: int) -> Dim:
    dim = dims.resolve(dim)
    if isinstance(dim, int):
        return max(dim + by, 0)
    return shift_dim(dim, by) if dim.offset >= 0 <= by else dims.fresh()


def _pad_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    pairs = zip(types[0].shape, attrs["widths"], strict=True)
    return tensor(types[0].dtype, tuple(_longer(dims, d, sum(w)) for d, w in pairs))


def _options(attrs: Attrs) -> str:
    widths, mode = attrs["widths"], attrs["mode"]
    flat = widths[0] if len(widths) == 1 else widths
    same = {width for pair in widths for width in pair}
    shown = same.pop() if len(same) == 1 else flat
    return str(shown) + ("" if mode == "constant" else f", '{mode}'")


def _fold_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(types[0].dtype, dims_from(dims, types[1:]))


PADDED = (
    Sample(("f64[4]",), {"widths": ((1, 2),), "mode": "constant"}),
    Sample(("f64[2,3]",), {"widths": ((1, 0), (3, 5)), "mode": "edge"}),
    Sample(("f32[2,3]",), {"widths": ((2, 2), (2, 2)), "mode": "reflect"}),
    Sample(("f64[3]",), {"widths": ((4, 7),), "mode": "symmetric"}),
    Sample(("f64[3,1]",), {"widths": ((4, 7), (0, 1)), "mode": "wrap"}),
    Sample(("f64[0]",), {"widths": ((1, 0),), "mode": "constant"}),
)
pad = linear(
    "pad",
    batch=padded,
    type_rule=_pad_type,
    evaluate=lambda x, widths, mode: np.pad(x, widths, mode),
    template=lambda types, attrs: f"np.pad({{0}}, {_options(attrs)})",
    adjoint=lambda y_bar, y, x, **attrs: [
        apply("fold_padding", y_bar, *dims_of(x), **attrs)
    ],
    samples=PADDED,
)


def _fold_text(types: Sequence[Any], attrs: Attrs) -> str:
    return f"fold_padding({{0}}, {attrs['widths']}, '{attrs['mode']}')"


linear(
    "fold_padding",
    type_rule=_fold_type,
    evaluate=lambda x, *_, widths, mode: layouts.fold_padding(x, widths, mode),
    template=_fold_text,
    adjoint=lambda y_bar, y, x, *shape, **attrs: [pad(y_bar, **attrs)],
    samples=(
        Sample(("f64[7]", 4), {"widths": ((1, 2),), "mode": "constant"}),
        Sample(("f64[3,11]", 2, 3), {"widths": ((1, 0), (3, 5)), "mode": "edge"}),
        Sample(("f32[6]", 2), {"widths": ((2, 2),), "mode": "reflect"}),
    ),
)


def _widths(given: Any, rank: int) -> Widths:
    """Return the widths of all axes, of which NumPy takes several short forms."""
    width = static(given)
    if isinstance(width, dict):
        pairs = {normal_axis(a, rank): _pair(w) for a, w in width.items()}
        return tuple(pairs.get(axis, (0, 0)) for axis in range(rank))
    try:
        array = np.broadcast_to(np.asarray(width), (rank, 2))
    except ValueError:
        raise Refusal(f"a width of {width} for an array of rank {rank}") from None
    if array.dtype.kind != "i" or (array < 0).any():
        raise Refusal("widths of np.pad are integers, none of them negative")
    return tuple((int(before), int(after)) for before, after in array)


def _pair(width: Any) -> tuple[int, int]:
    return (width, width) if isinstance(width, int) else tuple(width)


COPIES = ("edge", "reflect", "symmetric", "wrap")
STATISTICS = {"maximum": "max", "minimum": "min", "mean": "mean"}


@lowers(np.pad)
def _pad(
    array: Any,
    pad_width: Any,
    mode: Any = "constant",
    *,
    builder: Builder,
    constant_values: Any = 0,
    end_values: Any = 0,
    reflect_type: Any = Only("even"),
    stat_length: Any = Only(),
) -> Handle:
    x = lift(builder, array)
    widths = _widths(pad_width, x.rank)
    if not x.rank:
        raise Refusal("np.pad of a single number is not supported")
    if mode == "constant":
        return _with_constant(x, widths, constant_values)
    if mode in COPIES:
        return pad(x, widths=widths, mode=mode)
    if mode in STATISTICS:
        return _with_statistic(x, widths, STATISTICS[mode])
    if mode == "linear_ramp":
        return _with_ramp(x, widths, lift(builder, end_values))
    raise Refusal(
        f"mode={mode!r} of np.pad is not supported", "np.concatenate of the parts"
    )


def _with_constant(x: Handle, widths: Widths, constant: Any) -> Handle:
    value = lift(x.builder, constant)
    if value.rank:
        raise Refusal(
            "several values for constant_values of np.pad are not supported",
            "np.pad of one axis after the other",
        )
    if constant == 0 if isinstance(constant, int | float) else False:
        return pad(x, widths=widths, mode="constant")
    lengths = [
        dim_of(x, axis) + sum(width) if sum(width) else dim_of(x, axis)
        for axis, width in enumerate(widths)
    ]
    around = apply("full", cast_like(value, x), *lengths, dtype=x.dtype)
    return write(around, [slice(b, -a or None) for b, a in widths], x)


def _with_statistic(x: Handle, widths: Widths, name: str) -> Handle:
    if name == "mean" and x.dtype.kind in "biu":
        raise Refusal("mode='mean' of np.pad rounds integers", "x.astype(float)")
    for axis, (before, after) in enumerate(widths):
        around = apply(name, x, axis=(axis,), keepdims=True)
        parts = [_repeated(around, before, axis), x, _repeated(around, after, axis)]
        x = _joined(parts, axis)
    return x


def _repeated(x: Handle, count: int, axis: int) -> Handle | None:
    return apply("repeat", x, repeats=count, axis=axis) if count else None


def _joined(parts: Sequence[Handle | None], axis: int) -> Handle:
    there = [part for part in parts if part is not None]
    return concatenate(*there, axis=axis) if len(there) > 1 else there[0]


def _with_ramp(x: Handle, widths: Widths, end: Handle) -> Handle:
    if end.rank or x.dtype.kind in "biu":
        raise Refusal(
            "mode='linear_ramp' of np.pad with several end_values, or of integers"
        )
    for axis, (before, after) in enumerate(widths):
        whole = [slice(None)] * axis
        first, last = read(x, [*whole, slice(0, 1)]), read(x, [*whole, slice(-1, None)])
        left = _ramp(first, end, before, axis)
        right = _ramp(last, end, after, axis)
        right = apply("flip", right, axis=(axis,)) if right is not None else None
        x = _joined([left, x, right], axis)
    return x


def _ramp(edge: Handle, end: Handle, count: int, axis: int) -> Handle | None:
    """Return values on the way from ``end`` to an edge, which is not reached."""
    if not count:
        return None
    shares = lift(edge.builder, np.arange(count) / count)
    later = tuple(range(1, edge.rank - axis))
    shares = apply("expand_dims", shares, axis=later) if later else shares
    return cast_like(end + (edge - end) * shares, edge)


def _windows_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape, window, axes = list(types[0].shape), attrs["window"], attrs["axes"]
    for axis, size in zip(axes, window, strict=True):
        length = dims.resolve(shape[axis])
        if isinstance(length, int) and length < size:
            raise Refusal("NumPy takes no window that is longer than its axis")
        shape[axis] = length - size + 1 if isinstance(length, int) else dims.fresh()
    return tensor(types[0].dtype, (*shape, *window))


def _windows_text(types: Sequence[Any], attrs: Attrs) -> str:
    window, axes = attrs["window"], attrs["axes"]
    flat = types and len(types[0].shape) == 1
    options = f"{window[0]}" if flat else f"{window}, {axes}"
    return f"np.lib.stride_tricks.sliding_window_view({{0}}, {options})"


def _windows_fold_text(types: Sequence[Any], attrs: Attrs) -> str:
    lengths = ", ".join(f"{{{k}}}" for k in range(1, len(types)))
    return f"fold_windows({{0}}, {attrs['axes']}, {lengths})"


windows = linear(
    "sliding_windows",
    batch=along_axes,
    type_rule=_windows_type,
    evaluate=lambda x, window, axes: sliding_window_view(x, window, axes),
    template=_windows_text,
    adjoint=lambda y_bar, y, x, window, axes: [
        apply("fold_windows", y_bar, *dims_of(x), window=window, axes=axes)
    ],
    shares=(0,),
    readonly=True,
    samples=(
        Sample(("f64[5]",), {"window": (3,), "axes": (0,)}),
        Sample(("f64[3,4]",), {"window": (2, 3), "axes": (1, 0)}),
        Sample(("f32[3,4]",), {"window": (1,), "axes": (1,)}),
    ),
)

linear(
    "fold_windows",
    type_rule=_fold_type,
    evaluate=lambda x, *shape, window, axes: layouts.fold_windows(x, axes, *shape),
    template=_windows_fold_text,
    adjoint=lambda y_bar, y, x, *shape, **attrs: [windows(y_bar, **attrs)],
    samples=(
        Sample(("f64[3,3]", 5), {"window": (3,), "axes": (0,)}),
        Sample(("f32[3,3,2]", 3, 4), {"window": (2,), "axes": (1,)}),
    ),
)


@lowers(sliding_window_view)
def _sliding_window_view(
    x: Handle,
    window_shape: Any,
    axis: Any = None,
    *,
    subok: Any = Only(False),
    writeable: Any = Only(False),
) -> Handle:
    window, given = static(window_shape), static(axis)
    window = tuple(window) if isinstance(window, tuple | list) else (window,)
    given = range(x.rank) if given is None else given
    axes = tuple(given) if isinstance(given, tuple | list | range) else (given,)
    axes = tuple(normal_axis(a, x.rank) for a in axes)
    if len(axes) != len(window) or len(set(axes)) != len(axes):
        raise Refusal("np.lib.stride_tricks.sliding_window_view: one window an axis")
    return windows(x, window=window, axes=axes)
