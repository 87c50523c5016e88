"""Calls of products."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import Call, M, N, S, T, V, W, reals


def calls() -> Iterator[Call]:
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


REFUSED = (
    Call(np.einsum, ("ij->k", S)),
    Call(np.einsum, ("ij,j->i", M)),
    Call(np.einsum, ("ijk->i", M)),
)
