"""Batching: one op over many examples, which lie along a new first axis.

An operand is *mapped* if it has that axis; the others are the same for all examples. A
rule returns what one call computes for all of them, or None where NumPy has no such
call: the op then runs in a loop over the examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal, Value
from gradgen.primitives.registry import (
    PRIMITIVES,
    Attrs,
    Handle,
    apply,
    apply_several,
    dims_of,
    lift,
)
from gradgen.structs import frozen


@frozen
class Batch:
    """A primitive and operands for ``count`` examples, some of them mapped."""

    name: str
    operands: tuple[Handle, ...]
    mapped: tuple[bool, ...]
    attrs: Attrs
    count: Handle

    def rank(self, slot: int) -> int:
        """Return the rank that an operand has in one example."""
        return self.operands[slot].rank - self.mapped[slot]

    def only_first(self) -> bool:
        """Tell whether the first operand alone is mapped."""
        return self.mapped[0] and not any(self.mapped[1:])

    def raised(self, slot: int, rank: int) -> Handle:
        """Return an operand ready to broadcast against others of ``rank`` axes."""
        x, missing = self.operands[slot], rank - self.rank(slot)
        if not self.mapped[slot] or missing <= 0:
            return x
        return apply("expand_dims", x, axis=tuple(range(1, 1 + missing)))

    def spread(self, slot: int) -> Handle:
        """Return an operand with the axis of the examples, mapped or not."""
        x = self.operands[slot]
        return x if self.mapped[slot] else spread(x, self.count)

    def call(self, *operands: Any, **attrs: Any) -> Any:
        """Return the results of the primitive for other operands and attributes."""
        options = {**self.attrs, **attrs}
        options.pop("lib", None)
        several = PRIMITIVES[self.name].several
        return (apply_several if several else apply)(self.name, *operands, **options)


NEW = ("zeros", "ones", "empty")


def spread(x: Handle, count: Handle) -> Handle:
    """Return ``x`` once for every example."""
    maker = x.builder.makers.get(x.atom) if isinstance(x.atom, Value) else None
    if maker is not None and maker.name in NEW:
        lengths = [Handle(x.builder, length) for length in maker.operands]
        return apply(maker.name, count, *lengths, builder=x.builder, **maker.attrs)
    if x.rank == 0:
        return apply("full", x, count, dtype=x.dtype)
    return apply("broadcast_to", x, count, *dims_of(x))


def by_broadcasting(batch: Batch) -> Any:
    """Batch what NumPy broadcasts: the operands get the same number of axes."""
    slots = range(len(batch.operands))
    rank = max(map(batch.rank, slots))
    return batch.call(*(batch.raised(slot, rank) for slot in slots))


def along_axes(batch: Batch) -> Any:
    """Batch what goes along axes that it names: they move by one."""
    key = "axis" if "axis" in batch.attrs else "axes"
    if not batch.only_first() or batch.attrs[key] == ():
        return None
    return batch.call(*batch.operands, **{key: moved(batch.attrs[key])})


def together_along(batch: Batch) -> Any:
    """Batch what goes along an axis of two arrays of the same rank.

    Further operands, which say how, must be the same for all examples.
    """
    if any(batch.mapped[2:]):
        return None
    arrays = (batch.spread(0), batch.spread(1))
    return batch.call(*arrays, *batch.operands[2:], axis=moved(batch.attrs["axis"]))


def by_leading_axes(batch: Batch) -> Any:
    """Batch what works on matrices, and on all that lie along other axes at once."""
    if not batch.only_first() or batch.rank(0) < 2:
        return None
    return batch.call(*batch.operands)


def over_right_sides(batch: Batch) -> Any:
    """Batch what solves one linear system for several right sides, by their columns."""
    *system, b = batch.operands
    rank = batch.rank(len(system))
    if any(batch.mapped[:-1]) or rank not in (1, 2):
        return None
    if rank == 1:
        solved = batch.call(*system, apply("transpose", b, axes=(1, 0)))
        return apply("transpose", solved, axes=(1, 0))
    _, rows, columns = dims_of(b)
    beside = apply("transpose", b, axes=(1, 0, 2))
    solved = batch.call(*system, apply("reshape", beside, rows, batch.count * columns))
    apart = apply("reshape", solved, rows, batch.count, columns)
    return apply("transpose", apart, axes=(1, 0, 2))


def moved(axes: Any) -> Any:
    """Return axes of one example as those of the array of all examples.

    Examples
    --------
    >>> moved((0, 2)), moved(1)
    ((1, 3), 2)
    """
    if isinstance(axes, int):
        return axes + 1
    return tuple(axis + 1 for axis in axes)


def product_of(lengths: Sequence[Handle], builder: Builder) -> Handle:
    """Return the number of elements of an array with axes of some lengths."""
    total = lift(builder, 1)
    for length in lengths:
        total = length if total.atom == Literal.of(1) else total * length
    return total


def from_front(x: Handle, axis: int) -> Handle:
    """Return ``x`` with its first axis in another place."""
    if axis == 0:
        return x
    order = list(range(1, x.rank))
    order.insert(axis, 0)
    return apply("transpose", x, axes=tuple(order))


def to_front(x: Handle, axis: int) -> Handle:
    """Return ``x`` with one axis before all others."""
    if axis == 0:
        return x
    rest = [k for k in range(x.rank) if k != axis]
    return apply("transpose", x, axes=(axis, *rest))
