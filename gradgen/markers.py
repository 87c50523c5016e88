"""What users write into their functions for gradgen to see; plain Python otherwise."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def stop_gradient(x: T) -> T:
    """Return ``x``, which derivatives then take for a constant.

    Parameters
    ----------
    x : number, array, or list, tuple or dict of these
        Any value of a differentiated function.

    Returns
    -------
    Same type as ``x``
        ``x`` itself.

    Examples
    --------
    >>> stop_gradient(2.0)
    2.0
    """
    return x
