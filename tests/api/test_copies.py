"""What a derivative may write to, and the warning where it has to copy a lot."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from gradgen import ArgumentError, CopyInLoopWarning, grad, jvp, vjp
from gradgen.compiler.warning import warn_of_copies
from gradgen.passes.bufferize import bufferize
from tests.passes.loops_in_place import IN_PLACE

X = np.array([0.5, 1.5, 2.5])


def doubled(x, y):
    x[0] = 2.0 * y[0]
    return np.sum(x * y)


def test_the_arguments_stay_as_they_are():
    x, y = X.copy(), X + 1.0
    x_bar, y_bar = grad(doubled, argnums=(0, 1))(x, y)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(x_bar, [0.0, 2.5, 3.5])
    np.testing.assert_array_equal(y_bar, [4.0 * 1.5, 1.5, 2.5])


@pytest.mark.parametrize(
    "make",
    [lambda x: (x, x), lambda x: (x[:2], x[1:]), lambda x: (x[::-1], x)],
    ids=["same", "overlapping", "reversed"],
)
def test_a_written_argument_shares_memory_with_no_other(make):
    with pytest.raises(ArgumentError, match=r"written to and may share memory with y"):
        grad(doubled)(*make(X.copy()))
    with pytest.raises(ArgumentError, match=r"pass a copy"):
        vjp(doubled, *make(X.copy()))


def test_elements_of_a_written_argument_share_no_place():
    spread = np.lib.stride_tricks.as_strided(np.ones(4), (3, 2), (8, 8))
    with pytest.raises(ArgumentError, match=r"several of its elements share one place"):
        grad(doubled)(spread, np.ones((3, 2)))


def test_arguments_that_are_only_read_may_share_memory():
    def product(x, y):
        return np.sum(x * y)

    np.testing.assert_array_equal(grad(product)(X, X), X)


def both_rows(A):
    first, second = A[0], A[1]
    first[:] = second * 2.0
    second[:] = first + 1.0
    return np.sum(A**2)


def test_nested_derivatives_write_to_copies_of_their_own():
    """The rows are views of the copy that the inner derivative works on."""
    A, dots = np.arange(6.0).reshape(2, 3), np.ones((2, 3))

    def along(A):
        return np.sum(grad(both_rows)(A) * dots)

    second = jvp(grad(both_rows), (A,), (dots,))[1]
    np.testing.assert_allclose(grad(along)(A), second, rtol=1e-14)
    np.testing.assert_array_equal(A, np.arange(6.0).reshape(2, 3))


def test_what_was_returned_may_be_written_to_before_the_pullback():
    def scaled(x):
        return 3.0 * x

    def outer(x):
        value, pullback = vjp(scaled, x)
        value[0] = 0.0
        return np.sum(value) + np.sum(pullback(x)[0])

    np.testing.assert_array_equal(grad(outer)(X), [3.0, 6.0, 6.0])


@pytest.mark.parametrize("name", ["inner_loop_starts_anew"])
def test_a_copy_in_a_loop_is_named(name):
    function = bufferize(IN_PLACE[name][2]())
    with pytest.warns(CopyInLoopWarning, match=r"copies .* in every turn"):
        warn_of_copies([function])
    with warnings.catch_warnings():
        warnings.simplefilter("error", CopyInLoopWarning)
        with pytest.raises(CopyInLoopWarning):
            warn_of_copies([function])


def test_copies_of_arrays_of_one_size_are_not_worth_a_word():
    def meeting(a):
        x, y = 1.0, 1.0
        while abs(x * x + a * y - 2.0) > 1e-9:
            slopes = np.array([[2.0 * x, a], [-a, 3.0 * y * y]])
            off = np.array([2.0 - x * x - a * y, a * x - y**3])
            dx, dy = np.linalg.solve(slopes, off)
            x += dx
            y += dy
        return x * y

    slope = grad(lambda a: grad(meeting)(a) ** 2)(0.7)
    assert np.isfinite(slope)
