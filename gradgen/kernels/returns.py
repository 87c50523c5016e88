"""What functions of the user's get and return that are called as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def read_only(x: np.ndarray) -> np.ndarray:
    """Return a view of an array that must not be written to.

    Examples
    --------
    >>> read_only(np.zeros(2))[0] = 1.0
    Traceback (most recent call last):
    ...
    ValueError: assignment destination is read-only
    """
    view = x.view()
    view.flags.writeable = False
    return view


def returned(value: Any, name: str, kind: Any, *given: Any) -> Any:
    """Return what ``name`` returned; raise unless it is of the type ``kind``.

    That is ``float``, ``int`` or ``bool`` for a number of Python's, a dtype as text for
    one of NumPy's, ``("float64", n, m)`` for an array, and a list or dict of these. Of
    a container with several leaves these are returned, as a tuple. No array may share
    memory with one of ``given``.

    Examples
    --------
    >>> returned([1.0, 2], "f", [float, int])
    (1.0, 2)
    >>> returned(np.zeros(3), "f", ("float64", 2))
    Traceback (most recent call last):
    ...
    ValueError: 'f' returned an array of shape (3,), not (2,) as its rule says
    """
    leaves = tuple(_leaves(value, name, kind))
    for x in leaves:
        if isinstance(x, np.ndarray):
            _check_memory(x, name, given)
    return leaves[0] if len(leaves) == 1 else leaves


def _check_memory(x: np.ndarray, name: str, given: Any) -> None:
    for other in given:
        if isinstance(other, np.ndarray) and np.may_share_memory(x, other):
            raise ValueError(f"'{name}' returned memory of an argument, not a copy")


def _leaves(value: Any, name: str, kind: Any) -> Iterator[Any]:
    """Yield the numbers and arrays in ``value``."""
    if isinstance(kind, dict):
        if not isinstance(value, dict) or list(value) != list(kind):
            raise _misfit(name, value, f"a dict with the keys {list(kind)}")
        for key, inner in kind.items():
            yield from _leaves(value[key], name, inner)
    elif isinstance(kind, list):
        if not isinstance(value, list | tuple) or len(value) != len(kind):
            raise _misfit(name, value, f"{len(kind)} values")
        for part, inner in zip(value, kind, strict=True):
            yield from _leaves(part, name, inner)
    elif kind is not None:
        yield _leaf(value, name, kind)
    elif value is not None:
        raise _misfit(name, value, "None")


def _leaf(value: Any, name: str, kind: Any) -> Any:
    if isinstance(kind, type):
        if type(value) is not kind:
            raise _misfit(name, value, f"a {kind.__name__}")
        return value
    if isinstance(kind, str):
        strong = isinstance(value, np.generic | np.ndarray) and value.ndim == 0
        if not strong or value.dtype != np.dtype(kind):
            raise _misfit(name, value, f"a number of dtype {kind}")
        return value[()]
    dtype, *shape = kind
    if not isinstance(value, np.ndarray) or value.dtype != np.dtype(dtype):
        raise _misfit(name, value, f"an array of {dtype}")
    if value.shape != tuple(shape):
        raise ValueError(
            f"'{name}' returned an array of shape {value.shape}, not {tuple(shape)} as "
            "its rule says"
        )
    return value


def _misfit(name: str, value: Any, wanted: str) -> TypeError:
    if isinstance(value, np.ndarray):
        found = f"an array of {value.dtype} with {value.ndim} axes"
    elif isinstance(value, list | tuple):
        found = f"a {type(value).__name__} of {len(value)}"
    else:
        found = f"an object of class {type(value).__name__}"
    return TypeError(f"'{name}' returned {found}, not {wanted} as its rule says")
