"""Which program a call gets: guards, captures, methods, threads, pickling."""

import copy
import functools
import multiprocessing
import pickle
import sys
import threading
import traceback

import numpy as np
import pytest

from gradgen import ArgumentError, grad, value_and_grad

RATE = 2.0
POWER = 2


def compiled(derivative):
    """How many programs were made or read."""
    info = derivative.cache_info()
    return info.misses + info.disk_hits


def helper(x):
    return x * x


def uses_helper(x):
    return helper(x) * RATE


def uses_power(x):
    return x**POWER


def test_calls_are_counted():
    d = grad(lambda x: x * x)
    for x in (1.0, 2.0, 3.0):
        d(x)
    assert compiled(d) == 1
    assert d.cache_info().hits == 2
    d(np.float32(1))
    assert compiled(d) == d.cache_info().currsize == 2


def test_a_redefined_helper_is_used(monkeypatch):
    d = grad(uses_helper)
    assert d(3.0) == 12.0
    monkeypatch.setattr(sys.modules[__name__], "helper", lambda x: x * x * x)
    assert d(3.0) == 54.0
    monkeypatch.undo()
    assert d(3.0) == 12.0
    assert compiled(d) == 2


def test_a_method_that_is_made_anew_is_found_again():
    d = grad(lambda x: np.sum(np.add.reduce(x) * np.multiply.outer(x, x)))
    for _ in range(3):
        d(np.arange(3.0))
    assert compiled(d) == 1


def test_another_method_in_its_place_is_used(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "helper", np.add.reduce)
    d = grad(uses_helper)
    assert d(np.array([3.0, 4.0])).tolist() == [2.0, 2.0]
    monkeypatch.setattr(sys.modules[__name__], "helper", np.multiply.reduce)
    assert d(np.array([3.0, 4.0])).tolist() == [8.0, 6.0]


def test_new_code_of_a_helper_is_used(monkeypatch):
    d = grad(uses_helper)
    assert d(3.0) == 12.0
    monkeypatch.setattr(helper, "__code__", (lambda x: x * 5.0).__code__)
    assert d(3.0) == 10.0


def test_a_global_number_is_read_at_each_call(monkeypatch):
    d = grad(uses_helper)
    assert d(3.0) == 12.0
    monkeypatch.setattr(sys.modules[__name__], "RATE", 3.0)
    assert d(3.0) == 18.0
    assert compiled(d) == 1
    monkeypatch.setattr(sys.modules[__name__], "RATE", np.float64(4.0))
    assert d(3.0) == 24.0


def test_a_global_int_is_folded_and_guarded(monkeypatch):
    d = grad(uses_power)
    assert d(3.0) == 6.0
    monkeypatch.setattr(sys.modules[__name__], "POWER", 3)
    assert d(3.0) == 27.0
    monkeypatch.setattr(sys.modules[__name__], "POWER", 2)
    assert d(3.0) == 6.0


def test_closures_are_read_at_each_call():
    scale, offset = 2.0, np.ones(2)

    def f(x):
        return np.sum(x * offset) * scale

    d = grad(f)
    np.testing.assert_array_equal(d(np.ones(2)), [2.0, 2.0])
    scale, offset = 3.0, np.array([1.0, 2.0])
    np.testing.assert_array_equal(d(np.ones(2)), [3.0, 6.0])
    assert compiled(d) == 1


def test_flags_and_strings_are_keyed_by_value():
    def f(x, square, kind="plain"):
        y = x * x if square else x
        return y * 2 if kind == "double" else y

    d = grad(f)
    assert d(3.0, True) == 6.0
    assert d(3.0, False) == 1.0
    assert d(3.0, False, "double") == 2.0
    assert d(3.0, True, kind="double") == 12.0
    assert compiled(d) == 4


def test_an_int_that_shapes_the_program_is_keyed_by_value():
    def f(x, axis, n):
        return np.sum(np.sum(x, axis=axis) ** 2) * n

    x = np.arange(6.0).reshape(2, 3)
    d = grad(f)
    for axis in (0, 1, -1, 0):
        for n in (2, 3):
            expected = np.broadcast_to(2 * n * x.sum(axis, keepdims=True), x.shape)
            np.testing.assert_allclose(d(x, axis, n), expected)
    assert compiled(d) <= 4


def test_functions_as_arguments():
    def f(x, activation):
        return activation(x)

    d = grad(f)
    assert d(0.5, np.sin) == pytest.approx(np.cos(0.5))
    assert d(0.5, np.exp) == pytest.approx(np.exp(0.5))


def test_dict_order_and_keys_matter():
    def f(p):
        return sum(v * (i + 1) for i, v in enumerate(p.values()))

    assert grad(f)({"a": 1.0, "b": 1.0}) == {"a": 1.0, "b": 2.0}
    assert grad(f)({"b": 1.0, "a": 1.0}) == {"b": 1.0, "a": 2.0}


# Methods, partials, callable objects


class Model:
    def __init__(self, k):
        self.k = k
        self.power = 2

    @grad(argnums=1)
    def d_energy(self, x):
        return self.k * x**self.power

    def energy(self, x):
        return self.k * x**self.power

    def __call__(self, x):
        return self.k * x

    @staticmethod
    def double(x):
        return 2.0 * x


def test_methods():
    model = Model(3.0)
    assert model.d_energy(2.0) == 12.0
    model.k = 4.0
    assert model.d_energy(2.0) == 16.0
    model.power = 3
    assert model.d_energy(2.0) == 48.0
    assert Model(1.0).d_energy(2.0) == 4.0


def test_bound_methods_partials_and_objects():
    model = Model(3.0)
    assert grad(model.energy)(2.0) == 12.0
    assert grad(model)(2.0) == 3.0
    assert grad(Model.double)(2.0) == 2.0

    def f(a, b, *, c):
        return a * b**2 * c

    assert grad(functools.partial(f, 2.0))(3.0, c=1.0) == 12.0
    assert grad(functools.partial(f, c=2.0), argnums=1)(3.0, 1.0) == 12.0
    with pytest.raises(ArgumentError, match="takes 1 positional argument"):
        grad(functools.partial(f, 2.0), argnums=1)


def test_self_cannot_be_differentiated():
    class Thing:
        @grad
        def f(self, x):
            return x

    with pytest.raises(
        ArgumentError, match=r"self is a Thing object .* argnums does not select"
    ):
        Thing().f(1.0)


# Errors from generated code


def test_an_error_shows_generated_and_own_line():
    def f(x, y):
        return np.sum(x @ y)

    d = grad(f)
    d(np.ones((2, 3)), np.ones(3))
    with pytest.raises(ValueError, match="dimensions 3 and 4 do not match") as caught:
        d(np.ones((2, 3)), np.ones(4))
    text = "".join(traceback.format_exception(caught.value))
    assert "<gradgen f_grad " in text
    assert f"{__file__}:" in "".join(caught.value.__notes__)
    assert "np.sum(x @ y)" in "".join(caught.value.__notes__)


# Threads, pickling, copying


def test_many_threads_compile_once():
    d = value_and_grad(lambda x: np.sum(np.sin(x) * x))
    x = np.linspace(0, 1, 5)
    expected = np.cos(x) * x + np.sin(x)
    failures, start = [], threading.Barrier(8)

    def work():
        start.wait()
        for _ in range(50):
            if not np.allclose(d(x)[1], expected):
                failures.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert compiled(d) == 1


@grad
def by_reference(x):
    return x**2


d_uses_helper = grad(uses_helper)


def test_a_decorated_function_is_pickled_by_reference():
    assert pickle.loads(pickle.dumps(by_reference)) is by_reference
    assert copy.deepcopy(by_reference) is by_reference


def test_a_derivative_of_an_importable_function_is_pickled():
    d = value_and_grad(uses_helper, argnums=(0,))
    again = pickle.loads(pickle.dumps(d))
    assert again(3.0) == d(3.0)
    assert copy.deepcopy(d)(3.0) == d(3.0)
    assert pickle.loads(pickle.dumps(Model(2.0).d_energy))(3.0) == 12.0


def test_another_process_can_call_it():
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        assert pool.apply(d_uses_helper, (3.0,)) == 12.0
        assert pool.map(by_reference, [1.0, 2.0]) == [2.0, 4.0]
