"""Calls of functions of ``scipy.signal``, if there are any."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import FLAGS, INTS, Call, Known, M, V, reals

try:
    from scipy import signal
except ModuleNotFoundError:
    signal = None

TWO, FIVE, PATCH = reals(2), reals(5), reals(2, 3)
B, A, ZI = reals(3), np.array([1.25, -0.5, 0.25]), reals(2, 4)
Z = M + 1j * reals(3, 4)


def convolutions() -> Iterator[Call]:
    for mode in ("full", "same", "valid"):
        for name in ("convolve", "correlate", "fftconvolve", "oaconvolve"):
            function = getattr(signal, name)
            yield Call(function, (V, TWO, mode))
            yield Call(function, (M, PATCH), {"mode": mode})
        for name in ("convolve", "correlate"):
            function = getattr(signal, name)
            yield Call(function, (TWO, FIVE), {"mode": mode, "method": "direct"})
            yield Call(function, (M, M[:1, :3]), {"mode": mode, "method": "fft"})
            yield Call(function, (Z, PATCH), {"mode": mode})
        yield Call(signal.fftconvolve, (TWO, FIVE, mode))
    for name in ("convolve", "correlate"):
        function = getattr(signal, name)
        yield Call(function, (V, TWO))
        yield Call(function, (INTS, PATCH))
        yield Call(function, (INTS, INTS))
        yield Call(function, (V, [1, 2.5]))
        yield Call(function, (PATCH, Z))


def filters() -> Iterator[Call]:
    for axis in (0, 1, -1):
        yield Call(signal.lfilter, (B, A, M), {"axis": axis})
    yield Call(signal.lfilter, (B, A, V))
    yield Call(signal.lfilter, (B, A, V), {"zi": TWO})
    yield Call(signal.lfilter, (B[:2], A, M, 0, ZI))
    yield Call(signal.lfilter, (B, 1, V))
    yield Call(signal.lfilter, (1.5, [1, -0.5], V))
    yield Call(signal.lfilter, ([1, 0.5], [1, Known(-0.5)], V, -1, TWO[:1]))
    yield Call(signal.lfilter, (B, A, INTS))
    yield Call(signal.lfilter, (B, A, Z))


def calls() -> Iterator[Call]:
    if signal is not None:
        yield from convolutions()
        yield from filters()


def refused() -> Iterator[Call]:
    if signal is not None:
        for name in ("convolve", "correlate", "fftconvolve"):
            yield Call(getattr(signal, name), (V, M))
            yield Call(getattr(signal, name), (V, FLAGS[0]))
            yield Call(getattr(signal, name), (V, V[:0]))
            yield Call(getattr(signal, name), (V, TWO), {"mode": "most"})
        yield Call(signal.convolve, (1.5, 0.5))
        yield Call(signal.lfilter, (M, A, V))
        yield Call(signal.lfilter, ([1], [2], INTS))
        yield Call(signal.lfilter, (B, A, M), {"zi": reals(1, 2)})
        yield Call(signal.lfilter, (B, A, 1.5))
        yield Call(signal.convolve, (V, TWO), {"method": "quick"})


REFUSED = tuple(refused())
