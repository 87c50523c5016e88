"""Reading an array as one of other shape and strides, ``as_strided``.

It is lowered for arrays whose elements surely lie in the order of C, which the frontend
sees to. So a stride says how many elements of the flat array it passes over, wherever
derivative code has the array in memory, and the adjoint adds what came from one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.kernels import checks, layouts
from gradgen.primitives.families import linear
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.registry import (
    ATTRIBUTES,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dims_of,
    lift,
    register,
)
from gradgen.primitives.shaping import dims_from

ATTRIBUTES["itemsize"] = lambda x: x.dtype.itemsize
ATTRIBUTES["nbytes"] = lambda x: ATTRIBUTES["size"](x) * x.dtype.itemsize

register(
    Primitive(
        name="check_layout",
        type_rule=lambda dims, types, attrs: None,
        evaluate=checks.check_layout,
        template="check_layout({0})",
        effect=True,
        takes_complex=True,
    )
)
register(
    Primitive(
        name="in_c_order",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=lambda x: np.array(x, order="C"),
        template='np.array({0}, order="C")',
        takes_complex=True,
        samples=(Sample(("f64[3,4]",)),),
    )
)


def _type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    rank = (len(types) - 1) // 2
    return tensor(types[0].dtype, dims_from(dims, types[1 : 1 + rank]))


def _tuple(first: int, last: int) -> str:
    slots = ", ".join(f"{{{k}}}" for k in range(first, last))
    return f"({slots},)" if last == first + 1 else f"({slots})"


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    middle = (len(types) + 1) // 2
    return f"read_strided({{0}}, {_tuple(1, middle)}, {_tuple(middle, len(types))})"


def _evaluate(x: Any, *numbers: int) -> Any:
    rank = len(numbers) // 2
    return layouts.read_strided(x, numbers[:rank], numbers[rank:])


def _adjoint(y_bar: Handle, y: Handle, x: Handle, *numbers: Handle) -> list[Any]:
    strides = numbers[len(numbers) // 2 :]
    return [apply("fold_strided", y_bar, *strides, *dims_of(x))]


read_strided = linear(
    "read_strided",
    type_rule=_type,
    evaluate=_evaluate,
    template=_text,
    adjoint=_adjoint,
    shares=(0,),
    readonly=True,
    samples=(
        Sample(("f64[7]", 3, 2, 16, 16)),
        Sample(("f64[4,4]", 2, 2, 2, 2, 32, 16, 32, 16)),
        Sample(("f32[4]", 2, 2, 0, 8)),
    ),
)


def _fold_text(types: Sequence[Any], attrs: Attrs) -> str:
    rank = len(types[0].shape) if types else 0
    lengths = ", ".join(f"{{{k}}}" for k in range(1 + rank, len(types)))
    return f"fold_strided({{0}}, {_tuple(1, 1 + rank)}, {lengths})"


def _fold_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    shape = types[1 + len(types[0].shape) :]
    return tensor(types[0].dtype, dims_from(dims, shape))


def _fold(x: Any, *numbers: int) -> Any:
    return layouts.fold_strided(x, numbers[: x.ndim], *numbers[x.ndim :])


def _fold_adjoint(y_bar: Handle, y: Handle, x: Handle, *numbers: Handle) -> list[Any]:
    return [read_strided(y_bar, *dims_of(x), *numbers[: x.rank])]


linear(
    "fold_strided",
    type_rule=_fold_type,
    evaluate=_fold,
    template=_fold_text,
    adjoint=_fold_adjoint,
    samples=(
        Sample(("f64[3,2]", 16, 16, 7)),
        Sample(("f32[2,2]", 0, 8, 4)),
        Sample(("f64[2,2]", 48, 16, 3, 3)),
    ),
)


def strides_in_order(x: Handle) -> tuple[Any, ...]:
    """Return how many bytes there are from element to element, in the order of C."""
    return _strides_for(dims_of(x), x.dtype.itemsize)


def _strides_for(lengths: Sequence[Any], itemsize: int) -> tuple[Any, ...]:
    strides: list[Any] = [itemsize]
    for length in reversed(lengths[1:]):
        strides.append(length * strides[-1])
    return tuple(reversed(strides))


@lowers(np.lib.stride_tricks.as_strided)
def _as_strided(
    x: Handle,
    shape: Any = None,
    strides: Any = None,
    subok: Any = Only(False),
    writeable: Any = True,
    *,
    check_bounds: Any = None,
) -> Handle:
    lengths = dims_of(x) if shape is None else shape
    if not all(isinstance(given, tuple | list | None) for given in (lengths, strides)):
        raise Refusal("np.lib.stride_tricks.as_strided: shape and strides are tuples")
    steps = _strides_for(lengths, x.dtype.itemsize) if strides is None else strides
    if len(lengths) != len(steps) or not lengths:
        raise Refusal("np.lib.stride_tricks.as_strided: a stride for each axis")
    numbers = [lift(x.builder, n) for n in (*lengths, *steps)]
    if any(n.rank or n.dtype.kind not in "iu" for n in numbers):
        raise Refusal("np.lib.stride_tricks.as_strided: shape and strides are integers")
    return read_strided(x, *numbers)
