"""Lists of which only a run knows the length, as results."""

from __future__ import annotations

import numpy as np
import pytest

from gradgen import ArgumentError, UnsupportedError, grad, jvp, vjp

X = np.array([0.3, 0.5, 0.7])


def squares(x):
    return [v * v for v in x]


def rows(x):
    ys = [x]
    for v in x:
        ys.append(x * v)
    return ys


def one_array(x):
    ys = []
    for _ in x:
        ys.append(x)
    return ys


def counts_and_doubled(x):
    counts = []
    for i in range(len(x)):
        counts.append(i)
    return counts, x * 2.0


def large(x):
    return [v for v in x if v > 0.4]


def test_list_of_numbers() -> None:
    value, pullback = vjp(squares, X)
    assert value == list(X * X)
    np.testing.assert_allclose(pullback([1.0, 2.0, 3.0])[0], 2 * X * [1.0, 2.0, 3.0])
    value, tangent = jvp(squares, (X,), (np.ones(3),))
    assert isinstance(tangent, list)
    np.testing.assert_allclose(tangent, 2 * X)


def test_list_of_arrays() -> None:
    value, pullback = vjp(rows, X)
    assert [y.shape for y in value] == [(3,)] * 4
    seeds = [np.full(3, float(k)) for k in range(4)]
    (x_bar,) = pullback(seeds)
    wanted = seeds[0] + sum(s * v for s, v in zip(seeds[1:], X, strict=True))
    wanted += [np.sum(s * X) for s in seeds[1:]]
    np.testing.assert_allclose(x_bar, wanted)
    assert all(np.all(s == k) for k, s in enumerate(seeds))


def test_a_list_with_a_length_of_the_run() -> None:
    value, pullback = vjp(large, X)
    assert value == [0.5, 0.7]
    np.testing.assert_array_equal(pullback([1.0, 2.0])[0], [0.0, 1.0, 2.0])
    value, pullback = vjp(large, X * 0.1)
    assert value == []
    np.testing.assert_array_equal(pullback([])[0], np.zeros(3))


@pytest.mark.parametrize(
    "seed",
    [[1.0, 2.0], [1.0] * 4, (1.0, 2.0, 3.0), np.ones(3), 1.0, [np.ones(2)] * 3],
    ids=["short", "long", "tuple", "array", "number", "arrays"],
)
def test_cotangents_of_another_structure_are_refused(seed) -> None:
    _, pullback = vjp(squares, X)
    with pytest.raises(ArgumentError, match="cotangent"):
        pullback(seed)


def test_cotangents_of_another_shape_are_refused() -> None:
    _, pullback = vjp(rows, X)
    with pytest.raises(ArgumentError, match="shape"):
        pullback([np.ones(2)] * 4)


def test_nothing_is_shared() -> None:
    value, pullback = vjp(one_array, X)
    assert not any(np.shares_memory(y, X) for y in value)
    seeds = [np.ones(3), np.ones(3), np.ones(3)]
    (x_bar,) = pullback(seeds)
    assert not any(np.shares_memory(x_bar, s) for s in seeds)
    np.testing.assert_array_equal(x_bar, np.full(3, 3.0))
    _, tangents = jvp(one_array, (X,), (X,))
    assert not any(np.shares_memory(t, X) for t in tangents)


def test_integers_have_no_derivative() -> None:
    (counts, _), (none, dots) = jvp(counts_and_doubled, (X,), (np.ones(3),))
    assert counts == [0, 1, 2]
    assert none is None
    np.testing.assert_array_equal(dots, np.full(3, 2.0))
    _, pullback = vjp(counts_and_doubled, X)
    np.testing.assert_array_equal(pullback((None, np.ones(3)))[0], np.full(3, 2.0))


def test_grad_asks_for_a_number() -> None:
    with pytest.raises(Exception, match="needs a scalar, but squares returns a list"):
        grad(squares)(X)


def test_pullbacks_of_lists_inside_are_refused() -> None:
    def slope(x):
        return vjp(squares, x)[1]([1.0, 2.0, 3.0])[0][0]

    with pytest.raises(UnsupportedError, match="structure of the result"):
        grad(slope)(X)
