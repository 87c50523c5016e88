"""Colours for sparse matrices: what may be computed along the same direction.

A colour is a set of columns along whose sum one derivative gives all of their entries.
The sets of colours that a row has seen are kept as the bits of an integer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

MAX_WIDTHS = 12
"""How many lengths of lines are tried for a grid."""


def column_colours(pattern: Any) -> np.ndarray:
    """Return colours such that no row has entries in two columns of the same colour.

    Columns without entries have the colour -1. It is the best of greedy colourings
    (Curtis, Powell and Reid 1974), in order, and with the most entries first, and of
    colours that repeat as the points of a grid do.

    Examples
    --------
    >>> from scipy import sparse
    >>> column_colours(sparse.csr_array(np.tri(5, k=1) - np.tri(5, k=-2)))
    array([0, 1, 2, 0, 1])
    """
    by_column = pattern.tocsc()
    found = _greedy(by_column, range(pattern.shape[1]))
    least = max(np.diff(pattern.tocsr().indptr), default=0)
    if found.max(initial=-1) + 1 > least:
        counts = np.diff(by_column.indptr)
        other = _greedy(by_column, np.argsort(-counts, kind="stable").tolist())
        found = min(found, other, key=np.max)
        repeating = grid_colours(pattern, found.max() + 1)
        found = found if repeating is None else repeating
    return found


def grid_colours(pattern: Any, limit: int) -> np.ndarray | None:
    """Return colours that repeat along the lines of a grid, fewer than a limit.

    A column is the point ``(i, j)`` of a grid whose lines lie one behind the other, and
    gets the colour ``(a * i + j) % p``. For the five points of a Laplacian, ``p`` is 5.

    Examples
    --------
    >>> from scipy import sparse
    >>> line, each = np.tri(5, k=1) - np.tri(5, k=-2), np.eye(5)
    >>> laplacian = sparse.csr_array(np.kron(line, each) + np.kron(each, line))
    >>> grid_colours(laplacian, 7)[:10]
    array([0, 1, 2, 3, 4, 2, 3, 4, 0, 1])
    """
    rows = pattern.tocsr()
    least = int(np.diff(rows.indptr).max(initial=0))
    if not 0 < least < limit:
        return None
    widths = _line_lengths(rows)
    for p in range(least, limit):
        for width, a in itertools.product(widths, range(p)):
            i, j = np.divmod(np.arange(pattern.shape[1]), width)
            colours = (a * i + j) % p
            if _fits(rows, colours, p):
                return np.asarray(colours)
    return None


def _line_lengths(rows: Any) -> list[int]:
    """Return what may be the length of a line: how far entries of a row are apart."""
    rows.sort_indices()
    counts = np.diff(rows.indptr)
    first = rows.indices[rows.indptr[:-1][counts > 0]]
    apart = rows.indices - np.repeat(first, counts[counts > 0])
    steps, often = np.unique(apart, return_counts=True)
    lengths: list[int] = steps[np.argsort(-often, kind="stable")].tolist()
    return [length for length in lengths[:MAX_WIDTHS] if length > 1]


def _fits(rows: Any, colours: np.ndarray, count: int) -> bool:
    """Tell whether no row has a colour twice; some rows are looked at before all."""
    for end in (min(100, rows.shape[0]), rows.shape[0]):
        own = np.repeat(np.arange(end), np.diff(rows.indptr[: end + 1]))
        cells = own * count + colours[rows.indices[: len(own)]]
        if np.bincount(cells).max(initial=0) > 1:
            return False
    return True


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
    columns of its colour (Coleman and Moré 1984; Gebremedhin et al. 2005). Vertices
    without entries have the colour -1.

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
    for v in np.unique(from_).tolist():
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
