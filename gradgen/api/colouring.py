"""Colours for sparse matrices: what may be computed along the same direction.

A colour is a set of columns along whose sum one derivative gives all of their entries.
The sets of colours that a row has seen are kept as the bits of an integer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def column_colours(pattern: Any) -> np.ndarray:
    """Return colours such that no row has entries in two columns of the same colour.

    Columns without entries have the colour -1. It is the better of two greedy
    colourings (Curtis, Powell and Reid 1974): in order, and that with the most entries
    first.

    Examples
    --------
    >>> from scipy import sparse
    >>> column_colours(sparse.diags_array([1, 1, 1], offsets=[-1, 0, 1], shape=(5, 5)))
    array([0, 1, 2, 0, 1])
    """
    by_column = pattern.tocsc()
    counts = np.diff(by_column.indptr)
    least = max(np.diff(pattern.tocsr().indptr), default=0)
    found = _greedy(by_column, range(len(counts)))
    if found.max(initial=-1) + 1 > least:
        other = _greedy(by_column, np.argsort(-counts, kind="stable").tolist())
        if other.max() < found.max():
            return other
    return found


def _greedy(by_column: Any, order: Iterable[int]) -> np.ndarray:
    indices, indptr = by_column.indices.tolist(), by_column.indptr.tolist()
    seen = [0] * by_column.shape[0]
    colours = np.full(by_column.shape[1], -1)
    for j in order:
        rows = indices[indptr[j] : indptr[j + 1]]
        taken = 0
        for i in rows:
            taken |= seen[i]
        if not rows:
            continue
        bit = ~taken & (taken + 1)
        colours[j] = bit.bit_length() - 1
        for i in rows:
            seen[i] |= bit
    return colours


def star_colours(pattern: Any) -> np.ndarray:
    """Return a star colouring of a symmetric pattern.

    Neighbours have different colours, and every path of four vertices has three, so
    that of each entry and its mirror image one stands alone in its row among the
    columns of its colour (Coleman and Moré 1984; Gebremedhin et al. 2005).

    Examples
    --------
    >>> star_colours(np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1]]))
    array([0, 1, 1])
    """
    from_, to = np.nonzero(pattern)
    n = pattern.shape[0]
    apart = from_ != to
    bounds = np.searchsorted(from_[apart], np.arange(n + 1)).tolist()
    flat = to[apart].tolist()
    painter = Painter([flat[bounds[v] : bounds[v + 1]] for v in range(n)])
    for v in range(n):
        painter.paint(v)
    return np.array(painter.colours, dtype=int)


class Painter:
    """A greedy star colouring, one vertex after the other.

    ``once`` and ``twice`` hold the colours of which a vertex has one and several
    neighbours; ``ends`` the colours of those neighbours that have several of the
    vertex's own: another such neighbour would begin a path of two colours.
    """

    def __init__(self, neighbours: list[list[int]]) -> None:
        self.neighbours = neighbours
        self.colours = [-1] * len(neighbours)
        self.once = [0] * len(neighbours)
        self.twice = [0] * len(neighbours)
        self.ends = [0] * len(neighbours)

    def paint(self, v: int) -> None:
        """Give a vertex the first colour that it may have."""
        taken = self.once[v]
        for w in self.neighbours[v]:
            if self.colours[w] >= 0:
                repeated = self.twice[v] >> self.colours[w] & 1
                taken |= self.once[w] if repeated else self.ends[w]
        bit = ~taken & (taken + 1)
        self.colours[v] = bit.bit_length() - 1
        self._note(v, bit)

    def _note(self, v: int, bit: int) -> None:
        for w in self.neighbours[v]:
            colour = self.colours[w]
            if colour >= 0 and self.twice[v] >> colour & 1:
                self.ends[w] |= bit
            if self.once[w] & bit:
                self._repeat(v, w, bit)
            self.once[w] |= bit

    def _repeat(self, v: int, w: int, bit: int) -> None:
        """Note that ``v`` is not the first neighbour of ``w`` of its colour."""
        own = 1 << self.colours[w] if self.colours[w] >= 0 else 0
        if self.twice[w] & bit:
            self.ends[v] |= own
            return
        self.twice[w] |= bit
        for y in self.neighbours[w]:
            if self.colours[y] == self.colours[v]:
                self.ends[y] |= own
