"""Kernels along an axis: the quick ways compute what the slow ones do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen import kernels
from gradgen.kernels import lines


def one_by_one(a: Any, b: Any, transposed: bool) -> Any:
    """Solve a recurrence along the first axis, row by row."""
    h = np.array(b)
    rows = range(len(h))
    for i in reversed(rows) if transposed else rows:
        if transposed and i + 1 < len(h):
            h[i] += a[i + 1] * h[i + 1]
        elif not transposed and i:
            h[i] += a[i] * h[i - 1]
    return h


def factors(kind: str, shape: tuple[int, ...]) -> Any:
    """Return factors whose products stay in bounds, or do not."""
    a = np.random.default_rng(3).uniform(-2, 2, shape)
    if kind == "with zeros":
        a[::97] = 0.0
    return {"huge": 1e40, "tiny": 1e-40}.get(kind, 1.0) * a


@pytest.mark.parametrize("kind", ["plain", "with zeros", "huge", "tiny"])
@pytest.mark.parametrize("shape", [(lines.LONG,), (1000, 3), (1025,), (700, 40)])
@pytest.mark.parametrize("transposed", [False, True])
def test_recurrence(kind: str, shape: tuple[int, ...], transposed: bool) -> None:
    a, b = factors(kind, shape), np.random.default_rng(4).standard_normal(shape)
    with np.errstate(all="ignore"):
        wanted = one_by_one(a, b, transposed)
        found = kernels.recurrence(a, b, 0, transposed)
    scale = np.max(np.abs(wanted), initial=0, where=np.isfinite(wanted))
    np.testing.assert_allclose(found, wanted, 1e-9, 1e-13 * scale)


@pytest.mark.parametrize("bad", [1.0, 0.0, np.inf, np.nan])
@pytest.mark.parametrize("stops", [[1, lines.LONG, lines.LONG + 2], [1, 5, 7, 8]])
def test_each_group_is_done_by_itself(bad: float, stops: list[int]) -> None:
    rng = np.random.default_rng(6)
    groups = np.repeat([5, 2, 9, 2][: len(stops)], np.diff(stops, prepend=0))
    a, b = rng.uniform(-2, 2, (2, stops[-1], 2))
    a[3], b[2] = bad, bad
    cuts = [slice(*pair) for pair in zip([0, *stops], stops, strict=False)]
    for transposed in (False, True):
        found = kernels.recurrence(a, b, 0, transposed, groups)
        with np.errstate(all="ignore"):
            parts = [kernels.recurrence(a[c], b[c], 0, transposed) for c in cuts]
        np.testing.assert_allclose(found, np.concatenate(parts), 1e-9, 1e-13)
    found = kernels.products_before(a, 0, groups)
    parts = [kernels.products_before(a[c], 0) for c in cuts]
    np.testing.assert_allclose(found, np.concatenate(parts), 1e-9)
    assert kernels.products_before(a[:0], 0, groups[:0]).shape == (0, 2)


@pytest.mark.parametrize("x", [[2.0, 1.0, 2.0, 1.0], [np.nan, 1.0, np.nan], [], [3.0]])
def test_order_of_equal_elements_and_nan(x: Any) -> None:
    for array in (np.array(x), np.array([x, x])):
        axis = array.ndim - 1
        wanted = np.argsort(array, axis, kind="stable")
        np.testing.assert_array_equal(kernels.stable_order(array, axis), wanted)


@pytest.mark.parametrize("shape", [(5, 40), (40, 5), (3, 4, 5), (6,), (0, 3), (1, 2)])
def test_products_before(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(5).uniform(-2, 2, shape)
    for axis in range(x.ndim):
        first = np.ones_like(x).take([0], axis) if x.shape[axis] else x
        wanted = np.cumprod(np.concatenate([first, x], axis), axis)
        wanted = wanted.take(range(x.shape[axis]), axis)
        np.testing.assert_allclose(kernels.products_before(x, axis), wanted, 1e-14)


@pytest.mark.parametrize("index", [[0, 3], [-4, 0]])
def test_an_index_out_of_bounds_is_not_one_of_another_row(index: Any) -> None:
    with pytest.raises(IndexError, match="out of bounds for 3"):
        kernels.add_along_axis(np.ones((2, 2)), np.array([index, [0, 1]]), 3, 1)


def test_over_squares_near_zero_and_infinity() -> None:
    for scale in (1e-200, 1e-160, 1.0, 1e160, 1e200):
        x, y = np.array([scale, 0.0]), np.array([scale, scale])
        wanted = [0.5 / scale, 1.0 / scale]
        np.testing.assert_allclose(kernels.over_squares(y, x, y), wanted, 1e-14)
        assert kernels.over_squares(scale, scale, scale) == pytest.approx(wanted[0])
    assert kernels.over_squares(0.0, 0.0, 0.0) == 0.0
    np.testing.assert_array_equal(kernels.over_squares(np.zeros(2), 0.0, 0.0), 0.0)
