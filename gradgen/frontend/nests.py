"""``np.ndindex`` and ``np.ndenumerate``: loops over all indices of a shape.

They become loops over ranges, one inside the other.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterator
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.containers import select
from gradgen.frontend.frame import Flow, Frame, always
from gradgen.frontend.raising import raise_unless
from gradgen.frontend.running import execute
from gradgen.frontend.targets import Kept
from gradgen.frontend.values import Nest, Static, from_python
from gradgen.frontend.walks import SHORT, make_range, number
from gradgen.primitives.registry import Handle, dims_of

RANGES = "loops over ranges: for i in range(n): for j in range(m)"


def ndindex(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Nest:
    """Return what ``np.ndindex(*shape)`` stands for."""
    if kwargs:
        raise Refusal("np.ndindex takes no arguments by name", "np.ndindex(n, m)")
    whole = len(args) == 1 and isinstance(args[0], tuple)
    lengths = tuple(_length(frame, x) for x in (args[0] if whole else args))
    return _nest(frame, lengths)


def ndenumerate(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Nest:
    """Return what ``np.ndenumerate(arr)`` stands for."""
    given = [*args, *kwargs.values()]
    array = given[0] if len(given) == 1 else None
    if kwargs.keys() - {"arr"} or not isinstance(array, Handle):
        raise Refusal("np.ndenumerate takes one array here", "np.array(…)")
    return _nest(frame, tuple(map(from_python, dims_of(array))), array)


def _length(frame: Frame, value: Any) -> Any:
    """Return a length, which is no negative number."""
    handle = number(frame, value)
    if handle.shape or handle.dtype.kind not in "iu":
        raise Refusal("np.ndindex takes integers", "int(…)")
    if not isinstance(value, Static):
        if getattr(handle.type, "dim", None) is None:
            text = "raise ValueError('negative dimensions are not allowed')"
            raise_unless(frame.builder, handle >= 0, text)
    elif value.value < 0:
        raise always("ValueError", "negative dimensions are not allowed")
    return value


def _nest(frame: Frame, lengths: tuple[Any, ...], array: Any = None) -> Nest:
    holds = () if array is None else (array,)
    return Nest(_items(frame, lengths, array), holds, lengths=lengths, array=array)


def _items(frame: Frame, lengths: tuple[Any, ...], array: Any) -> Iterator[Any]:
    """Yield the items one by one."""
    if any(isinstance(length, Handle) for length in lengths):
        raise Refusal("indices of a shape that only a run knows, here", RANGES)
    for numbers in itertools.product(*(range(x.value) for x in lengths)):
        index = tuple(map(Static, numbers))
        yield index if array is None else (index, select(frame, array, index))


def is_nested(nest: Nest) -> bool:
    """Tell whether a loop over indices becomes loops, not one turn after the other."""
    return any(isinstance(x, Handle) for x in nest.lengths) or (
        math.prod(x.value for x in nest.lengths) > SHORT
    )


def repeat(frame: Frame, node: ast.For, nest: Nest) -> Flow | None:
    """Carry out a ``for`` over indices as loops over ranges."""
    left = any(isinstance(n, ast.Break) for part in node.body for n in ast.walk(part))
    if left or node.orelse:
        raise Refusal("'break' or 'else' of a loop over all indices of a shape", RANGES)
    if nest.taken:
        raise Refusal("this iterator was used before", "make it anew")
    nest.put_back(-1)
    numbers: list[ast.expr] = [Kept() for _ in nest.lengths]
    index = item = ast.Tuple(numbers, ast.Load())
    if nest.array is not None:
        element = ast.Subscript(Kept(nest.array), index, ast.Load())
        item = ast.Tuple([index, element], ast.Load())
    body: list[ast.stmt] = [ast.Assign([node.target], item), *node.body]
    for at, length in reversed(list(zip(numbers, nest.lengths, strict=True))):
        body = [ast.For(at, Kept(_range(frame, length)), body, [])]
    for part in ast.walk(ast.Module(body, [])):
        if not hasattr(part, "lineno"):
            ast.copy_location(part, node.iter)
    return execute(frame, body)


def _range(frame: Frame, length: Any) -> Any:
    if isinstance(length, Static):
        return Static(range(length.value))
    return make_range(frame, [length])
