"""Arguments that shape a program: one compiled for another of them is never used."""

import enum
import functools
import operator

import numpy as np
import pytest

from gradgen import grad


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Scale:
    def __init__(self, k):
        self.k = k


def read(x, s):
    return np.sum(x[s] ** 2)


def read_all(x, indices):
    return sum(x[i] * x[i] for i in indices)


def reduce_by(x, function):
    return function(x)


def combine(x, function):
    return np.sum(function(x, x))


def cast(x, dtype):
    return np.sum(x.astype(dtype) * x)


def choose(x, key):
    first = key == Colour.RED or key == Level.LOW or key == b"a" or key == "a"
    return np.sum(x) * (1.0 if first else 2.0)


def scaled(x, thing):
    return np.sum(x) * thing.k


def looked_up(x, table):
    return np.sum(x) * table["k"]


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (read, [slice(0, 2), slice(1, 3), slice(None, None, 2), ..., None]),
        (read, [0, 1, -1, np.int64(0), np.int64(2), True]),
        (read, [[0, 1], [1, 2], (0,), (1,), np.array([0, 3]), np.array([2])]),
        (read, [np.array([True, False, True, False]), np.array([False] * 3 + [True])]),
        (read_all, [range(2), range(1, 4), [0, 2], [1, 3], (0,), (1,)]),
        (reduce_by, [np.sum, np.mean, np.max, lambda v: v[0] * 3, lambda v: v[1]]),
        (reduce_by, [functools.partial(np.sum, axis=0), functools.partial(np.mean)]),
        (combine, [operator.add, operator.mul, np.add, np.multiply, np.subtract]),
        (cast, [np.float32, np.float64, "f4", "f8", np.dtype("f4"), float]),
        (choose, [Colour.RED, Colour.BLUE, Level.LOW, Level.HIGH, 1, 2]),
        (choose, [b"a", b"b", "a", "b", True, False, None]),
        (scaled, [Scale(1), Scale(2), Scale(1.5), Scale(True), Scale(np.float32(3))]),
        (looked_up, [{"k": 1}, {"k": 2}, {"k": 2, 1: 0}, {"k": 3, True: 0}]),
        (looked_up, [{"k": True}, {"k": False}, {"k": 2.0}]),
    ],
)
def test_each_argument_gets_its_own_program(function, arguments, monkeypatch):
    x = np.arange(1.0, 5.0)
    shared = grad(function)
    for _ in range(2):
        for argument in arguments:
            found = shared(x, argument)
            monkeypatch.setenv("GRADGEN_CACHE", "0")
            alone = grad(function)(x, argument)
            monkeypatch.delenv("GRADGEN_CACHE")
            np.testing.assert_array_equal(found, alone)
            if function is cast:  # float32 is too coarse for differences
                continue
            step = 1e-6 * np.eye(4)
            numeric = [
                (function(x + h, argument) - function(x - h, argument)) / 2e-6
                for h in step
            ]
            np.testing.assert_allclose(found, numeric, rtol=1e-3, atol=1e-5)


def test_objects_are_read_wherever_they_stand():
    def f(x, things, *rest, **named):
        return x * things[0].k * things[1]["b"].k * rest[0].k * named["last"].k

    d = grad(f)
    for a, b, c, last in [(2.0, 3.0, 5.0, 7.0), (1.0, 1.0, 4, 2.0), (1.0, 1.0, 3, 2.0)]:
        things = [Scale(a), {"b": Scale(b)}]
        assert d(1.0, things, Scale(c), last=Scale(last)) == a * b * c * last


class OnDevice:
    """An array that follows NumPy's protocols and is none of NumPy's."""

    def __init__(self, array):
        self.array = array
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __array_ufunc__(self, function, method, *args, out=(), **options):
        if out:
            options["out"] = tuple(map(plain, out))
        return OnDevice(getattr(function, method)(*map(plain, args), **options))

    def __array_function__(self, function, types, args, options):
        return OnDevice(np.asarray(function(*map(plain, args), **options)))

    def __mul__(self, other):
        return np.multiply(self, other)

    def __add__(self, other):
        return np.add(self, other)

    __rmul__, __radd__ = __mul__, __add__


def plain(x):
    return x.array if isinstance(x, OnDevice) else x


def test_arrays_that_follow_numpys_protocols_are_not_shut_out():
    def f(x):
        return np.sum(np.sin(x) * x)

    x = np.linspace(0.0, 1.0, 4)
    gradient = grad(f)(OnDevice(x))
    assert type(gradient) is OnDevice
    np.testing.assert_array_equal(gradient.array, grad(f)(x))
