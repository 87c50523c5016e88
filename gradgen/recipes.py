"""Functions of NumPy that call functions, as a user would write them.

They are read as a user's functions are, and are as long as NumPy's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Do what ``np.piecewise`` does, for a list of conditions.

    Examples
    --------
    >>> x = np.array([-1.0, 2.0])
    >>> piecewise(x, [x < 0], [0.5, lambda v: v**2])
    array([0.5, 4. ])
    """
    if not isinstance(condlist[0], list | np.ndarray):
        condlist = [condlist]
    conditions = [np.asarray(condition, bool) for condition in condlist]
    if len(conditions) == len(funclist) - 1:
        conditions.append(~np.any(np.stack(conditions), axis=0))
    elif len(conditions) != len(funclist):
        raise ValueError("np.piecewise takes a function for each condition")
    y = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        if callable(function):
            if np.any(condition):
                y[condition] = function(x[condition], *args, **kw)
        else:
            y[condition] = function
    return y
