"""Data classes: what ``struct`` and ``frozen`` give a class, and what they cost."""

import copy
import math
import pickle

import pytest

from gradgen.structs import field, frozen, replace, struct


@struct
class Counter:
    name: str
    number: int = 0
    seen: list[int] = field(default_factory=list)
    text: str = field(init=False)

    def __post_init__(self):
        self.text = f"{self.name}{self.number}"


@struct
class Stepped(Counter):
    step: int = 1


@frozen
class Point:
    x: float
    y: float = 0.0


@frozen
class Alone:
    value: object


def test_fields_are_given_by_position_by_name_or_by_default():
    counter = Counter("a", number=2)
    assert (counter.name, counter.number, counter.seen) == ("a", 2, [])
    assert counter.text == "a2"
    assert Counter("b", 1, [3]).seen == [3]
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Counter()
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Counter("a", text="b")


def test_defaults_that_are_made_are_made_for_each():
    assert Counter("a").seen is not Counter("a").seen


def test_there_are_no_other_attributes():
    with pytest.raises(AttributeError):
        Counter("a").other = 1
    assert not hasattr(Point(1.0), "__dict__")


def test_a_subclass_takes_the_fields_of_its_base_first():
    made = Stepped("a", 1, [], 5)
    assert isinstance(made, Counter)
    assert (made.text, made.step, Stepped("b").step) == ("a1", 5, 1)
    assert Stepped.__match_args__ == ("name", "number", "seen", "step")


def test_a_struct_is_equal_to_itself_alone():
    one, other = Counter("a"), Counter("a")
    assert one == one
    assert one != other
    assert len({one, other}) == 2


def test_frozen_ones_are_compared_and_hashed_by_their_fields():
    assert Point(1.0) == Point(1.0, 0.0)
    assert hash(Point(1.0)) == hash(Point(1.0, 0.0))
    assert Point(1.0) != Point(2.0)
    assert Point(1.0) != (1.0, 0.0)
    assert Alone(1) != Point(1)
    assert Alone(math.nan) == Alone(math.nan)


def test_what_a_class_defines_itself_stays():
    @frozen
    class Loose:
        value: int

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 3

        def __repr__(self):
            return "loose"

    assert Loose(1) == Loose(2)
    assert hash(Loose(1)) == 3
    assert repr(Loose(1)) == "loose"


def test_replace_changes_some_fields():
    assert replace(Point(1.0, 2.0), y=3.0) == Point(1.0, 3.0)
    changed = replace(Counter("a", 1), name="b")
    assert (changed.text, changed.number) == ("b1", 1)
    with pytest.raises(TypeError):
        replace(Point(1.0), z=1.0)


def test_the_text_names_the_fields_even_of_cycles():
    assert repr(Point(1.0)) == "Point(x=1.0, y=0.0)"
    loop = Alone([])
    loop.value.append(loop)
    assert repr(loop) == "Alone(value=[...])"


def test_they_can_be_copied_pickled_and_matched():
    assert copy.deepcopy(Point(1.0)) == Point(1.0)
    assert pickle.loads(pickle.dumps(Point(1.0))) == Point(1.0)
    match Point(1.0, 2.0):
        case Point(x, y):
            assert (x, y) == (1.0, 2.0)
