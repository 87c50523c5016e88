"""Calls of functions of complex numbers, and with complex numbers for real ones."""

from __future__ import annotations

import cmath
from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, Call, Known, M, N, V, reals

A = np.ndarray
Z = M + 1j * reals(3, 4)
ZV = V + 1j * reals(4)
ZN = N - 1j * reals(4, 3)
C64 = Z.astype(np.complex64)
NUMBER = 0.7 - 0.4j
OPERANDS = (NUMBER, np.complex128(NUMBER), Z, C64)

UFUNCS = (
    "exp exp2 expm1 log log2 log10 log1p sqrt square reciprocal sin cos tan arcsin "
    "arccos arctan sinh cosh tanh arcsinh arccosh arctanh absolute negative positive "
    "isnan isinf isfinite logical_not rint conjugate"
).split()
BINARY = "add subtract multiply divide power float_power equal not_equal".split()
OF_CMATH = (
    "exp log log10 sqrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh "
    "isnan isinf isfinite phase polar"
).split()
REDUCTIONS = "sum mean prod var std any all cumsum cumprod".split()


def parts() -> Iterator[Call]:
    for x in (*OPERANDS, M, 0.7):
        for function in (np.real, np.imag, np.conjugate, np.angle):
            yield Call(function, (x,))
        for function in (np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj):
            yield Call(function, (x,))
    yield Call(np.angle, (Z, Known(True)))
    yield Call(np.angle, (Z,), {"deg": Known(False)})
    yield Call(np.real_if_close, (M,))
    for x in (Z, M, ZV):
        yield Call(A.conj, (x,))
        yield Call(A.conjugate, (x,))


def numbers() -> Iterator[Call]:
    for name in OF_CMATH:
        yield Call(getattr(cmath, name), (NUMBER,))
        yield Call(getattr(cmath, name), (0.7,))
    yield Call(cmath.log, (NUMBER, 2.0))
    yield Call(cmath.rect, (1.5, 0.3))
    yield Call(cmath.rect, (1.5, Known(0.3)))
    yield Call(cmath.sqrt, (-0.7,))
    yield Call(complex, (0.7,))
    yield Call(complex, (0.7, -0.2))
    yield Call(complex, (np.float64(0.7), -0.2))
    yield Call(complex, (np.complex128(NUMBER),))
    yield Call(complex, (NUMBER, -0.2))
    yield Call(complex, (0.7, NUMBER))
    yield Call(complex, (NUMBER, NUMBER))
    yield Call(abs, (NUMBER,))
    yield Call(pow, (NUMBER, 2.5))
    yield Call(pow, (0.7, NUMBER))
    for dtype in (np.complex64, np.complex128):
        for x in (NUMBER, 0.7, Z, M):
            yield Call(dtype, (x,), smooth=dtype is np.complex128)
        yield Call(dtype, (0.7, -0.2), smooth=dtype is np.complex128)
    yield Call(A.astype, (M, Known(complex)))
    yield Call(A.astype, (Z, Known(np.complex64)), smooth=False)


def elementwise() -> Iterator[Call]:
    for name in UFUNCS:
        for x in OPERANDS:
            yield Call(getattr(np, name), (x,))
    for x in OPERANDS:
        yield Call(np.sinc, (x,))
    P = np.abs(M)
    for name in BINARY:
        for x, y in ((Z, ZV), (P, ZV), (Z, V), (NUMBER, Z), (C64, F32), (0.7, NUMBER)):
            yield Call(getattr(np, name), (x, y))
    yield Call(np.where, (M > 0, Z, M))
    yield Call(np.where, (M > 0, Z, 0.5))


def products() -> Iterator[Call]:
    for function in (np.matmul, np.dot):
        for x, y in ((Z, ZN), (Z, ZV), (ZV, ZN), (M, ZN), (Z, N), (C64, ZV)):
            yield Call(function, (x, y))
    for x, y in ((ZV, ZV[::-1].copy()), (V, ZV), (ZV, V)):
        for function in (np.inner, np.vdot, np.outer):
            yield Call(function, (x, y))
    yield Call(np.tensordot, (Z, N, 1))
    yield Call(np.einsum, ("ij,j->i", Z, V))


def calls() -> Iterator[Call]:
    yield from parts()
    yield from numbers()
    yield from elementwise()
    yield from products()
    for name in REDUCTIONS:
        for axis in (None, 0, -1):
            yield Call(getattr(np, name), (Z,), {"axis": axis})
        yield Call(getattr(A, name), (Z, 0))
    for order in (None, 1, 2, np.inf, 3):
        yield Call(np.linalg.norm, (ZV, Known(order)))
    yield Call(np.linalg.norm, (Z,), {"axis": 1, "keepdims": True})
    for function in (np.concatenate, np.stack, np.array):
        yield Call(function, ([ZV, V],))
    yield Call(np.full, (3, NUMBER))
    yield Call(np.linspace, (NUMBER, 1.5, 4))
    yield Call(np.average, (Z,), {"axis": 0})
    for function in (np.diff, np.trace, np.diag, np.count_nonzero, np.ravel):
        yield Call(function, (Z,))


REFUSED = (
    Call(np.maximum, (Z, M)),
    Call(np.less, (Z, M)),
    Call(np.max, (Z,)),
    Call(np.sort, (Z,)),
    Call(np.median, (Z,)),
    Call(np.clip, (Z, 0, 1)),
    Call(np.sign, (Z,)),
    Call(np.nan_to_num, (Z,)),
    Call(np.real_if_close, (Z,)),
    Call(A.astype, (Z, Known(float))),
    Call(np.full, (3, NUMBER, Known(float))),
)
