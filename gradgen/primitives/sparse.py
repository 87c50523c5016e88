"""Products with matrices of ``scipy.sparse``, which are constants.

A sparse matrix is an object that is handed on. Its elements have no derivative: a
gradient in them would be that of a full matrix, or depend on which are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from functools import partial as bind
from typing import Any

import numpy as np
from scipy import sparse

from gradgen.errors import Refusal
from gradgen.ir.core import Value
from gradgen.ir.dims import Dims
from gradgen.ir.types import Shape, Sparse, Type, tensor
from gradgen.primitives.families import linear
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    register,
)

TRANSPOSED = {"csr": "csc", "csc": "csr", "coo": "coo"}


def _type_of(x: Handle) -> Sparse:
    assert isinstance(x.atom.type, Sparse)
    return x.atom.type


def _transposed_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Sparse:
    kind, _, family = types[0].name.partition("_")
    name = f"{TRANSPOSED[kind]}_{family}"
    return Sparse(name, types[0].entries, tuple(reversed(types[0].shape)))


register(
    Primitive(
        name="sparse_transpose",
        type_rule=_transposed_type,
        evaluate=lambda a: a.T,
        template="{0}.T",
        takes_complex=True,
    )
)


def transposed(a: Handle) -> Handle:
    """Return the transpose of a sparse matrix."""
    base, turned = _untransposed(a)
    return base if turned else apply("sparse_transpose", a)


def _untransposed(a: Handle) -> tuple[Handle, bool]:
    """Return what a sparse matrix is, or is the transpose of, and whether it is that.

    The transpose is taken where it is used, so that loops need not store it.
    """
    maker = a.builder.makers.get(a.atom) if isinstance(a.atom, Value) else None
    if maker is not None and maker.name == "sparse_transpose":
        return Handle(a.builder, maker.operands[0]), True
    return a, False


@cache
def _dtype_of(entries: np.dtype, dtype: np.dtype) -> np.dtype:
    one = sparse.csr_array((1, 1), dtype=entries)
    found: np.dtype = (one @ np.ones(1, dtype)).dtype
    return found


def _shape(matrix: Sparse, attrs: Attrs) -> Shape:
    return matrix.shape[::-1] if attrs["transposed"] else matrix.shape


def _product_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Return the type of ``A @ x``, of which ``x`` comes first among the operands."""
    x, matrix = types
    _check_rank(x)
    rows, columns = _shape(matrix, attrs)
    dims.assume_equal(columns, x.shape[0])
    return tensor(_dtype_of(matrix.entries, x.dtype), (rows, *x.shape[1:]))


def _from_left_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    x, matrix = types
    _check_rank(x)
    rows, columns = _shape(matrix, attrs)
    dims.assume_equal(x.shape[-1], rows)
    return tensor(_dtype_of(matrix.entries, x.dtype), (*x.shape[:-1], columns))


def _check_rank(x: Any) -> None:
    if len(x.shape) not in (1, 2):
        raise Refusal("a sparse matrix times what is neither a vector nor a matrix")


def _adjoint(
    name: str, y_bar: Handle, y: Handle, x: Handle, a: Handle, transposed: bool
) -> list[Handle | None]:
    return [apply(name, y_bar, a, transposed=not transposed), None]


def _turned(a: Any, transposed: bool) -> Any:
    return a.T if transposed else a


DENSE = np.array([[0.0, 1.5, 0.0], [-2.0, 0.0, 0.5]])
linear(
    "sparse_product",
    type_rule=_product_type,
    evaluate=lambda x, a, transposed: _turned(a, transposed) @ x,
    template=lambda types, attrs: "{1}.T @ {0}" if attrs["transposed"] else "{1} @ {0}",
    adjoint=bind(_adjoint, "sparse_product"),
    samples=(
        Sample(("f64[3]", sparse.csr_array(DENSE)), {"transposed": False}),
        Sample(("f64[2,2]", sparse.coo_matrix(DENSE)), {"transposed": True}),
        Sample(("f32[3]", sparse.csc_array(np.float32(DENSE))), {"transposed": False}),
    ),
)
linear(
    "product_with_sparse",
    type_rule=_from_left_type,
    evaluate=lambda x, a, transposed: x @ _turned(a, transposed),
    template=lambda types, attrs: "{0} @ {1}.T" if attrs["transposed"] else "{0} @ {1}",
    adjoint=bind(_adjoint, "product_with_sparse"),
    samples=(
        Sample(("f64[2]", sparse.csr_matrix(DENSE)), {"transposed": False}),
        Sample(("f64[4,3]", sparse.csc_matrix(DENSE)), {"transposed": True}),
    ),
)


def product(left: Any, right: Any) -> Handle:
    """Return ``left @ right``, of which one is a sparse matrix and the other is not."""
    on_left = isinstance(left, Handle) and isinstance(left.atom.type, Sparse)
    matrix, x = (left, right) if on_left else (right, left)
    base, turned = _untransposed(matrix)
    name = "sparse_product" if on_left else "product_with_sparse"
    return apply(name, x, base, transposed=turned)


def length(a: Handle, axis: int) -> Handle:
    """Return a length of a sparse matrix."""
    atom = a.builder.dim_atom(_type_of(a).shape[axis])
    return apply("dim", a, axis=axis) if atom is None else Handle(a.builder, atom)


def entries_of(a: Handle) -> np.dtype:
    """Return the dtype of the elements of a sparse matrix."""
    return _type_of(a).entries
