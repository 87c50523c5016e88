"""``x.flat``: the elements of an array in the order of C, whatever its layout."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, fresh, is_contiguous, share
from gradgen.frontend.calls import lowered
from gradgen.frontend.containers import index_items, select
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.values import KINDS, Flat, Rows, Static
from gradgen.frontend.walks import rows
from gradgen.frontend.writing import store_into, written
from gradgen.primitives.indexing import read
from gradgen.primitives.registry import Handle, apply, find_lowering
from gradgen.primitives.shaping import normal_axis, reshape_like, reshape_to

WHOLE = (slice(None), Ellipsis)
ELEMENTS = "M[i, j], or M.reshape(-1)[k] where M is made by np.zeros or np.array"


KINDS[Rows] = "a tuple whose length only a run knows"


def unstacked(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return ``np.unstack(x)``; where a run knows its length, what stands for it."""
    array = _moved(frame, args, kwargs)
    if array is None or isinstance(array.shape[0], int):
        return lowered(frame, find_lowering(np.unstack), args, kwargs, "np.unstack")
    walk = rows(frame, array)
    return Rows(walk.bounds, walk.at, (array,), owner=array)


def _moved(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Handle | None:
    """Return the array whose rows are meant; None where the arguments do not fit."""
    axis = kwargs.get("axis", Static(0))
    array = args[0] if len(args) == 1 and kwargs.keys() <= {"axis"} else None
    if not isinstance(array, Handle) or not array.rank or not isinstance(axis, Static):
        return None
    if normal_axis(axis.value, array.rank) == 0:
        return array
    found: Handle = call(frame, Static(np.moveaxis), [array, axis, Static(0)], {})
    return found


def row_of(frame: Frame, owner: Rows, index: Any) -> Any:
    """Return an item of a tuple of rows."""
    number = index.value if isinstance(index, Static) else index
    if type(number) is not int and not (isinstance(number, Handle) and not number.rank):
        raise Refusal(
            "a part of a tuple of which only a run knows the length", "x[i:k]"
        )
    return select(frame, owner.owner, index)


def flat_of(frame: Frame, owner: Handle) -> Flat:
    """Return ``owner.flat``."""
    vector = reshape_to(owner, [-1]) if owner.rank < 2 else apply("flat", owner)
    if isinstance(owner, ArrayObject):
        vector = share(vector, [owner], "always")
    walk = rows(frame, vector)
    return Flat(walk.bounds, walk.at, (owner,), owner=owner, vector=vector)


def select_from(frame: Frame, flat: Flat | Rows, index: Any) -> Any:
    """Return ``flat[index]``, which is no view, or a row of what is unstacked."""
    if isinstance(flat, Rows):
        return row_of(frame, flat, index)
    _check_index(flat, index)
    if not isinstance(flat.vector, ArrayObject):
        return fresh(read(flat.vector, index_items(flat.vector, index)))
    found = select(frame, flat.vector, index)
    if isinstance(found, ArrayObject):
        return fresh(Handle(frame.builder, found.atom))
    return found


def _check_index(flat: Flat, index: Any) -> None:
    if isinstance(index, tuple):
        raise Refusal("'flat' takes one index", "x[i, j]")
    (item,) = index_items(flat.vector, index)
    if isinstance(item, Handle):
        known = item.rank < 2 and (item.rank or item.dtype.kind in "iu")
    else:
        known = isinstance(item, slice | int) and not isinstance(item, bool)
    if not known and item is not Ellipsis:
        raise Refusal("'flat' by this index is not supported", "x.ravel()[index]")


def store(frame: Frame, flat: Flat, index: Any, value: Any) -> None:
    """Do ``flat[index] = value``."""
    target = flat.owner
    if not isinstance(target, ArrayObject):
        raise Refusal("writing to the 'flat' of a number", "an array")
    new = written(frame, value)
    if isinstance(value, ArrayObject) and value.buffer is target.buffer:
        raise Refusal("writing an array to its own 'flat'", "v.copy()")
    if isinstance(index, Static) and index.value in WHOLE:
        store_into(frame, target, Static(...), _spread(new, target))
        return
    _check_index(flat, index)
    if new.rank > 1:
        raise Refusal("writing more than a vector to a part of 'flat'", "v.ravel()")
    if target.rank != 1 and not is_contiguous(target):
        raise Refusal(
            "writing by 'flat' into an array of which only a run knows the layout",
            ELEMENTS,
        )
    store_into(frame, flat.vector, index, new)


def _spread(value: Handle, target: Handle) -> Handle:
    """Return a value in the shape of an array, all of which it is written to."""
    sizes = {apply("flat", x).shape[0] for x in (value, target) if x.rank}
    if len({n for n in sizes if isinstance(n, int)}) == 2:
        raise Refusal(
            "writing another number of elements to 'flat' than it has",
            "np.resize(v, M.shape)",
        )
    return reshape_like(value, target) if value.rank else value
