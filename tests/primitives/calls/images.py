"""Calls of filters of ``scipy.ndimage``, if there are any."""

from __future__ import annotations

from collections.abc import Iterator

from tests.primitives.calls.call import F32, INTS, Call, Known, M, N, T, V, reals

try:
    from scipy import ndimage
except ModuleNotFoundError:
    ndimage = None

THREE, FOUR, PATCH = reals(3), reals(4), reals(2, 3)
MODES = ("reflect", "constant", "nearest", "mirror", "wrap", "grid-constant")


def weighted() -> Iterator[Call]:
    for name in ("convolve", "correlate"):
        whole, line = (getattr(ndimage, f"{name}{end}") for end in ("", "1d"))
        for mode in MODES:
            yield Call(whole, (M, PATCH), {"mode": mode, "cval": Known(1.5)})
            yield Call(line, (V, THREE), {"mode": mode})
        for shift in (-1, [-1, 1]):
            yield Call(whole, (N, PATCH), {"origin": shift})
        yield Call(whole, (V, FOUR), {"origin": 1, "mode": "constant"})
        yield Call(whole, (V, [1, 2, 1]))
        for axis in (0, 1, -1):
            yield Call(line, (T, FOUR, axis), {"origin": -2, "mode": "wrap"})
        yield Call(line, (V, FOUR), {"mode": "constant", "cval": 2})


def gaussian() -> Iterator[Call]:
    for mode in MODES:
        yield Call(ndimage.gaussian_filter, (M, Known(0.7)), {"mode": mode})
        yield Call(ndimage.gaussian_filter1d, (M, Known(0.7), 0), {"mode": mode})
    for order in (1, [0, 3]):
        yield Call(ndimage.gaussian_filter, (M, 1, order))
    yield Call(ndimage.gaussian_filter, (M, [1, Known(0.6)]), {"truncate": Known(2.0)})
    yield Call(ndimage.gaussian_filter, (M, (0, 1)), {"mode": "constant", "order": 1})
    yield Call(ndimage.gaussian_filter, (T, 1), {"axes": (2, 0), "radius": [1, 2]})
    yield Call(ndimage.gaussian_filter, (F32, 1), {"mode": "constant", "cval": 2})
    yield Call(ndimage.gaussian_filter1d, (V, 1, -1, 2))
    yield Call(ndimage.gaussian_filter1d, (V, 1), {"radius": 2, "cval": Known(1.5)})
    yield Call(ndimage.gaussian_filter1d, (V, 1), {"truncate": Known(1.5)})


def calls() -> Iterator[Call]:
    if ndimage is not None:
        yield from weighted()
        yield from gaussian()


def refused() -> Iterator[Call]:
    if ndimage is not None:
        yield Call(ndimage.convolve, (INTS, PATCH))
        yield Call(ndimage.convolve, (M + 1j, PATCH))
        yield Call(ndimage.convolve, (M, THREE))
        yield Call(ndimage.correlate, (M, PATCH), {"mode": "mirrored"})
        yield Call(ndimage.correlate1d, (V, THREE), {"cval": V[0]})
        yield Call(ndimage.gaussian_filter, (INTS, 1))
        yield Call(ndimage.gaussian_filter, (M, V[:2]))
        yield Call(ndimage.gaussian_filter, (M, 1), {"mode": ["wrap", "nearest"]})


REFUSED = tuple(refused())
