"""Comparisons, and what Python's truth makes of several of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.containers import fold, truth
from gradgen.frontend.frame import Frame
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.values import (
    KnownSet,
    Static,
    describe,
    from_python,
    is_static,
    to_python,
)
from gradgen.primitives.registry import Handle, apply, find_lowering

if TYPE_CHECKING:
    from gradgen.frontend import distribution, sets
else:
    distribution = Deferred("gradgen.frontend.distribution")
    sets = Deferred("gradgen.frontend.sets")


def compare(
    frame: Frame, name: str, function: Callable[..., Any], a: Any, b: Any
) -> Any:
    """Return ``a <op> b`` for the comparison ``function``."""
    if OneOf in (type(a), type(b)):
        return distribution.distribute(
            frame, lambda x, y: compare(frame, name, function, x, y), a, b
        )
    if KnownSet in (type(a), type(b)):
        a, b = sets.frozen(a), sets.frozen(b)
    if is_static(a) and is_static(b):
        return fold(function, to_python(a), to_python(b))
    if isinstance(a, Handle | Static) and isinstance(b, Handle | Static):
        return _compare_tensors(name, a, b)
    if function in (operator.eq, operator.ne):
        equal = _equal(frame, a, b)
        return equal if function is operator.eq else negate(frame, equal)
    raise Refusal(
        f"comparing {describe(a)} with {describe(b)} is not supported",
        "compare the numbers that they hold",
    )


def _compare_tensors(name: str, a: Any, b: Any) -> Any:
    dims = [_proper_length(v) for v in (a, b)]
    if name in ("equal", "not_equal") and True in dims and 1 in map(_known, (a, b)):
        return Static(name == "not_equal")
    for value in (a, b):
        if isinstance(value, Static) and not isinstance(
            value.value, int | float | complex
        ):
            return _compare_unlike(name, a, b)
    return from_python(apply(name, to_python(a), to_python(b)))


def _compare_unlike(name: str, a: Any, b: Any) -> Static:
    if name not in ("equal", "not_equal") or any(
        isinstance(v, Handle) and v.shape for v in (a, b)
    ):
        raise Refusal(
            f"comparing {describe(a)} with {describe(b)} is not supported",
            "compare the numbers that they hold",
        )
    return Static(name == "not_equal")


def _known(value: Any) -> Any:
    return value.value if isinstance(value, Static) else None


def _proper_length(value: Any) -> bool:
    """Tell whether ``value`` is a length that is known not to be 1."""
    dim = getattr(value.type, "dim", None) if isinstance(value, Handle) else None
    return bool(getattr(dim, "proper", False))


def _equal(frame: Frame, a: Any, b: Any) -> Any:
    """Return whether two containers are equal, which may be known only at run time."""
    if type(a) is not type(b) or not isinstance(a, list | tuple):
        raise Refusal(
            f"comparing {describe(a)} with {describe(b)} is not supported",
            "compare the numbers that they hold",
        )
    if len(a) != len(b):
        return Static(False)
    parts = [
        compare(frame, "equal", operator.eq, x, y) for x, y in zip(a, b, strict=True)
    ]
    return conjunction(frame, parts)


def conjunction(frame: Frame, parts: Sequence[Any]) -> Any:
    """Return whether all ``parts`` are true, none of which has an effect."""
    open_parts = []
    for part in parts:
        if not isinstance(part, Handle):
            if not truth(frame, part):
                return Static(False)
        elif part.shape:
            raise Refusal(
                "the truth of an array is ambiguous", "np.all(…) or np.any(…)"
            )
        else:
            open_parts.append(part)
    if not open_parts:
        return Static(True)
    total = open_parts[0]
    for part in open_parts[1:]:
        total = combined(operator.and_, "logical_and", total, part)
    return total


def combined(function: Callable[..., Any], name: str, *operands: Any) -> Any:
    """Append what an operator of Python stands for, else the primitive ``name``."""
    lowering = find_lowering(function)
    if lowering is None:
        return from_python(apply(name, *operands))
    return from_python(lowering(*operands))


def negate(frame: Frame, value: Any) -> Any:
    """Return ``not value``."""
    if isinstance(value, Handle) and not value.shape:
        return combined(operator.not_, "logical_not", value)
    return Static(not truth(frame, value))
