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
from gradgen.primitives.subscripts import split_labels
from gradgen.transforms.dependence import Content, Unproved

if TYPE_CHECKING:
    from scipy import sparse
else:
    sparse = Deferred("scipy.sparse")

Operands = Sequence[Content]

PLACING = frozenset(
    (
        "array",
        "block_diag",
        "broadcast_to",
        "cast",
        "concatenate",
        "copy",
        "diag",
        "diagonal",
        "expand_dims",
        "fftshift",
        "fill_diagonal",
        "flat",
        "flip",
        "getitem",
        "ifftshift",
        "in_c_order",
        "insert",
        "place_diagonal",
        "pad",
        "real",
        "repeat",
        "reshape",
        "resize",
        "roll",
        "sliding_windows",
        "squeeze",
        "stack",
        "stop_gradient",
        "take_along_axis",
        "tile",
        "toeplitz",
        "transpose",
        "tril",
        "triu",
        "update",
    )
)
"""Ops whose result holds elements of their operands, each as it was."""

MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
"""Ways to pad an array with elements of its own, or with none."""

TOTALS = frozenset(
    (
        "fmax_reduce",
        "fmin_reduce",
        "hypot_reduce",
        "logaddexp_reduce",
        "logsumexp",
        "max",
        "mean",
        "min",
        "norm",
        "prod",
        "std",
        "sum",
        "var",
    )
)
"""Ops that make one number of all the elements along some axes."""

ALONG = frozenset(
    ("cumprod", "cumsum", "log_softmax", "running_maximum", "softmax", "sort")
)
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


MAX_ENTRIES = 50_000_000
"""How many entries a pattern may get by depending on all of something."""


def dense(value: Any, operands: Operands) -> Content:
    """Return a result each of whose elements depends on all that the operands do."""
    kept = [x.sources for x in operands if x.sources is not None]
    if not kept or np.asarray(value).dtype.kind not in "fc":
        return Content(value, None, True)
    columns = np.unique(np.concatenate([s.indices for s in kept]))
    rows = np.size(value)
    if rows * len(columns) > MAX_ENTRIES:
        raise Unproved("too much depends on all of the argument")
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


def stacked(items: Sequence[Content]) -> Content:
    """Return the array of what a loop yields turn by turn."""
    if not items or any(np.shape(x.value) != np.shape(items[0].value) for x in items):
        raise Unproved("a loop yields nothing, or items of several sizes")
    value = np.stack([x.value for x in items])
    width = next((x.sources.shape[1] for x in items if x.sources is not None), None)
    varies = any(x.varies for x in items)
    if width is None:
        return Content(value, None, varies)
    blank = sparse.csr_array((np.size(items[0].value), width), dtype=bool)
    rows = [blank if x.sources is None else x.sources for x in items]
    return Content(value, sparse.vstack(rows, "csr"), varies)


def _moved(x: Content, rows: Any, places: Any, size: int) -> Any:
    """Return sources whose row ``rows[i]`` has those of the element ``places[i]``."""
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
    if any(y.sources is not None for y in others):
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
        found = _blocks(_unit(len(left)), right.T) @ a.sources
    if b.sources is not None:
        found = union(found, _blocks(left, _unit(right.shape[1])) @ b.sources)
    return found


def _pattern(x: Content) -> Any:
    return np.ones(np.shape(x.value), bool) if x.varies else x.value != 0


def _sparse_product(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of a sparse matrix times ``x``, or of ``x`` times one."""
    x, matrix = operands
    a = sparse.csr_array(matrix.value)
    a = sparse.csr_array((np.ones(a.nnz, bool), a.indices, a.indptr), a.shape)
    from_left = op.name == "product_with_sparse"
    if op.attrs["transposed"] != from_left:
        a = a.T
    if np.ndim(x.value) == 2:
        rows, columns = np.shape(x.value)
        a = _blocks(_unit(rows), a) if from_left else _blocks(a, _unit(columns))
    return a.tocsr() @ x.sources


def _unit(size: int) -> Any:
    return sparse.eye_array(size, dtype=bool)


def _blocks(a: Any, b: Any) -> Any:
    """Return a block ``b`` for each element of ``a`` that is not zero."""
    both = sparse.kron(sparse.coo_array(a), sparse.coo_array(b), "csr")
    return both.astype(bool)


def _contracted(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of ``np.einsum``: what meets under the same labels."""
    inputs, output = split_labels(op.attrs["subscripts"])
    found = None
    for x, labels in zip(operands, inputs, strict=True):
        if x.sources is None:
            continue
        every = "".join(dict.fromkeys(labels + output))
        lengths = dict(zip(output, np.shape(value), strict=True))
        lengths.update(zip(labels, np.shape(x.value), strict=True))
        grid = np.empty([lengths[label] for label in every], bool)
        places, rows = (
            np.einsum(f"{own},{every}->{every}", _numbered(numbers), grid | True)
            for own, numbers in ((labels, x.value), (output, value))
        )
        found = union(found, _moved(x, rows.ravel(), places.ravel(), np.size(value)))
    return found


def _convolved(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of the whole convolution of two lines."""
    a, b = operands
    left, right = (_numbered(x.value) for x in operands)
    rows = np.add.outer(left, right).ravel()
    first = np.repeat(left, len(right))
    second = np.tile(right, len(left))
    size = np.size(value)
    return union(_moved(a, rows, first, size), _moved(b, rows, second, size))


def _folded(op: Op, operands: Operands, value: Any) -> Any:
    """Return the sources of what padding, taken back, adds to each element."""
    x = operands[0]
    marks = PRIMITIVES["pad"].evaluate(_numbered(value, 1), **op.attrs).ravel()
    if marks.size != np.size(x.value) or op.attrs["mode"] not in MODES:
        return None
    places = np.flatnonzero(marks)
    return _moved(x, marks[places] - 1, places, np.size(value))


RULES: dict[str, Callable[[Op, Operands, Any], Any]] = {
    **dict.fromkeys(TOTALS, _total),
    **dict.fromkeys(ALONG, _along),
    **dict.fromkeys(AT, _added_at),
    "convolve": _convolved,
    "einsum": _contracted,
    "fold_padding": _folded,
    "matmul": _product,
    "product_with_sparse": _sparse_product,
    "sparse_product": _sparse_product,
    "sum_to": _summed_to,
}
