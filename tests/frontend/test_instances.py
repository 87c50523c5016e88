"""Objects that a function makes of classes of the user's, and changes."""

from __future__ import annotations

import abc
import dataclasses
import functools
import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

from gradgen.errors import UnsupportedError
from tests.frontend.harness import agree, lowered

X = np.array([0.5, 1.5, 2.5, 0.25])


class Point:
    scale = 2.0

    def __init__(self, x, y=1.0, *rest, **named):
        self.x = x
        self.y = y
        self.rest = len(rest) + len(named)

    @property
    def norm(self):
        return math.sqrt(self.x**2 + self.y**2)

    @property
    def double(self):
        return 2 * self.x

    @double.setter
    def double(self, value):
        self.x = value / 2

    @staticmethod
    def zero():
        return Point(0.0, 0.0)

    @classmethod
    def of(cls, pair):
        return cls(*pair)

    def move(self, dx):
        self.x += dx
        return self

    def __call__(self, t):
        return self.x * t + self.y * self.scale


class Mass(Point):
    def __init__(self, x, m):
        super().__init__(x)
        self.m = m

    def move(self, dx):
        return super().move(dx / self.m)

    @property
    def norm(self):
        return super().norm * self.m


@dataclass
class State:
    x: float
    v: float = 0.5
    history: list = field(default_factory=list)
    steps: int = field(default=0, init=False)
    kind: ClassVar[str] = "plain"

    def advance(self, dt):
        self.history.append(self.x)
        self.x += dt * self.v
        self.steps += 1


@dataclass
class Scaled:
    x: float
    factor: float = field(default=2.0, kw_only=True)

    def __post_init__(self):
        self.y = self.x * self.factor


@dataclass(frozen=True)
class Fixed:
    x: float


@dataclass
class Inherits(State):
    w: float = 3.0


class Pair(NamedTuple):
    left: float
    right: float = 2.0


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...


class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2


class Empty:
    pass


class Accumulator:
    def __init__(self, n):
        self.total = np.zeros(n)
        self.count = 0

    def add(self, x):
        self.total += x
        self.count += 1


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


class Careful:
    def __init__(self, x):
        self.x = x

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value * 2)


class Lazy:
    def __init__(self, x):
        self.x = x

    def __getattr__(self, name):
        return 1.0


class Singleton(type):
    def __call__(cls, *args):
        return super().__call__(*args)


class Single(metaclass=Singleton):
    pass


class Described:
    class Field:
        def __get__(self, owner, cls):
            return 1.0

        def __set__(self, owner, value):
            pass

    x = Field()

    def __init__(self, x):
        self.x = x


class Cached:
    def __init__(self, x):
        self.x = x

    @functools.cached_property
    def y(self):
        return self.x * 2


class Own:
    def __new__(cls, x):
        return object.__new__(cls)


@dataclass
class Initial:
    x: dataclasses.InitVar[float]


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    __rmul__ = __mul__

    def __neg__(self):
        return -1.0 * self

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __isub__(self, other):
        self.x -= other.x
        self.y -= other.y
        return self


class Loud(Vector):
    def __radd__(self, other):
        return Vector(other.x * 10.0, self.y)


thing = Point(1.0, 2.0)

AGREES = []


def agrees(*args: Any):
    def enter(function):
        AGREES.append(pytest.param(function, args, id=function.__name__))
        return function

    return enter


@agrees(0.5)
def makes_and_reads(x):
    p = Point(x, 3.0, 1, 2, a=3)
    return p.x * p.y + p.rest + p.scale


@agrees(0.5)
def methods_and_properties(x):
    p = Point(x).move(2.0)
    p.double = p.norm
    return p.x + p.double + Point.zero().x + Point.of((x, 2.0)).norm


@agrees(0.5)
def calls_the_object(x):
    return Point(x, x)(3.0)


@agrees(0.5)
def inherits(x):
    m = Mass(x, 2.0)
    m.move(x).move(1.0)
    return m.norm * m.x


@agrees(0.5, 4)
def dataclass_state(x, n):
    s = State(x)
    for _ in range(n):
        s.advance(0.1)
    return s.x * s.v, len(s.history), s.history[0], s.steps


@agrees(0.5)
def post_init_and_keywords(x):
    a, b = Scaled(x), Scaled(x, factor=x)
    return a.y * b.y


@agrees(0.5)
def factory_makes_a_new_list(x):
    a, b = State(x), State(x, v=x)
    a.history.append(x)
    return len(a.history) * 10 + len(b.history), a.v * b.v


@agrees(0.5)
def derived_dataclass(x):
    s = Inherits(x, w=x)
    s.advance(x)
    return s.x * s.w * s.v


@agrees(0.5)
def frozen_and_named_tuples(x):
    return Fixed(x).x * Pair(x).right + Pair(x)[0] + len(Pair(x))


@agrees(0.5)
def abstract_base(x):
    shapes = [Square(x), Square(2 * x)]
    return sum(shape.area() for shape in shapes)


@agrees(0.5)
def attributes_of_an_empty_class(x):
    box = Empty()
    box.value = x
    box.value *= 3
    return box.value


@agrees(X)
def buffer_in_an_object(x):
    acc = Accumulator(len(x))
    for i in range(len(x)):
        acc.add(x * i)
    view = acc.total
    view[0] = 5.0
    return acc.total / acc.count


@agrees(X)
def two_names_of_one_object(x):
    a = Point(x[0])
    b = a
    for v in x:
        b.x = a.x * v + a.y
        a.y += 0.1
    return b.x + b.y


@agrees(X, 0.7)
def changed_on_one_path(x, c):
    p = Point(c)
    for v in x:
        if v > p.x:
            p.x = v
        else:
            p.y = p.y * v
    return p.x * p.y


@agrees(X)
def objects_in_a_list(x):
    points = [Point(x[0]), Point(x[1])]
    for v in x:
        for p in points:
            p.move(v)
        points[0].y = points[1].x
    return points[0].x * points[0].y


@agrees(0.5)
def objects_in_objects(x):
    outer = Empty()
    outer.inner = Point(x)
    outer.inner.x += 2.0
    inner = outer.inner
    inner.x *= 2.0
    return outer.inner.x


@agrees(0.5)
def operators(x):
    u, v = Vector(x, 2.0), Vector(1.0, x)
    w = 2.0 * u + v * 3.0 + -u
    total = sum([u, v], Vector(0.0, 0.0))
    same = w
    same -= u
    same += v
    return w @ total, same @ v, (u + Loud(1.0, 2.0)).x


@agrees(X)
def operators_in_a_loop(x):
    total = Vector(0.0, 1.0)
    for v in x:
        total = total + Vector(v, v * v) * 2.0
        total -= Vector(total.y, 0.0)
    return total.x * total.y


@agrees(0.5)
def class_tests(x):
    m = Mass(x, 1.0)
    return x if isinstance(m, Point) and type(m) is Mass else -x


@agrees(Pair(0.5, 1.5))
def dataclass_of_an_argument(p):
    return dataclasses.astuple if False else State(p.left, p.right).v


@pytest.mark.parametrize(("function", "args"), AGREES)
def test_agrees(function, args):
    agree(function, *args)


REFUSED: dict[str, tuple[Any, str]] = {
    "slots": (lambda x: Slotted(x).x, "__slots__"),
    "setattr": (lambda x: Careful(x).x, "__setattr__"),
    "getattr": (lambda x: Lazy(x).y, "__getattr__"),
    "metaclass": (lambda x: Single() and x, "metaclass Singleton"),
    "descriptor": (lambda x: Described(x).x, "descriptor"),
    "cached_property": (lambda x: Cached(x).y, "descriptor"),
    "new": (lambda x: Own(x) and x, "__new__"),
    "init_var": (lambda x: Initial(x) and x, "InitVar"),
    "abstract": (lambda x: Shape() and x, "abstract"),
    "arguments": (lambda x: Empty(x) and x, "takes no arguments"),
    "missing_field": (lambda x: State() and x, "missing a required argument"),
    "returned": (lambda x: Point(x), "return its numbers"),
    "returned_changed": (lambda x: Scaled(x), "return its numbers"),
    "operator": (lambda x: Point(x) + 1.0, "this operator on an object of class Point"),
    "not_implemented": (lambda x: Vector(x, x) + x, "this operator on an object"),
    "array_first": (lambda x: np.float64(x) * Vector(x, x), "NumPy has a say"),
    "unknown": (lambda x: Point(x).z, "no attribute 'z'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    function, words = REFUSED[name]
    with pytest.raises(UnsupportedError, match=words):
        lowered(function, 0.5)


def bind_frozen(x):
    fixed = Fixed(x)
    fixed.x = 2.0
    return fixed.x


def bind_tuple(x):
    pair = Pair(x)
    pair.left = 2.0
    return pair.left


def bind_read_only(x):
    point = Point(x)
    point.norm = 2.0
    return point.x


def bind_outside(x):
    thing.x = x
    return thing.x


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (bind_frozen, "FrozenInstanceError"),
        (bind_tuple, "cannot be changed"),
        (bind_read_only, "no setter"),
        (bind_outside, "attribute 'x' of an object of class Point"),
    ],
)
def test_refused_binding(function, words):
    with pytest.raises(UnsupportedError, match=words):
        lowered(function, 0.5)


def test_an_argument_is_not_changed():
    def grow(state):
        state.x = state.x * 2
        return state.x

    with pytest.raises(UnsupportedError, match="others may hold"):
        lowered(grow, Pair2(0.5))


@dataclass
class Pair2:
    x: float
