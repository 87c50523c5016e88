"""Batching of what changes shapes: lengths get the number of examples before them."""

from __future__ import annotations

from typing import Any

from gradgen.primitives.batching import (
    Batch,
    along_axes,
    moved,
    product_of,
    to_front,
)
from gradgen.primitives.registry import Handle, apply, dims_of


def transposed(batch: Batch) -> Handle:
    """Batch a transpose: the examples stay first."""
    return apply("transpose", batch.operands[0], axes=(0, *moved(batch.attrs["axes"])))


def reshaped(batch: Batch) -> Handle | None:
    """Batch a reshape to lengths that all examples have."""
    if not batch.only_first():
        return None
    x, *lengths = batch.operands
    return apply("reshape", x, batch.count, *lengths)


def broadcast(batch: Batch) -> Handle | None:
    """Batch ``np.broadcast_to``."""
    if not batch.only_first():
        return None
    lengths = batch.operands[1:]
    return apply("broadcast_to", batch.raised(0, len(lengths)), batch.count, *lengths)


def filled(batch: Batch) -> Handle | None:
    """Batch ``np.full`` of a number for each example."""
    broadcasted = broadcast(batch)
    if broadcasted is None:
        return None
    return apply("cast", broadcasted, dtype=batch.attrs["dtype"])


def summed_to(batch: Batch) -> Handle | None:
    """Batch a sum to a shape, with axes of length 1 where the shape has none."""
    if not batch.only_first():
        return None
    x, *lengths = batch.operands
    missing = batch.rank(0) - len(lengths)
    total = apply("sum_to", x, batch.count, *[1] * missing, *lengths)
    if not missing:
        return total
    return apply("squeeze", total, axis=tuple(range(1, 1 + missing)))


def joined(batch: Batch) -> Handle:
    """Batch what joins arrays along an axis."""
    parts = [batch.spread(slot) for slot in range(len(batch.operands))]
    return batch.call(*parts, axis=batch.attrs["axis"] + 1)  # type: ignore[no-any-return]


def gathered(batch: Batch) -> Handle:
    """Batch an array made of numbers: a column for each of them."""
    columns = [batch.spread(slot) for slot in range(len(batch.operands))]
    shape, dtype = batch.attrs["shape"], batch.attrs["dtype"]
    table = apply("stack", *columns, axis=1)
    if table.dtype != dtype:
        table = apply("cast", table, dtype=dtype)
    return table if len(shape) == 1 else apply("reshape", table, batch.count, *shape)


def positioned(batch: Batch) -> Any:
    """Batch the place of an extremum, which NumPy finds along one axis or all."""
    x, axis = batch.operands[0], batch.attrs["axis"]
    if len(axis) == 1:
        return batch.call(x, axis=moved(axis))
    if batch.attrs["keepdims"] or len(axis) != batch.rank(0):
        return None
    return batch.call(flattened(batch), axis=(1,))


def padded(batch: Batch) -> Any:
    """Batch ``np.pad``, with nothing before the first example or after the last."""
    if not batch.only_first():
        return None
    return batch.call(*batch.operands, widths=((0, 0), *batch.attrs["widths"]))


def tiled(batch: Batch) -> Any:
    """Batch ``np.tile``."""
    return batch.call(*batch.operands, reps=(1, *batch.attrs["reps"]))


def flattened(batch: Batch) -> Handle:
    """Batch what puts all elements in one line."""
    x = batch.operands[0]
    return apply("reshape", x, batch.count, product_of(dims_of(x)[1:], x.builder))


def measured(batch: Batch) -> Handle | None:
    """Batch ``np.quantile``, whose result begins with the axes of the levels."""
    if not batch.only_first():
        return None
    levels = batch.operands[1].rank
    return to_front(along_axes(batch), levels)
