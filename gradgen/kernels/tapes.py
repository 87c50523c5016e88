"""What tapes of calls and lists are added to, copied and cleared by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def add_items(left: Any, right: Any) -> Any:
    """Return the sums of the elements of two lists as long, nested ones included.

    Examples
    --------
    >>> add_items([1.0, [2.0]], [3.0, [4.0]])
    [4.0, [6.0]]
    """
    if isinstance(left, dict):
        sums = {k: add_items(x, right[k]) if k in right else x for k, x in left.items()}
        return {**right, **sums}
    if not isinstance(left, list):
        return left + right
    return [add_items(x, y) for x, y in zip(left, right, strict=True)]


def add_tapes(left: Any, right: Any) -> Any:
    """Return the sum of two tapes of derivatives, item by item; None is nothing.

    Examples
    --------
    >>> add_tapes((1.0, None, (2.0,)), (3.0, None, (0.5,)))
    (4.0, None, (2.5,))
    """
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, tuple | list):
        return type(left)(map(add_tapes, left, right))
    return left + right


def copy_tape(tape: Any) -> Any:
    """Return a tape that shares no array with another one.

    Examples
    --------
    >>> copy_tape((3, np.array([2.0]), None))
    (3, array([2.]), None)
    """
    if isinstance(tape, tuple | list):
        return type(tape)(map(copy_tape, tape))
    return tape.copy() if isinstance(tape, np.ndarray) else tape


def zeros_like_tape(tape: Any) -> Any:
    """Return the zero derivative of a tape: zeros for floats, None for other items.

    Examples
    --------
    >>> zeros_like_tape((3, 1.5, (np.array([2.0]), None)))
    (None, 0.0, (array([0.]), None))
    """
    if isinstance(tape, tuple | list):
        return type(tape)(map(zeros_like_tape, tape))
    kind = getattr(tape, "dtype", np.dtype(int)).kind
    if isinstance(tape, float | complex) or kind in "fc":
        return np.zeros_like(tape) if np.ndim(tape) else type(tape)(0.0)
    return None


def revolve_advance(distance: int, free: int) -> int:
    """Return after how many turns of a loop to keep the next of its states, or 0.

    The turn to reverse is ``distance`` after the last state that is kept, and ``free``
    more can be. The turns up to the new state and those from there on are then run
    again as rarely as can be (Griewank and Walther, Algorithm 799, ACM TOMS 26, 2000).

    Examples
    --------
    >>> revolve_advance(9, 2), revolve_advance(9, 0)
    (4, 0)
    """
    if distance < 1 or free < 1:
        return 0
    turns, states, repeats = distance + 1, free + 1, 1
    while math.comb(states + repeats, states) < turns:
        repeats += 1
    fewest = math.comb(states + repeats - 2, states)
    return max(1, fewest, turns - math.comb(states + repeats - 1, states - 1))
