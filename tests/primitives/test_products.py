"""Products that NumPy also takes other vectors for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen import grad


def squares(a: Any, b: Any) -> Any:
    return np.sum(np.cross(a, b) ** 2)


@pytest.mark.parametrize("argnum", [0, 1])
def test_vectors_of_two_components_are_found_out(argnum: int) -> None:
    with pytest.raises(ValueError, match="dimensions 2 and 3"):
        grad(squares, argnums=argnum)(np.ones((5, 2)), np.ones(3))


def test_vectors_of_three_components() -> None:
    a, b = np.array([[1.0, 0.0, 2.0]]), np.array([0.0, 1.0, 1.0])
    wanted = 2 * np.cross(b, np.cross(a, b))
    np.testing.assert_allclose(grad(squares)(a, b), wanted)
