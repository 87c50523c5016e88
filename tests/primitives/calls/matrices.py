"""Calls of functions of ``np.linalg``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradgen.primitives.samples import dominant, positive_definite
from tests.primitives.calls.call import Call, Known, M, N, S, T, V, W, reals

A, B, STACK = dominant(3, 3), dominant(4, 4), dominant(2, 3, 3)
C = dominant(3, 3, phase=1j)
Z = dominant(3, 4, phase=1j)
POSITIVE, STACKED = positive_definite(3, 3), positive_definite(2, 3, 3)
PHASED = positive_definite(3, 3, phase=1j)
INTEGERS = [[2, 1], [1, 3]]
SIX = dominant(6, 6)


def calls() -> Iterator[Call]:
    yield from inverses()
    yield from determinants()
    yield from factors()
    yield from spectra()
    yield from least_squares()
    yield from norms()
    yield from products()


def inverses() -> Iterator[Call]:
    for a in (A, STACK, C, INTEGERS):
        yield Call(np.linalg.inv, (a,), matrix="regular")
    for pair in (
        (A, reals(3)),
        (A, reals(3, 2)),
        (STACK, reals(3)),
        (STACK, reals(2, 3, 1)),
        (A, reals(4, 3, 2)),
        (C, reals(3)),
        (A.astype(np.float32), reals(3).astype(np.float32)),
        (A.astype(np.float32), reals(3)),
        (INTEGERS, reals(2)),
        (A, [1, 2, 3]),
    ):
        yield Call(np.linalg.solve, pair, matrix="regular")
    yield Call(np.linalg.tensorinv, (SIX.reshape(2, 3, 3, 2),))
    yield Call(np.linalg.tensorinv, (SIX.reshape(6, 2, 3),), {"ind": 1})
    yield Call(np.linalg.tensorsolve, (SIX.reshape(2, 3, 6), reals(2, 3)))
    moved = np.moveaxis(SIX.reshape(2, 3, 3, 2), 3, 0)
    yield Call(np.linalg.tensorsolve, (moved, reals(2, 3)), {"axes": (0,)})
    for n in (0, 1, 2, 3, 5, 6, -1, -2):
        yield Call(np.linalg.matrix_power, (A / 2, n))
    yield Call(np.linalg.matrix_power, (STACK, 0))
    yield Call(np.linalg.matrix_power, (STACK, -3))


def determinants() -> Iterator[Call]:
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    for a in (A, STACK, C, INTEGERS, singular, np.zeros((3, 3))):
        yield Call(np.linalg.det, (a,))
    for a in (A, STACK, C, INTEGERS):
        yield Call(np.linalg.slogdet, (a,), matrix="regular")


def factors() -> Iterator[Call]:
    for a in (POSITIVE, STACKED, PHASED, [[2, 1], [1, 3]]):
        matrix = "" if isinstance(a, list) else "hermitian"
        yield Call(np.linalg.cholesky, (a,), matrix=matrix)
        yield Call(np.linalg.cholesky, (a,), {"upper": True}, matrix=matrix)
    for a in (A, dominant(4, 2), dominant(2, 3), dominant(2, 4, 3), C):
        yield Call(np.linalg.qr, (a,), smooth=a is not C, matrix="regular")
    yield Call(np.linalg.qr, (A,), {"mode": "reduced"}, matrix="regular")
    yield Call(np.linalg.qr, (dominant(4, 2),), {"mode": "r"}, matrix="regular")


def spectra() -> Iterator[Call]:
    for a in (POSITIVE, STACKED, PHASED):
        for options in ({}, {"UPLO": "U"}):
            smooth = a is not PHASED
            yield Call(np.linalg.eigh, (a,), options, smooth, "hermitian")
            yield Call(np.linalg.eigvalsh, (a,), options, True, "hermitian")
    yield Call(np.linalg.eigvalsh, (INTEGERS,))
    for a in (C, dominant(2, 3, 3, phase=1j)):
        yield Call(np.linalg.eig, (a,), smooth=False)
        yield Call(np.linalg.eigvals, (a,))
    for a in (A, dominant(4, 2), dominant(2, 3), dominant(2, 4, 3), C):
        reduced = {"full_matrices": False}
        yield Call(np.linalg.svd, (a,), reduced, a is not C, "regular")
        yield Call(np.linalg.svd, (a,), {"compute_uv": False}, True, "regular")
        yield Call(np.linalg.svdvals, (a,), matrix="regular")
    for a in (A, dominant(4, 2), dominant(2, 3), dominant(2, 4, 3)):
        yield Call(np.linalg.svd, (a,), smooth=False, matrix="regular")
    for vectors in (True, False):
        options = {"compute_uv": vectors, "hermitian": True}
        for a in (POSITIVE - 6 * np.eye(3), STACKED):
            yield Call(np.linalg.svd, (a,), options, matrix="hermitian")


def least_squares() -> Iterator[Call]:
    for a in (A, dominant(4, 2), dominant(2, 3), dominant(2, 4, 3), C):
        yield Call(np.linalg.pinv, (a,), matrix="regular")
    yield Call(np.linalg.pinv, (A,), {"rcond": Known(1e-9)})
    yield Call(np.linalg.pinv, (A,), {"rtol": Known(1e-9)})
    yield Call(np.linalg.pinv, (A,), {"rtol": None})
    yield Call(np.linalg.pinv, (POSITIVE,), {"hermitian": True}, matrix="hermitian")
    for pair in (
        (dominant(4, 2), reals(4)),
        (dominant(4, 2), reals(4, 3)),
        (dominant(2, 3), reals(2)),
        (A, reals(3, 2)),
        (dominant(4, 2, phase=1j), reals(4)),
    ):
        yield Call(np.linalg.lstsq, pair)
    yield Call(np.linalg.lstsq, (A, reals(3), Known(1e-9)))


ORDERS = ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)


def norms() -> Iterator[Call]:
    for order in ORDERS:
        known = Known(order) if isinstance(order, float) else order
        yield Call(np.linalg.norm, (M, known))
        yield Call(np.linalg.norm, (T,), {"ord": known, "axis": (2, 0)})
        yield Call(np.linalg.matrix_norm, (T,), {"ord": known, "keepdims": True})
        if order != "nuc":
            yield Call(np.linalg.cond, (A, known), matrix="regular")
    yield Call(np.linalg.norm, (M,), {"ord": 2, "keepdims": True})
    yield Call(np.linalg.norm, (Z, 2))
    for order in (0, 1, 2, 3, -1, 2.5, np.inf, -np.inf):
        known = Known(order) if isinstance(order, float) else order
        yield Call(np.linalg.norm, (V, known))
        yield Call(np.linalg.vector_norm, (M,), {"ord": known})
    yield Call(np.linalg.vector_norm, (M,), {"axis": 1, "keepdims": True})
    yield Call(np.linalg.vector_norm, (T,), {"axis": (0, 2), "ord": 3})
    yield Call(np.linalg.vector_norm, (-1.5,))
    yield Call(np.linalg.matrix_norm, (M,))
    for a in (A, STACK, C):
        yield Call(np.linalg.cond, (a,), matrix="regular")
    yield Call(np.linalg.cond, (STACK, 1), matrix="regular")
    for a in (A, STACK, C, V, np.zeros((2, 2))):
        yield Call(np.linalg.matrix_rank, (a,))
    yield Call(np.linalg.matrix_rank, (A, Known(0.5)))
    yield Call(np.linalg.matrix_rank, (A,), {"rtol": Known(0.5)})
    upper = np.array([[0.0, 1.0], [0.0, 0.0]])
    yield Call(np.linalg.matrix_rank, (upper,), {"hermitian": True})


def products() -> Iterator[Call]:
    chain = [reals(2, 3), reals(3, 4), reals(4, 2), reals(2, 3)]
    for count in (2, 3, 4):
        yield Call(np.linalg.multi_dot, (chain[:count],))
    yield Call(np.linalg.multi_dot, ([V, N, M],))
    yield Call(np.linalg.multi_dot, ([M, N, M, V],))
    yield Call(np.linalg.multi_dot, ([V, N, reals(3)],))
    yield Call(np.linalg.multi_dot, ([V, W],))
    yield Call(np.linalg.multi_dot, ([C, A, C],))
    yield Call(np.linalg.matmul, (M, N))
    yield Call(np.linalg.outer, (V, W[:3]))
    yield Call(np.linalg.tensordot, (M, N), {"axes": 1})
    yield Call(np.linalg.tensordot, (T, reals(3, 4, 5)))
    yield Call(np.linalg.matrix_transpose, (T,))
    for options in ({}, {"offset": 1}):
        yield Call(np.linalg.trace, (S,), options)
        yield Call(np.linalg.trace, (STACK,), options)
        yield Call(np.linalg.diagonal, (S,), options)
        yield Call(np.linalg.diagonal, (T,), options)
    yield Call(np.linalg.trace, (S,), {"dtype": np.float32}, smooth=False)
    yield Call(np.linalg.vecdot, (M, V))
    yield Call(np.linalg.vecdot, (Z, 2 * Z))
    yield Call(np.linalg.cross, (N, N[::-1]))
    yield Call(np.linalg.cross, (S, 1 - S), {"axis": 0})


REFUSED = (
    Call(np.linalg.outer, (M, V)),
    Call(np.linalg.multi_dot, ([T, T],)),
    Call(np.linalg.multi_dot, (M,)),
    Call(np.linalg.matrix_norm, (V,)),
    Call(np.linalg.cond, (V,)),
    Call(np.linalg.matrix_rank, (A, 0.5)),
    Call(np.linalg.qr, (A,), {"mode": "complete"}),
    Call(np.linalg.qr, (A,), {"mode": "raw"}),
    Call(np.linalg.eig, (A,)),
    Call(np.linalg.eigvals, (A,)),
    Call(np.linalg.eigh, (A, "X")),
    Call(np.linalg.pinv, (A, 1e-9)),
    Call(np.linalg.pinv, (A,), {"rcond": Known(1e-9), "rtol": Known(1e-9)}),
    Call(np.linalg.lstsq, (STACK, STACK)),
    Call(np.linalg.inv, (V,)),
    Call(np.linalg.inv, (A.astype(np.float16),)),
    Call(np.linalg.matrix_power, (A, 0.5)),
    Call(np.linalg.matrix_power, (V, 2)),
    Call(np.linalg.tensorinv, (A,), {"ind": 0}),
    Call(np.linalg.tensorsolve, (A, A)),
)
