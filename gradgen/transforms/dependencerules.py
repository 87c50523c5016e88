"""How the elements of the results of single ops depend on those of their operands.

Sources are boolean matrices of :mod:`scipy.sparse`, a row for each element in C order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.ir.core import Op
from gradgen.primitives import PRIMITIVES
from gradgen.primitives.indexing import build_index
from gradgen.primitives.paths import changed
from gradgen.transforms.dependence import Content

if TYPE_CHECKING:
    from scipy import sparse
else:
    sparse = Deferred("scipy.sparse")

Operands = Sequence[Content]

PLACING = frozenset(
    "array broadcast_to cast concatenate copy diag diagonal expand_dims flip getitem "
    "in_c_order place_diagonal pad real repeat reshape roll sliding_windows squeeze "
    "stack stop_gradient take_along_axis tile transpose tril triu update".split()
)
"""Ops whose result holds elements of their operands, each as it was."""

MODES = ("edge", "reflect", "symmetric", "wrap")
"""Ways to pad an array with elements of its own."""

TOTALS = frozenset(
    "fmax_reduce fmin_reduce hypot_reduce logaddexp_reduce logsumexp max mean min prod "
    "std sum var".split()
)
"""Ops that make one number of all the elements along some axes."""

ALONG = frozenset("cumprod cumsum log_softmax running_maximum softmax sort".split())
"""Ops whose result depends, along one axis, on all elements along it."""

AT = ("add_at", "divide_at", "maximum_at", "minimum_at", "multiply_at", "subtract_at")


def sources(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of a result of an op, of which ``value`` is the content."""
    found = None
    if PRIMITIVES[op.name].elementwise:
        found = _elementwise(operands, value)
    elif op.name in PLACING and op.attrs.get("mode", "edge") in MODES:
        found = _placed(op, operands, value)
    elif op.name in RULES:
        found = RULES[op.name](op, operands, value)
    return dense(value, operands).sources if found is None else found


def dense(value: Any, operands: Operands) -> Content:
    """Return a result each of whose elements depends on all that the operands do."""
    kept = [x.sources for x in operands if x.sources is not None]
    if not kept or np.asarray(value).dtype.kind not in "fc":
        return Content(value, None, True)
    columns = np.unique(np.concatenate([s.indices for s in kept]))
    rows = np.size(value)
    indptr = np.arange(rows + 1) * len(columns)
    found = (np.ones(rows * len(columns), bool), np.tile(columns, rows), indptr)
    return Content(value, sparse.csr_array(found, (rows, kept[0].shape[1])), True)


def union(a: Any, b: Any) -> Any:
    """Return the sources of what depends on two things."""
    if a is None or b is None:
        return b if a is None else a
    return a + b


def row(xs: Content, k: int) -> Content:
    """Return the ``k``-th item of an array."""
    item = xs.value[k]
    size = np.size(item)
    own = None if xs.sources is None else xs.sources[k * size : (k + 1) * size]
    return Content(item, own, xs.varies)


def _moved(x: Content, rows: Any, places: Any, size: int) -> Any:
    """Return sources of which row ``rows[i]`` has those of the element ``places[i]``."""
    if x.sources is None:
        return None
    chosen = (np.ones(len(rows), bool), (rows, places))
    return sparse.csr_array(chosen, (size, np.size(x.value))) @ x.sources


def _numbered(x: Any, first: int = 0) -> Any:
    return np.arange(first, first + np.size(x)).reshape(np.shape(x))


def _elementwise(operands: Operands, value: Any) -> Any:
    found = None
    for x in operands:
        own = x.sources
        if own is not None and np.shape(x.value) != np.shape(value):
            places = np.broadcast_to(_numbered(x.value), np.shape(value)).ravel()
            own = _moved(x, np.arange(np.size(value)), places, np.size(value))
        found = union(found, own)
    return found


def _steered(operands: Operands) -> bool:
    """Tell whether something steers where elements go that another call may change."""
    return any(x.varies for x in operands if np.asarray(x.value).dtype.kind not in "f")


def _placed(op: Op, operands: Operands, value: Any) -> Any:
    """Return what the op does to the numbers of elements in the place of these."""
    if _steered(operands):
        return None
    first, numbers, spans = 1, [], []
    for x in operands:
        is_data = np.asarray(x.value).dtype.kind == "f"
        numbers.append(_numbered(x.value, first) * 1.0 if is_data else x.value)
        spans.append((first, first + np.size(x.value) * is_data))
        first = spans[-1][1]
    attrs = {k: np.dtype(float) if k == "dtype" else v for k, v in op.attrs.items()}
    marks = np.ravel(PRIMITIVES[op.name].evaluate(*numbers, **attrs))
    if marks.dtype != float or marks.size != np.size(value):
        return None
    found = None
    for x, (start, stop) in zip(operands, spans, strict=True):
        rows = np.flatnonzero((marks >= start) & (marks < stop))
        places = marks[rows].astype(int) - start
        found = union(found, _moved(x, rows, places, marks.size))
    return found


def _summed_to(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of a sum over the axes along which the result is broadcast."""
    (x, *others) = operands
    if any(y.sources is not None for y in others):
        return None
    rows = np.broadcast_to(_numbered(value), np.shape(x.value)).ravel()
    return _moved(x, rows, np.arange(rows.size), np.size(value))


def _total(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of a reduction over ``axis``."""
    (x, *others) = operands
    axis = op.attrs.get("axis")
    if any(y.sources is not None for y in others) or set(op.attrs) - {
        "axis",
        "keepdims",
    }:
        return None
    kept = np.sum(np.empty(np.shape(x.value), bool), axis=axis, keepdims=True)
    if kept.size != np.size(value):
        return None
    rows = np.broadcast_to(_numbered(kept), np.shape(x.value)).ravel()
    return _moved(x, rows, np.arange(rows.size), kept.size)


def _along(op: Op, operands: Operands, value: Any) -> Any:
    (x, *others) = operands
    if others or np.shape(x.value) != np.shape(value) or "axis" not in op.attrs:
        return None
    lines = np.sum(
        np.empty(np.shape(x.value), bool), axis=op.attrs["axis"], keepdims=True
    )
    back = np.broadcast_to(_numbered(lines), np.shape(x.value)).ravel()
    count = np.arange(back.size)
    total = Content(lines, _moved(x, back, count, lines.size))
    return _moved(total, count, back, back.size)


def _added_at(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of an array to which a value is added at an index."""
    if _steered(operands):
        return None
    x, *_, added = operands
    contents = [y.value for y in operands]
    where = build_index(op.attrs["index"], contents)
    taken: list[Any] = []
    changed(
        lambda part: taken.append(np.array(part[where])),
        _numbered(x.value),
        contents,
        op.attrs.get("path", ()),
    )
    places = np.broadcast_to(_numbered(added.value), np.shape(taken[0])).ravel()
    return union(x.sources, _moved(added, np.ravel(taken[0]), places, np.size(value)))


def _product(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of ``a @ b``, where known zeros of a factor count."""
    a, b = operands
    if np.ndim(a.value) > 2 or np.ndim(b.value) > 2 or op.attrs:
        return None
    left = _pattern(a).reshape(-1, np.shape(a.value)[-1])
    right = _pattern(b).reshape(np.shape(b.value)[0], -1)
    found = None
    if a.sources is not None:
        turned = sparse.kron(np.eye(len(left), dtype=bool), right.T, "csr")
        found = (turned != 0) @ a.sources
    if b.sources is not None:
        ahead = sparse.kron(left, sparse.eye_array(right.shape[1], dtype=bool), "csr")
        found = union(found, (ahead != 0) @ b.sources)
    return found


def _pattern(x: Content) -> Any:
    return np.ones(np.shape(x.value), bool) if x.varies else x.value != 0


RULES: dict[str, Callable[[Op, Operands, Any], Any]] = {
    **dict.fromkeys(TOTALS, _total),
    **dict.fromkeys(ALONG, _along),
    **dict.fromkeys(AT, _added_at),
    "matmul": _product,
    "sum_to": _summed_to,
}
