"""Programs that random search found to go wrong, each cut down to its cause."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen import GradgenError, grad, value_and_grad, vjp


def root_of_maximum(x: Any) -> Any:
    return np.sum(np.sqrt(np.maximum(x, 0.0)))


def root_of_clip(x: Any) -> Any:
    return np.sum(np.sqrt(np.clip(x, 0.0, 4.0)))


def root_of_fmax(x: Any) -> Any:
    return np.sum(np.sqrt(np.fmax(x, 0.0)))


def root_of_minimum(x: Any) -> Any:
    return np.sum(np.sqrt(-np.minimum(-x, 0.0)))


@pytest.mark.parametrize(
    "f", [root_of_maximum, root_of_clip, root_of_fmax, root_of_minimum]
)
def test_what_was_not_chosen_does_not_count(f: Any) -> None:
    assert grad(f)(np.array([-1.0, 1.0])).tolist() == [0.0, 0.5]
    assert grad(f)(-1.0) == 0.0


def test_median_of_nan_is_nan() -> None:
    value, x_bar = value_and_grad(lambda x: np.median(x))(np.array([1.0, np.nan, 2.0]))
    assert np.isnan(value)
    assert x_bar.shape == (3,)


def test_median_along_an_axis_is_nan_where_there_is_nan() -> None:
    x = np.array([[1.0, np.nan, 2.0], [3.0, 1.0, 2.0]])
    value, _ = vjp(lambda x: np.median(x, axis=1), x)
    assert np.array_equal(value, np.median(x, axis=1), equal_nan=True)


def chosen(h: Any, a: Any) -> Any:
    return np.ones(2, np.float32) * np.select([h > 9.0, h < 9.0], [h, a], 0.5)


def product(h: Any, a: Any) -> Any:
    return np.inner(h, a) + np.tensordot(h, a, axes=0) + np.einsum(",->", h, a)


@pytest.mark.parametrize("f", [chosen, product])
def test_python_numbers_promote_as_in_numpy(f: Any) -> None:
    args = (np.float32(0.3), 0.7)
    value, _ = vjp(f, *args)
    assert np.array_equal(value, f(*args))
    assert value.dtype == f(*args).dtype


def test_full_of_a_value_with_more_axes_is_refused() -> None:
    with pytest.raises(GradgenError, match="fewer axes"):
        grad(lambda x: np.sum(np.full(2, x)))(np.ones((1, 2)))


def test_median_of_nothing_is_refused() -> None:
    with pytest.raises(GradgenError, match="empty"):
        grad(lambda x: np.median(x))(np.ones((0, 2)))
