"""Programs whose IR must compute what Python computes."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.frontend.harness import agree

rng = np.random.default_rng(0)
A = rng.random((3, 4))
X = rng.random(4)
Y = rng.random(4)
SCALE = 2.5
OFFSET = np.arange(4.0)
COUNT = 3
NAMES = ("a", "b")
CONFIG = {"rate": 0.5, "turns": 2, "mode": "square"}


class Point(NamedTuple):
    x: Any
    y: Any = 2.0

    def norm(self):
        return np.sqrt(self.x**2 + self.y**2)

    @property
    def total(self):
        return self.x + self.y


@dataclasses.dataclass(frozen=True)
class Layer:
    weight: Any
    bias: Any = 0.5

    def __call__(self, x):
        return self.weight * x + self.bias


class Model:
    gain = 1.5

    def __init__(self):
        self.rate = 0.25
        self.turns = 2
        self.layers = [Layer(2.0), Layer(3.0, 1.0)]
        self.shift = np.ones(4)

    def run(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.scale(x) * self.gain + self.shift

    def scale(self, x):
        for _ in range(self.turns):
            x = x * self.rate
        return x

    @staticmethod
    def twice(x):
        return 2 * x

    @classmethod
    def make(cls, x):
        return cls.twice(x) + cls.gain

    @property
    def doubled(self):
        return 2 * self.rate

    def __call__(self, x):
        return self.run(x) + self.doubled + self.make(x)


MODEL = Model()
CASES: list[Any] = []


def case(*args: Any, **kwargs: Any) -> Callable[[Any], Any]:
    def enter(function: Any) -> Any:
        CASES.append(pytest.param(function, args, kwargs, id=function.__name__))
        return function

    return enter


@case(2.0, 3.0)
def operators(x, y):
    return x + y, x - y, x * y, x / y, x // y, x % y, x**y, -x, +x, x < y, x == y


@case(X, 2.0)
def array_operators(x, y):
    return x + y, y - x, x / y, x**2, 2**x, -x, x > 0.5, ~(x > 0.5), abs(x)


@case(A, X)
def method_syntax(a, x):
    return (a @ x).sum(), a.T.shape[0], a.mean(axis=0), a.sum(axis=1, keepdims=True)


@case([(A.T, np.ones(3)), (rng.random((3, 2)), np.ones(2))], rng.random((5, 4)))
def network(layers, x):
    for w, b in layers[:-1]:
        x = np.maximum(x @ w + b, 0)
    w, b = layers[-1]
    return x @ w + b


@case(1.0)
def globals_of_all_kinds(x):
    total = x * SCALE + np.sum(OFFSET) * COUNT
    for name in NAMES:
        total = total + len(name)
    if CONFIG["mode"] == "square":
        total = total**2
    for _ in range(CONFIG["turns"]):
        total = total * CONFIG["rate"]
    return total + math.pi


@case(X)
def closures(x):
    factor = 2.0

    def scale(v, *, by=factor):
        return v * by + shift

    shift = 1.0
    late = [lambda v: v + i for i in range(3)]
    return scale(x), scale(x, by=3.0), [f(x) for f in late]


@case(2.0)
def nonlocal_state(x):
    total = 0.0

    def add(v):
        nonlocal total
        total = total + v
        return total

    return add(x), add(x), total


@case(X)
def method_of_a_global(x):
    return MODEL.run(x), MODEL(x), Model.twice(x), Model.make(x)


@case(3.0, 4.0)
def records(x, y):
    p = Point(x, y)
    q = p._replace(y=1.0)
    a, b = q
    layer = Layer(weight=x)
    return p, p.norm(), p.total, a * b, len(p), p[0], layer(y), layer, Point(x)


@case(Point(1.0, 2.0), Layer(X))
def record_arguments(p, layer):
    return p.norm() * layer(p.x), p.total


@case(2.0)
def comprehensions(x):
    squares = [x * i for i in range(4) if i % 2]
    table = {k: x + len(k) for k in NAMES}
    nested = [a * b for a in (1.0, x) for b in (x, 3.0)]
    return squares, table, nested, sum(v * v for v in squares), {**table, "c": x}


@case(2.0)
def iterators(x):
    pairs = list(zip([x, 1.0], [3.0, x]))  # noqa: B905
    stream = iter([x, x + 1, x + 2])
    first = next(stream)
    rest = [v for v in stream]
    empty = list(stream)
    return (
        pairs,
        first,
        rest,
        empty,
        list(map(lambda v: v * v, rest)),
        list(enumerate(rest, 1)),
    )


@case(2.0)
def more_iterators(x):
    xs = [x, 3.0, 4.0 * x]
    a = [p * q for p, q in itertools.pairwise(xs)]
    b = [v for v in itertools.chain(xs, (x,))]
    c = functools.reduce(lambda s, v: s * v, xs)
    d = functools.reduce(operator.add, xs, 1.0)
    e = [p + q for p, q in itertools.combinations(xs, 2)]
    return a, b, c, d, e, list(reversed(xs)), sorted([3, 1, 2]), max(xs[0], xs[1])


@case(1.5)
def lists_and_dicts(x):
    acts = []
    acts.append(x)
    same = acts
    same.extend([x * 2, x * 3])
    acts.insert(0, 1.0)
    last = acts.pop()
    acts += (last,)
    acts[0] = x * x
    acts[1] += 1.0
    table = {"a": x}
    table["b"] = table["a"] * 2
    table.update({"c": 1.0})
    gone = table.pop("c", None)
    del table["a"]
    return acts, same, last, table, gone, table.get("z"), table.setdefault("y", x)


@case({"w": X, "b": 1.0}, [1.0, 2.0])
def views_of_dicts(params, xs):
    total = 0.0
    for key, value in params.items():
        total = total + np.sum(value) * len(key)
    return total, "w" in params, [k for k in params], list(params.values()), len(xs)


@case(2.0, [1.0, 2.0, 3.0])
def star_unpacking(x, xs):
    first, *middle, last = xs
    (a, b), c = (x, first), last
    d = e = [*xs, *middle]
    return first, middle, last, a, b, c, d, e, (*xs, x)


@case(X)
def static_control_flow(x):
    count = 0
    while True:
        count += 1
        if count == 2:
            continue
        if count > 4:
            break
        x = x * count
    else:
        x = x * 100
    for i in range(3):
        if i == 7:
            break
    else:
        x = x + 1
    return x if count == 5 else None


@case(X)
def early_return(x):
    if x.ndim == 1:
        return x * 2
    return x * 3


def helper(x, /, y=2.0, *rest, z=3.0, **named):
    return x + y * z + sum(rest) + named.get("w", 0.0)


@case(1.0)
def helper_arguments(x):
    args, named = (x, x), {"z": x, "w": 5.0}
    return helper(x), helper(x, y=x), helper(x, 1.0, x, x, z=x), helper(*args, **named)


@case(X, 2)
def promoted_integers(x, n):
    for i in range(n):
        x = x * (i + 1)
    return x, x.sum(axis=n - 2)


@case(X, 2)
def repeated_lists(x, n):
    return [x] * n, n * (x, 1.0)


@case(X, 3.0, 4)
def run_time_integers(x, y, n):
    return x * n, y**n, n + 1, n / 2


@case(2.0)
def strings(x):
    name = "a" + "b".upper()
    text = f"{name:>5}|{3.14159:.2f}"
    return x * len(text), text, name.join(["x", "y"]), "B" in name, "%d" % 3  # noqa: UP031


@case(2.0)
def classes_of_values(x):
    return (
        isinstance(x, float),
        isinstance(x, int),
        isinstance(x * X, np.ndarray),
        isinstance([x], list),
        type(x) is float,
        hasattr(x, "shape"),
        callable(helper),
        callable(x),
        callable([x]),
        callable(MODEL),
        x is None,
        x is not None,
        [] == None,  # noqa: E711
        isinstance(np.exp(x), np.floating),
        isinstance(np.exp(x), float),
    )


@case(X, Y)
def shapes_of_arguments(x, y):
    n = len(x)
    return (
        x / n,
        x.shape[0] * 2,
        x.size,
        x.ndim,
        x.dtype == np.float64,
        x.reshape(2, -1),
    )


@case(A)
def indexing(a):
    i = 1
    part = slice(1, None)
    return (
        a[0],
        a[0, 1],
        a[i, ::-1],
        a[..., None, 0],
        a[part],
        a[-1],
        a[:, [0, 2]],
        a[a > 0.5].sum(),
        a[np.array([0, 1]), np.array([1, 2])],
        a[: a.shape[0] - 1],
        a[len(a) - 1],
    )


@case(np.array([1.0, 2.0]), [np.array([1.0, 2.0, 3.0])])
def unpack_arrays(p, qs):
    x, y = p
    ((a, b, c),) = qs
    return x * y + a * b * c


@case(2.0)
def walrus(x):
    y = (z := x * 2) + z
    xs = [w := x + i for i in range(2)]
    return y, z, xs, w


@case(2.0)
def boolean_operators(x):
    flag = None
    a = flag or x
    b = COUNT and x
    c = not flag
    d = flag is None and COUNT > 2 > 1
    e = 0 < COUNT < 2
    return a, b, c, d, e, any([False, True]), all(v > 0 for v in (1, 2))


@case(X)
def made_arrays(x):
    ones = np.ones(4)
    return (
        x + np.arange(4),
        x * np.array([1.0, 2.0, 3.0, 4.0]),
        np.eye(2),
        x + np.zeros_like(x),
        ones * np.sqrt(2.0),
        np.zeros(x.shape),
    )


@case(X)
def local_imports(x):
    import math as m
    from math import sqrt

    return x * sqrt(2.0) + m.cos(0.0)


@case(2.0)
def partials(x):
    add = functools.partial(helper, x, z=1.0)
    return add(), add(5.0), FIXED(z=x)


FIXED = functools.partial(helper, 7.0, y=0.5)


@functools.lru_cache
def cached(x):
    return x * x


def doubling(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 2 * function(*args, **kwargs)

    return wrapper


@doubling
def decorated(x, y=1.0):
    return x + y


@case(2.0)
def decorated_helpers(x):
    @doubling
    def inner(v):
        return v + 1

    return cached(x), decorated(x), decorated(x, y=x), inner(x)


@case(X)
def in_place_of_own_arrays(x):
    total = np.zeros(4)
    for i in range(3):
        total += x * i
    total *= 2
    y = x + 1
    y -= x
    s = 1.0
    s += x[0]
    n = 2
    n += 3
    return total, y, s, n


@case(np.ones(3, np.float32), np.ones(3))
def in_place_keeps_the_dtype(x, y):
    z = x * 2
    z += y
    return z


@case(X)
def nothing(x):
    """Docstring."""
    pass


@case(1.0)
def unused_code(x):
    if False:
        with open("nowhere") as file:
            x = file.read()
    return x


@case(X, Y)
def comparisons_of_shapes(x, y):
    if x.shape[0] == 1:
        return x
    assert x.shape == y.shape, f"shapes {x.shape} and {y.shape}"
    assert np.all(x >= 0) and len(x) == 4  # noqa: PT018
    assert 0 < x.sum() < 10, "sum"
    return x + y


@case(3.0)
def deletion(x):
    y = x * 2
    z = y
    del y
    return z


@case(2.0)
def generators(x):
    parts = (v * x for v in (1.0, 2.0))
    x = 5.0
    return list(parts), tuple(x + v for v in (1.0,)), dict(a=x), dict([("b", x)])


@case(2.0, k=3.0)
def keyword_only(x, *, k, j=0.5):
    return x * k + j


@case(1.0, 2.0, 3.0, a=4.0)
def variadic(x, *rest, **named):
    return x + rest[0] * rest[1] + named["a"], len(rest)


@case(np.float64(2.0), X)
def numpy_scalars(x, y):
    s = y.sum()
    s += x
    t = y[0]
    t *= 2
    return s, t, np.exp(x)


@pytest.mark.parametrize(("function", "args", "kwargs"), CASES)
def test_agrees_with_python(function, args, kwargs):
    agree(function, *args, **kwargs)


def test_bound_methods_and_callable_objects():
    agree(Model.run, MODEL, X)
    agree(Model.__call__, MODEL, X)


def test_lambdas_on_one_line():
    first, second = (lambda x: x + 1.0, lambda x: x * 3.0)
    agree(first, X)
    agree(second, X)
    agree(
        lambda x: x * 2,
        X,
    )


def test_print_writes_once(capsys):
    def f(x, y):
        print("x is", x, f"{y:.2f}|{x.shape}", [y, {"k": y}], sep=", ")
        return x * y

    agree(f, X, 2.0)
    first, second = capsys.readouterr().out.split("x is")[1:]
    assert first == second
