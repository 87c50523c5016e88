"""Reductions whose result carries no derivative: any, all, counts and positions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, INT, PY_INT, Type, tensor
from gradgen.primitives.batching import along_axes
from gradgen.primitives.batchshapes import positioned
from gradgen.primitives.chosen import NOT_GIVEN, chosen, flags_for
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.reduction import AXES, method_text, reduced, reduced_shape
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.shaping import normal_axis


def _bool_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(BOOL, reduced_shape(types[0].shape, **attrs))


def _count_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(INT, reduced_shape(types[0].shape, **attrs))


def _function_text(name: str, types: Sequence[Any], attrs: Attrs) -> str:
    method = method_text(name, types, attrs)
    options = method[len(f"{{0}}.{name}(") : -1]
    return f"np.{name}({{0}}{', ' if options else ''}{options})"


def _step_reduction(
    name: str, evaluate: Any, type_rule: Any, text: Any, samples: Sequence[Sample]
) -> None:
    register(
        Primitive(
            name=name,
            batch=positioned if "arg" in name else along_axes,
            type_rule=type_rule,
            evaluate=evaluate,
            template=bind(text, name),
            takes_complex=name in ("any", "all", "count_nonzero"),
            samples=tuple(samples),
        )
    )


def _position(function: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    along = axis[0] if len(axis) < x.ndim else None
    return function(x, axis=along, keepdims=keepdims)


COUNTS_IN_PYTHON = isinstance(np.count_nonzero(np.ones(1)), int)
"""Whether this version of NumPy counts all of an array as a Python integer."""


def _number_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    everything = len(attrs["axis"]) == len(types[0].shape)
    if COUNTS_IN_PYTHON and everything and not attrs["keepdims"]:
        return PY_INT
    return _count_type(dims, types, attrs)


def _evaluate_count(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    along = None if len(axis) == x.ndim else axis
    return np.count_nonzero(x, axis=along, keepdims=keepdims)


LINES = (
    *(sample for sample in AXES if len(sample.attrs["axis"]) == 1),
    Sample(("f64[5]",), {"axis": (0,), "keepdims": False}),
)
_step_reduction("any", np.any, _bool_type, method_text, AXES)
_step_reduction("all", np.all, _bool_type, method_text, AXES)
_step_reduction("count_nonzero", _evaluate_count, _number_type, _function_text, AXES)
_step_reduction("argmax", bind(_position, np.argmax), _count_type, method_text, LINES)
_step_reduction("argmin", bind(_position, np.argmin), _count_type, method_text, LINES)


_step_reduction(
    "nanargmax", bind(_position, np.nanargmax), _count_type, _function_text, LINES
)
_step_reduction(
    "nanargmin", bind(_position, np.nanargmin), _count_type, _function_text, LINES
)


def _lower_test(name: str, function: Any) -> None:
    @lowers(function, method=name)
    def lowering(
        a: Any,
        axis: Any = None,
        out: Any = Only(),
        keepdims: Any = False,
        *,
        builder: Builder,
        where: Any = True,
    ) -> Handle:
        x = lift(builder, a)
        flags = flags_for(x, where, name)
        if flags is not None:
            x = chosen(apply("not_equal", x, 0), flags, name == "all")
        return reduced(name, x, axis, keepdims, builder)


def _lower_position(name: str, function: Any, method: str = "") -> None:
    @lowers(function, method=method)
    def lowering(
        a: Any,
        axis: Any = None,
        out: Any = Only(),
        *,
        builder: Builder,
        keepdims: Any = False,
    ) -> Handle:
        if axis is not None:
            axis = normal_axis(axis, lift(builder, a).rank)
        kept = keepdims is not NOT_GIVEN and keepdims
        return reduced(name, a, axis, kept, builder)


_lower_test("any", np.any)
_lower_test("all", np.all)
_lower_position("argmax", np.argmax, "argmax")
_lower_position("argmin", np.argmin, "argmin")
_lower_position("nanargmax", np.nanargmax)
_lower_position("nanargmin", np.nanargmin)


@lowers(np.count_nonzero)
def _count_nonzero(
    a: Any, axis: Any = None, *, builder: Builder, keepdims: Any = False
) -> Handle:
    return reduced("count_nonzero", a, axis, keepdims, builder)
