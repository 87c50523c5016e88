"""Checks and fetches of what stands outside a function."""

import sys
import types

import pytest

from gradgen.runtime.places import (
    ABSENT,
    Pin,
    Place,
    compile_check,
    compile_fetch,
    same_constant,
)

LEVEL = 1
MODULE = types.SimpleNamespace(deep=types.SimpleNamespace(items=[1.0, 2.0]))


def function(x, y=3.0, *, z=4.0):
    return x


def here(name, *steps):
    return Place("global", function, name, steps)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (here("LEVEL"), 1),
        (here("MODULE", "deep", "items", "[1]"), 2.0),
        (here("MODULE", "deep", "items", "__len__()"), 2),
        (Place("argument", "x", "x", ("real",)), 7),
        (Place("default", function, "y"), 3.0),
        (Place("default", function, "z"), 4.0),
        (Place("object", function, "__code__"), function.__code__),
    ],
)
def test_places_are_read(place, expected):
    assert compile_fetch([place], {"x": "args[0]"})((7,)) == (expected,)


def test_a_closure_is_read_anew():
    cell = 1.0

    def inner():
        return cell

    fetch = compile_fetch([Place("closure", inner, "cell")], {})
    assert fetch(()) == (1.0,)
    cell = 2.0
    assert fetch(()) == (2.0,)


def test_a_changed_value_is_noticed(monkeypatch):
    check = compile_check([Pin(here("LEVEL"), 1), Pin(here("MODULE"), MODULE)], {})
    assert check(())
    for value in (2, 1.0, True):
        monkeypatch.setattr(sys.modules[__name__], "LEVEL", value)
        assert not check(())
    monkeypatch.delattr(sys.modules[__name__], "LEVEL")
    with pytest.raises(ABSENT):
        check(())


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        ((1, ("a", None)), (1, ("a", None)), True),
        ((1,), (True,), False),
        ((1,), (1, 2), False),
        (slice(1, None), slice(1, None), True),
        (slice(1), slice(True), False),
        (frozenset({1, 2}), frozenset({2, 1}), True),
        (frozenset({1}), frozenset({True}), False),
        (range(3), range(3), True),
    ],
)
def test_constants_are_compared_by_type_and_value(left, right, same):
    assert same_constant(left, right) is same
