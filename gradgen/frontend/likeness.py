"""When two values are the same, or can be joined at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.values import (
    KINDS,
    Closure,
    Maybe,
    Method,
    Native,
    Partial,
    Static,
)
from gradgen.ir.core import Atom, Literal
from gradgen.ir.types import Array
from gradgen.primitives.registry import Handle
from gradgen.structs import struct

NUMBERS = (bool, int, float, complex)


class Unlike(Exception):
    """Two values that no single one can stand for."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint

    @property
    def sentence(self) -> str:
        """Return the reason with what it is about."""
        whole = self.reason.startswith(("a ", "an "))
        return self.reason if whole else f"a value {self.reason}"


class Unbound:
    """Stands for a name that a path has not bound."""


UNBOUND = Unbound()


def flag_of(value: Any) -> Any:
    """Return whether what a name holds is bound."""
    if isinstance(value, Maybe):
        return value.flag
    return Static(value is not UNBOUND and not is_none(value))


def is_none(value: Any) -> bool:
    """Tell whether ``value`` is None."""
    return isinstance(value, Static) and value.value is None


def is_absent(value: Any, other: Any) -> bool:
    """Tell whether ``value`` may be nothing where ``other`` is what nobody changes.

    Arrays count as that: what is written to one is its next version.
    """
    if value is UNBOUND or isinstance(value, Maybe):
        return True
    return is_none(value) and (is_tensor(other) or isinstance(other, tuple))


def atom_of(value: Any) -> Atom:
    """Return the atom of a number or array."""
    return value.atom if isinstance(value, Handle) else Literal.of(value.value)


def is_number(value: Any) -> bool:
    """Tell whether ``value`` is a number."""
    if isinstance(value, Handle):
        return not isinstance(value.atom.type, Array) and not isinstance(
            value, ArrayObject
        )
    return isinstance(value, Static) and isinstance(value.value, NUMBERS)


def is_tensor(value: Any) -> bool:
    """Tell whether ``value`` is a number or an array."""
    return is_number(value) or isinstance(value, ArrayObject)


def is_equal(one: Any, other: Any) -> bool:
    """Tell whether two known values are one and the same to Python."""
    if not isinstance(one, Static) or not isinstance(other, Static):
        return False
    if one.value is other.value:
        return True
    same = type(one.value) is type(other.value)
    try:
        return same and bool(one.value == other.value) and _sign(one) == _sign(other)
    except (TypeError, ValueError, Refusal):
        return False


def _sign(value: Static) -> str:
    return repr(value.value) if isinstance(value.value, float | complex) else ""


@struct
class OneOf:
    """One of several things known by name: strings, functions, or which of some lists.

    ``flags`` say of each whether it is the one; exactly one of them is true.
    """

    values: tuple[Any, ...]
    flags: tuple[Any, ...]


KINDS[OneOf] = "one of several strings or objects"


def one_of(one: Any, other: Any, numbers: Callable[[Any, Any], Any]) -> OneOf | None:
    """Return what may be either value; None if they are not known by name.

    ``numbers`` joins whether it is a certain one.
    """
    first, second = _options(one), _options(other)
    if first is None or second is None:
        return None
    more = [v for v in second.values if not is_among(v, first.values)]
    values = (*first.values, *more)
    flags = tuple(numbers(_flag(first, v), _flag(second, v)) for v in values)
    return OneOf(values, flags)


def _options(value: Any) -> OneOf | None:
    if isinstance(value, OneOf):
        return value
    if not is_name(value):
        return None
    return OneOf((value,), (Static(True),))


def is_name(value: Any) -> bool:
    """Tell whether ``value`` is a string, a function or the like, known by name."""
    if isinstance(value, Static):
        return not isinstance(value.value, (*NUMBERS, np.generic))
    return isinstance(value, Closure | OneOf)


def is_among(value: Any, others: Sequence[Any]) -> bool:
    """Tell whether a value known by name is one of others."""
    return any(value is other or is_equal(value, other) for other in others)


def _flag(choice: OneOf, value: Any) -> Any:
    pairs = zip(choice.values, choice.flags, strict=True)
    return next((flag for v, flag in pairs if is_among(v, [value])), Static(False))


def rewrite_of(one: Any, other: Any) -> str:
    """Return what to write instead of a name for either of two values."""
    kinds = (Closure, Partial, Native, Method)
    if all(isinstance(v, kinds) or _is_function(v) for v in (one, other)):
        return "the calls in the branches, such as f(x) if c else g(x)"
    return "two names, or values of one kind"


def _is_function(value: Any) -> bool:
    return isinstance(value, Static) and callable(value.value)
