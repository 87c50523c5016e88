"""`np.unstack` along an axis of which only a run knows the length: a tuple of views."""

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, jvp

if not hasattr(np, "unstack"):
    pytest.skip("this NumPy has no unstack", allow_module_level=True)

X = np.random.default_rng(0).uniform(0.2, 1.2, (3, 4))


def unpacked(x):
    a, b, c = np.unstack(x)
    return np.sum(a * b - c**2)


def along_the_last_axis(x):
    a, b, c, d = np.unstack(x, axis=-1)
    return np.sum(a * b - c**2) * d[0]


def walked(x):
    return sum(np.sum(row**3) for row in np.unstack(x))


def picked(x):
    columns = np.unstack(x, axis=1)
    return np.sum(columns[0] * columns[-1]) * len(columns)


def beside_others(x):
    total = 0.0
    for row, other in zip(np.unstack(x), x[::-1]):  # noqa: B905
        total += row @ other
    return total


def written_through(x):
    y = x * 2.0
    a, b, _ = np.unstack(y)
    a[0] = x[1, 1]
    b *= 2
    return np.sum(y * y)


def collected(x):
    rows = list(np.unstack(x))
    rows.append(rows[0] * 2)
    return sum(np.sum(row**2) for row in rows)


GOOD = [
    unpacked,
    along_the_last_axis,
    walked,
    picked,
    beside_others,
    written_through,
    collected,
]


@pytest.mark.parametrize("f", GOOD, ids=lambda f: f.__name__)
def test_derivatives_are_those_of_differences(f):
    before = X.copy()
    slope = grad(f)(X)
    steps = 1e-6 * np.eye(12).reshape(12, 3, 4)
    wanted = [(f(X + h) - f(X - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(slope.ravel(), wanted, atol=1e-7)
    value, tangent = jvp(f, (X,), (np.ones_like(X),))
    np.testing.assert_allclose((value, tangent), (f(X), slope.sum()), rtol=1e-12)
    np.testing.assert_array_equal(X, before)


def test_a_run_tells_whether_the_number_is_right():
    def f(x):
        a, b = np.unstack(x)
        return np.sum(a * b)

    assert grad(f)(X[:2]).shape == (2, 4)
    with pytest.raises(ValueError, match="3 and 2"):
        grad(f)(X)


BAD = [
    (lambda x: np.sum(np.unstack(x)[1:][0]), "a part of a tuple"),
    (lambda x: np.sum(np.unstack(x) * 2), "this operator on a tuple"),
    (lambda x: np.sum(np.array(np.unstack(x))), "a tuple whose length"),
    (lambda x: np.sum((lambda a, b, c: a)(*np.unstack(x))), "known when compiling"),
    (lambda x: np.sum(np.unstack(x, axis=2)[0]), "axis 2 does not fit"),
]


@pytest.mark.parametrize(("f", "words"), BAD)
def test_what_needs_the_number_of_items_is_refused(f, words):
    with pytest.raises(UnsupportedError, match=words):
        grad(f)(X)
