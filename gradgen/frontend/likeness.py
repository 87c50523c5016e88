"""When two values are the same, or can be joined at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.values import (
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

NUMBERS = (bool, int, float)


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
    """Tell whether ``value`` may be nothing where ``other`` is a number or array."""
    if value is UNBOUND or isinstance(value, Maybe):
        return True
    return is_none(value) and is_tensor(other)


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
    return repr(value.value) if isinstance(value.value, float) else ""


class Choice(Static):
    """One of two functions: called with whether it is the first, and its arguments."""


def either_function(one: Any, other: Any, numbers: Callable[[Any, Any], Any]) -> Any:
    """Return a function that is ``one`` or ``other``; None if they are no functions.

    ``numbers`` joins whether it is the first one.
    """
    both = _functions(one) or _functions(other)
    if both is None:
        if not (_is_function(one) and _is_function(other)):
            return None
        both = tuple(sorted((one, other), key=_name_of))
    flags = [_is_first(value, both) for value in (one, other)]
    if None in flags:
        return None
    return Partial(Choice(both), (numbers(*flags),), {})


def _name_of(value: Static) -> tuple[str, str]:
    function = value.value
    name = getattr(function, "__qualname__", getattr(function, "__name__", ""))
    return str(getattr(function, "__module__", "")), str(name)


def rewrite_of(one: Any, other: Any) -> str:
    """Return what to write instead of a name for either of two values."""
    kinds = (Closure, Partial, Native, Method)
    if all(isinstance(v, kinds) or _is_function(v) for v in (one, other)):
        return "the calls in the branches, such as f(x) if c else g(x)"
    return "two names, or values of one kind"


def _functions(value: Any) -> Any:
    is_choice = isinstance(value, Partial) and isinstance(value.function, Choice)
    return value.function.value if is_choice else None


def _is_function(value: Any) -> bool:
    return isinstance(value, Static) and callable(value.value)


def _is_first(value: Any, both: tuple[Static, Static]) -> Any:
    if _functions(value) == both:
        return value.args[0]
    if not _is_function(value) or value not in both:
        return None
    return Static(value == both[0])
