"""Calls of functions of ``np.linalg``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradgen.primitives.samples import dominant
from tests.primitives.calls.call import Call, V, reals

A, B, STACK = dominant(3, 3), dominant(4, 4), dominant(2, 3, 3)
C = dominant(3, 3, phase=1j)
INTEGERS = [[2, 1], [1, 3]]
SIX = dominant(6, 6)


def calls() -> Iterator[Call]:
    yield from inverses()
    yield from determinants()


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


REFUSED = (
    Call(np.linalg.inv, (V,)),
    Call(np.linalg.inv, (A.astype(np.float16),)),
    Call(np.linalg.matrix_power, (A, 0.5)),
    Call(np.linalg.matrix_power, (V, 2)),
    Call(np.linalg.tensorinv, (A,), {"ind": 0}),
    Call(np.linalg.tensorsolve, (A, A)),
)
