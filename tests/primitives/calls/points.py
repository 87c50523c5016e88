"""Calls of interpolation, polynomials, counts, covariances, and of parts of floats."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, INTS, Call, Known, M, N, S, T, V, W, reals

XP = np.array([-1.5, -0.4, 0.2, 1.7])
AT = np.array([-1.8, -1.0, 0.5, 1.2, 1.9])
P, Q = reals(4), reals(3, 4)
GAP = np.array([1.5, np.nan])
PLACES, OFTEN = np.array([0, 3, 1, 3]), np.array([1, 3, 2, 1])


def polynomials() -> Iterator[Call]:
    for x in (0.7, np.float64(0.7), V, M):
        yield Call(np.polyval, (P, x))
    yield Call(np.polyval, ([1.5, 0.5, -2.0], M))
    yield Call(np.polyval, (F32[0], F32))
    for m in (1, 2):
        yield Call(np.polyder, (P, m))
    yield Call(np.polyint, (P,))
    yield Call(np.polyint, (P, 2))
    yield Call(np.polyint, (P, 1, 0.5))
    yield Call(np.polyint, (P, 2, [0.5, 1.5]))
    yield Call(np.polyadd, (V, W))
    yield Call(np.polysub, (V, W))
    yield Call(np.polysub, (V, P[:2]))
    yield Call(np.vander, (V,))
    yield Call(np.vander, (V, 3))
    yield Call(np.vander, (V,), {"increasing": True})
    yield Call(np.polyfit, (V, W, 1))
    yield Call(np.polyfit, (V, N, 2), {"w": V})


def statistics() -> Iterator[Call]:
    for function in (np.cov, np.corrcoef):
        yield Call(function, (M,))
        yield Call(function, (M, Q))
        yield Call(function, (V,))
        yield Call(function, (V, W))
        yield Call(function, (reals(5, 3),), {"rowvar": False})
    yield Call(np.cov, (M,), {"bias": True})
    yield Call(np.cov, (M,), {"ddof": 2})
    yield Call(np.cov, (M,), {"aweights": V})
    yield Call(np.cov, (M,), {"fweights": OFTEN})
    yield Call(np.cov, (M,), {"fweights": OFTEN, "aweights": V, "bias": True})


def parts() -> Iterator[Call]:
    for x in (0.7, M, F32):
        for function in (np.modf, np.frexp, np.spacing):
            yield Call(function, (x,))
        yield Call(np.ldexp, (x, 2))
    yield Call(np.ldexp, (V, OFTEN))
    yield Call(np.nextafter, (M, V))
    for function in (np.gcd, np.lcm):
        yield Call(function, (INTS, 4))
    yield Call(np.bitwise_count, (INTS,))
    yield Call(np.isclose, (M, M + 0.01))
    yield Call(np.isclose, (GAP, GAP), {"equal_nan": True})
    yield Call(np.isclose, (M, V), {"rtol": 0.5, "atol": 0.1})


def sums() -> Iterator[Call]:
    for text, operands in (
        ("...i->...", (T,)),
        ("ii", (S,)),
        ("iij->j", (reals(3, 3, 2),)),
        ("...ij,...jk->...ik", (T, reals(4, 2))),
        ("i...,i", (M, reals(3))),
        ("...i,...i", (T, M)),
        ("ij,jk->ik", (M[:, :1], reals(4, 3))),
        ("ij,ij->i", (M, reals(1, 4))),
    ):
        yield Call(np.einsum, (text, *operands))
    yield Call(np.einsum, (M, [0, 1], V, [1]))
    yield Call(np.einsum, (M, [0, 1], V, [1], [1, 0]))
    yield Call(np.einsum, ("ij,jk,k->i", M, N, reals(3)), {"optimize": True})


def calls() -> Iterator[Call]:
    yield from polynomials()
    yield from statistics()
    yield from parts()
    yield from sums()
    for x in (0.7, AT, M):
        yield Call(np.interp, (x, XP, P))
    yield Call(np.interp, (AT, XP, P), {"left": 0.5, "right": Known(-0.5)})
    yield Call(np.interp, (F32, XP, P))
    yield Call(np.interp, (M, XP, P), {"period": 2.9})
    yield Call(np.interp, (AT, XP[:1], P[:1], 0.5), {"period": Known(-0.8)})
    yield Call(np.bincount, (PLACES, V))
    yield Call(np.bincount, (PLACES, V), {"minlength": 6})
    yield Call(np.bincount, (PLACES,))
    yield Call(np.bincount, (PLACES,), {"minlength": 7})


REFUSED = (
    Call(np.einsum, ("ii->i", S)),
    Call(np.polyder, (V, 0)),
    Call(np.polyval, (M, V)),
    Call(np.vander, (M,)),
    Call(np.polyfit, (V, W, [0, 1])),
    Call(np.cov, (T,)),
    Call(np.bincount, (V,)),
    Call(np.interp, (0.5, XP[:1], P[:1])),
    Call(np.interp, (0.5, XP, P), {"period": Known(0)}),
    Call(np.modf, (INTS,)),
)
