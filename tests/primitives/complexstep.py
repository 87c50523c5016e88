"""Derivatives of programs by a step into the complex plane, exact to rounding."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.ir.core import Block, Function, Value
from gradgen.ir.tree import tree_of
from gradgen.testing.interp import Machine

STEP = 1e-40
REFUSALS = (TypeError, ValueError, AttributeError, KeyError, Warning)


class Loose(Machine):
    """An interpreter in which values need not have the types that the IR gives them."""

    def define(self, value: Value, content: Any) -> None:
        self.values[value] = content

    def run_region(self, block: Block, params: Sequence[Any]) -> list[Any]:
        inner = Loose(self)
        inner.values.update(zip(block.params, params, strict=True))
        return inner.run(block)


def complex_step(
    function: Function, args: Sequence[Any], moving: Sequence[int], dots: Sequence[Any]
) -> list[Any] | None:
    """Return the derivative of each result along ``dots``, None where it is no float.

    There is none at all where an operation does not take complex numbers, or drops
    their imaginary part, or where the function has complex numbers of its own. Where
    one is not holomorphic the answer is wrong, so that it counts only together with a
    difference.
    """
    if any(map(_is_complex, function.body.params)) or _computes_complex(function.body):
        return None
    given = list(args)
    for i, dot in zip(moving, dots, strict=True):
        given[i] = _stepped(given[i], dot)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error")
            results = _run(function, given)
    except REFUSALS:
        return None
    kinds = {np.asarray(y).dtype.kind for y in results}
    if "f" in kinds or "c" not in kinds:
        return None
    return [np.imag(y) / STEP if np.iscomplexobj(y) else None for y in results]


def _is_complex(value: Value) -> bool:
    return getattr(value.type, "dtype", np.dtype(float)).kind == "c"


def _computes_complex(block: Block) -> bool:
    return any(
        any(map(_is_complex, op.results)) or any(map(_computes_complex, op.regions))
        for op in block.ops
    )


def _stepped(value: Any, dot: Any) -> Any:
    if isinstance(value, tuple | list):
        pairs = zip(value, dot, strict=True)
        return type(value)(_stepped(v, d) for v, d in pairs)
    return value if dot is None else np.complex128(value + 1j * STEP * dot)


def _run(function: Function, args: Sequence[Any]) -> list[Any]:
    machine = Loose()
    machine.helpers = function.helpers
    given = [x for arg in args for x in tree_of(arg).leaves()]
    for param, value in zip(function.inputs, given, strict=True):
        machine.define(param, value)
    return machine.run(function.body)
