"""``copy.copy`` and ``copy.deepcopy`` in differentiated functions."""

from __future__ import annotations

import copy
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, value_and_grad

X = np.array([0.5, -1.0, 2.0])


@dataclass
class State:
    place: Any
    speed: Any


def of_arrays(x: Any) -> Any:
    y, z = copy.copy(x), copy.deepcopy(x)
    y[0] = 3.0
    z[1] = x[2]
    return np.sum(x * y * z)


def of_numbers(x: Any) -> Any:
    return copy.copy(np.sum(x)) * deepcopy(x[1]) * copy.copy(2.0)


def of_containers(x: Any) -> Any:
    given: dict[str, Any] = {"a": [x, 2.0], "b": (x,)}
    flat, deep = copy.copy(given), deepcopy(given)
    flat["b"] = 3.0
    flat["a"][1] = 4.0
    deep["a"][1] = 5.0
    return np.sum(given["a"][0] * given["a"][1] * deep["a"][1] * flat["b"])


def of_one_array_twice(x: Any) -> Any:
    y = np.sin(x)
    first, second, third = deepcopy([y, y, y[1:]])
    first[1] = 7.0
    return np.sum(first * second) * third[0] * y[1]


def of_records(x: Any) -> Any:
    state = State(x, x**2)
    flat, deep = copy.copy(state), deepcopy(state)
    flat.place = x**3
    deep.speed[0] = x[1]
    return np.sum(state.place * flat.place * deep.speed * flat.speed)


CASES = [of_arrays, of_numbers, of_containers, of_one_array_twice, of_records]


@pytest.mark.parametrize("f", CASES)
def test_copies_are_those_of_python(f: Any) -> None:
    value, slope = value_and_grad(f)(X)
    assert value == f(X)
    steps = 1e-6 * np.eye(3)
    wanted = [(f(X + step) - f(X - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(slope, wanted, 1e-6, 1e-8)


@pytest.mark.parametrize("copier", [copy.copy, deepcopy])
def test_a_generator_is_not_copied(copier: Any) -> None:
    def f(x: Any, rng: Any) -> Any:
        other = copier([rng])[0] if copier is deepcopy else copier(rng)
        return np.sum(x * other.normal(size=3))

    with pytest.raises(UnsupportedError, match=r"cannot be copied here[\s\S]*outside"):
        grad(f)(X, np.random.default_rng(0))


class Own(State):
    def __deepcopy__(self, memo: Any) -> Any:
        return self


def test_a_class_that_copies_itself_is_refused() -> None:
    def f(x: Any) -> Any:
        return np.sum(deepcopy(Own(x, x)).place)

    with pytest.raises(UnsupportedError, match="Own says itself how it is copied"):
        grad(f)(X)


def test_a_memo_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="memo"):
        grad(lambda x: np.sum(deepcopy(x, {})))(X)
