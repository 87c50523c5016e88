"""Recognises in one expression a call like one before, which is the common case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradgen.ir.abstract import is_generator
from gradgen.runtime.places import Check, Params, Pin, Writer
from gradgen.structs import frozen

Args = tuple[Any, ...]


@frozen
class Likeness:
    """What a program relies on, from which the expression is written."""

    pins: tuple[Pin, ...]
    params: Params


def compile_match(likeness: Likeness, args: Args) -> Check | None:
    """Return the function that tells whether a call is like that with ``args``.

    Alike are calls with the same structure, dtypes and shapes, while all that was
    folded into the program is as it was. None where there are other things than
    floats, arrays, generators and plain containers among the arguments. The function
    may raise what reading a pinned place raises.
    """
    writer = Writer(likeness.params)
    parts = [f"len(args) == {len(args)}"]
    for i, arg in enumerate(args):
        found = list(_conditions(writer, f"args[{i}]", arg))
        if None in found:
            return None
        parts.extend(part for part in found if part is not None)
    parts.extend(map(writer.check, likeness.pins))
    check: Check = writer.compile(" and ".join(parts))
    return check


def _conditions(writer: Writer, place: str, value: Any) -> Iterator[str | None]:
    """Yield the conditions for what stands at ``place`` to be like ``value``."""
    kind = type(value)
    if kind is float:
        yield f"type({place}) is float"
    elif value is None:
        yield f"{place} is None"
    elif is_generator(value):
        yield f"type({place}) is {writer.refer(kind)}"
    elif kind is np.ndarray:
        local = writer.local()
        yield f"type({local} := {place}) is {writer.refer(np.ndarray)}"
        yield f"{local}.dtype is {writer.refer(value.dtype)}"
        yield f"{local}.shape == {value.shape}"
    elif kind in (list, tuple):
        local = writer.local()
        yield f"type({local} := {place}) is {kind.__name__}"
        yield f"len({local}) == {len(value)}"
        for i, part in enumerate(value):
            yield from _conditions(writer, f"{local}[{i}]", part)
    elif kind is dict and all(type(key) is str for key in value):
        local = writer.local()
        yield f"type({local} := {place}) is dict"
        yield f"tuple({local}) == {tuple(value)}"
        for key, part in value.items():
            yield from _conditions(writer, f"{local}[{key!r}]", part)
    else:
        yield None
