"""Functions of matrices that derivatives need and NumPy does not have.

They take stacks of matrices, and raise nothing and warn of nothing where a matrix is
singular. Generated code imports them from ``gradgen.runtime.support``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SMALL = 32


def inverse_of_lower(low: Any) -> Any:
    """Return the inverses of lower triangular matrices, by halves.

    Large ones take a quarter of the time of ``np.linalg.inv``, which factorises them.

    Examples
    --------
    >>> inverse_of_lower(np.array([[2.0, 0.0], [1.0, 1.0]]))
    array([[ 0.5,  0. ],
           [-0.5,  1. ]])
    """
    n = low.shape[-1]
    if n <= SMALL:
        return np.linalg.inv(low)
    k = n // 2
    first, last = inverse_of_lower(low[..., :k, :k]), inverse_of_lower(low[..., k:, k:])
    inverse = np.zeros_like(low)
    inverse[..., :k, :k], inverse[..., k:, k:] = first, last
    inverse[..., k:, :k] = -last @ low[..., k:, :k] @ first
    return inverse


def inverse_or_nan(x: Any) -> Any:
    """Return the inverse of each matrix, NaN for those that have none.

    Examples
    --------
    >>> inverse_or_nan(np.array([[[2.0]], [[0.0]]])).ravel()
    array([0.5, nan])
    """
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        if x.ndim == 2:
            return np.full_like(x, np.nan)
        parts = [inverse_or_nan(part) for part in x]
        return np.array(parts).reshape(x.shape)


def divide_or_nan(x: Any, divisor: Any) -> Any:
    """Return ``x / divisor``, NaN where the divisor is zero, whatever ``x`` is.

    Unlike infinity, NaN takes no warning along into products of matrices.

    Examples
    --------
    >>> divide_or_nan(np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 2.0]))
    array([nan, nan, 0.5])
    """
    with np.errstate(all="ignore"):
        return x / np.where(np.equal(divisor, 0), np.nan, divisor)


def det_gradient(x: Any, *directions: Any) -> Any:
    """Return the gradient of the determinant, differentiated along ``directions``.

    Without directions these are the cofactors: the transpose of the adjugate. With
    some it is the gradient of the mixed derivative of the determinant along them. All
    are polynomials in ``x``, and right for singular matrices.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0], [2.0, 4.0]])
    >>> det_gradient(x)
    array([[ 4., -2.],
           [-2.,  1.]])
    >>> det_gradient(x, np.array([[1.0, 0.0], [0.0, 0.0]]))
    array([[0., 0.],
           [0., 1.]])
    """
    dtype = np.result_type(x, *directions)
    with np.errstate(all="ignore"):
        return _gradient(x.astype(dtype, copy=False), directions)


def _gradient(x: Any, directions: tuple[Any, ...]) -> Any:
    if len(directions) > 1:
        return _by_rows(x, directions)
    try:
        inverse = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return _by_rows(x, directions) if directions else _singular_cofactors(x)
    transposed = np.swapaxes(inverse, -1, -2)
    det = np.linalg.det(x)[..., None, None]
    if not directions:
        return det * transposed
    if not _is_far_from_singular(x, inverse):
        return _by_rows(x, directions)
    turned = transposed @ np.swapaxes(directions[0], -1, -2)
    trace = np.trace(turned, axis1=-2, axis2=-1)[..., None, None]
    return det * (trace * transposed - turned @ transposed)


def _is_far_from_singular(x: Any, inverse: Any) -> bool:
    """Tell whether products with two inverses keep half of the digits."""
    sizes = [np.abs(a).max(axis=(-2, -1), initial=0) for a in (x, inverse)]
    condition = sizes[0] * sizes[1] * x.shape[-1]
    return bool((condition < np.finfo(x.dtype).eps ** -0.5).all())


def _singular_cofactors(x: Any) -> Any:
    """Return cofactors from the singular values, of which products leave out one."""
    if not np.isfinite(x).all():
        return np.full_like(x, np.nan)
    u, s, vh = np.linalg.svd(x)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :])
    phase = np.linalg.det(u) * np.linalg.det(vh)
    scaled = np.conj(u) * np.prod(others, axis=-1)[..., None, :]
    return phase[..., None, None] * (scaled @ np.conj(vh))


def _by_rows(x: Any, directions: tuple[Any, ...]) -> Any:
    """Return a derivative from the rows, in each of which a determinant is linear.

    Each row in turn is that of the first direction, and no other direction has it.
    """
    first, *others = directions
    total = np.zeros_like(x)
    for i in range(x.shape[-1]):
        changed = x.copy()
        changed[..., i, :] = first[..., i, :]
        rest = [other.copy() for other in others]
        for other in rest:
            other[..., i, :] = 0
        part = _gradient(changed, tuple(rest))
        part[..., i, :] = 0
        total += part
    return total


def expect_real(x: Any, function: str) -> Any:
    """Return a function of a real matrix; raise if it is complex, as it may turn out.

    Examples
    --------
    >>> expect_real(np.array([[1j]]), "sqrtm")
    Traceback (most recent call last):
    ...
    ValueError: sqrtm of this real matrix is complex: write sqrtm(a + 0j)
    """
    if np.iscomplexobj(x):
        raise ValueError(
            f"{function} of this real matrix is complex: write {function}(a + 0j)"
        )
    return x
