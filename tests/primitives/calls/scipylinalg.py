"""Calls of functions of ``scipy.linalg``, if there is one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradgen.primitives.samples import dominant, positive_definite
from tests.primitives.calls.call import Call, Known, M, V, reals

try:
    from scipy import linalg
except ModuleNotFoundError:
    linalg = None

A, STACK = dominant(3, 3), dominant(2, 3, 3)
C = dominant(3, 3, phase=1j)
POSITIVE, PHASED = positive_definite(3, 3), positive_definite(3, 3, phase=1j)
INTEGERS = [[2, 1], [1, 3]]
B, BS = reals(3), reals(3, 2)
BAND = np.array([[0.0, 0.3, -0.2, 0.4], [3.0, 2.5, 3.5, 2.8], [0.5, -0.4, 0.3, 0.0]])
LU, PIV = np.array([[3.0, 0.4], [0.2, 2.0]]), np.array([0, 0], np.int32)


def calls() -> Iterator[Call]:
    if linalg is None:
        return
    yield from systems()
    yield from factors()
    yield from bands()
    yield from functions()
    yield from like_numpy()
    yield from arranged()


def systems() -> Iterator[Call]:
    for pair in ((A, B), (STACK, B), (C, BS), (INTEGERS, reals(2)), (A, [1, 2, 3])):
        yield Call(linalg.solve, pair, matrix="regular")
    yield Call(linalg.solve, (A, B), {"transposed": True}, matrix="regular")
    for kind in ("upper triangular", "lower triangular", "diagonal", "tridiagonal"):
        options = {"assume_a": kind, "transposed": kind == "lower triangular"}
        yield Call(linalg.solve, (A, B), options, matrix="regular")
    for a, kind in ((POSITIVE, "sym"), (POSITIVE, "pos"), (PHASED, "her")):
        options = {"assume_a": kind}
        yield Call(linalg.solve, (a, B), options, matrix="hermitian")
    yield Call(linalg.solve, (A, B), {"assume_a": "sym", "lower": True}, smooth=False)
    for a in (A, C, INTEGERS):
        yield Call(linalg.inv, (a,), matrix="regular")
    yield Call(linalg.inv, (A,), {"assume_a": "pos", "lower": True}, smooth=False)
    for trans in (0, 1, "C"):
        options = {"trans": trans, "lower": trans == 1}
        yield Call(linalg.solve_triangular, (A, BS), options, matrix="regular")
    yield Call(linalg.solve_triangular, (C, B), {"trans": 2}, matrix="regular")
    yield Call(linalg.solve_triangular, (A, B), {"unit_diagonal": True})
    yield Call(linalg.solve_sylvester, (A, dominant(2, 2), BS), matrix="regular")


def factors() -> Iterator[Call]:
    for a, lower in ((POSITIVE, False), (PHASED, True)):
        options = {"lower": lower}
        yield Call(linalg.cholesky, (a,), options, matrix="hermitian")
        yield Call(linalg.cho_solve, ((a, lower), B))
    stack = positive_definite(2, 2, 2)
    yield Call(linalg.cholesky, (stack,), matrix="hermitian")
    yield Call(linalg.solve_triangular, (STACK, B), {"lower": True})
    yield Call(linalg.cho_factor, (POSITIVE, True), smooth=False, matrix="hermitian")
    yield Call(linalg.lu_factor, (A[::-1],))
    for options in ({}, {"permute_l": True}, {"p_indices": True}):
        yield Call(linalg.lu, (A[::-1],), options, matrix="regular")
    yield Call(linalg.lu, (C,), matrix="regular")
    for trans in (0, 1, 2):
        yield Call(linalg.lu_solve, ((LU, PIV), reals(2)), {"trans": trans})
    yield Call(linalg.lu_solve, ((LU * 1j, PIV), reals(2, 2), 2))


def bands() -> Iterator[Call]:
    yield Call(linalg.solve_banded, ((1, 1), BAND, reals(4)))
    yield Call(linalg.solve_banded, ((0, 2), BAND[[2, 0, 1]], reals(4, 2)))
    yield Call(linalg.solveh_banded, (BAND[:2], reals(4)))
    yield Call(linalg.solveh_banded, (BAND[1:], reals(4, 2)), {"lower": True})


def functions() -> Iterator[Call]:
    for a in (A[:2, :2] / 3, STACK / 3, INTEGERS):
        yield Call(linalg.expm, (a,))
    yield Call(linalg.sqrtm, (A,), matrix="regular")
    yield Call(linalg.sqrtm, (C,), matrix="regular")


def like_numpy() -> Iterator[Call]:
    for a in (A, STACK, C, INTEGERS):
        yield Call(linalg.det, (a,))
    for options in ({}, {"eigvals_only": True}, {"lower": False, "driver": "evd"}):
        smooth = "eigvals_only" in options
        yield Call(linalg.eigh, (POSITIVE,), options, smooth, "hermitian")
    yield Call(linalg.eigvalsh, (PHASED,), {"lower": False}, True, "hermitian")
    yield Call(linalg.svd, (M,), {"full_matrices": False}, matrix="regular")
    yield Call(linalg.svd, (A,), {"lapack_driver": "gesvd"}, matrix="regular")
    yield Call(linalg.svd, (M,), {"compute_uv": False}, matrix="regular")
    yield Call(linalg.svdvals, (M,), matrix="regular")
    yield Call(linalg.qr, (A,), matrix="regular")
    yield Call(linalg.qr, (A,), {"mode": "economic"}, matrix="regular")
    yield Call(linalg.qr, (A,), {"mode": "r"}, matrix="regular")
    yield Call(linalg.pinv, (M,), matrix="regular")
    yield Call(linalg.pinv, (M,), {"rtol": Known(1e-14)}, matrix="regular")


def arranged() -> Iterator[Call]:
    yield Call(linalg.block_diag, (A, V, 1.5, M))
    yield Call(linalg.block_diag, ([1, 2], M))
    yield Call(linalg.toeplitz, (V,))
    yield Call(linalg.toeplitz, (V, B))
    yield Call(linalg.toeplitz, ([1, 2], V))
    yield Call(linalg.toeplitz, (C[0],))


def refused() -> Iterator[Call]:
    if linalg is None:
        return
    yield Call(linalg.solve, (V, V))
    yield Call(linalg.solve, (A, B), {"assume_a": "round"})
    yield Call(linalg.solve, (C, B), {"transposed": True})
    yield Call(linalg.inv, (A.astype(np.float16),))
    yield Call(linalg.solve_triangular, (A, B), {"trans": 3})
    yield Call(linalg.cho_factor, (STACK,))
    yield Call(linalg.cho_solve, (A, B))
    yield Call(linalg.lu_factor, (STACK,))
    yield Call(linalg.lu, (STACK,))
    yield Call(linalg.lu_solve, ((A, B), B))
    yield Call(linalg.solve_banded, (2, BAND, V))
    yield Call(linalg.solve_banded, ((1.0, 1), BAND, V))
    yield Call(linalg.eigh, (STACK,))
    yield Call(linalg.qr, (A,), {"mode": "raw"})
    yield Call(linalg.pinv, (M,), {"rtol": Known(0.5)})
    yield Call(linalg.block_diag, (STACK, A))
    yield Call(linalg.toeplitz, (M,))


REFUSED = tuple(refused())
