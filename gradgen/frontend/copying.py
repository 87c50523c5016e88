"""``copy.copy`` and ``copy.deepcopy``: of arrays, containers and records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.calls import lowered
from gradgen.frontend.frame import Frame
from gradgen.frontend.values import Closure, Record, Static, describe, is_static
from gradgen.ir.types import Array, Random, Scalar
from gradgen.primitives.registry import Handle, find_lowering

CONTAINERS = (list, tuple, dict, Record)
OF_ITS_OWN = (
    *("__copy__", "__deepcopy__", "__getstate__", "__setstate__"),
    *("__reduce__", "__reduce_ex__"),
)
"""Methods by which a class says how it is copied."""


def copied(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return what ``copy.copy`` does: a container of the same parts."""
    value = _only(args, kwargs)
    if isinstance(value, CONTAINERS):
        return _rebuilt(value, lambda part: part)
    return _leaf(frame, value)


def deeply_copied(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return what ``copy.deepcopy`` does: what is one object stays one in the copy."""
    known: dict[int, Any] = {}

    def copy_of(value: Any) -> Any:
        key = _identity(value)
        if key not in known:
            is_container = isinstance(value, CONTAINERS)
            found = _rebuilt(value, copy_of) if is_container else _leaf(frame, value)
            known[key] = found
        return known[key]

    return copy_of(_only(args, kwargs))


def _identity(value: Any) -> int:
    whole = isinstance(value, ArrayObject) and not value.steps
    return id(value.buffer) if whole else id(value)


def _only(args: list[Any], kwargs: dict[str, Any]) -> Any:
    if len(args) != 1 or kwargs:
        raise Refusal("a copy is made of one object, with no 'memo'")
    return args[0]


def _rebuilt(value: Any, part_of: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: part_of(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(part_of(part) for part in value)
    for name in OF_ITS_OWN:
        if getattr(value.cls, name, None) is not getattr(object, name, None):
            raise Refusal(
                f"{value.cls.__name__} says itself how it is copied",
                "a new instance, made of copies of its fields",
            )
    return Record(value.cls, {key: part_of(x) for key, x in value.fields.items()})


def _leaf(frame: Frame, value: Any) -> Any:
    if isinstance(value, Closure) or (isinstance(value, Static) and is_static(value)):
        return value
    type_ = value.atom.type if isinstance(value, Handle) else None
    if isinstance(type_, Random):
        raise Refusal(
            "a generator of random numbers cannot be copied here, since what a copy "
            "draws depends on the state that it has at run time",
            "copy it outside and pass both in, or use what is drawn twice",
        )
    if isinstance(type_, Scalar):
        return value
    if isinstance(type_, Array):
        return lowered(frame, find_lowering(np.copy), [value], {}, "copy")
    raise Refusal(f"a copy of {describe(value)} is not supported", "copy it outside")
