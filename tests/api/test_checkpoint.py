"""``checkpoint`` and ``checkpointed`` as users meet them."""

from __future__ import annotations

import functools
import re
import tracemalloc
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gradgen import UnsupportedError, checkpoint, checkpointed, grad, value_and_grad

X = np.array([0.3, 0.5])


@checkpoint
def layer(h, w):
    """Return the next layer."""
    a = w * h
    return np.tanh(a) * a


@dataclass
class Model:
    w: Any

    @checkpoint
    def step(self, x):
        return np.tanh(self.w * x)

    def loss(self, x):
        return np.sum(self.step(self.step(x)))


def test_plain_python_calls_the_function():
    assert layer.__name__ == "layer"
    assert layer.__doc__ == "Return the next layer."
    np.testing.assert_array_equal(layer(X, 2.0), np.tanh(2.0 * X) * 2.0 * X)
    np.testing.assert_array_equal(Model(2.0).step(X), np.tanh(2.0 * X))


def test_plain_python_loops_over_the_iterable():
    turns = range(3)
    assert checkpointed(turns, every=2) is turns
    assert checkpointed(turns, memory=100) is turns


@pytest.mark.parametrize("options", [{}, {"every": 2, "memory": 9}, {"every": 0}])
def test_plain_python_refuses_senseless_options(options):
    with pytest.raises(ValueError, match="checkpointed"):
        checkpointed(range(3), **options)


def test_a_method_is_computed_again():
    model = Model(np.array([0.7, 1.2]))
    found = grad(lambda model, x: model.loss(x))(model, X)

    def plain(w):
        return np.sum(np.tanh(w * np.tanh(w * X)))

    np.testing.assert_allclose(found.w, grad(plain)(model.w), rtol=1e-14)


def test_a_checkpoint_is_differentiated_like_its_function():
    total = checkpoint(lambda x, *, scale: np.sum(scale * x * x))
    np.testing.assert_array_equal(grad(total)(X, scale=3.0), 6.0 * X)


def test_another_function_of_that_name_is_noticed():
    step = checkpoint(np.sin)

    def loss(x):
        return np.sum(step(x))

    slope = grad(loss)
    np.testing.assert_array_equal(slope(X), np.cos(X))
    step = checkpoint(np.cos)
    np.testing.assert_array_equal(slope(X), -np.sin(X))


def test_a_decorator_round_a_checkpoint_counts():
    def doubled(function):
        @functools.wraps(function)
        def call(x):
            return 2.0 * function(x)

        return call

    twice = doubled(checkpoint(lambda x: np.sum(x * x)))
    np.testing.assert_array_equal(grad(twice)(X), 4.0 * X)
    np.testing.assert_array_equal(grad(lambda x: twice(x) * 3.0)(X), 12.0 * X)


def test_what_is_run_again_prints_once(capsys):
    @checkpoint
    def tells(x):
        print("called")
        return np.sin(x)

    def loss(x, n):
        for i in checkpointed(range(n), every=2):
            print(i, end=" ")
            x = tells(x)
        return np.sum(x)

    grad(loss)(X, 3)
    assert capsys.readouterr().out == "0 called\n1 called\n2 called\n"


def test_an_error_is_raised_as_by_the_function():
    def checked(z):
        if z[0] > 10.0:
            raise ValueError("too large")
        return z * z

    def loss(x):
        return np.sum(checkpoint(checked)(x))

    np.testing.assert_array_equal(grad(loss)(X), 2 * X)
    with pytest.raises(ValueError, match="too large"):
        grad(loss)(100 * X)


def leaves_by_break(x, n):
    for _ in checkpointed(range(n), every=2):
        if x[0] > 1.0:
            break
        x = x * 2.0
    return np.sum(x)


def leaves_by_return(x, n):
    for _ in checkpointed(range(n), memory=900):
        if x[0] > 1.0:
            return x[0]
        x = x * 2.0
    return np.sum(x)


def known_turns(x, n):
    for w in checkpointed([x, 2.0 * x], every=2):
        x = x * w
    return np.sum(x)


def in_a_comprehension(x, n):
    return sum([x[0] for _ in checkpointed(range(n), every=2)])


def keeps_lists(x, n):
    seen = []
    for _ in checkpointed(range(n), memory=900):
        x = np.sin(x)
        seen.append(x)
        x = x * seen[0]
    return np.sum(x)


def no_turns(x, n):
    for _ in checkpointed(range(n), every=0):
        x = 2.0 * x
    return np.sum(x)


def parts_of_turns(x, n):
    for _ in checkpointed(range(n), every=2.5):
        x = 2.0 * x
    return np.sum(x)


def both_ways(x, n):
    for _ in checkpointed(range(n), every=2, memory=900):
        x = 2.0 * x
    return np.sum(x)


@pytest.mark.parametrize(
    ("function", "reason", "hint"),
    [
        (leaves_by_break, "cannot be left early", "'if' over the rest"),
        (leaves_by_return, "cannot be left early", "'if' over the rest"),
        (known_turns, "taken one by one", "gradgen.checkpoint(f)"),
        (in_a_comprehension, "outside of a 'for' loop", ""),
        (keeps_lists, "the size of 'seen'", "every="),
        (no_turns, "at least 1", ""),
        (parts_of_turns, "takes an integer", "int("),
        (both_ways, "one of every= and memory=", ""),
    ],
)
def test_refusals(function, reason, hint):
    with pytest.raises(UnsupportedError) as caught:
        grad(function)(X, 5)
    message = str(caught.value)
    assert reason in message
    assert hint in message
    assert f"{__file__}:" in message


@pytest.mark.parametrize("k", [0, -1])
def test_senseless_run_time_options_raise(k):
    def loss(x, n, k):
        for _ in checkpointed(range(n), every=k):
            x = x * x
        return np.sum(x)

    with pytest.raises(ValueError, match="at least 1"):
        grad(loss)(X, 5, k)


STEPS, WIDTH = 20_000, 100
STATE = 8 * WIDTH


def plain(x, w, n):
    for _ in range(n):
        x = np.tanh(w * x)
    return np.sum(x)


def every(x, w, n, k):
    for _ in checkpointed(range(n), every=k):
        x = np.tanh(w * x)
    return np.sum(x)


def memory(x, w, n, room):
    for _ in checkpointed(range(n), memory=room):
        x = np.tanh(w * x)
    return np.sum(x)


def calls(x, w, n):
    step = checkpoint(lambda z: np.tanh(w * np.tanh(w * np.tanh(w * z))))
    for _ in range(n):
        x = step(x)
    return np.sum(x)


def peak(function: Any, *args: Any) -> tuple[Any, int]:
    """Return a gradient, and the most memory that was held at once for it."""
    slope = grad(function, argnums=(0, 1))
    slope.source(*args)
    slope(*args[:2], 3, *args[3:])
    tracemalloc.start()
    try:
        return slope(*args), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_of_a_long_recurrence():
    x, w = np.linspace(-1.0, 1.0, WIDTH), np.linspace(0.9, 1.2, WIDTH)
    wanted, most = peak(plain, x, w, STEPS)
    assert most > STEPS * STATE
    k, room = 141, 100_000
    found, used = peak(every, x, w, STEPS, k)
    assert used < (STEPS / k + 2 * k + 20) * STATE
    np.testing.assert_array_equal(found, wanted)
    found, used = peak(memory, x, w, STEPS, room)
    assert used < room + 20 * STATE
    np.testing.assert_array_equal(found, wanted)


def test_memory_of_calls():
    x, w = np.linspace(-1.0, 1.0, WIDTH), np.linspace(0.9, 1.2, WIDTH)
    _, used = peak(calls, x, w, 1000)
    assert used < 1.1 * 1000 * STATE
    _, used = peak(plain, x, w, 3000)
    assert used > 3000 * STATE


GOLDEN = """\
    # forward sweep
    x_tape = np.empty((len(range(0, n, 3)), *x.shape))
    x1 = x
    for start in range(0, n, 3):
        x_tape[start // 3] = x1
        stop = min(start + 3, n)
        for _ in range(start, stop):
            x1 = np.tanh(1.01 * x1)
    # reverse sweep
    x_bar = np.ones_like(x)
    for start in reversed(range(0, n, 3)):
        x1 = x_tape[start // 3]
        stop = min(start + 3, n)
        x1_tape = np.empty((max(stop - start, 0), *x.shape))
        for i in range(start, stop):
            x1 = np.tanh(1.01 * x1)
            x1_tape[i - start] = x1
        for x1 in reversed(x1_tape):
            x_bar = 1.01 * x_bar * (1 - x1 * x1)
    return x_bar
"""


def test_generated_code_of_segments():
    def loss(x, n):
        for _ in checkpointed(range(n), every=3):
            x = np.tanh(1.01 * x)
        return np.sum(x)

    assert body_of(grad(loss).source(X, 5)) == GOLDEN


SNAPSHOTS = """\
    # reverse sweep
    x_bar = np.ones_like(x)
    room = max(1000 // (8 * x.shape[0] + 168), 1)
    kept = [0]
    x_kept = [x]
    for i in reversed(range(n)):
        while revolve_advance(i - kept[-1], room - len(kept)):
            last = kept[-1]
            there = last + revolve_advance(i - last, room - len(kept))
            x = x_kept[-1]
            for _ in range(last, there):
                x = np.tanh(1.01 * x)
            kept.append(there)
            x_kept.append(x)
        last = kept[-1]
        x = x_kept[-1]
        for _ in range(last, i):
            x = np.tanh(1.01 * x)
        x = np.tanh(1.01 * x)
        x_bar = 1.01 * x_bar * (1 - x * x)
        if last == i:
            kept.pop()
            x_kept.pop()
    return x_bar
"""


def test_generated_code_of_snapshots():
    def loss(x, n):
        for _ in checkpointed(range(n), memory=1000):
            x = np.tanh(1.01 * x)
        return np.sum(x)

    assert body_of(grad(loss).source(X, 5)) == SNAPSHOTS


def test_generated_code_of_calls():
    def loss(h, w):
        return np.sum(layer(layer(h, w), w))

    body = body_of(grad(loss).source(X, X))
    assert body.startswith("    # forward sweep\n    a = w * h\n")
    forward, reverse = body.split("    # reverse sweep\n")
    assert forward.count("np.tanh") == 1
    assert reverse.count("np.tanh") == 2


def body_of(source: str) -> str:
    """Return the statements of a generated function, without comments on lines."""
    _, _, body = source.split('"""')
    lines = (
        re.sub(r"  # \w+\.py:.*", "", line) for line in body.strip("\n").splitlines()
    )
    return "".join(f"{line}\n" for line in lines)


def test_value_and_gradient_of_a_value_that_is_needed():
    value, slope = value_and_grad(memory)(X, X, 7, 500)
    assert value == plain(X, X, 7)
    np.testing.assert_array_equal(slope, grad(plain)(X, X, 7))
