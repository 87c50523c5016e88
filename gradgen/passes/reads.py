"""Rules that read and write through views of views by one index.

So the adjoint of an element read through a row costs one element, not a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from gradgen.ir.core import Op
from gradgen.ir.types import Dim
from gradgen.passes.rewriting import RuleSet, Scope, constant
from gradgen.primitives.indexing import At, Cut, Index, NewAxis, index_of, read
from gradgen.primitives.paths import Path, Step, follow_types, path_attrs
from gradgen.primitives.registry import Handle, apply

READS = RuleSet()

Items: TypeAlias = list[Any]
"""One for each place between the brackets: a number, a slice or None."""

ALL = slice(None)
UNPROVEN = object()


@READS("getitem", primal=True)
def read_of_view(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``A[i][j] -> A[i, j]``, ``A.T[i] -> A[:, i]``, ``x[1:][2] -> x[3]``.

    Not where ``A`` has been written to since: the row is smaller to keep than ``A``.
    """
    made = scope.maker(xs[0], "getitem", "transpose")
    if made is None or made.operands[0] in scope.taken:
        return None
    outer = items_of(op.attrs["index"], xs, xs[0].rank)
    source, *rest = scope.operands(made)
    items = _through(made.name, made.attrs, [source, *rest], source.shape, outer)
    return None if items is None else read(source, items)


@READS("update", "add_at", "subtract_at", primal=True)
def write_through_view(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``A[i][j] = v -> A[i, j] = v``, and so for additions."""
    path: Path = op.attrs.get("path", ())
    if not path:
        return None
    *before, step = path
    dims, types = scope.builder.dims, [x.type for x in xs]
    shape = dims.shape(follow_types(dims, types, tuple(before)))
    rank = len(follow_types(dims, types, path).shape)
    outer = items_of(op.attrs["index"], xs, rank)
    items = _through(step.name, step.options, step.chosen(xs[0], xs), shape, outer)
    if items is None:
        return None
    operands = [xs[0]]
    moved = tuple(_moved(part, xs, operands) for part in before)
    index = index_of(len(shape), items or [ALL], operands)
    return apply(op.name, *operands, xs[-1], **path_attrs(index, moved))


def _moved(step: Step, xs: Sequence[Handle], operands: list[Handle]) -> Step:
    """Append what ``step`` reads to the operands of another op."""
    first = len(operands)
    operands.extend(xs[slot] for slot in step.slots)
    return Step(step.name, step.attrs, tuple(range(first, len(operands))))


def items_of(index: Index, operands: Sequence[Handle], rank: int) -> Items | None:
    """Return an item an axis for a basic index, new axes besides; else None."""

    def bound(value: Any) -> Any:
        return operands[value.slot] if isinstance(value, At) else value

    items: Items = []
    for item in index:
        if isinstance(item, NewAxis):
            items.append(None)
        elif isinstance(item, Cut):
            items.append(slice(bound(item.start), bound(item.stop), bound(item.step)))
        elif operands[item.slot].rank or operands[item.slot].dtype.kind not in "iu":
            return None
        else:
            items.append(operands[item.slot])
    taken = sum(item is not None for item in items)
    return items + [ALL] * (rank - taken)


def _through(
    name: str,
    attrs: Mapping[str, Any],
    operands: Sequence[Handle],
    shape: Sequence[Dim],
    outer: Items | None,
) -> Items | None:
    """Return what selects from an array what ``outer`` selects from a view of it."""
    if outer is None:
        return None
    if name == "transpose":
        return _trimmed(_turned(attrs["axes"], outer))
    if name != "getitem":
        return None
    inner = items_of(attrs["index"], operands, len(shape))
    return None if inner is None else _trimmed(_composed(inner, outer, shape))


def _trimmed(items: Items | None) -> Items | None:
    """Leave out slices at the end that select all."""
    while items and items[-1] == ALL:
        items = items[:-1]
    return items


def _turned(axes: Sequence[int], outer: Items) -> Items | None:
    """Return the items in the order of the axes before a transposition.

    The axes that stay must not change places.
    """
    if None in outer:
        return None
    kept = [a for a, item in zip(axes, outer, strict=True) if isinstance(item, slice)]
    if kept != sorted(kept):
        return None
    return [item for _, item in sorted(zip(axes, outer, strict=True), key=_first)]


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]


def _composed(inner: Items, outer: Items, shape: Sequence[Dim]) -> Items | None:
    lengths = iter(shape)
    rest = list(outer)
    found: Items = []
    for item in inner:
        length = next(lengths) if item is not None else 1
        if isinstance(item, Handle):
            found.append(item)
            continue
        while rest[0] is None:
            found.append(rest.pop(0))
        joined = _joined(item, rest.pop(0), length)
        if joined is UNPROVEN:
            return None
        found.append(joined)
    return found + rest


def _joined(item: Any, then: Any, length: Dim) -> Any:
    """Return what selects what ``then`` selects of what ``item`` does."""
    if item == ALL or then == ALL:
        return then if item == ALL else item
    if item is None or not _is_plain(item):
        return UNPROVEN
    if isinstance(then, slice):
        return _cut_twice(item, then)
    number = constant(then)
    if type(number) is not int:
        return UNPROVEN
    return _element(item, number, _least(length))


def _is_plain(cut: slice) -> bool:
    return not any(isinstance(b, Handle) for b in (cut.start, cut.stop, cut.step))


def _goes_up(cut: slice) -> bool:
    """Tell whether a slice is ``a:`` or ``a:-b`` of what is there."""
    if not _is_plain(cut) or cut.step not in (None, 1):
        return False
    return (cut.start or 0) >= 0 and (cut.stop is None or cut.stop < 0)


def _cut_twice(item: slice, then: slice) -> Any:
    if not _goes_up(item) or not _goes_up(then):
        return UNPROVEN
    start = (item.start or 0) + (then.start or 0)
    stop = (item.stop or 0) + (then.stop or 0)
    return slice(start or None, stop or None)


def _least(length: Dim) -> int:
    if isinstance(length, int):
        return length
    return 2 if length.proper else 0


def _element(cut: slice, number: int, least: int) -> Any:
    """Return the index of an element of a slice, if it exists wherever that does."""
    if (cut.start, cut.stop, cut.step) == (None, None, -1):
        return -1 - number
    if not _goes_up(cut):
        return UNPROVEN
    start, end = cut.start or 0, cut.stop or 0
    count = least + end - start
    if number >= 0 and (cut.stop is None or number < count):
        return start + number
    return number + end if -count <= number < 0 else UNPROVEN
