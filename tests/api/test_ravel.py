"""``ravel_pytree``: all numbers of a tree in a vector, and exactly the tree again."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

import gradgen
from gradgen import (
    ArgumentError,
    GradgenError,
    UnsupportedError,
    grad,
    hessian,
    jvp,
    ravel_pytree,
    vmap,
)


class Layer(NamedTuple):
    w: np.ndarray
    b: float


@dataclass
class Model:
    layers: list
    scale: np.float32


def same(one, other):
    assert type(one) is type(other)
    assert np.shape(one) == np.shape(other)
    assert getattr(one, "dtype", None) == getattr(other, "dtype", None)
    np.testing.assert_array_equal(one, other)


LEAVES = [
    0.1,
    np.float32(0.1),
    np.array(0.1),
    np.arange(6.0).reshape(2, 3),
    np.arange(6.0).reshape(2, 3).T,
    np.zeros((0, 2)),
    np.ones(1, "f4"),
    1j,
    np.array([1j, 2.0]),
]


@pytest.mark.parametrize("leaf", LEAVES, ids=repr)
def test_a_leaf_returns_as_it_was(leaf):
    vector, unravel = ravel_pytree(leaf)
    assert vector.shape == (np.size(leaf),)
    same(unravel(vector), leaf)


def test_containers_return_as_they_were():
    tree = Model([Layer(np.ones((2, 1)), 2.0), {"z": None, "a": ()}], np.float32(0.1))
    vector, unravel = ravel_pytree(tree)
    np.testing.assert_array_equal(vector, [1.0, 1.0, 2.0, np.float32(0.1)])
    found = unravel(vector)
    assert type(found) is Model
    assert type(found.layers[0]) is Layer
    same(found.layers[0].w, tree.layers[0].w)
    same(found.layers[0].b, 2.0)
    assert found.layers[1] == {"z": None, "a": ()}
    same(found.scale, tree.scale)


def test_the_order_of_a_dict_is_that_of_its_keys_in_the_tree():
    vector, unravel = ravel_pytree({"b": 1.0, "a": 2.0})
    assert list(vector) == [1.0, 2.0]
    assert unravel(np.array([3.0, 4.0])) == {"b": 3.0, "a": 4.0}


@pytest.mark.parametrize(
    ("tree", "dtype"),
    [
        ([np.ones(1, "f4"), np.ones(1, "f2")], "f4"),
        ([np.ones(1, "f4"), 0.1], "f8"),  # else 0.1 would not return as it was
        ([np.ones(1, "f4"), np.ones(1)], "f8"),
        ([np.ones(1, "c8"), 1j], "c16"),
        ([], "f8"),
    ],
)
def test_the_dtype_holds_all_leaves(tree, dtype):
    assert ravel_pytree(tree)[0].dtype == dtype


def test_an_int_counts_as_a_float():
    vector, unravel = ravel_pytree([1, 2.0])
    assert vector.dtype == float
    assert type(unravel(vector)[0]) is float


def test_nothing_shares_memory():
    x = np.ones(3)
    vector, unravel = ravel_pytree(x)
    found = unravel(vector)
    vector[0] = 5.0
    found[1] = 7.0
    assert list(x) == [1.0, 1.0, 1.0]
    assert list(vector) == [5.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("leaf", "text"),
    [
        (np.arange(3), r"tree\['k'\]\[0\] is an integer array; pass .*astype\(float\)"),
        (np.int32(3), "integer scalar"),
        (np.array([True]), "not a floating"),
        (True, "a bool"),
        ("x", "a string"),
        (object(), "not a floating array or number"),
        (np.ma.masked_array([1.0]), "MaskedArray|array"),
    ],
)
def test_what_is_no_floating_number_is_refused_by_name(leaf, text):
    with pytest.raises(ArgumentError, match=text):
        ravel_pytree({"k": [leaf]})


def test_real_and_complex_numbers_do_not_mix():
    with pytest.raises(ArgumentError, match="mixes real with complex"):
        ravel_pytree([1.0, 1j])


@pytest.mark.parametrize(
    "vector", [np.ones(2), np.ones((3, 1)), np.arange(3), np.ones(3) + 0j, 1.0]
)
def test_a_vector_that_does_not_fit_is_refused(vector):
    _, unravel = ravel_pytree({"w": np.ones(2), "b": 1.0})
    with pytest.raises(ArgumentError, match="unravel takes a vector"):
        unravel(vector)


def changed(p, factor):
    """A function of the vector and of what is made of it."""
    vector, unravel = ravel_pytree(p)
    q = unravel(factor * vector)
    q["w"][0] = 0.0
    return np.sum(vector**2) + q["b"] * np.sum(q["w"] ** 2) + q["c"][0] * factor


def by_hand(p, factor):
    squares = np.sum(p["w"] ** 2) + p["b"] ** 2 + p["c"][0] ** 2
    cubic = factor**3 * p["b"] * np.sum(p["w"][1:] ** 2)
    return squares + cubic + p["c"][0] * factor**2


TREE = {"w": np.arange(6.0).reshape(3, 2), "n": None, "b": 2.0, "c": (np.float32(3),)}


def test_inside_of_a_function_that_is_differentiated():
    assert changed(TREE, 0.5) == pytest.approx(by_hand(TREE, 0.5))
    for way in (grad, lambda f: grad(f, 1), lambda f: hessian(f, 1)):
        found, wanted = way(changed)(TREE, 0.5), way(by_hand)(TREE, 0.5)
        numbers, _ = ravel_pytree(found)
        np.testing.assert_allclose(numbers, ravel_pytree(wanted)[0], rtol=1e-6)
    assert grad(changed)(TREE, 0.5)["c"][0].dtype == np.float32
    pushed = jvp(changed, (TREE, 0.5), (None, 1.0))[1]
    assert pushed == pytest.approx(grad(by_hand, 1)(TREE, 0.5))


def test_the_way_back_may_come_from_outside():
    model = Model([Layer(np.ones((2, 1)), 2.0), None], np.float32(3.0))
    vector, unravel = ravel_pytree(model)

    def loss(v):
        m = unravel(v)
        m.layers[0].w[0] = 0.0
        return m.scale * np.sum(m.layers[0].w ** 2) * m.layers[0].b

    def plain(v):
        return v[3] * v[1] ** 2 * v[2]

    np.testing.assert_allclose(hessian(loss)(vector), hessian(plain)(vector))
    np.testing.assert_allclose(
        vmap(grad(loss))(np.stack([vector, vector]))[1], grad(plain)(vector)
    )
    assert list(vector) == [1.0, 1.0, 2.0, 3.0]
    for bad in (np.ones(3), np.ones(5)):
        with pytest.raises(ValueError, match="4"):
            grad(loss)(bad)


def test_another_way_back_is_another_program():
    unravel = ravel_pytree([np.ones(2), 1.0])[1]

    def loss(v):
        return unravel(v)[1] * 2.0 + v[0]

    d_loss = grad(loss)
    assert list(d_loss(np.ones(3))) == [1.0, 0.0, 2.0]
    unravel = ravel_pytree([1.0, 1.0, 1.0])[1]
    assert list(d_loss(np.ones(3))) == [1.0, 2.0, 0.0]


def test_a_vector_of_another_length_is_refused_inside():
    def longer(p):
        vector, unravel = ravel_pytree(p)
        return np.sum(unravel(np.concatenate((vector, vector)))[0])

    def matrix(p):
        vector, unravel = ravel_pytree(p)
        return np.sum(unravel(vector[:, None])[0])

    for f in (longer, matrix):
        with pytest.raises((GradgenError, ValueError), match=r"dimension|vector"):
            grad(f)([np.ones(3)])


@pytest.mark.parametrize("leaf", [np.arange(3), "x", np.array([True])])
def test_what_is_no_floating_number_is_refused_inside(leaf):
    def f(x):
        return np.sum(ravel_pytree([x, leaf])[0])

    with pytest.raises(UnsupportedError, match="no floating array or number"):
        grad(f)(1.0)


def test_ints_count_as_floats_inside():
    def f(x, n):
        vector, unravel = ravel_pytree([x, n, 2])
        return vector @ vector + unravel(vector)[1]

    assert grad(f)(3.0, 4) == 6.0


def test_it_is_a_public_name():
    assert gradgen.ravel_pytree is ravel_pytree
