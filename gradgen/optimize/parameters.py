"""Parameters as the user nests them, and as the vector that SciPy works with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.optimize import Bounds, OptimizeResult

from gradgen.api.ravel import Part, Unravel, ravel_named
from gradgen.errors import ArgumentError
from gradgen.ir.tree import Tree, tree_of
from gradgen.runtime.convert import is_int
from gradgen.structs import replace


class Parameters:
    """Where a solver starts, and the ways between trees and vectors.

    SciPy works in float64, and so the functions of the user are called with arrays of
    this dtype; what is found is converted to the dtypes of the start at the end.

    Attributes
    ----------
    name : str
        What errors call them.
    start : numpy.ndarray
        The vector to start from.
    bare : bool
        Whether they are one array or number, not a container.
    """

    def __init__(self, start: Any, name: str = "x0") -> None:
        vector, self._narrow = ravel_named(start, name)
        if vector.dtype.kind == "c":
            raise ArgumentError(f"{name} is complex; pass real and imaginary parts")
        if not vector.size:
            raise ArgumentError(f"{name} holds no numbers")
        self.name = name
        self.start = vector.astype(float)
        self._wide = Unravel(self._narrow.tree.map(_widened), np.dtype(float))
        self.bare = self._narrow.tree.kind == "leaf"

    def tree(self, vector: Any) -> Any:
        """Return a tree of float64."""
        return self._wide(np.asarray(vector, float))

    def found(self, vector: Any) -> Any:
        """Return a tree with the dtypes of the start."""
        return self._narrow(vector)

    def like(self, value: Any, name: str) -> Iterator[tuple[Part, Any, str]]:
        """Yield each leaf with what stands at its place in ``value``, and its path."""
        return _pairs(self._wide.tree, value, name, self.name)

    def gradient(self, tree: Any) -> Any:
        """Return the vector of a gradient in the structure of the parameters."""
        if isinstance(tree, np.ndarray) and not self.bare:
            return tree
        return vector_of(tree, "the gradient")

    def matrix(self, jacobian: Any) -> Any:
        """Return the matrix of a Jacobian, whose leaves are trees of blocks."""
        parts = list(self._wide.tree.leaves())
        blocks = [*map(np.asarray, tree_of(jacobian).leaves())]
        if len(blocks) % len(parts):
            raise ArgumentError(f"a Jacobian must have the structure of {self.name}")
        count = len(parts)
        rows = [
            np.concatenate([*map(self._block, blocks[k : k + count], parts)], axis=1)
            for k in range(0, len(blocks), count)
        ]
        return np.concatenate(rows)

    def _block(self, block: Any, part: Part) -> Any:
        rank = block.ndim - len(part.shape)
        if rank < 0 or block.shape[rank:] != part.shape:
            raise ArgumentError(
                f"a block of shape {block.shape} in a Jacobian does not end with the "
                f"shape {part.shape} of its part of {self.name}"
            )
        rows = int(np.prod(block.shape[:rank], dtype=int))
        return block.reshape(rows, part.size).astype(float)

    def given_matrix(self, found: Any) -> Any:
        """Return the matrix of a Jacobian that the user's own function returned.

        What is no tree of blocks is for SciPy to judge.
        """
        if not self.bare:
            tree = not hasattr(found, "shape")
            return self.matrix(found) if tree else found
        found = np.asarray(found, float) if isinstance(found, list | float) else found
        part = next(self._wide.tree.leaves())
        rank = np.ndim(found) - len(part.shape)
        blocks = isinstance(found, np.ndarray) and found.shape[rank:] == part.shape
        return self.matrix(found) if blocks else found

    def result(self, result: OptimizeResult) -> OptimizeResult:
        """Return SciPy's result with ``x`` as a tree, and its ``x_vector``."""
        result.x_vector = result.x
        result.x = self.found(result.x)
        return result


def _widened(part: Part) -> Part:
    return replace(part, dtype=np.dtype(float))


def _pairs(tree: Tree, value: Any, name: str, like: str) -> Iterator[Any]:
    if tree.kind == "leaf":
        yield tree.leaf, value, name
        return
    items = _items(tree, value)
    if items is None:
        raise ArgumentError(f"{name} must have the structure of {like}")
    for child, item, step in zip(tree.children, items, tree.steps(), strict=True):
        yield from _pairs(child, item, name + step, like)


def _items(tree: Tree, value: Any) -> Sequence[Any] | None:
    """Return what a container holds, in the order of a tree; None for another one."""
    if tree.kind == "dict":
        fits = isinstance(value, dict) and set(value) == set(tree.keys)
        return [value[key] for key in tree.keys] if fits else None
    if tree.kind == "record":
        fits = isinstance(value, tree.cls or ())
        return [getattr(value, key) for key in tree.keys] if fits else None
    if tree.kind == "none":
        return []
    fits = isinstance(value, list | tuple | np.ndarray)
    return value if fits and len(value) == len(tree.children) else None


def vector_of(value: Any, name: str) -> Any:
    """Return the numbers of what a function returned, as a vector of float64."""
    if type(value) is np.ndarray and value.dtype == float:
        return value.reshape(-1)
    tree = tree_of(value)
    for path, leaf in zip(tree.paths(name), tree.leaves(), strict=True):
        if is_int(leaf):
            raise ArgumentError(
                f"{path} is an int, without derivative; make it a float"
            )
    vector, _ = ravel_named(value, name)
    if vector.dtype.kind == "c":
        raise ArgumentError(f"{name} is complex; return real and imaginary parts")
    return vector.astype(float)


def paired_bounds(parameters: Parameters, bounds: Any) -> Any:
    """Return bounds for a vector from pairs in the structure of the parameters.

    An array has bounds as SciPy takes them.
    """
    if bounds is None or parameters.bare or isinstance(bounds, Bounds):
        return bounds
    ends: tuple[list[Any], list[Any]] = ([], [])
    for part, pair, path in parameters.like(bounds, "bounds"):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ArgumentError(f"{path} must be a pair of a lower and an upper bound")
        for end, limit, free in zip(ends, pair, (-np.inf, np.inf), strict=True):
            end.append(_spread(free if limit is None else limit, part, path))
    return Bounds(*map(np.concatenate, ends))


def bounds_of_sides(parameters: Parameters, bounds: Any) -> Any:
    """Return lower and upper bounds, each in the structure of the parameters."""
    if parameters.bare or isinstance(bounds, Bounds):
        return bounds
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        raise ArgumentError("bounds must be a pair of lower and upper bounds")
    return tuple(_side(parameters, side, k) for k, side in enumerate(bounds))


def _side(parameters: Parameters, side: Any, k: int) -> Any:
    if isinstance(side, int | float | np.generic):
        return side
    pairs = parameters.like(side, f"bounds[{k}]")
    return np.concatenate([_spread(limit, part, path) for part, limit, path in pairs])


def _spread(limit: Any, part: Part, path: str) -> Any:
    """Return a bound for each number of a leaf."""
    try:
        return np.broadcast_to(np.asarray(limit, float), part.shape).reshape(-1)
    except (TypeError, ValueError):
        raise ArgumentError(f"{path} does not fit the shape {part.shape}") from None
