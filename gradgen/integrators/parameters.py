"""Parameters of functions that are integrated: the floats in nested containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradgen.ir.tree import tree_of

COMPLEX = "derivatives of an integral in complex numbers are not known"


def floats(x: Any) -> Any:
    """Return nested containers with None for all that is no float in them.

    Raises
    ------
    TypeError
        For complex numbers.
    """
    if isinstance(x, dict):
        return {key: floats(part) for key, part in x.items()}
    if isinstance(x, list):
        return [floats(part) for part in x]
    if isinstance(x, tuple):
        return tuple(floats(part) for part in x)
    if isinstance(x, np.ndarray | np.generic):
        if x.dtype.kind == "c":
            raise TypeError(COMPLEX)
        return x if x.dtype.kind == "f" else None
    if isinstance(x, complex):
        raise TypeError(COMPLEX)
    return x if isinstance(x, float) else None


def flat(tree: Any) -> Any:
    """Return the numbers of all floats in nested containers."""
    return np.concatenate([np.zeros(0), *map(np.ravel, _leaves(floats(tree)))])


def _leaves(x: Any) -> Iterator[Any]:
    """Yield the floats in nested containers."""
    if isinstance(x, dict | list | tuple):
        for part in x.values() if isinstance(x, dict) else x:
            yield from _leaves(part)
    elif x is not None:
        yield x


def filled(like: Any, numbers: Any) -> Any:
    """Return ``floats(like)`` with other numbers, from a vector."""
    at = 0

    def take(x: Any) -> Any:
        nonlocal at
        at += np.size(x)
        part = numbers[at - np.size(x) : at]
        if isinstance(x, np.ndarray):
            return part.reshape(x.shape).astype(x.dtype)
        return type(x)(part[0])

    return tree_of(floats(like)).map(take).build()
