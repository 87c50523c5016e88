"""Writes into arrays, which everybody sees who holds the array or a view of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, Buffer, ViewStep, follows, settle
from gradgen.frontend.containers import index_items
from gradgen.frontend.frame import Frame, always, refusing
from gradgen.frontend.values import NOTHING, Static, describe, to_python
from gradgen.ir.core import Atom, Value
from gradgen.primitives.registry import MUTATORS, Handle, apply, find_lowering, lift
from gradgen.primitives.updating import add_into, write

if TYPE_CHECKING:
    from gradgen.frontend import branches, heap, homes
else:
    branches = Deferred("gradgen.frontend.branches")
    heap = Deferred("gradgen.frontend.heap")
    homes = Deferred("gradgen.frontend.homes")

Change = Callable[[Handle, Sequence[ViewStep]], Handle]
IN_DOUBT = "this array may have been written to through another name"


def set_contents(frame: Frame, target: ArrayObject, change: Change) -> None:
    """Give the buffer of ``target`` what ``change(contents, path)`` returns."""
    buffer = target.buffer
    if buffer.home is not None:
        homes.check_home(frame, buffer)
    elif buffer.guest:
        raise Refusal(buffer.guest, "a copy, such as np.array(x)")
    if any(step.name == "read_strided" for step in target.steps):
        raise Refusal(
            "writing through the result of as_strided is not supported",
            "write to the array itself, or to a copy",
        )
    if target.read_only:
        raise always(
            "ValueError",
            "this view is read-only",
            "x[...] of the array itself, or a copy",
        )
    if buffer.chosen is not None and not any(b.doubt for b in (buffer, *buffer.either)):
        _write_to_chosen(frame, target, change)
        return
    base = ArrayObject(buffer)
    old = base.atom
    with refusing():
        new = change(Handle(frame.builder, old), target.steps)
    if isinstance(new.atom, Value) and isinstance(old, Value) and not new.atom.hint:
        new.atom.hint = old.hint
    put(frame, buffer, new.atom, IN_DOUBT)


def put(frame: Frame, buffer: Buffer, version: Atom, why: str) -> None:
    """Give a buffer new contents, and those that are known to be the same array."""
    everyone = frame.context.buffers
    found = [other for other in everyone if follows(other, buffer)]
    if found:
        reached = {id(thing) for thing in heap.within_reach(frame)}
        found = [other for other in found if id(other) in reached]
    home = buffer.home
    certain = [] if home is None else [(b, b.doubt) for b in home.certain]
    settle(buffer, version, everyone, why, found)
    for other, doubt in certain:
        other.doubt = doubt
    if home is not None:
        _put_back(frame, buffer, why)


def _put_back(frame: Frame, buffer: Buffer, why: str) -> None:
    """Give the list that a buffer was read out of its new contents."""
    home = buffer.home
    old = home.column.version
    handles = (Handle(frame.builder, x) for x in (old, buffer.version))
    new = home.store(*handles)
    if isinstance(new.atom, Value) and isinstance(old, Value):
        new.atom.hint = new.atom.hint or old.hint
    put(frame, home.column, new.atom, why)
    home.known.add((home.column.version, buffer.version))


def _write_to_chosen(frame: Frame, target: ArrayObject, change: Change) -> None:
    """Write into one of two arrays where the condition says that it is the one."""
    buffer = target.buffer
    assert buffer.chosen is not None

    def side(number: int) -> None:
        if buffer.own[number]:
            contents = Handle(frame.builder, buffer.version)
            with refusing():
                buffer.version = change(contents, target.steps).atom
            return
        candidate = buffer.either[number]
        set_contents(frame, ArrayObject(candidate, target.steps), change)
        buffer.version = candidate.version

    cond = Handle(frame.builder, buffer.chosen)
    # What is written to may have lost its name since it was looked up.
    with frame.context.holding(target):
        branches.branch(frame, cond, lambda: side(0), lambda: side(1))


def store_into(frame: Frame, target: ArrayObject, index: Any, value: Any) -> None:
    """Do ``target[index] = value``."""
    items = index_items(target, index)
    number = written(frame, value)
    set_contents(frame, target, lambda base, path: write(base, items, number, path))


def written(frame: Frame, value: Any) -> Handle:
    """Return what is written as a handle; lists become arrays."""
    if isinstance(value, list | tuple):
        lowering = find_lowering(np.array)
        assert lowering is not None
        return lowering(to_python(value), builder=frame.builder)  # type: ignore[no-any-return]
    if isinstance(value, Handle):
        return Handle(frame.builder, value.atom)
    if isinstance(value, Static):
        return lift(frame.builder, value.value)
    raise Refusal(
        f"writing {describe(value)} into an array is not supported",
        "numbers, or an array of the shape of what is written",
    )


WITHIN_ONE = ("np.arcsin", "np.arccos", "np.arctanh")
"""Ufuncs that are not smooth, or not finite, at 1; the others are where it is used."""


def harmless(
    frame: Frame, lowering: Any, operands: Sequence[Any], where: Any
) -> list[Any]:
    """Return the operands of a ufunc with other numbers where it is not computed.

    It is smooth at these, so that neither it nor its derivative warns.
    """
    mask = written(frame, where)
    name = getattr(lowering, "name", "")
    number = 0.5 if name in WITHIN_ONE else 2.0
    if mask.dtype.kind != "b":
        raise Refusal(f"NumPy takes no {mask.type} for the argument 'where'")
    return [
        apply("where", mask, x, number)
        if isinstance(x, Handle) and x.dtype.kind in "fc" and x.rank
        else x
        for x in operands
    ]


def overwrite(frame: Frame, target: ArrayObject, new: Any, where: Any = None) -> None:
    """Replace all contents of ``target``, cast as an operation in place casts."""
    value = written(frame, new)
    _check_cast(value, target)
    if where is not None:
        value = apply("where", written(frame, where), value, target)
    if value.rank > target.rank:
        raise Refusal(
            "an array keeps its shape when it is changed in place",
            "a new array: x = x + y",
        )

    def change(base: Handle, path: Sequence[ViewStep]) -> Handle:
        if path or value.shape != base.shape:
            return write(base, [Ellipsis], value, path)
        return (
            value
            if value.dtype == base.dtype
            else apply("cast", value, dtype=base.dtype)
        )

    set_contents(frame, target, change)


def _check_cast(value: Handle, target: Handle) -> None:
    """Refuse what NumPy does not cast when it computes in place."""
    if value.type.weak:
        return
    if not np.can_cast(value.dtype, target.dtype, "same_kind"):
        raise Refusal(
            f"this always raises: numbers of {value.dtype} do not go into an array of "
            f"{target.dtype}",
            "an array of floats",
        )


def accumulate(
    frame: Frame, target: ArrayObject, index: Any, value: Any, sign: int
) -> None:
    """Do ``target[index] += value``, or ``-=`` for ``sign=-1``."""
    items = index_items(target, index)
    number = written(frame, value)
    set_contents(
        frame, target, lambda base, path: add_into(base, items, number, path, sign)
    )


def change(frame: Frame, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call a function, or a method by its name, that changes its first argument."""
    target = args[0] if args else None
    if not isinstance(target, ArrayObject):
        what = describe(target) if args else "an array given by keyword"
        raise Refusal(f"this changes {what}, which is not supported", "pass an array")
    with refusing():
        new = MUTATORS[function](target, *to_python(args[1:]), **to_python(kwargs))
    overwrite(frame, target, new)
    return NOTHING
