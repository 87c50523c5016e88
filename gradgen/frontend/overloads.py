"""Operators that a class of the user's defines, such as ``__add__``, ``__rmul__``."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.attributes import attribute_of, class_attribute, class_of
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.values import Foreign, Record, Static, describe
from gradgen.primitives.registry import Handle


def is_object(value: Any) -> bool:
    """Tell whether a class of the user's may say what operators do with ``value``."""
    return isinstance(value, Record | Foreign)


def method_name(function: Callable[..., Any], prefix: str = "") -> str:
    """Return the name of the method that an operator of Python calls.

    Examples
    --------
    >>> import operator
    >>> method_name(operator.and_), method_name(operator.truediv, "r")
    ('__and__', '__rtruediv__')
    """
    return f"__{prefix}{function.__name__.strip('_')}__"


def overloaded(
    frame: Frame, function: Callable[..., Any], left: Any, right: Any
) -> Any:
    """Return ``left <op> right``, where one of them is an object."""
    if isinstance(left, Handle) and not left.type.weak:
        raise Refusal(
            f"NumPy has a say in this operator on an array and {describe(right)}",
            "a method that takes the array",
        )
    name, reflected = method_name(function), method_name(function, "r")
    tries = [(left, name, right), (right, reflected, left)]
    if _comes_first(left, right, reflected):
        tries.reverse()
    for owner, method, other in tries:
        found = _called(frame, owner, method, [other])
        if found is not None:
            return found
    what = f"{describe(left)} and {describe(right)}"
    raise Refusal(
        f"this operator on {what} is not supported",
        "the function of np that does the same",
    )


def _comes_first(left: Any, right: Any, name: str) -> bool:
    """Tell whether the class on the right, derived from that on the left, is asked."""
    if not (is_object(left) and is_object(right)):
        return False
    one, other = class_of(left), class_of(right)
    derived = one is not other and issubclass(other, one)
    return derived and class_attribute(one, name) is not class_attribute(other, name)


def _called(frame: Frame, owner: Any, name: str, args: list[Any]) -> Any:
    """Return what a method returns; None if there is none, or it does not apply."""
    if not is_object(owner):
        return None
    if not isinstance(class_attribute(class_of(owner), name), types.FunctionType):
        return None
    result = call(frame, attribute_of(frame, owner, name), args, {})
    is_open = isinstance(result, Static) and result.value is NotImplemented
    return None if is_open else result


def overloaded_unary(frame: Frame, function: Callable[..., Any], value: Any) -> Any:
    """Return what an operator gives for an object."""
    found = _called(frame, value, method_name(function), [])
    if found is None:
        raise Refusal(
            f"this operator on {describe(value)} is not supported",
            "the numbers that it holds, one by one",
        )
    return found


def changed_in_place(
    frame: Frame, function: Callable[..., Any], old: Any, value: Any
) -> Any:
    """Return what ``old`` is after an augmented assignment, None if it has no say."""
    return _called(frame, old, method_name(function, "i"), [value])
