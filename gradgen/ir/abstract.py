"""From Python values to IR types: what the key of a compiled program is made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import ArgumentError
from gradgen.ir.core import Value
from gradgen.ir.dims import Dims
from gradgen.ir.tree import Tree, leaf, tree_of
from gradgen.ir.types import (
    PY_COMPLEX,
    PY_FLOAT,
    PY_INT,
    Array,
    Curve,
    Dim,
    Random,
    Scalar,
    Sparse,
    Sym,
    Type,
    tensor,
)

LETTERS = "nmkpqrstuvw"
KINDS = "biufc"


def is_tensor(value: Any) -> bool:
    """Tell whether ``value`` is a number or an array of numbers, not a bool flag."""
    if is_array_like(value):
        return value.dtype.kind in KINDS
    return isinstance(value, int | float | complex) and not isinstance(value, bool)


def is_array_like(value: Any) -> bool:
    """Tell whether ``value`` is an array or scalar of NumPy, or follows its protocols.

    Arrays on a GPU do: generated code calls ``np.*``, which hands on to them.
    """
    if isinstance(value, np.ndarray | np.generic):
        return True
    follows = hasattr(type(value), "__array_function__") and hasattr(value, "shape")
    return follows and isinstance(getattr(value, "dtype", None), np.dtype)


def is_generator(value: Any) -> bool:
    """Tell whether ``value`` is a generator of random numbers.

    One of a class derived from NumPy's may draw in another way. The module is not
    imported to find out.
    """
    cls = type(value)
    return (cls.__module__, cls.__name__) == ("numpy.random._generator", "Generator")


SPARSE = frozenset(
    f"{form}_{kind}" for form in ("csr", "csc", "coo") for kind in ("array", "matrix")
)
"""Classes of sparse matrices whose products are known."""


def is_sparse(value: Any) -> bool:
    """Tell whether ``value`` is a sparse matrix of SciPy, in one of three formats."""
    cls = type(value)
    known = cls.__name__ in SPARSE and cls.__module__.startswith("scipy.sparse.")
    return known and len(value.shape) == 2


CURVES = {
    "Akima1DInterpolator": 2,
    "BSpline": 1,
    "CubicHermiteSpline": 2,
    "CubicSpline": 2,
    "PPoly": 2,
    "PchipInterpolator": 2,
}
"""Classes of curves with derivatives, and how many axes their coefficients have."""


def is_curve(value: Any) -> bool:
    """Tell whether ``value`` is a curve or a grid of SciPy with real values."""
    return axes_of_curve(value) > 0


def axes_of_curve(value: Any) -> int:
    """Return of how many numbers a curve or grid is a function; 0 if it is none."""
    cls = type(value)
    if not cls.__module__.startswith("scipy.interpolate."):
        return 0
    name = cls.__name__
    if name == "interp1d":
        lines = value.y.ndim == 1 and value.y.dtype == np.float64
        return int(lines and value._kind != "spline")
    if name == "RegularGridInterpolator":
        axes, values = len(value.grid), value.values
        plain = values.ndim == axes and values.dtype == np.float64
        return axes if plain and value.method in ("linear", "nearest") else 0
    real = name in CURVES and value.c.dtype == np.float64
    return int(real and value.c.ndim == CURVES[name])


def is_object(value: Any) -> bool:
    """Tell whether a program is given ``value`` as it is, to call methods of."""
    return is_generator(value) or is_sparse(value) or is_curve(value)


def is_numeric(value: Any) -> bool:
    """Tell whether ``value`` is a tensor, or a container that holds one."""
    return any(is_tensor(x) for x in tree_of(value).leaves())


def type_of(value: Any, dims: Dims, name: str) -> Type:
    """Return the type that a program is compiled for when it is given ``value``."""
    if isinstance(value, np.ndarray):
        _check_array(value, name)
        if value.ndim:
            return Array(
                value.dtype, tuple(_dim(length, dims) for length in value.shape)
            )
        return Scalar(value.dtype)
    if isinstance(value, np.generic):
        return Scalar(value.dtype)
    if is_curve(value):
        return Curve(type(value).__name__, axes_of_curve(value))
    if is_sparse(value):
        shape = tuple(_dim(length, dims) for length in value.shape)
        return Sparse(type(value).__name__, value.dtype, shape)
    if is_array_like(value):
        return tensor(value.dtype, tuple(_dim(length, dims) for length in value.shape))
    if isinstance(value, int):
        return Scalar(PY_INT.dtype, weak=True, dim=dims.fresh(_stem(name)))
    return PY_FLOAT if isinstance(value, float) else PY_COMPLEX


def _stem(name: str) -> str:
    return name if name.isidentifier() else "i"


def _check_array(value: np.ndarray, name: str) -> None:
    if type(value) is not np.ndarray:
        kind = type(value).__name__
        raise ArgumentError(f"{name} is a {kind}; pass np.asarray({name})")
    if not value.dtype.isnative:
        raise ArgumentError(f"{name} has foreign byte order; pass it in native order")


def _dim(length: int, dims: Dims) -> Dim:
    if length <= 1:
        return length
    for letter in LETTERS:
        if letter not in dims.names:
            dims.names.setdefault(letter, len(dims.names))
            return Sym(letter, proper=True)
    name = dims.fresh("n").name
    return Sym(name, proper=True)


def abstract_tree(tree: Tree, name: str, dims: Dims) -> Tree:
    """Return the tree of IR values for an argument.

    What is no number, nor an object that programs are given, stays static.
    """
    paths = iter(list(tree.paths(name)))

    def abstract(node: Tree) -> Tree:
        if node.kind != "leaf":
            children = tuple(map(abstract, node.children))
            return Tree(node.kind, children, node.keys, node.cls, node.leaf)
        path = next(paths)
        if is_generator(node.leaf):
            return leaf(Value(Random(), path))
        if not (is_tensor(node.leaf) or is_sparse(node.leaf) or is_curve(node.leaf)):
            return Tree("static", leaf=node.leaf)
        return leaf(Value(type_of(node.leaf, dims, path), path))

    return abstract(tree)
