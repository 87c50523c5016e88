"""Functions whose derivative is zero: comparisons, logic, rounding, tests for NaN."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import BOOL, PY_BOOL, PY_FLOAT, PY_INT, Scalar, Type
from gradgen.primitives.families import step
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.promotion import operator_type
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    lift,
    register,
)
from gradgen.primitives.samples import NONZERO, REALS

FLAGS = (
    Sample((True, False)),
    Sample((np.array([True, False]), np.array([[True], [False]]))),
)
INTEGERS = (Sample((6, 3)), Sample((np.array([1, 2]), 3)))

_OPERATORS: tuple[tuple[Any, Any, str, tuple[Sample, ...]], ...] = (
    (np.less, operator.lt, "<", NONZERO),
    (np.less_equal, operator.le, "<=", NONZERO),
    (np.greater, operator.gt, ">", NONZERO),
    (np.greater_equal, operator.ge, ">=", NONZERO),
    (np.equal, operator.eq, "==", NONZERO),
    (np.not_equal, operator.ne, "!=", NONZERO),
    (np.bitwise_and, operator.and_, "&", FLAGS + INTEGERS),
    (np.bitwise_or, operator.or_, "|", FLAGS + INTEGERS),
    (np.bitwise_xor, operator.xor, "^", FLAGS + INTEGERS),
    (np.left_shift, operator.lshift, "<<", INTEGERS),
    (np.right_shift, operator.rshift, ">>", INTEGERS),
)
for _ufunc, _python, _symbol, _samples in _OPERATORS:
    step(
        _ufunc,
        python=_python,
        template=f"{{0}} {_symbol} {{1}}",
        samples=_samples,
        takes_complex=_ufunc in (np.equal, np.not_equal),
    )


def _invert_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if types[0].weak and types[0].dtype == BOOL:
        raise Refusal(
            "'~' of a Python bool, which is an integer, is not supported", "'not'"
        )
    return operator_type(np.invert, dims, types, attrs)


step(
    np.invert,
    type_rule=_invert_type,
    python=operator.invert,
    template="~{0}",
    samples=(Sample((np.array([True, False]),)), Sample((5,))),
)
step(
    np.logical_not,
    samples=(Sample((True,)), Sample((np.array([True, False]),))),
    takes_complex=True,
)
_FUNCTIONS: tuple[tuple[Any, Any, tuple[Sample, ...]], ...] = (
    (np.logical_and, None, FLAGS),
    (np.logical_or, None, FLAGS),
    (np.logical_xor, None, FLAGS),
    (np.sign, None, REALS),
    (np.floor, None, REALS),
    (np.ceil, None, REALS),
    (np.trunc, None, REALS),
    (np.rint, None, REALS),
    (np.signbit, None, REALS),
    (np.isnan, math.isnan, REALS),
    (np.isinf, math.isinf, REALS),
    (np.isfinite, math.isfinite, REALS),
)
OF_REALS = (np.sign, np.floor, np.ceil, np.trunc, np.signbit)
for _ufunc, _function, _samples in _FUNCTIONS:
    step(_ufunc, math=_function, samples=_samples, takes_complex=_ufunc not in OF_REALS)


def sign(x: Handle) -> Handle:
    """Return the sign of ``x``."""
    return apply("sign", x)


@lowers(np.fix)
def _fix(x: Any, out: Any = Only()) -> Handle:
    return apply("trunc", x)


def _scalar_step(
    name: str, function: Any, result: Type, text: str, samples: Sequence[Sample]
) -> None:
    """Declare a Python function of one number whose result carries no derivative."""

    def type_rule(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
        if not isinstance(types[0], Scalar):
            raise Refusal(f"'{text.format('x')}' for an array x", "a function of np")
        return result

    register(
        Primitive(
            name=name,
            type_rule=type_rule,
            evaluate=function,
            template=text.format("{0}"),
            takes_complex=name in ("bool", "not"),
            samples=tuple(samples),
        )
    )


NUMBERS = (Sample(("float",)), Sample(("f64",)))
_SCALAR_STEPS: tuple[tuple[str, Any, Type, str], ...] = (
    ("math_floor", math.floor, PY_INT, "math.floor({})"),
    ("math_ceil", math.ceil, PY_INT, "math.ceil({})"),
    ("math_trunc", math.trunc, PY_INT, "math.trunc({})"),
    ("int", int, PY_INT, "int({})"),
    ("bool", bool, PY_BOOL, "bool({})"),
    ("not", operator.not_, PY_BOOL, "not {}"),
)
for _name, _function, _result, _text in _SCALAR_STEPS:
    _scalar_step(_name, _function, _result, _text, NUMBERS)
    lowers(_function)(bind(lambda name, x: apply(name, x), _name))


def _round_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of Python's ``round``: an integer if no digits are given."""
    if not isinstance(types[0], Scalar):
        raise Refusal("round() of an array is not supported", "np.round")
    if attrs["digits"] is None:
        return PY_INT
    return PY_FLOAT if types[0].weak and types[0].dtype != BOOL else types[0]


def _round_text(types: Sequence[Any], attrs: Attrs) -> str:
    digits = attrs["digits"]
    return "round({0})" if digits is None else f"round({{0}}, {digits})"


register(
    Primitive(
        name="python_round",
        type_rule=_round_type,
        evaluate=lambda x, digits: round(x, digits),
        template=_round_text,
        samples=(
            Sample(("float",), {"digits": None}),
            Sample(("float",), {"digits": 1}),
            Sample(("f64",), {"digits": None}),
            Sample(("f64",), {"digits": 2}),
        ),
    )
)


@lowers(round)
def _python_round(number: Handle, ndigits: Any = None) -> Handle:
    digits = static(ndigits)
    if number.type.dtype.kind in "iub" and digits is not None:
        raise Refusal("round() of an integer to digits is not supported")
    return apply("python_round", number, digits=digits)


def _decimals_text(types: Sequence[Any], attrs: Attrs) -> str:
    decimals = attrs["decimals"]
    return f"np.round({{0}}, {decimals})" if decimals else "np.round({0})"


def _rounded_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    if types[0].dtype == BOOL:
        raise Refusal("np.round of booleans is not supported")
    return Scalar(types[0].dtype) if isinstance(types[0], Scalar) else types[0]


register(
    Primitive(
        name="round",
        type_rule=_rounded_type,
        evaluate=lambda x, decimals: np.round(x, decimals),
        template=_decimals_text,
        elementwise=True,
        takes_complex=True,
        samples=tuple(
            Sample(sample.operands, {"decimals": decimals})
            for sample in REALS
            for decimals in (0, 1)
        ),
    )
)


@lowers(np.round, np.around, method="round")
def _round(a: Any, decimals: Any = 0, out: Any = Only()) -> Handle:
    return apply("round", a, decimals=static(decimals))


@lowers(np.ndim)
def _ndim(a: Any, *, builder: Builder) -> int:
    return lift(builder, a).rank
