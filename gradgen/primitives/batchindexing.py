"""Batching of reads and writes: the whole axis of the examples, then the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen.ir.types import BOOL, tensor
from gradgen.primitives.batching import Batch
from gradgen.primitives.indexing import At, Cut, Index, is_basic, selected_type
from gradgen.primitives.registry import Handle, apply


def selected(batch: Batch) -> Handle | None:
    """Batch ``x[index]``, where all examples have the same index or pick one element.

    A mapped index goes together with the numbers of the examples.
    """
    index = batch.attrs["index"]
    if not any(batch.mapped[1:]):
        if not _stays_first(index, batch.operands):
            return None
        return apply("getitem", *batch.operands, index=(Cut(), *index))
    if not _picks_elements(batch, index):
        return None
    if not batch.mapped[0]:
        return apply("getitem", *batch.operands, index=index)
    return _picked(batch, index)


def _picked(batch: Batch, index: Index) -> Handle:
    numbers = _example_numbers(batch.count)
    slot = len(batch.operands)
    return apply("getitem", *batch.operands, numbers, index=(At(slot), *index))


def _example_numbers(count: Handle) -> Handle:
    attrs = {"dtype": count.dtype}
    return apply("arange", 0, count, 1, builder=count.builder, **attrs)


def _picks_elements(batch: Batch, index: Index) -> bool:
    """Tell whether an index is made of one integer for each axis, in every example."""
    whole = all(isinstance(item, At) for item in index)
    single = all(
        batch.rank(slot) == 0 and batch.operands[slot].dtype != BOOL
        for slot in range(1, len(batch.operands))
    )
    return whole and single


def _stays_first(index: Index, operands: Sequence[Handle]) -> bool:
    """Tell whether NumPy leaves an axis before ``index`` in its place.

    It does not where arrays among the items stand apart from one another.
    """
    types = [x.type for x in operands]
    if is_basic(index, types):
        return True
    places = [k for k, item in enumerate(index) if isinstance(item, At)]
    return places == list(range(places[0], places[-1] + 1))


def written(batch: Batch) -> Any:
    """Batch a write or an addition to a place that is the same in all examples."""
    _, *parts, value = batch.operands
    index = batch.attrs["index"]
    if batch.attrs.get("path") or any(batch.mapped[1:-1]):
        return None
    if not _stays_first(index, batch.operands):
        return None
    target = batch.spread(0)
    if batch.mapped[-1]:
        place = _rank_of_place(batch, index)
        value = batch.raised(len(batch.operands) - 1, place)
    return apply(batch.name, target, *parts, value, index=(Cut(), *index))


def _rank_of_place(batch: Batch, index: Index) -> int:
    """Return the rank of what an index selects of one example."""
    types = [x.type for x in batch.operands]
    whole = tensor(types[0].dtype, (1,) * batch.rank(0))
    dims = batch.count.builder.dims.copy()
    return len(selected_type(dims, whole, index, types).shape)
