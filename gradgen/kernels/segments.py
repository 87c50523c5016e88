"""Where the elements of segments stand, called by generated code.

They need NumPy alone. Generated code imports them from ``gradgen.runtime.support``.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def segment_places(indices: Any, length: int) -> tuple[Any, Any, Any]:
    """Return which elements the segments of ``reduceat`` read, one after the other.

    Besides these places: with which of them each segment starts, and to which segment
    each belongs. A segment whose stop is not past its start has one element.

    Examples
    --------
    >>> places, starts, owners = segment_places(np.array([0, 2, 1]), 4)
    >>> places, starts, owners
    (array([0, 1, 2, 1, 2, 3]), array([0, 2, 3]), array([0, 0, 1, 2, 2, 2]))
    """
    first = np.asarray(indices, np.intp)
    counts = np.maximum(np.append(first[1:], length) - first, 1)
    starts = np.cumsum(counts) - counts
    owners = np.repeat(np.arange(len(first)), counts)
    return np.arange(len(owners)) + (first - starts)[owners], starts, owners


def fold_segments(x: Any, indices: Any, length: int, axis: int) -> Any:
    """Return to each element what ``np.add.reduceat`` made sums of it for.

    Examples
    --------
    >>> fold_segments(np.array([1.0, 2.0]), np.array([0, 2]), 4, 0)
    array([1., 1., 2., 2.])
    """
    places, _, owners = segment_places(indices, length)
    rows = np.moveaxis(x, axis, 0)[owners]
    total = np.zeros((length, *rows.shape[1:]), x.dtype)
    if (places[1:] > places[:-1]).all():
        total[places] = rows
    else:
        np.add.at(total, places, rows)
    return np.moveaxis(total, 0, axis)
