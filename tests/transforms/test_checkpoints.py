"""How much a checkpointed loop runs again, and what its reverse sweep keeps."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from gradgen import checkpoint, checkpointed, grad
from gradgen.kernels import revolve_advance

STATE = 168 + 8 * 2
"""Bytes that a state of two numbers takes, as gradgen counts."""


@functools.cache
def fewest(turns: int, states: int) -> int:
    """Return by how many turns states must be advanced to reverse all turns."""
    if turns <= 1:
        return 0
    if states == 1:
        return turns * (turns - 1) // 2
    return min(
        k + fewest(turns - k, states - 1) + fewest(k, states) for k in range(1, turns)
    )


@functools.cache
def taken(turns: int, states: int) -> int:
    """Return the same for the places that are chosen."""
    ahead = revolve_advance(turns - 1, states - 1)
    if ahead == 0:
        return turns * (turns - 1) // 2
    assert 0 < ahead < turns
    return ahead + taken(turns - ahead, states - 1) + taken(ahead, states)


def test_places_of_states_are_optimal():
    for states in range(1, 9):
        for turns in range(60):
            assert taken(turns, states) == fewest(turns, states)


@pytest.mark.parametrize(("turns", "states"), [(1000, 3), (1000, 10), (5000, 7)])
def test_no_turn_is_run_again_more_often_than_revolve_runs_it(turns, states):
    """The number of repetitions r is the least with C(states + r, states) >= turns."""
    repeats = 1
    while math.comb(states + repeats, states) < turns:
        repeats += 1
    bound = repeats * turns - math.comb(states + repeats, repeats - 1)
    assert taken(turns, states) == bound


class Counting:
    """NumPy, counting the calls of ``tanh``."""

    def __init__(self) -> None:
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def tanh(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return np.tanh(*args, **kwargs)


def count_turns(function: Any, *args: Any) -> tuple[Any, int]:
    """Return the gradient of ``function``, and how often that calls ``tanh``."""
    derivative = grad(function)
    names: dict[str, Any] = {}
    exec(derivative.source(*args), names)
    names["np"] = counting = Counting()
    found = names[f"{function.__name__}_grad"](*args)
    return found, counting.calls


def plain(x, n):
    for _ in range(n):
        x = np.tanh(1.01 * x)
    return np.sum(x)


def every(x, n, k):
    for _ in checkpointed(range(n), every=k):
        x = np.tanh(1.01 * x)
    return np.sum(x)


def memory(x, n, room):
    for _ in checkpointed(range(n), memory=room):
        x = np.tanh(1.01 * x)
    return np.sum(x)


X = np.array([0.3, -0.7])


@pytest.mark.parametrize(("n", "k"), [(10, 3), (12, 3), (3, 5), (1, 1), (0, 2)])
def test_every_runs_each_turn_twice(n, k):
    found, calls = count_turns(every, X, n, k)
    assert calls == 2 * n
    np.testing.assert_array_equal(found, grad(plain)(X, n))


@pytest.mark.parametrize(("n", "states"), [(30, 1), (30, 3), (31, 5), (4, 9), (0, 2)])
def test_memory_runs_as_few_turns_as_can_be(n, states):
    found, calls = count_turns(memory, X, n, states * STATE + STATE - 1)
    assert calls == fewest(n, states) + n
    np.testing.assert_array_equal(found, grad(plain)(X, n))


def test_at_least_one_state_is_kept():
    found, calls = count_turns(memory, X, 9, 1)
    assert calls == fewest(9, 1) + 9
    np.testing.assert_array_equal(found, grad(plain)(X, 9))


def test_a_call_is_run_again_once():
    def thrice(x):
        step = checkpoint(lambda z: np.tanh(1.01 * z))
        return np.sum(step(step(step(x))))

    found, calls = count_turns(thrice, X)
    assert calls == 5, "the last of three calls is needed in reverse only"
    np.testing.assert_array_equal(found, grad(plain)(X, 3))


def test_nothing_but_arguments_is_kept_of_a_call():
    def calls(x):
        step = checkpoint(lambda z: np.exp(np.sin(np.tanh(z))))
        for _ in range(len(x)):
            x = step(x)
        return np.sum(x)

    source = grad(calls).source(X)
    assert source.count("_tape = ") == 1
