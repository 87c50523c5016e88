"""Augmented assignment, which changes arrays and lists in place.

``y += x`` on an array is a write that every holder of the array sees. An array without
axes that came in as one is changed only where nobody else can hold it: it was made in
this function, and one single name refers to it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.attributes import attribute_of
from gradgen.frontend.containers import (
    check_owned,
    index_items,
    is_choice,
    items_of,
    select,
)
from gradgen.frontend.expressions import BINARY, combine
from gradgen.frontend.frame import (
    Context,
    Frame,
    evaluate,
    executes,
    refusing,
    static_int,
)
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.lists import RunList
from gradgen.frontend.names import look_up
from gradgen.frontend.overloads import changed_in_place, is_object
from gradgen.frontend.targets import bind_target, evaluate_owner, store
from gradgen.frontend.values import Closure, KnownSet, Record, Static, children_of
from gradgen.ir.core import Value
from gradgen.ir.regions import REGION_OPS
from gradgen.primitives.registry import (
    PRIMITIVES,
    Handle,
    apply,
    require_same_shape,
)

if TYPE_CHECKING:
    from gradgen.frontend import distribution, records, runlists, sets, writing
else:
    distribution = Deferred("gradgen.frontend.distribution")
    records = Deferred("gradgen.frontend.records")
    runlists = Deferred("gradgen.frontend.runlists")
    sets = Deferred("gradgen.frontend.sets")
    writing = Deferred("gradgen.frontend.writing")


@executes(ast.AugAssign)
def _augmented(frame: Frame, node: ast.AugAssign) -> None:
    kind = type(node.op)
    if isinstance(node.target, ast.Name):
        name = node.target.id
        old = look_up(frame, name)
        value = evaluate(frame, node.value)
        new = updated(frame, kind, old, value, f"{name} = {name} {_symbol(kind)} …")
        bind_target(frame, node.target, new)
    elif isinstance(node.target, ast.Subscript):
        owner = evaluate_owner(frame, node.target.value)
        index = evaluate(frame, node.target.slice)
        _update_item(frame, kind, owner, index, node.value)
    elif isinstance(node.target, ast.Attribute):
        owner = evaluate(frame, node.target.value)
        _update_attribute(frame, kind, owner, node.target.attr, node.value)


def _update_attribute(
    frame: Frame, kind: type[ast.operator], owner: Any, name: str, node: ast.expr
) -> None:
    """Do ``owner.name op= value``."""
    if isinstance(owner, OneOf):
        distribution.distribute(
            frame, lambda x: _update_attribute(frame, kind, x, name, node), owner
        )
        return
    old = attribute_of(frame, owner, name)
    new = updated(frame, kind, old, evaluate(frame, node), "x.a = x.a + …")
    records.set_attribute(frame, owner, name, new)


def _update_item(
    frame: Frame, kind: type[ast.operator], owner: Any, index: Any, node: ast.expr
) -> None:
    """Do ``owner[index] op= value``: read, compute, write."""
    if isinstance(owner, OneOf):
        distribution.distribute(
            frame, lambda x, i: _update_item(frame, kind, x, i, node), owner, index
        )
        return
    if is_choice(frame, index, owner):
        keys = distribution.keys_of(frame, index)
        distribution.distribute(
            frame, lambda x, i: _update_item(frame, kind, x, i, node), owner, keys
        )
        return
    if not isinstance(owner, ArrayObject):
        old = select(frame, owner, index)
        new = updated(frame, kind, old, evaluate(frame, node), "x[i] = x[i] + …")
        store(frame, owner, index, new)
        return
    with refusing():
        old = select(frame, owner, index)
    before = old.atom if isinstance(old, Handle) else None
    contents = owner.atom
    value = evaluate(frame, node)
    is_view = isinstance(old, ArrayObject) and old.buffer is owner.buffer
    plain = owner.atom is contents and isinstance(value, Handle | Static)
    if kind in SIGNS and plain and (is_view or _names_each_once(owner, index)):
        writing.accumulate(frame, owner, index, value, SIGNS[kind])
        return
    if not is_view and before is not None:
        old = Handle(frame.builder, before)
    new = combine(frame, kind, old, value)
    if isinstance(new, Handle) and isinstance(old, Handle) and old.shape:
        new = _fitted(kind, new, old, "x[i] = x[i] + …")
    store(frame, owner, index, new)


SIGNS: dict[type[ast.operator], int] = {ast.Add: 1, ast.Sub: -1}


def _names_each_once(owner: ArrayObject, index: Any) -> bool:
    """Tell whether an index cannot name an element twice."""
    items = index_items(owner, index)
    arrays = [x for x in items if isinstance(x, Handle) and x.rank]
    return all(x.dtype == bool for x in arrays)


def _symbol(kind: type[ast.operator]) -> str:
    words = ast.unparse(ast.BinOp(ast.Name("a"), kind(), ast.Name("b")))
    return words[2:-2]


def updated(
    frame: Frame, kind: type[ast.operator], old: Any, value: Any, rewrite: str
) -> Any:
    """Return what ``old`` is after an augmented assignment."""
    if isinstance(old, OneOf):
        distribution.distribute(
            frame, lambda x, v: _changed(frame, kind, x, v), old, value
        )
        return old
    if is_object(old):
        found = changed_in_place(frame, BINARY[kind][1], old, value)
        return combine(frame, kind, old, value) if found is None else found
    if isinstance(old, KnownSet):
        return sets.combined(BINARY[kind][1], old, value, in_place=True)
    if isinstance(old, list | RunList):
        return _updated_list(frame, kind, old, value)
    if isinstance(old, dict) and kind is ast.BitOr and isinstance(value, dict):
        check_owned(frame.context, old)
        old.update(value)
        return old
    if isinstance(old, ArrayObject):
        new = combine(frame, kind, old, value)
        writing.overwrite(frame, old, _fitted(kind, new, old, rewrite))
        return old
    if isinstance(old, Handle) and not _is_number(frame, old):
        return _updated_array(frame, kind, old, value, rewrite)
    return combine(frame, kind, old, value)


def _changed(frame: Frame, kind: type[ast.operator], old: Any, value: Any) -> None:
    """Change one of several lists or dicts, which cannot be anything else after."""
    if updated(frame, kind, old, value, "") is not old:
        raise Refusal("this makes another list of one of several", "xs.append(…)")


def _is_number(frame: Frame, value: Handle) -> bool:
    if value.shape or not isinstance(value.atom, Value):
        return not value.shape
    return frame.context.is_immutable(value.atom)


def _updated_list(frame: Frame, kind: type[ast.operator], old: Any, value: Any) -> Any:
    check_owned(frame.context, old)
    if isinstance(old, RunList) or isinstance(value, RunList):
        if kind is not ast.Add:
            raise Refusal(
                f"the operator '{_symbol(kind)}=' on this list",
                "'+=', append or extend",
            )
        return runlists.added(frame, old, value)
    if kind is ast.Add:
        old.extend(list(items_of(frame, value)))
    elif kind is ast.Mult:
        old *= static_int(value)
    else:
        raise Refusal(
            f"the operator '{_symbol(kind)}=' on a list is not supported",
            "'+=', append or extend",
        )
    return old


def _updated_array(
    frame: Frame, kind: type[ast.operator], old: Handle, value: Any, rewrite: str
) -> Handle:
    if not _is_exclusive(frame, old):
        raise Refusal(
            "this changes an array in place that is an argument, or that another name, "
            "view or container may hold",
            rewrite,
        )
    return _fitted(kind, combine(frame, kind, old, value), old, rewrite)


def _fitted(kind: type[ast.operator], new: Any, old: Handle, rewrite: str) -> Handle:
    """Return the result of an operation in the shape and dtype of what it changes."""
    assert isinstance(new, Handle)
    if new.shape != old.shape and not require_same_shape(new, old):
        raise Refusal("an array keeps its shape when it is changed in place", rewrite)
    if new.dtype == old.dtype:
        return new
    if not np.can_cast(new.dtype, old.dtype, "same_kind"):
        name = BINARY[kind][0]
        raise Refusal(
            f"this always raises: np.{name} gives {new.dtype}, which does not go into "
            f"an array of {old.dtype}",
            rewrite,
        )
    return apply("cast", new, dtype=old.dtype)


def _is_exclusive(frame: Frame, array: Handle) -> bool:
    context = frame.context
    if not isinstance(array.atom, Value):
        return False
    maker = context.maker(array.atom)
    found = [h for h in _reachable(context, frame) if not _is_number(frame, h)]
    if any(_is_one_of_several(context, h.atom) for h in (array, *found)):
        return False
    if maker is None or PRIMITIVES[maker.name].shares:
        return False
    holders = sum(array.atom in _storage(context, h.atom) for h in found)
    return holders == 1


def _is_one_of_several(context: Context, value: Any) -> bool:
    """Tell whether a branch, loop or call decides which array ``value`` is."""
    maker = context.maker(value) if isinstance(value, Value) else None
    return maker is not None and maker.name in REGION_OPS


def _storage(context: Context, value: Any) -> Iterator[Value]:
    """Yield the values of whose memory ``value`` may be a part, itself included."""
    if not isinstance(value, Value):
        return
    yield value
    maker = context.maker(value)
    if maker is not None:
        for position in PRIMITIVES[maker.name].shares:
            yield from _storage(context, maker.operands[position])


def _reachable(context: Context, frame: Frame) -> Iterator[Handle]:
    """Yield every handle that a name or a container refers to, once a reference."""
    pending: list[Any] = [frame, *context.frames, *context.held]
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if isinstance(value, Handle):
            yield value
        elif isinstance(value, Static) or id(value) in seen:
            continue
        elif isinstance(value, Frame):
            seen.add(id(value))
            pending.extend(value.names.values())
            pending.extend([] if value.parent is None else [value.parent])
        else:
            if isinstance(value, list | dict | Record | Closure):
                seen.add(id(value))
            pending.extend(children_of(value))
