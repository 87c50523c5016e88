"""Products of matrices that are given by their diagonals, and other forms of matrices.

``main`` is the row of a band that holds the main diagonal, as in the diagonal ordered
form of SciPy: ``band[main + i - j, j]`` is the element ``[i, j]`` of the matrix. It may
count from the end. What the matrix has no place for is not read, and zero if written.
They need NumPy alone. Generated code imports them from ``gradgen.runtime.support``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided


def _diagonals(band: Any, main: int) -> Iterator[tuple[int, slice, slice]]:
    """Yield for each row of a band where its elements stand: rows and columns."""
    rows, length = band.shape
    for k in range(rows):
        offset = main % rows - k
        count = max(length - abs(offset), 0)
        i, j = max(-offset, 0), max(offset, 0)
        yield k, slice(i, i + count), slice(j, j + count)


def band_product(band: Any, x: Any, main: int) -> Any:
    """Return the product of a banded matrix and a vector, or a matrix.

    Examples
    --------
    >>> band_product(np.array([[0.0, 5.0], [1.0, 2.0]]), np.array([1.0, 10.0]), -1)
    array([51., 20.])
    """
    y = np.zeros(x.shape, np.result_type(band, x))
    column = (-1,) + (1,) * (x.ndim - 1)
    for k, i, j in _diagonals(band, main):
        y[i] += band[k, j].reshape(column) * x[j]
    return y


def band_outer(p: Any, q: Any, rows: int, main: int) -> Any:
    """Return the band of ``np.outer(p, q)``, or of ``p @ q.T`` for matrices.

    Examples
    --------
    >>> band_outer(np.array([1.0, 2.0]), np.array([3.0, 4.0]), 2, -1)
    array([[0., 4.],
           [3., 8.]])
    """
    band = np.zeros((rows, len(p)), np.result_type(p, q))
    for k, i, j in _diagonals(band, main):
        product = p[i] * q[j]
        band[k, j] = product if p.ndim == 1 else product.sum(axis=1)
    return band


def band_transpose(band: Any, main: int) -> Any:
    """Return the band of the transpose, of which the main diagonal is ``-1 - main``.

    Examples
    --------
    >>> band_transpose(np.array([[0.0, 5.0], [1.0, 2.0]]), -1)
    array([[1., 2.],
           [5., 0.]])
    """
    turned = np.zeros_like(band)
    for k, i, j in _diagonals(band, main):
        turned[-1 - k, i] = band[k, j]
    return turned


def halve_row(x: Any, row: int) -> Any:
    """Return an array with half of one row, if there is any.

    Examples
    --------
    >>> halve_row(np.array([[2.0], [2.0]]), -1)
    array([[2.],
           [1.]])
    """
    halved = x.copy()
    if len(x):
        halved[row] *= 0.5
    return halved


def diagonal_sums(x: Any, start: int = 0) -> Any:
    """Return the sums of the diagonals of a matrix from the main one down.

    Those before the one numbered ``start`` are zero.

    Examples
    --------
    >>> diagonal_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([5., 3.])
    """
    rows, columns = x.shape
    spread = np.zeros((columns, rows + columns), x.dtype)
    spread[:, :rows] = x.T
    row, column = spread.strides
    skewed = as_strided(spread, (columns, rows), (row + column, column))
    sums = skewed.sum(axis=0)
    sums[:start] = 0
    return sums


def permutation_of(pivots: Any) -> Any:
    """Return the order into which row interchanges bring rows, as an index array.

    Examples
    --------
    >>> permutation_of(np.array([2, 2, 2]))
    array([2, 0, 1])
    """
    order = np.arange(len(pivots))
    for k, pivot in enumerate(pivots):
        order[[k, pivot]] = order[[pivot, k]]
    return order
