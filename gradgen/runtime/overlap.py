"""Arguments that share memory with one that the function writes to.

A derivative writes to a copy, so that the caller's arrays stay as they are. Where
another argument shares memory with the written one, or elements of that share a place,
the function sees its own writes there and the derivative would not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import ArgumentError
from gradgen.ir.tree import tree_of
from gradgen.kernels.arguments import overlaps_itself

Leaf = tuple[int, int]


def check_overlap(
    args: Sequence[Any],
    outside: Sequence[Any],
    written: Sequence[Leaf],
    names: Sequence[str],
) -> None:
    """Refuse arguments that share memory with those that are written to.

    Raises
    ------
    ArgumentError
        Naming both arguments.
    """
    leaves = {
        (i, k): x
        for i, arg in enumerate((*args, *outside))
        for k, x in enumerate(tree_of(arg).leaves())
        if isinstance(x, np.ndarray)
    }
    for place in written:
        if place in leaves:
            _check(leaves, place, names)


def _check(leaves: dict[Leaf, Any], place: Leaf, names: Sequence[str]) -> None:
    target, name = leaves[place], names[place[0]]
    if overlaps_itself(target):
        raise ArgumentError(
            f"{name} is written to, and several of its elements share one place in "
            f"memory: pass {name}.copy()"
        )
    for other, x in leaves.items():
        if other != place and np.may_share_memory(target, x):
            partner = names[other[0]] if other[0] < len(names) else "a global array"
            raise ArgumentError(
                f"{name} is written to and may share memory with {partner}: pass a "
                f"copy of one of them"
            )
