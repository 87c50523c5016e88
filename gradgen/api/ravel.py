"""``ravel_pytree``: all numbers of nested containers as one vector, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradgen.compiler import TRANSFORMS
from gradgen.errors import ArgumentError
from gradgen.ir.tree import Tree, tree_of
from gradgen.runtime.convert import is_int, leaf_text
from gradgen.structs import frozen


@frozen
class Part:
    """A leaf of a tree: the shape and dtype of an array, or the type of a number."""

    shape: tuple[int, ...]
    dtype: Any
    number: bool
    weak: bool

    @property
    def size(self) -> int:
        """Return how many numbers it is made of."""
        return int(np.prod(self.shape, dtype=int))

    def made_of(self, numbers: Any) -> Any:
        """Return an array or number like the leaf, from its part of a vector."""
        found = numbers.astype(self.dtype)
        if not self.number:
            return found.reshape(self.shape)
        return found[0].item() if self.weak else found[0]


class Unravel:
    """The way back from a vector to a tree, made by :func:`ravel_pytree`.

    Attributes
    ----------
    tree : Tree
        The structure, with a :class:`Part` for each leaf.
    size : int
        The length of the vector.
    dtype : numpy.dtype
        Its dtype.
    """

    def __init__(self, tree: Tree, dtype: Any) -> None:
        self.tree = tree
        self.dtype = dtype
        self.size = sum(part.size for part in tree.leaves())

    def __call__(self, vector: Any) -> Any:
        """Return the tree with other numbers, in arrays of its own."""
        vector = np.asarray(vector)
        if vector.shape != (self.size,):
            raise ArgumentError(
                f"unravel takes a vector of length {self.size}, not an array of "
                f"shape {vector.shape}"
            )
        if vector.dtype.kind not in ("fc" if self.dtype.kind == "c" else "f"):
            raise ArgumentError(
                f"unravel takes a vector of dtype {self.dtype}, not {vector.dtype}"
            )
        at = 0

        def take(part: Part) -> Any:
            nonlocal at
            at += part.size
            return part.made_of(vector[at - part.size : at])

        return self.tree.map(take).build()

    def __repr__(self) -> str:
        return f"<unravel of {self.size} numbers>"


def ravel_pytree(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return the numbers of a tree side by side in a vector, and the way back.

    Parameters
    ----------
    tree : Any
        Floating arrays and numbers in any nesting of dict, list, tuple, NamedTuple and
        dataclass. A Python int counts as a float; None stays where it is. Complex
        numbers stand alone, or with other complex numbers.

    Returns
    -------
    tuple
        ``(vector, unravel)``. The vector has the dtype that can hold all leaves, in
        which a Python float counts as float64. ``unravel`` takes a vector of its length
        and returns a tree with the structure, shapes and dtypes of the given one.

    Raises
    ------
    ArgumentError
        With its path, for a leaf that is no floating array or number.

    Examples
    --------
    >>> import numpy as np
    >>> vector, unravel = ravel_pytree({"w": np.ones((2, 2)), "b": 3.0})
    >>> vector
    array([1., 1., 1., 1., 3.])
    >>> unravel(2.0 * vector)
    {'w': array([[2., 2.],
           [2., 2.]]), 'b': 6.0}
    """
    return ravel_named(tree, "tree")


def ravel_named(tree: Any, name: str) -> tuple[Any, Unravel]:
    """Do what :func:`ravel_pytree` does; errors call the tree ``name``."""
    found = tree_of(tree)
    for path, leaf in zip(found.paths(name), found.leaves(), strict=True):
        _check(path, leaf)
    numbers = [np.ravel(np.asarray(x, _dtype(x))) for x in found.leaves()]
    dtype = np.result_type(*numbers) if numbers else np.dtype(float)
    parts = found.map(_part)
    if dtype.kind == "c" and any(x.dtype.kind == "f" for x in parts.leaves()):
        raise ArgumentError(f"{name} mixes real with complex numbers; make all complex")
    return np.concatenate([np.zeros(0, dtype), *numbers]), Unravel(parts, dtype)


def _check(path: str, leaf: Any) -> None:
    if is_int(leaf) or isinstance(leaf, float | complex):
        return
    if isinstance(leaf, np.generic) or type(leaf) is np.ndarray:
        if leaf.dtype.kind in "fc":
            return
        if leaf.dtype.kind in "iu":
            fix = f"pass {path}.astype(float)"
            raise ArgumentError(f"{path} is {leaf_text(leaf)}; {fix}")
    raise ArgumentError(
        f"{path} is {leaf_text(leaf)}, not a floating array or number; keep it apart"
    )


def _dtype(leaf: Any) -> Any:
    if isinstance(leaf, np.ndarray | np.generic):
        return leaf.dtype
    return np.dtype(complex if isinstance(leaf, complex) else float)


def _part(leaf: Any) -> Part:
    number = not isinstance(leaf, np.ndarray)
    weak = not isinstance(leaf, np.ndarray | np.generic)
    return Part(np.shape(leaf), _dtype(leaf), number, weak)


TRANSFORMS[ravel_pytree] = ("ravel", None)
TRANSFORMS[Unravel] = ("unravel", None)
