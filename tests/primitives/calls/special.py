"""Calls of functions of ``scipy.special``, if there is one."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tests.primitives.calls.call import INTS, Call, Known, reals

try:
    from scipy import special
except ModuleNotFoundError:
    special = None

REAL = "erf erfc erfcx expit expm1 log_expit log_ndtr ndtr i0 i1 j0 j1 exprel".split()
POSITIVE = (
    "gamma gammaln loggamma rgamma psi entr exp1 expi log1p spence i0e i1e k0 k1 y0 y1"
).split()
WITHIN_ONE = "erfinv ellipe ellipk logit ndtri erfcinv".split()
PAIRS = "beta betaln kl_div rel_entr xlog1py xlogy".split()
OF_ORDER = "iv ive jv kn kv kve yn yv".split()
COMPLEX = "erf erfc erfcx exp1 expi expm1 gamma log1p loggamma rgamma".split()
R, P, U = reals(2, 3), reals(2, 3, low=0.5, high=3.0), reals(2, 3, low=0.2, high=0.8)
Q = reals(3, low=0.5, high=3.0)
Z = P + 1j * R


def ufuncs() -> Iterator[Call]:
    for names, x in ((REAL, R), (POSITIVE, P), (WITHIN_ONE, U)):
        for name in names:
            yield Call(getattr(special, name), (x,))
            yield Call(getattr(special, name), (np.float32(0.7),))
    for name in PAIRS:
        yield Call(getattr(special, name), (P, Q))
        yield Call(getattr(special, name), (1.3, P))
    for name in OF_ORDER:
        yield Call(getattr(special, name), (2, P))
        yield Call(getattr(special, name), (INTS, 1.3))
    for name in "iv ive jv kv kve yv".split():
        yield Call(getattr(special, name), (Known(0.5), P))
    for name in ("gammainc", "gammaincc"):
        yield Call(getattr(special, name), (2, P))
        yield Call(getattr(special, name), (Known(1.5), 0.7))
    yield Call(special.betainc, (Known(1.5), 2, U))
    yield Call(special.stdtr, (3, R))
    yield Call(special.poch, (P, 2))
    yield Call(special.hyp1f1, (1, Known(2.5), R))
    yield Call(special.hyp2f1, (1, 2, Known(2.5), U))
    for name in COMPLEX:
        yield Call(getattr(special, name), (Z,))
    yield Call(special.xlogy, (Z, P))
    yield Call(special.jv, (1, Z))


def others() -> Iterator[Call]:
    yield Call(special.zeta, (2, P))
    yield Call(special.zeta, (Known(2.5), 1.5))
    yield Call(special.zeta, (INTS + 2,))
    yield Call(special.polygamma, (1, P))
    yield Call(special.polygamma, (INTS, 0.7))
    yield Call(special.multigammaln, (P + 1.0, 1))
    yield Call(special.multigammaln, (2.5, 3))
    for axis in (None, 0, 1, -1, (0, 1)):
        for name in ("softmax", "log_softmax", "logsumexp"):
            yield Call(getattr(special, name), (R,), {"axis": axis})
        yield Call(special.logsumexp, (R,), {"axis": axis, "keepdims": True})
    yield Call(special.logsumexp, (R,), {"b": Q, "axis": 1})
    yield Call(special.logsumexp, (P,), {"b": R * R + 0.1})
    yield Call(special.logsumexp, (R,), {"b": -Q, "axis": 1, "return_sign": True})
    yield Call(special.logsumexp, (R, 0, None, True, True))
    yield Call(special.softmax, (0.7,))
    yield Call(special.log_softmax, (np.float32(0.7),))
    yield Call(special.logsumexp, (INTS,), {"axis": 0})


def calls() -> Iterator[Call]:
    for name in ("gamma", "lgamma"):
        if special is not None:
            yield Call(getattr(math, name), (0.7,))
            yield Call(getattr(math, name), (np.float64(2.7),))
    if special is not None:
        yield Call(np.i0, (0.7,))
        yield Call(np.i0, (R,))
        yield Call(np.i0, (INTS,))
        yield from ufuncs()
        yield from others()


def refused() -> Iterator[Call]:
    yield Call(math.gamma, (Q,))
    yield Call(math.lgamma, (Q,))
    if special is not None:
        yield Call(special.logsumexp, (0.7,))
        yield Call(special.logsumexp, (Q,), {"b": P})
        yield Call(special.logsumexp, (R,), {"axis": ()})
        yield Call(special.expit, (Z,))
        yield Call(special.multigammaln, (P, 0))


REFUSED = tuple(refused())
