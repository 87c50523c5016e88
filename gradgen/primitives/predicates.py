"""Questions about whole arrays and about membership, whose answers are steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, PY_BOOL, Scalar, Type, tensor
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.samples import REALS

TWO = (Sample(("f64[3]", "f64[3]")), Sample(("f64[2,3]", "f64[3]")))


def _text(call: str, types: Sequence[Any], attrs: Attrs) -> str:
    """Print a call with the options that differ from their defaults."""
    options = "".join(f", {key}={value!r}" for key, value in attrs.items() if value)
    number = types and isinstance(types[0], Scalar) and "isin" in call
    return f"{call}{options})" + ("[()]" if number else "")


def _flags_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return tensor(BOOL, types[0].shape)


def _declare(
    function: Any, slots: str, type_rule: Any, samples: Sequence[Sample], **more: Any
) -> Primitive:
    name = function.__name__
    return register(
        Primitive(
            name=name,
            type_rule=type_rule,
            evaluate=function,
            template=bind(_text, f"np.{name}({slots}"),
            samples=tuple(samples),
            **more,
        )
    )


def _truth(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return PY_BOOL


_declare(np.isposinf, "{0}", _flags_type, REALS, elementwise=True)
_declare(np.isneginf, "{0}", _flags_type, REALS, elementwise=True)
_declare(
    np.allclose,
    "{0}, {1}, {2}, {3}",
    _truth,
    [Sample((*sample.operands, 0.1, 0.1)) for sample in TWO],
    takes_complex=True,
)
_declare(np.array_equal, "{0}, {1}", _truth, TWO, takes_complex=True)
_declare(np.array_equiv, "{0}, {1}", _truth, TWO, takes_complex=True)


def _evaluate_isin(x: Any, among: Any, **options: Any) -> Any:
    return np.isin(x, among, **options)[()]


register(
    Primitive(
        name="isin",
        type_rule=_flags_type,
        evaluate=_evaluate_isin,
        template=bind(_text, "np.isin({0}, {1}"),
        takes_complex=True,
        samples=(*TWO, Sample(("f64", "f64[3]"), {"invert": True})),
    )
)


@lowers(np.isposinf)
def _isposinf(x: Handle, out: Any = Only()) -> Handle:
    return apply("isposinf", x)


@lowers(np.isneginf)
def _isneginf(x: Handle, out: Any = Only()) -> Handle:
    return apply("isneginf", x)


@lowers(np.isin)
def _isin(
    element: Any,
    test_elements: Any,
    assume_unique: Any = False,
    invert: Any = False,
    *,
    kind: Any = None,
    builder: Builder,
) -> Handle:
    options = {"assume_unique": assume_unique, "invert": invert, "kind": kind}
    attrs = {key: static(value) for key, value in options.items() if value}
    return apply("isin", lift(builder, element), lift(builder, test_elements), **attrs)


@lowers(np.allclose)
def _allclose(
    a: Any,
    b: Any,
    rtol: Any = 1e-5,
    atol: Any = 1e-8,
    equal_nan: Any = False,
    *,
    builder: Builder,
) -> Handle:
    operands = [lift(builder, x) for x in (a, b, rtol, atol)]
    attrs: Attrs = {"equal_nan": True} if static(equal_nan) else {}
    return apply("allclose", *operands, **attrs)


@lowers(np.array_equal)
def _array_equal(
    a1: Any, a2: Any, equal_nan: Any = False, *, builder: Builder
) -> Handle:
    attrs: Attrs = {"equal_nan": True} if static(equal_nan) else {}
    return apply("array_equal", lift(builder, a1), lift(builder, a2), **attrs)


@lowers(np.array_equiv)
def _array_equiv(a1: Any, a2: Any, *, builder: Builder) -> Handle:
    return apply("array_equiv", lift(builder, a1), lift(builder, a2))
