"""Sets whose members are known while compiling, as objects that change."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.containers import fold, is_open, items_of
from gradgen.frontend.frame import Frame, static_int
from gradgen.frontend.values import (
    KnownSet,
    Static,
    describe,
    is_static,
    to_python,
)
from gradgen.primitives.registry import Handle

ELEMENTWISE = ("add", "discard", "remove")
OTHERS = frozenset(
    name
    for name in dir(set)
    if not name.startswith("_") and name not in (*ELEMENTWISE, "pop")
)
"""Methods whose arguments, if they have any, are iterables."""

IN_PLACE: dict[Any, Callable[[Any, Any], Any]] = {
    operator.or_: operator.ior,
    operator.and_: operator.iand,
    operator.sub: operator.isub,
    operator.xor: operator.ixor,
}


def known_set(frame: Frame, values: Iterable[Any]) -> KnownSet:
    """Return a new set of known values."""
    members = [_member(frame, x) for x in values]
    return KnownSet(fold(set, members).value)


def members_of(frame: Frame, value: Any) -> Iterable[Any]:
    """Return what stands in a set, or in anything that can be iterated over."""
    if is_known_set(value):
        return _plain(value)  # type: ignore[no-any-return]
    return known_set(frame, items_of(frame, value)).members


def is_known_set(value: Any) -> bool:
    """Tell whether ``value`` is a set of either kind."""
    frozen = isinstance(value, Static) and isinstance(value.value, frozenset)
    return frozen or isinstance(value, KnownSet)


def _member(frame: Frame, value: Any) -> Any:
    """Return a member, which must be known."""
    if is_open(frame, value) or (isinstance(value, Handle) and value.shape):
        raise Refusal(
            "a set of what only a run knows is not supported",
            "an array of flags: seen[k] = True, and 'if seen[k]'; or a list",
        )
    return to_python(value if is_static(value) else Static(static_int(value)))


def frozen(value: Any) -> Any:
    """Return a set as it is now, and anything else as it is."""
    return Static(frozenset(value.members)) if isinstance(value, KnownSet) else value


def contains(frame: Frame, owner: KnownSet, item: Any) -> bool:
    """Tell whether a set has an item."""
    member = _member(frame, item)
    return bool(fold(operator.contains, owner.members, member).value)


def combined(
    function: Callable[..., Any], left: Any, right: Any, *, in_place: bool = False
) -> Any:
    """Return ``left <op> right``, one of which is a set."""
    if not (is_known_set(left) and is_known_set(right)) or function not in IN_PLACE:
        raise Refusal(
            f"this operator on {describe(left)} and {describe(right)}",
            "'|', '&', '-' or '^' of two sets",
        )
    operands = _plain(left), _plain(right)
    if in_place and isinstance(left, KnownSet):
        left.members = IN_PLACE[function](*operands)
        return left
    return _wrapped(function(*operands))


def _plain(value: Any) -> Any:
    return value.members if isinstance(value, KnownSet) else value.value


def _wrapped(result: Any) -> Any:
    return KnownSet(result) if isinstance(result, set) else Static(result)


def call_method(
    frame: Frame, owner: KnownSet, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Call a method of a set."""
    if name == "pop":
        raise Refusal("the order of a set is not defined", "a list, and its pop()")
    if kwargs or name not in (*ELEMENTWISE, *OTHERS):
        raise Refusal(f"the method '{name}' of a set is not supported", "|, & and -")
    if name in ELEMENTWISE:
        given = [_member(frame, x) for x in args]
    else:
        given = [members_of(frame, x) for x in args]
    (found,) = fold(lambda: (getattr(owner.members, name)(*given),))
    return _wrapped(found.value)
