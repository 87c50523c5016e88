"""Targets of assignments."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.containers import check_owned, is_choice, is_open, unpack
from gradgen.frontend.frame import (
    Frame,
    always,
    evaluate,
    evaluates,
    guarded,
    static_int,
)
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.lists import RunList, is_dict
from gradgen.frontend.names import name_value
from gradgen.frontend.values import Flat, Static, describe, is_static, to_python

if TYPE_CHECKING:
    from gradgen.frontend import (
        distribution,
        flats,
        records,
        rundicts,
        runlists,
        writing,
    )
else:
    distribution = Deferred("gradgen.frontend.distribution")
    flats = Deferred("gradgen.frontend.flats")
    records = Deferred("gradgen.frontend.records")
    rundicts = Deferred("gradgen.frontend.rundicts")
    runlists = Deferred("gradgen.frontend.runlists")
    writing = Deferred("gradgen.frontend.writing")


class Kept(ast.expr):
    """A target or expression that is no part of the source: it keeps its value."""

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.value = value


@evaluates(Kept)
def _kept(frame: Frame, node: Kept) -> Any:
    return node.value


def bind_target(frame: Frame, target: ast.expr, value: Any) -> None:
    """Bind a target of an assignment, unpacking where it is a tuple."""
    guarded(frame, target, lambda frame, target: _bind(frame, target, value))


def _bind(frame: Frame, target: ast.expr, value: Any) -> None:
    if isinstance(target, ast.Name):
        frame.bind(target.id, value)
        name_value(value, target.id)
    elif isinstance(target, Kept):
        target.value = value
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(frame, target.elts, value)
    elif isinstance(target, ast.Starred):
        bind_target(frame, target.value, value)
    elif isinstance(target, ast.Subscript):
        owner = evaluate_owner(frame, target.value)
        store(frame, owner, evaluate(frame, target.slice), value)
    elif isinstance(target, ast.Attribute):
        records.set_attribute(frame, evaluate(frame, target.value), target.attr, value)
    else:
        raise Refusal(
            "binding this is not supported",
            "a name, an item or an attribute on the left",
        )


def evaluate_owner(frame: Frame, node: ast.expr) -> Any:
    """Return what is written into."""
    if not isinstance(node, ast.Subscript):
        return evaluate(frame, node)
    return distribution.evaluate_owner(frame, node)


def _unpack(frame: Frame, targets: list[ast.expr], value: Any) -> None:
    starred = [i for i, t in enumerate(targets) if isinstance(t, ast.Starred)]
    parts = unpack(frame, value, len(targets), starred[0] if starred else None)
    for target, part in zip(targets, parts, strict=True):
        bind_target(frame, target, part)


def store(frame: Frame, owner: Any, index: Any, value: Any) -> None:
    """Do ``owner[index] = value``."""
    if isinstance(owner, OneOf):
        distribution.distribute(frame, _store_in(frame), owner, index, value)
        return
    if is_choice(frame, index, owner):
        keys = distribution.keys_of(frame, index)
        distribution.distribute(frame, _store_in(frame), owner, keys, value)
        return
    if isinstance(owner, Flat):
        flats.store(frame, owner, index, value)
        return
    if isinstance(owner, ArrayObject):
        writing.store_into(frame, owner, index, value)
        return
    if is_dict(owner):
        rundicts.set_item(frame, owner, index, value)
        return
    if isinstance(owner, RunList):
        runlists.set_item(frame, owner, index, value)
        return
    if not isinstance(owner, list | dict):
        raise Refusal(
            f"writing into {describe(owner)} is not supported",
            "an array, a list or a dict",
        )
    check_owned(frame.context, owner)
    if isinstance(owner, dict) and is_open(frame, index):
        rundicts.set_item(frame, owner, index, value)
        return
    if isinstance(owner, dict):
        owner[_key(index)] = value
        return
    if isinstance(index, Static) and isinstance(index.value, slice):
        raise Refusal("assigning to a slice of a list is not supported", "list + list")
    if is_open(frame, index):
        runlists.set_any(frame, owner, index, value)
        return
    try:
        owner[static_int(index)] = value
    except (IndexError, TypeError) as error:
        raise always(type(error).__name__, str(error)) from None


def _store_in(frame: Frame) -> Callable[..., None]:
    return lambda owner, index, value: store(frame, owner, index, value)


def _key(index: Any) -> Any:
    return to_python(index if is_static(index) else Static(static_int(index)))
