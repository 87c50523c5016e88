"""Strides of arrays, and ``as_strided``, which reads an array by them.

Derivative code lays out memory in its own way. So strides are known only of arrays
that NumPy surely lays out in the order of C: what the caller passes, where a check at
run time finds that it is so, and what is made of such arrays element by element.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, is_contiguous
from gradgen.frontend.calls import lowered
from gradgen.frontend.frame import Frame
from gradgen.frontend.values import describe
from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.types import Array, Shape
from gradgen.primitives.registry import PRIMITIVES, Handle, find_lowering
from gradgen.primitives.strides import strides_in_order

KEEPING = frozenset(("cast", "copy", "where"))
"""Primitives that keep the order of their operands, as ufuncs do, if of one shape."""

GROWING = frozenset(("concatenate", "pad"))
"""Primitives that keep the order of C, but not the shape."""

VECTORS = frozenset(("cumsum", "matmul"))
"""Primitives that make vectors of their own."""

UNKNOWN_LAYOUT = (
    "how the elements of this array lie in memory is not known",
    "np.ascontiguousarray(...) of it",
)


def strides_of(frame: Frame, array: Handle) -> tuple[Any, ...]:
    """Return what ``array.strides`` is."""
    require_order(frame, array)
    return strides_in_order(array)


def as_strided(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Read an array, the layout of which is known, as one of other strides."""
    function = np.lib.stride_tricks.as_strided
    array = args[0] if args else kwargs.get("x")
    if not isinstance(array, ArrayObject):
        raise Refusal(f"as_strided of {describe(array)}", "an array")
    require_order(frame, array)
    return lowered(frame, find_lowering(function), args, kwargs, "as_strided")


def require_order(frame: Frame, array: Handle) -> None:
    """Refuse an array unless it is in the order of C if what the caller passes is.

    What that depends on is checked at run time.
    """
    if isinstance(array, ArrayObject) and is_contiguous(array):
        return
    for source in dict.fromkeys(_sources(frame, array.atom)):
        if not _is_checked(frame, source):
            frame.builder.emit("check_layout", (source,), [])


def _sources(frame: Frame, x: Atom) -> Iterator[Value]:
    """Yield what of the caller's must be in the order of C so that ``x`` is."""
    if x in frame.context.inputs:
        assert isinstance(x, Value)
        yield x
        return
    op = frame.context.maker(x) if isinstance(x, Value) else None
    if op is None or op.name not in PRIMITIVES:
        raise Refusal(*UNKNOWN_LAYOUT)
    for operand in _alike(frame, op):
        yield from _sources(frame, operand)


def _alike(frame: Frame, op: Op) -> list[Atom]:
    """Return the operands in whose order an op lays out its result."""
    primitive = PRIMITIVES[op.name]
    if primitive.mutates:
        return [op.operands[0]]
    shape = _shape(frame, op.results[0])
    if op.name in VECTORS and len(shape) == 1:
        return []
    arrays = [x for x in op.operands if _shape(frame, x)]
    alike = all(_shape(frame, x) == shape for x in arrays)
    if arrays and (op.name in GROWING or (alike and _keeps_order(op.name))):
        return arrays
    raise Refusal(*UNKNOWN_LAYOUT)


def _keeps_order(name: str) -> bool:
    return bool(PRIMITIVES[name].ufunc) or name in KEEPING


def _shape(frame: Frame, x: Atom) -> Shape:
    return frame.builder.dims.shape(x.type) if isinstance(x.type, Array) else ()


def _is_checked(frame: Frame, x: Value) -> bool:
    known = [frame.builder.ops, *(state[0] for state in frame.builder.outer)]
    return any(
        op.name == "check_layout" and op.operands == (x,) for ops in known for op in ops
    )
