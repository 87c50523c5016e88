"""Sparse matrices: what is done with them, and what is refused by name."""

import numpy as np
import pytest

from gradgen import grad, jvp
from gradgen.errors import ArgumentError, UnsupportedError

pytest.importorskip("scipy")
from scipy import sparse

DENSE = np.array([[0.0, 1.5, 0.0, 2.0], [-2.0, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 1.0]])
MATRIX = sparse.csr_array(DENSE)
X = np.array([1.0, -0.5, 2.0, 0.25])


def energy(a, x):
    return np.sum((a @ x) ** 2)


def captured_energy(x):
    return energy(MATRIX, x)


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_every_format(form, kind):
    a = getattr(sparse, f"{form}_{kind}")(DENSE)
    np.testing.assert_allclose(grad(energy, argnums=1)(a, X), 2 * DENSE.T @ DENSE @ X)


def test_a_matrix_from_outside_may_be_replaced(monkeypatch):
    gradient = grad(captured_energy)
    np.testing.assert_allclose(gradient(X), 2 * DENSE.T @ DENSE @ X)
    other = 1.0 + np.arange(8.0).reshape(2, 4)
    monkeypatch.setitem(globals(), "MATRIX", sparse.csc_matrix(other))
    np.testing.assert_allclose(gradient(X), 2 * other.T @ other @ X)
    assert "x_bar = MATRIX.T @ (2 * sparse_product)" in gradient.source(X)


def test_single_precision_stays():
    a, x = MATRIX.astype(np.float32), X.astype(np.float32)
    value, slope = jvp(lambda a, x: a @ x, (a, x), (None, x))
    assert value.dtype == slope.dtype == grad(energy, argnums=1)(a, x).dtype
    assert slope.dtype == np.float32


USES = {
    "np.dot": lambda a, x: np.dot(a, x),
    "np.sum": lambda a, x: x * np.sum(a),
    "multiply": lambda a, x: a * x,
    "add": lambda a, x: (a + a) @ x,
    "negative": lambda a, x: (-a) @ x,
    "matmul": lambda a, x: (a @ a.T) @ x[:3],
    "toarray": lambda a, x: a.toarray() @ x,
    "data": lambda a, x: a.data * x[0],
    "transpose": lambda a, x: a.transpose((1, 0)) @ x[:3],
    "csr_array": lambda a, x: a[0] @ x,
    "neither a vector nor a matrix": lambda a, x: a @ np.ones((4, 2, 2)) * x[0],
}


@pytest.mark.parametrize("words", USES)
def test_what_is_refused_by_name(words):
    with pytest.raises(UnsupportedError, match=words) as caught:
        grad(lambda a, x: np.sum(USES[words](a, x)), argnums=1)(MATRIX, X)
    assert "-->" in str(caught.value)


def test_other_formats_are_refused():
    for other in (MATRIX.tobsr(), MATRIX.todia(), sparse.coo_array(X)):
        with pytest.raises(UnsupportedError, match="sparse"):
            grad(energy, argnums=1)(other, X)


def test_elements_of_a_sparse_matrix_have_no_derivative():
    with pytest.raises(ArgumentError, match="a is a csr_array object"):
        grad(energy)(MATRIX, X)


def test_lengths_that_do_not_match_raise():
    with pytest.raises(ValueError, match="3"):
        grad(energy, argnums=1)(MATRIX, X[:3])
