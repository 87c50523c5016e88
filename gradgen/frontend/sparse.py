"""Sparse matrices of SciPy: what is read of them, and products with arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import fresh, is_sparse
from gradgen.frontend.frame import refusing
from gradgen.frontend.values import Native, Static, to_python
from gradgen.primitives.registry import Handle

if TYPE_CHECKING:
    from gradgen.primitives import sparse
else:
    sparse = Deferred("gradgen.primitives.sparse")

ALONE = "a sparse matrix is a constant factor of '@', and nothing else"
OUTSIDE = "A @ x or A.T @ x; what else is made of it, make outside and pass it in"


def refuse_sparse(values: Sequence[Any], name: str) -> None:
    """Refuse sparse matrices among the arguments of a function."""
    if any(map(is_sparse, values)):
        raise Refusal(f"{name} of a sparse matrix: {ALONE}", OUTSIDE)


def combine(name: str, operands: Sequence[Any]) -> Handle:
    """Return the product of a sparse matrix and an array; refuse other operators."""
    if name != "matmul" or all(map(is_sparse, operands)):
        raise Refusal(f"the operator '{name}': {ALONE}", OUTSIDE)
    return fresh(sparse.product(*operands))


def attribute_of(owner: Handle, name: str) -> Any:
    """Return an attribute of a sparse matrix, or a method."""
    if name == "T":
        return sparse.transposed(owner)
    if name == "shape":
        return tuple(sparse.length(owner, axis) for axis in (0, 1))
    if name == "dtype":
        return Static(sparse.entries_of(owner))
    if name == "ndim":
        return Static(2)
    if name in METHODS:
        return Native(lambda frame, args, kwargs: _call(owner, name, args, kwargs))
    raise Refusal(f"'{name}' of a sparse matrix: {ALONE}", OUTSIDE)


def _call(
    owner: Handle, name: str, args: Sequence[Any], kwargs: dict[str, Any]
) -> Handle:
    count = METHODS[name]
    if kwargs or len(args) != count:
        raise Refusal(f"'{name}' of a sparse matrix takes {count} arguments")
    if name == "transpose":
        return sparse.transposed(owner)
    with refusing():
        return combine("matmul", [owner, *map(to_python, args)])


METHODS = {"dot": 1, "transpose": 0}
