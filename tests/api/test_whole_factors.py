"""Gradients by floats that are multiplied with integers and booleans.

NumPy's own wrap around, and ``True + True`` is ``True``: in derivative code, too, they
must meet floats first.
"""

import numpy as np
import pytest

from gradgen import grad

X = np.array([2.0, 0.5, 1.0])
A = np.array([100, 90, 3], np.int8)
B = np.array([50, 3, 7], np.int8)
U = np.array([3, 200, 5], np.uint8)
P = np.array([True, True, False])
Q = np.array([True, False, True])

CASES = [
    (lambda x: np.sum(x * (x > 0.1) + x * (x > 0.7)), X, [2.0, 1.0, 2.0]),
    (lambda x: np.sum(x * P + x * Q), X, [2.0, 1.0, 1.0]),
    (lambda x: np.sum(x * P - x * Q), X, [0.0, 1.0, -1.0]),
    (lambda x: np.sum((x > 0) * x * (x > 0.7) - (x > 0.2) * x), X, [0.0, -1.0, 0.0]),
    (lambda x: np.sum(x * A + x * B), X, [150.0, 93.0, 10.0]),
    (lambda x: np.sum(x * U - x * U[::-1]), X, [-2.0, 0.0, 2.0]),
    (lambda x: np.sum(x * A[0] * A[1]), X, [9000.0] * 3),
    (lambda x: np.mean(x * A * B), X, [5000 / 3, 90.0, 7.0]),
    (lambda x: np.sum(x / A / B), X, [1 / 5000, 1 / 270, 1 / 21]),
    (lambda x: np.sum((A * x) ** 2), X, [40000.0, 8100.0, 18.0]),
    (lambda x: np.sum((A * B * x) ** 2), X, [57600.0, 196.0, 882.0]),
    (lambda s: np.sum(s * A * B), 2.0, 5291.0),
    (lambda s: np.sum(s * X * A * B), 2.0, 10156.0),
    (lambda s: np.sum(s * P * Q), 2.0, 1.0),
    (lambda s: np.sum((s * np.outer(P, Q)) @ P), 2.0, 2.0),
    (lambda s: np.sum((s * A) @ np.stack([A, B, A])), 2.0, 25279.0),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_gradient(case):
    function, x, wanted = CASES[case]
    step = 1e-6
    moved = np.array([function(x + step * row) for row in _rows(x)])
    back = np.array([function(x - step * row) for row in _rows(x)])
    np.testing.assert_allclose(
        (moved - back) / (2 * step), np.ravel(wanted), 1e-5, 1e-8
    )
    np.testing.assert_allclose(grad(function)(x), wanted, 1e-13)


@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
@pytest.mark.parametrize("function", [max, min])
def test_ties_of_numbers_share_equally(kind, function):
    pair = grad(lambda x, y: function(x, y), argnums=(0, 1))
    np.testing.assert_array_equal(pair(kind(1.0), kind(1.0)), [0.5, 0.5])
    three = grad(lambda x, y, z: function(x, y, z), argnums=(0, 1))
    found = three(kind(3.0), kind(3.0), kind(3.0))
    np.testing.assert_allclose(found, [1 / 3, 1 / 3], 1e-6)
    assert pair(kind(2.0), kind(1.0)) == ((1, 0) if function is max else (0, 1))


def _rows(x):
    return np.eye(np.size(x)) if np.ndim(x) else [1.0]
