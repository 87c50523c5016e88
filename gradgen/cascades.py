"""Cascades of filters of ``scipy.signal``, as a user would write them.

They are read as a user's functions are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal


def sosfilt(sos: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """Do what ``scipy.signal.sosfilt`` does, one section after the other.

    Examples
    --------
    >>> sosfilt(np.array([[1.0, 1.0, 0.0, 1.0, 0.5, 0.0]]), np.ones(3))
    array([1.  , 1.5 , 1.25])
    """
    _check_sections(sos)
    if zi is None:
        y = np.array(x, np.result_type(sos, x))
        for row in sos:
            y = signal.lfilter(row[:3], [1.0, row[4], row[5]], y, axis)
        return y
    if np.shape(zi)[0] != np.shape(sos)[0]:
        raise ValueError("Invalid zi shape")
    y = np.array(x, np.result_type(sos, x, zi))
    states = np.array(zi, y.dtype)
    for k, row in enumerate(sos):
        a = [1.0, row[4], row[5]]
        y, states[k] = signal.lfilter(row[:3], a, y, axis, states[k])
    return y, states


def _check_sections(sos: Any) -> None:
    if np.ndim(sos) != 2 or np.shape(sos)[1] != 6:
        raise ValueError("sos array must be shape (n_sections, 6)")
    if np.any(sos[:, 3] != 1):
        raise ValueError("sos[:, 3] should be all ones")
