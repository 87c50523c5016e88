"""What a function returns, as a tree of values."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import Record, Static, describe
from gradgen.ir.core import Literal
from gradgen.ir.tree import NONE, Tree, leaf
from gradgen.primitives.registry import Handle

RESULTS = (bool, int, float, complex, str, np.generic)
KEYS = (bool, int, float, str, bytes, type(None))


def to_tree(value: Any) -> Tree:
    """Return the tree of a result.

    Raises
    ------
    Refusal
        For what is no number, array, string, None or container of these.
    """
    if isinstance(value, Handle):
        return leaf(value.atom)
    if isinstance(value, Static) and value.value is None:
        return NONE
    if isinstance(value, Static) and isinstance(value.value, RESULTS):
        return leaf(Literal.of(value.value))
    if isinstance(value, RunList):
        return leaf(value.as_result().atom)
    if isinstance(value, list | tuple):
        return Tree(type(value).__name__, tuple(map(to_tree, value)))
    if isinstance(value, dict):
        _check_keys(value)
        return Tree("dict", tuple(map(to_tree, value.values())), tuple(value))
    if isinstance(value, Record):
        _check_rebuilt(value)
        children = tuple(map(to_tree, value.fields.values()))
        return Tree("record", children, tuple(value.fields), value.cls)
    raise Refusal(f"{describe(value)} cannot be returned", "return numbers and arrays")


def _check_rebuilt(value: Record) -> None:
    """Refuse instances that a call with their attributes would not make again."""
    if not is_rebuilt(value):
        raise Refusal(
            f"an object of class {value.cls.__name__} cannot be returned",
            "return its numbers and arrays",
        )


def is_rebuilt(value: Record) -> bool:
    """Tell whether a call of its class with its attributes makes an instance again."""
    cls = value.cls
    is_record = value.is_tuple or hasattr(cls, "__dataclass_fields__")
    own = () if value.is_tuple else ("__post_init__",)
    names = tuple(cls._fields) if value.is_tuple else _init_fields(cls)  # type: ignore[attr-defined]
    plain = is_record and not any(hasattr(cls, name) for name in own)
    return plain and set(names) == set(value.fields)


def _init_fields(cls: Any) -> tuple[str, ...]:
    fields = getattr(cls, "__dataclass_fields__", {}).values()
    return tuple(f.name for f in fields if f.init)


def _check_keys(value: dict[Any, Any]) -> None:
    for key in value:
        if type(key) not in KEYS:
            kind = type(key).__name__
            raise Refusal(
                f"a dict with a {kind} as key cannot be returned", "use str keys"
            )
