"""Calls of every function that is lowered, with every form of its options."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradgen.primitives.special import stop_gradient

RNG = np.random.default_rng(11)


@dataclass(frozen=True)
class Known:
    """An argument that is known when compiling."""

    value: Any


@dataclass(frozen=True)
class Call:
    """A function and arguments; arrays and floats come in when the program runs."""

    function: Any
    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True

    def __str__(self) -> str:
        shown = [_shown(arg) for arg in self.args]
        shown += [f"{key}={_shown(value)}" for key, value in self.options.items()]
        return f"{self.function.__name__}({', '.join(shown)})"


def _shown(value: Any) -> str:
    if isinstance(value, Known):
        return str(value.value)
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name}{list(value.shape)}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return type(value).__name__ if isinstance(value, float) else str(value)


def reals(*shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Return random numbers, far enough apart from one another to have no ties."""
    return RNG.uniform(low, high, shape)


ROW = [1, 2, 3, 4]
V, W, M, N, T = reals(4, low=0.5), reals(4), reals(3, 4), reals(4, 3), reals(2, 3, 4)
S = reals(3, 3)
POSITIVE = reals(3, 4, low=0.5, high=1.5)
F32 = M.astype(np.float32)
INTS = np.arange(6).reshape(2, 3)
FLAGS = INTS > 2
SIMPLE_AXES = (None, 0, 1, -1, 2)
AXES = (*SIMPLE_AXES, (0, 1), (2, 0), (-1, 1), (0, 1, 2), ())

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


def reductions() -> Iterator[Call]:
    for name in "sum mean max min amax amin any all ptp prod var std".split():
        function = getattr(np, name)
        for axis in AXES:
            if axis == () and name in ("ptp", "var", "std"):
                continue
            yield Call(function, (T,), {"axis": axis})
            yield Call(function, (T,), {"axis": axis, "keepdims": True})
        yield Call(function, (F32, 1))
        yield Call(function, (INTS,), {"axis": 0})
        yield Call(function, ([0.5, 1.5, -1.0],))
        if name not in ("var", "std"):
            yield Call(function, (1.5,))
            yield Call(function, (np.float32(1.5),))
    for name in ("sum", "prod", "mean", "var", "cumsum", "cumprod"):
        yield Call(getattr(np, name), (F32,), {"dtype": Known(np.float64), "axis": 0})
        yield Call(getattr(np, name), (INTS.astype(np.int8),), {"axis": 0})
    yield Call(np.sum, (FLAGS,))
    yield Call(np.mean, (FLAGS,), {"axis": 1})
    yield Call(np.sum, (INTS.astype(np.uint8),))
    for name in ("argmax", "argmin", "count_nonzero"):
        for axis in SIMPLE_AXES:
            yield Call(getattr(np, name), (T,), {"axis": axis})
            yield Call(getattr(np, name), (T,), {"axis": axis, "keepdims": True})
    for ddof in (0, 1, 2):
        yield Call(np.var, (T,), {"axis": (0, 2), "ddof": ddof})
        yield Call(np.std, (T,), {"axis": 1, "ddof": ddof})
    for name in ("cumsum", "cumprod"):
        for axis in SIMPLE_AXES:
            yield Call(getattr(np, name), (T,), {"axis": axis})
    for axis in SIMPLE_AXES:
        yield Call(np.median, (T,), {"axis": axis})
        yield Call(np.average, (T,), {"axis": axis})
        yield Call(np.average, (T,), {"axis": axis, "weights": T * T})
        yield Call(np.average, (T,), {"axis": axis, "weights": T * T, "keepdims": True})
    yield Call(np.average, (T,), {"axis": 1, "weights": POSITIVE[:, 0]})
    yield Call(np.average, (V,), {"weights": W * W})
    for axis in (None, 0, -1):
        yield Call(np.linalg.norm, (M,), {"axis": axis})
        yield Call(np.linalg.norm, (M,), {"axis": axis, "keepdims": True})
    yield Call(np.linalg.norm, (T,))
    yield Call(np.linalg.norm, (T,), {"axis": (0, 2)})
    yield Call(np.linalg.norm, (M, "fro"))
    yield Call(np.linalg.norm, (INTS,))
    for order in (1, 2, 3, 2.5, np.inf, -np.inf):
        yield Call(np.linalg.norm, (V, Known(order)))
        yield Call(np.linalg.norm, (T,), {"ord": Known(order), "axis": 1})
    yield Call(np.size, (M,))
    yield Call(np.size, (M, 1))
    yield Call(np.ndim, (M,))
    yield Call(np.shape, (M,))


def shapes() -> Iterator[Call]:
    yield Call(np.reshape, (T, (4, 6)))
    yield Call(np.reshape, (T, (2, -1)))
    yield Call(np.reshape, (T, -1))
    yield Call(np.reshape, (T, (-1, 4)), {"order": "C"})
    yield Call(np.reshape, (1.5, (1, 1)))
    yield Call(np.reshape, (V[:1], ()))
    for function in (
        np.real,
        np.imag,
        np.ravel,
        np.copy,
        np.transpose,
        np.squeeze,
        np.fliplr,
        np.flipud,
    ):
        yield Call(function, (M,))
    yield Call(np.transpose, (T, (1, 2, 0)))
    yield Call(np.transpose, (T, [-1, 0, 1]))
    yield Call(np.swapaxes, (T, 0, -1))
    yield Call(np.matrix_transpose, (T,))
    yield Call(np.moveaxis, (T, 0, -1))
    yield Call(np.moveaxis, (T, [0, 1], [-1, 0]))
    for axis in (0, -1, 1, (0, 3), (-1, 0)):
        yield Call(np.expand_dims, (M, axis))
    yield Call(np.expand_dims, (1.5, 0))
    yield Call(np.squeeze, (M[:, None, :1],))
    yield Call(np.squeeze, (M[:, None, :1], 1))
    yield Call(np.squeeze, (M[:1, :1], (0, 1)))
    for function in (np.atleast_1d, np.atleast_2d):
        yield Call(function, (1.5,))
        yield Call(function, (V, M))
    yield Call(np.broadcast_to, (V, (3, 4)))
    yield Call(np.broadcast_to, (1.5, (3, 4)))
    for axis in (None, 0, -1, (0, 2)):
        yield Call(np.flip, (T, axis))
    for shift, axis in ((1, None), (-5, 0), (2, -1), ((1, 2), (0, 1)), (1, (0, 2))):
        yield Call(np.roll, (T, shift, axis))
    for axis in SIMPLE_AXES:
        yield Call(np.repeat, (T, 2, axis))
    yield Call(np.repeat, (1.5, 3))
    for reps in (2, (2,), (2, 3), (1, 2, 3, 2), [2, 1]):
        yield Call(np.tile, (M, reps))
    for k in (0, 1, -1):
        for function in (np.tril, np.triu, np.diag, np.diagonal, np.trace):
            yield Call(function, (M, k))
        yield Call(np.diag, (V, k))
    if hasattr(np, "astype"):
        yield Call(np.astype, (M, Known(np.float32)))
    for dtype in "?bhilqBHILQfd":
        yield Call(np.dtype(dtype).type, (abs(M) + 1,), smooth=dtype == "d")
    yield Call(np.float64, (1.5,))
    yield Call(np.float64, (np.float32(1.5),), smooth=False)


def joins() -> Iterator[Call]:
    for function in (np.array, np.asarray, np.asanyarray, np.ascontiguousarray):
        yield Call(function, (M,))
        yield Call(function, ([1.5, np.float64(2.5), 3],))
        yield Call(function, ([[1.5, 2.5], [3, 4.5]],))
        yield Call(function, ([V, W],))
        yield Call(function, (M, Known(np.float32)), smooth=False)
    yield Call(np.array, (1.5,))
    for axis in (0, 1, -1):
        yield Call(np.concatenate, ([M, 2 * M],), {"axis": axis})
        yield Call(np.stack, ([M, M, 2 * M],), {"axis": axis})
        yield Call(np.split, (reals(6, 6), 3), {"axis": axis})
        yield Call(np.split, (M, [1, 2]), {"axis": axis})
    yield Call(np.concatenate, ([M, N],), {"axis": None})
    yield Call(np.concatenate, ([V, F32[0]],), {"dtype": Known(np.float64)}, False)
    yield Call(np.concatenate, ([V[:0], V],))
    for function in (np.vstack, np.hstack, np.column_stack):
        yield Call(function, ([V, W],))
        yield Call(function, ([M, 2 * M],))
    yield Call(np.hstack, ([1.5, V],))
    yield Call(np.meshgrid, (V, W[:3]))
    yield Call(np.meshgrid, (V, W[:3], V[:2]), {"indexing": "ij"})


def creations() -> Iterator[Call]:
    for function in (np.zeros, np.ones):
        yield Call(function, ((2, 3),))
        yield Call(function, (3, Known(np.float32)))
        yield Call(function, ((),))
    for function in (np.zeros_like, np.ones_like):
        for x in (M, F32, 1.5, INTS):
            yield Call(function, (x,), smooth=False)
        yield Call(function, (M, Known(int)))
        yield Call(function, (M,), {"shape": (2, 2)}, False)
    for value in (1.5, 2, V):
        yield Call(np.full, (4, value))
        yield Call(np.full_like, (M, value), smooth=False)
    yield Call(np.full, ((2, 2), 1.5, Known(np.float32)), smooth=False)
    yield Call(np.eye, (3,))
    yield Call(np.eye, (3, 4, 1))
    yield Call(np.eye, (3,), {"k": -1, "dtype": Known(np.float32)})
    yield Call(np.identity, (3,))
    yield Call(np.arange, (4,))
    yield Call(np.arange, (1, 9, 2))
    yield Call(np.arange, (9, 1, -2), {"dtype": Known(float)})
    yield Call(np.arange, (Known(0.5), Known(2.0), Known(0.25)))
    for options in ({}, {"num": 5}, {"num": 5, "endpoint": False}):
        yield Call(np.linspace, (0.5, 2.5), options)
    yield Call(np.linspace, (0, 1, 3), {"dtype": Known(np.float32)})


def products() -> Iterator[Call]:
    for pair in ((M, N), (V, W), (M, V), (V, N), (T, V), (T, N), (V, T.swapaxes(1, 2))):
        yield Call(np.matmul, pair)
        yield Call(np.dot, pair)
    yield Call(np.dot, (T, reals(5, 4, 2)))
    yield Call(np.dot, (1.5, M))
    yield Call(np.dot, (1.5, 2.5))
    for pair in ((M, 2 * M), (V, W), (T, V), (T, M), (1.5, V), (V, T)):
        yield Call(np.inner, pair)
    yield Call(np.outer, (V, W[:3]))
    yield Call(np.einsum, ("ij,jk->ik", M, N))
    yield Call(np.einsum, ("ij, jk", M, N))
    yield Call(np.einsum, ("ba", M))
    yield Call(np.einsum, ("abc->b", T))
    yield Call(np.einsum, ("abc,dc,b->ad", T, reals(5, 4), reals(3)))
    yield Call(np.einsum, ("i,i", V, V))
    yield Call(np.outer, (M, V))
    yield Call(np.vdot, (M, 2 * M))
    for axes in (0, 1, ([1], [0]), (1, 0), ([0, 1], [1, 0])):
        yield Call(np.tensordot, (M, N), {"axes": axes})
    yield Call(np.tensordot, (T, reals(3, 4, 5)))


def choices() -> Iterator[Call]:
    for bounds in ((-0.5, 0.5), (None, 0.5), (-0.5, None), (V - 3, V + 3), (0, 1)):
        yield Call(np.clip, (M, *bounds))
    yield Call(np.clip, (F32, -0.5, 0.5))
    yield Call(np.clip, (0.7, 0.0, 1.0))
    yield Call(np.where, (M > 0, M, V))
    yield Call(np.where, (M > 0, F32, 0.0))
    yield Call(np.where, (Known(True), 1.5, 2.5))
    yield Call(np.select, ([M > 1, M > 0], [M, 2 * M]))
    yield Call(np.select, ([M > 1, M > 0], [M, 2 * M], 0.5))
    yield Call(np.nan_to_num, (M,))
    yield Call(np.nan_to_num, (0.5,), {"nan": Known(1.0), "posinf": Known(9.0)})
    for decimals in (0, 2):
        yield Call(np.round, (M, decimals))
        yield Call(np.around, (0.678, decimals))
    for axis in (0, 1, -1, None):
        yield Call(np.sort, (M,), {"axis": axis})
        yield Call(np.argsort, (M,), {"axis": axis})
    yield Call(np.argsort, (V,), {"kind": "stable"})
    index = np.array([[1, 0], [2, 2]])
    for axis in (None, 0, 1, -1):
        yield Call(np.take, (M, index), {"axis": axis})
    yield Call(np.take, (V, 2))
    yield Call(np.take_along_axis, (M, np.argsort(M, 0), 0))
    yield Call(np.take_along_axis, (M, np.argsort(M, 1), 1))
    yield Call(np.take_along_axis, (M, np.array([3, 1]), None))
    for n in (0, 1, 2):
        yield Call(np.diff, (T,), {"n": n})
    yield Call(np.diff, (T,), {"axis": 0})
    for axis in (0, -1):
        yield Call(np.trapezoid, (T,), {"axis": axis})
    yield Call(np.trapezoid, (T, V))
    yield Call(np.trapezoid, (T, T * T))
    yield Call(np.trapezoid, (V,), {"dx": 0.5})


CALLS = tuple(
    call
    for source in (
        ufuncs,
        python,
        reductions,
        shapes,
        joins,
        creations,
        products,
        choices,
    )
    for call in source()
)
REFUSED = (
    Call(np.where, (M > 0,)),
    Call(np.arange, (1.5,)),
    Call(np.linalg.norm, (M, 2)),
    Call(np.linalg.norm, (M, "nuc")),
    Call(np.linalg.norm, (V, 0)),
    Call(np.repeat, (V, Known([1, 2, 3, 4]))),
    Call(np.median, (INTS,)),
    Call(np.diag, (T,)),
    Call(np.reshape, (M, (-1, -1))),
    Call(np.sum, (M,), {"axis": 2}),
    Call(np.sum, (M,), {"axis": (0, 0)}),
    Call(np.sum, (M,), {"axis": 0.5}),
    Call(np.zeros, (3, Known(complex))),
    Call(np.linspace, (V, W)),
    Call(math.sin, (V,)),
    Call(math.fsum, (V,)),
    Call(max, (V,)),
    Call(max, (V, W)),
    Call(round, (V,)),
    Call(float, (V,)),
    Call(operator.not_, (V,)),
    Call(np.stack, (M,)),
    Call(np.take, (M, V)),
    Call(np.einsum, ("ii->i", S)),
    Call(np.einsum, ("ij->k", S)),
    Call(np.einsum, ("...i->...", M)),
    Call(np.einsum, ("ij,j->i", M)),
    Call(np.einsum, ("ijk->i", M)),
    Call(np.einsum, ("ij,jk->ik", M[:, :1], N)),
)


def methods() -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Methods of an array of shape (2, 3, 4), their arguments and options."""
    for name in "sum mean max min any all prod var std argmax argmin".split():
        for axis in SIMPLE_AXES:
            yield name, (axis,), {}
            yield name, (), {"axis": axis, "keepdims": True}
    for name in "cumsum cumprod argsort".split():
        yield name, (1,), {}
        yield name, (), {"axis": -1}
    yield "sum", (), {"dtype": Known(np.float32)}
    for shape in ((6, 4), ((6, 4),), (-1,), (2, -1), ((-1, 3),)):
        yield "reshape", shape, {}
    for axes in ((), (None,), (2, 0, 1), ((2, 0, 1),), ([0, -1, 1],)):
        yield "transpose", axes, {}
    yield "swapaxes", (0, -1), {}
    yield "astype", (Known(np.float32),), {}
    yield "astype", (Known(float),), {}
    yield "clip", (-0.5, 0.5), {}
    yield "clip", (), {"min": -0.5}
    yield "clip", (-0.5, None), {}
    yield "round", (1,), {}
    yield "repeat", (2, 1), {}
    yield "take", ([0, 1, 1], 2), {}
    yield "dot", (V,), {}
    for name in "copy flatten ravel squeeze".split():
        yield name, (), {}


METHOD_CALLS = tuple(methods())
