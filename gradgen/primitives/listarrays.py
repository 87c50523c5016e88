"""Arrays made of lists, and lists made of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import FLOAT, Array, Scalar, Seq, Type, tensor
from gradgen.primitives.lists import unstack
from gradgen.primitives.registry import Attrs, Handle, apply, dims_of, in_shape_of
from gradgen.primitives.sequences import declare


def _stack_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    element = types[0].element
    if not isinstance(element, Scalar | Array):
        raise Refusal(f"an array of a list of {element} is not supported")
    return Array(element.dtype, (dims.fresh(), *element.shape))


def _stack_text(types: Sequence[Any], attrs: Attrs) -> str:
    element = types[0].element if types else None
    if element is None or element.dtype == FLOAT:
        return "np.array({0})"
    return f"np.array({{0}}, np.{element.dtype.name})"


declare(
    "seq_stack",
    _stack_type,
    lambda xs: np.array(xs) if xs else np.array([]),
    _stack_text,
    tangent=lambda y, dots, xs: in_shape_of(y, apply("seq_stack", dots[0])),
    adjoint=lambda y_bar, y, xs: [unstack(y_bar, xs)],
)


def _unstack_adjoint(
    ys_bar: Handle, ys: Handle, x: Handle, plain: bool = False
) -> list[Handle]:
    """Return the elements as an array, which needs the other lengths if it is empty."""
    stacked = apply("seq_stack", ys_bar)
    if x.rank == 1:
        return [in_shape_of(x, stacked)]
    return [apply("reshape", stacked, *dims_of(x))]


def _unstack_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    element = tensor(types[0].dtype, types[0].shape[1:])
    return Seq(Scalar(element.dtype, weak=True) if "plain" in attrs else element)


declare(
    "seq_unstack",
    _unstack_type,
    lambda x, plain=False: x.tolist() if plain else list(x),
    lambda types, attrs: "{0}.tolist()" if "plain" in attrs else "list({0})",
    shares=(0,),
    adjoint=_unstack_adjoint,
)
