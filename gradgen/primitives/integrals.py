"""Integrals that ``scipy.special`` has: exponential, elliptic, dilogarithm.

Derivatives: NIST Digital Library of Mathematical Functions, sections 6.2, 13.3, 15.5,
19.4 and 25.12. Those with a removable singularity are written with functions that
have none: both complete elliptic integrals are hypergeometric functions of ``m``
(section 19.5), and ``(exp(t) - 1) / t`` is one of ``t``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from gradgen.primitives.elementary import exp
from gradgen.primitives.entropies import log_of
from gradgen.primitives.families import Over, elementwise
from gradgen.primitives.gammas import unknown
from gradgen.primitives.registry import Handle, Primitive, Sample, apply
from gradgen.primitives.samples import FEW, within

ABOVE_ZERO = within(0.5, 3.0, FEW)
BELOW_ONE = within(-2.0, 0.8, FEW)

exp1 = elementwise(
    special.exp1,
    partials=[lambda y, x: Over(-exp(-x), x)],
    samples=ABOVE_ZERO,
    takes_complex=True,
)
expi = elementwise(
    special.expi,
    partials=[lambda y, x: Over(exp(x), x)],
    samples=ABOVE_ZERO,
    takes_complex=True,
)


def _hypergeometric(ufunc: np.ufunc, upper: str, lower: str) -> Primitive:
    """Declare a function of parameters above and below the line, and ``z``."""

    def slope(y: Handle, *xs: Any) -> Handle:
        *parameters, z = xs
        tops, bottoms = parameters[: len(upper)], parameters[len(upper) :]
        factor = math.prod(tops) / math.prod(bottoms)
        above = apply(ufunc.__name__, *(p + 1 for p in parameters), z)
        result: Handle = factor * above
        return result

    names = [*upper, *lower]
    parameters = (1, 2, 3)[: len(names)]
    return elementwise(
        ufunc,
        partials=[*(unknown(ufunc.__name__, name) for name in names), slope],
        samples=tuple(
            Sample((*parameters, *sample.operands), domain=(-0.6, 0.6))
            for sample in FEW
        ),
    )


hyp1f1 = _hypergeometric(special.hyp1f1, "a", "b")
hyp2f1 = _hypergeometric(special.hyp2f1, "ab", "c")


def _elliptic(sign: float, a: float, c: float) -> Callable[..., Handle]:
    """Return ``sign * pi / 8`` times a hypergeometric function."""
    return lambda y, m: sign * math.pi / 8 * hyp2f1(a, 1.5, c, m)


ellipk = elementwise(
    special.ellipk, partials=[_elliptic(1.0, 1.5, 2.0)], samples=BELOW_ONE
)
ellipe = elementwise(
    special.ellipe, partials=[_elliptic(-1.0, 0.5, 2.0)], samples=BELOW_ONE
)
exprel = elementwise(
    special.exprel, partials=[lambda y, x: 0.5 * hyp1f1(2, 3, x)], samples=FEW
)
spence = elementwise(
    special.spence,
    partials=[lambda y, z: -1 / exprel(log_of(z))],
    samples=ABOVE_ZERO,
)
