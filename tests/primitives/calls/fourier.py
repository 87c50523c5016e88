"""Calls of functions of ``np.fft``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import F32, INTS, Call, Known, M, N, S, T, V, reals

Z = M + 1j * reals(3, 4)
ZT = T + 1j * reals(2, 3, 4)
C64 = Z.astype(np.complex64)
FIVE = reals(5)
FORWARD = (np.fft.fft, np.fft.ifft)
OF_REALS = (np.fft.rfft, np.fft.ihfft)
TO_REALS = (np.fft.irfft, np.fft.hfft)


def lines() -> Iterator[Call]:
    for function in (*FORWARD, *OF_REALS, *TO_REALS):
        reals_only = function in OF_REALS
        for x in (V, FIVE, M, F32, INTS) if reals_only else (V, Z, C64, INTS):
            yield Call(function, (x,))
        x = M if reals_only else Z
        for n in (1, 2, 3, 6, 7):
            yield Call(function, (x, n))
        yield Call(function, (x,), {"axis": 0})
        yield Call(function, (x, 5), {"axis": 0, "norm": "ortho"})
        for norm in ("backward", "ortho", "forward"):
            yield Call(function, (x, None, -1, norm))
    for function in (*FORWARD, *TO_REALS):
        yield Call(function, (M, 5))
    yield Call(np.fft.fft, ([1.5, V[0], 2],))


def planes() -> Iterator[Call]:
    for name in ("fft", "ifft", "rfft", "irfft"):
        function, x = getattr(np.fft, f"{name}2"), T if name == "rfft" else ZT
        yield Call(function, (x,))
        yield Call(function, (x[0], (2, 5)))
        yield Call(function, (x[0], (5, 3)), {"norm": "forward"})
        yield Call(function, (x,), {"axes": (0, 1)})
        yield Call(function, (x, (3, 2), (2, 0), "ortho"))


def several() -> Iterator[Call]:
    for name in ("fft", "ifft", "rfft", "irfft"):
        function, x = getattr(np.fft, f"{name}n"), T if name == "rfft" else ZT
        yield Call(function, (x,))
        yield Call(function, (x[0],))
        yield Call(function, (x, (3, 2, 5), (0, 1, 2)))
        yield Call(function, (x, (3, -1), (0, 2)))
        yield Call(function, (x, (3, -1), (2, 1)))
        yield Call(function, (x,), {"axes": (1,)})
        yield Call(function, (x,), {"axes": [2, 0], "norm": "ortho"})
    yield Call(np.fft.irfftn, (T,))


def calls() -> Iterator[Call]:
    yield from lines()
    yield from planes()
    yield from several()
    for function in (np.fft.fftshift, np.fft.ifftshift):
        for axes in (None, 0, -1, (0, 1), (2, 0), ()):
            yield Call(function, (T, axes))
        for x in (V, FIVE, Z, [1, 2, 3]):
            yield Call(function, (x,))
    for function in (np.fft.fftfreq, np.fft.rfftfreq):
        for n in (1, 4, 5):
            yield Call(function, (n,))
            yield Call(function, (n, 0.3))
            yield Call(function, (n, Known(0.3)))
            yield Call(function, (n,), {"d": np.float32(0.3)})


REFUSED = (
    Call(np.fft.rfft, (Z,)),
    Call(np.fft.ihfft, (Z,)),
    Call(np.fft.fft, (1.5,)),
    Call(np.fft.fft, (V, 0)),
    Call(np.fft.fft, (V, 2.5)),
    Call(np.fft.fft, (V,), {"norm": "unitary"}),
    Call(np.fft.irfft, (reals(1),)),
    Call(np.fft.fftn, (N,), {"axes": (0, 0)}),
    Call(np.fft.fftn, (N,), {"axes": ()}),
    Call(np.fft.fftn, (N,), {"s": (2, None), "axes": (0, 1)}),
    Call(np.fft.fftn, (N, (2,)), {"axes": (0, 1)}),
    Call(np.fft.fftn, (N, 2)),
    Call(np.fft.fft2, (V,)),
    Call(np.fft.fftshift, (1.5,)),
    Call(np.fft.fftshift, (S, (0, 0))),
    Call(np.fft.fftfreq, (4, V)),
    Call(np.fft.fftfreq, (0,)),
)
