"""Parameters of functions that are integrated: the floats in nested containers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.ir.tree import tree_of


def moves(x: Any) -> bool:
    """Tell whether a leaf is a float, or an array of floats.

    Raises
    ------
    TypeError
        For complex ones.
    """
    kind = "f" if isinstance(x, float) else np.dtype(getattr(x, "dtype", int)).kind
    if kind == "c" or isinstance(x, complex):
        raise TypeError("derivatives of an integral in complex numbers are not known")
    return bool(kind == "f")


def flat(tree: Any) -> Any:
    """Return the numbers of all floats in nested containers."""
    parts = [np.ravel(x) for x in tree_of(tree).leaves() if moves(x)]
    return np.concatenate([np.zeros(0), *parts])


def filled(like: Any, numbers: Any) -> Any:
    """Return ``like`` with its floats replaced by numbers from a vector."""
    at = 0

    def take(x: Any) -> Any:
        nonlocal at
        if not moves(x):
            return x
        at += np.size(x)
        part = numbers[at - np.size(x) : at]
        if isinstance(x, np.ndarray):
            return part.reshape(x.shape).astype(x.dtype)
        return type(x)(part[0])

    return tree_of(like).map(take).build()
