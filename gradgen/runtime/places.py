"""Places outside a function that a program depends on, and how they are read again."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradgen.structs import frozen

Fetch = Callable[[tuple[Any, ...]], Any]
Check = Callable[[tuple[Any, ...]], bool]
Params = Mapping[str, str]
"""For each parameter the expression that takes its argument from ``args``."""

CONSTANTS = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    slice,
    range,
    type(None),
    type(Ellipsis),
)
"""Immutable types whose instances are compared by value."""

ABSENT = (KeyError, ValueError, AttributeError, IndexError)
"""What reading a name, cell or attribute raises where there is none any more."""


@frozen
class Place:
    """Where something outside the function is found, and the steps from there.

    ``kind`` is ``"global"``, ``"closure"`` or ``"default"``, of a name as the function
    ``owner`` sees it; ``"argument"``; or ``"object"``, for an attribute of ``owner``.
    A step is the name of an attribute, a key in brackets, or ``__len__()``.
    """

    kind: str
    owner: Any
    name: str
    steps: tuple[str, ...] = ()


@frozen
class Pin:
    """Something folded into a program: it must still be ``value`` at ``place``."""

    place: Place
    value: Any


class Writer:
    """Writes the expressions of fetches and checks, and keeps what they refer to."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.names: dict[str, Any] = {"same": same_constant}
        self.locals = 0

    def refer(self, value: Any) -> str:
        """Return a name for ``value`` in the expressions."""
        name = f"v{len(self.names)}"
        self.names[name] = value
        return name

    def local(self) -> str:
        """Return a new name for a part of the arguments."""
        self.locals += 1
        return f"x{self.locals}"

    def read(self, place: Place) -> str:
        """Return the expression that reads ``place``."""
        steps = (step if step[0] == "[" else "." + step for step in place.steps)
        return self._root(place) + "".join(steps)

    def _root(self, place: Place) -> str:
        owner = place.owner
        if place.kind == "argument":
            return self.params[place.name]
        if place.kind == "global":
            return f"{self.refer(owner.__globals__)}[{place.name!r}]"
        if place.kind == "closure":
            index = owner.__code__.co_freevars.index(place.name)
            return f"{self.refer(owner.__closure__[index])}.cell_contents"
        if place.kind == "default":
            return f"{self.refer(default_of)}({self.refer(owner)}, {place.name!r})"
        return f"{self.refer(owner)}.{place.name}"

    def check(self, pin: Pin) -> str:
        """Return the expression that tells whether a pinned value is unchanged."""
        found, value = self.read(pin.place), self.refer(pin.value)
        if isinstance(pin.value, types.FunctionType):
            return _check_function(found, value, pin.value, self)
        if is_constant(pin.value):
            return f"same({found}, {value})"
        if is_bound_builtin(pin.value):
            return f"{found} == {value}"
        return f"{found} is {value}"

    def compile(self, expression: str) -> Any:
        """Return the function of a call's arguments that computes ``expression``."""
        return eval(f"lambda args: {expression}", self.names)


def is_bound_builtin(value: Any) -> bool:
    """Tell whether a value is made anew when it is read, as ``np.add.reduce`` is.

    Two of them are equal if they are the same method of the same object.
    """
    if not isinstance(value, types.BuiltinMethodType):
        return False
    return not isinstance(value.__self__, types.ModuleType | None)


def _check_function(
    found: str, value: str, function: types.FunctionType, writer: Writer
) -> str:
    code = writer.refer(function.__code__)
    defaults = writer.refer(function.__defaults__)
    return (
        f"{found} is {value} and {value}.__code__ is {code}"
        f" and {value}.__defaults__ is {defaults}"
    )


def compile_check(pins: Sequence[Pin], params: Params) -> Check | None:
    """Return the function that tells whether all ``pins`` hold; None if there are none.

    It is written as one expression, because it runs at every call of a program. It
    may raise one of ``ABSENT``, which means that they do not hold.
    """
    if not pins:
        return None
    writer = Writer(params)
    check: Check = writer.compile(" and ".join(map(writer.check, pins)))
    return check


def compile_fetch(places: Sequence[Place], params: Params) -> Fetch | None:
    """Return the function that reads all ``places``, as a tuple; None for no places."""
    if not places:
        return None
    writer = Writer(params)
    fetch: Fetch = writer.compile(f"({', '.join(map(writer.read, places))},)")
    return fetch


def default_of(function: types.FunctionType, name: str) -> Any:
    """Return the default value of a parameter."""
    by_keyword = function.__kwdefaults__ or {}
    if name in by_keyword:
        return by_keyword[name]
    code, defaults = function.__code__, function.__defaults__ or ()
    position = code.co_varnames.index(name)
    return defaults[position - code.co_argcount + len(defaults)]


def is_constant(value: Any) -> bool:
    """Tell whether ``value`` is compared by value, not by identity."""
    if type(value) in (tuple, frozenset):
        return all(map(is_constant, value))
    return type(value) in CONSTANTS or isinstance(value, np.dtype)


def same_constant(left: Any, right: Any) -> bool:
    """Compare constants by type and value: 1, True and 1.0 are three things.

    Examples
    --------
    >>> same_constant((0, "a"), (0, "a")), same_constant(1, True)
    (True, False)
    """
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(same_constant(a, b) for a, b in pairs)
    if isinstance(left, frozenset):
        return sorted(map(repr, left)) == sorted(map(repr, right))
    if isinstance(left, slice):
        return same_constant(_ends(left), _ends(right))
    if isinstance(left, float | complex):
        return repr(left) == repr(right)
    return bool(left == right)


def _ends(part: slice) -> tuple[Any, ...]:
    return (part.start, part.stop, part.step)
