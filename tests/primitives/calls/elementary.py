"""Calls of ufuncs, of operators, and of the functions of math and Python."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator

import numpy as np

from gradgen.primitives.special import stop_gradient
from tests.primitives.calls.call import (
    F32,
    FLAGS,
    INTS,
    POSITIVE,
    ROW,
    Call,
    Known,
    M,
    N,
    V,
    W,
)

UNARY_REAL = (
    "exp exp2 expm1 sin cos tan arctan sinh cosh tanh arcsinh square negative "
    "positive cbrt fabs absolute deg2rad rad2deg radians degrees sinc"
).split()
UNARY_POSITIVE = "log log2 log10 log1p sqrt reciprocal".split()
STEPS = "sign floor ceil trunc rint signbit isnan isinf isfinite logical_not".split()
BINARY = (
    "add subtract multiply divide maximum minimum fmax fmin hypot arctan2 logaddexp "
    "logaddexp2 copysign"
).split()
COMPARISONS = (
    "less less_equal greater greater_equal equal not_equal logical_and logical_or "
    "logical_xor"
).split()
MATH_REAL = (
    "exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh cbrt fabs degrees radians "
    "erf erfc"
).split()
MATH_POSITIVE = "log log2 log10 log1p sqrt".split()


def ufuncs() -> Iterator[Call]:
    for name in UNARY_REAL:
        for x in (0.7, np.float64(0.7), M, F32, INTS):
            yield Call(getattr(np, name), (x,))
    for name in UNARY_POSITIVE:
        for x in (0.7, np.float32(0.7), POSITIVE):
            yield Call(getattr(np, name), (x,))
    for name in ("arcsin", "arccos", "arctanh"):
        for x in (0.3, M / 3, F32 / 3):
            yield Call(getattr(np, name), (x,))
    yield Call(np.arccosh, (POSITIVE + 1,))
    for name in STEPS:
        yield Call(getattr(np, name), (M,))
        yield Call(getattr(np, name), (0.7,))
    for name in BINARY:
        for pair in ((M, V), (0.7, 1.3), (F32, 1.5), (np.float32(0.5), F32), (V, ROW)):
            yield Call(getattr(np, name), pair)
    for name in COMPARISONS:
        yield Call(getattr(np, name), (M, V))
        yield Call(getattr(np, name), (0.7, 1.3))
    for name in ("power", "float_power"):
        for pair in ((POSITIVE, M), (0.7, 1.3), (F32, 2), (POSITIVE, -1.5), (2, V)):
            yield Call(getattr(np, name), pair)
    for name in ("remainder", "fmod", "floor_divide"):
        yield Call(getattr(np, name), (np.array([5.3, -5.3]), 2.0))
        yield Call(getattr(np, name), (7.3, np.array([3.0, -2.9])))
    yield Call(np.divmod, (np.array([5.3, -5.3]), 2.0))
    yield Call(np.heaviside, (M, V))
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        yield Call(getattr(np, name), (FLAGS, ~FLAGS))
        yield Call(getattr(np, name), (INTS, 3))
    for name in ("left_shift", "right_shift"):
        yield Call(getattr(np, name), (INTS, 1))
    yield Call(np.invert, (FLAGS,))
    yield Call(np.invert, (INTS,))
    yield Call(np.fix, (M,))


def python() -> Iterator[Call]:
    for name in MATH_REAL:
        yield Call(getattr(math, name), (0.7,))
        yield Call(getattr(math, name), (np.float64(-0.7),))
    for name in MATH_POSITIVE:
        yield Call(getattr(math, name), (0.7,))
    for name in ("asin", "acos", "atanh"):
        yield Call(getattr(math, name), (0.3,))
    yield Call(math.acosh, (1.7,))
    for name in ("pow", "hypot", "atan2", "copysign", "fmod"):
        yield Call(getattr(math, name), (0.7, 0.4))
    for name in ("isnan", "isinf", "isfinite", "floor", "ceil", "trunc"):
        yield Call(getattr(math, name), (2.7,))
        yield Call(getattr(math, name), (np.float64(-2.7),))
    yield Call(math.log, (0.7, 3.0))
    yield Call(math.log, (0.7, Known(2)))
    yield Call(math.fsum, ([0.1, 0.2, np.float64(0.3)],))
    yield Call(math.prod, ([0.1, 0.2, 0.3],))
    yield Call(math.prod, ([0.1, 0.2],), {"start": 2.0})
    for function in (abs, float, int, bool, operator.neg, operator.pos, operator.not_):
        yield Call(function, (-1.7,))
        yield Call(function, (np.float64(1.7),))
    yield Call(float, (np.float32(1.7),))
    yield Call(operator.invert, (FLAGS,))
    for name in "add sub mul truediv pow floordiv mod lt le gt ge eq ne".split():
        yield Call(getattr(operator, name), (1.7, 0.4))
        yield Call(getattr(operator, name), (POSITIVE, 0.35))
        yield Call(getattr(operator, name), (np.float32(1.7), 0.4))
    for name in "and_ or_ xor lshift rshift".split():
        yield Call(getattr(operator, name), (INTS, 1))
    yield Call(operator.matmul, (M, N))
    yield Call(pow, (1.7, 0.4))
    yield Call(divmod, (7.7, 2.0))
    for function in (max, min):
        yield Call(function, (1.7, 0.4))
        yield Call(function, (1.7, 0.4, 0.9))
        yield Call(function, (np.float64(1.7), np.float64(0.4)))
        yield Call(function, ([1.7, 0.4, 0.2],))
    yield Call(round, (2.7,))
    yield Call(round, (2.7182, 2))
    yield Call(round, (np.float64(2.7182), 2))
    yield Call(stop_gradient, (M,), smooth=False)
    yield Call(stop_gradient, ([M, 1.5],), smooth=False)


def calls() -> Iterator[Call]:
    yield from ufuncs()
    yield from python()


REFUSED = (
    Call(math.sin, (V,)),
    Call(math.fsum, (V,)),
    Call(max, (V,)),
    Call(max, (V, W)),
    Call(round, (V,)),
    Call(float, (V,)),
    Call(operator.not_, (V,)),
)
