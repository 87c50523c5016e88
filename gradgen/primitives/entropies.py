"""Logarithms and exponentials that ``scipy.special`` has, alone and times a number."""

from __future__ import annotations

from scipy import special

from gradgen.primitives.elementary import exp
from gradgen.primitives.families import Over, elementwise
from gradgen.primitives.registry import Handle, Primitive, apply
from gradgen.primitives.samples import FEW, FEW_PAIRS, within

ABOVE_ZERO = within(0.5, 3.0, FEW)
POSITIVE_PAIRS = within(0.5, 3.0, FEW_PAIRS)


def quotient(x: Handle, y: Handle) -> Handle:
    """Return ``x / y``, which is 0 where ``x`` is, without a warning."""
    return apply("masked_divide", x, y)


def log_of(x: Handle) -> Handle:
    """Return the logarithm, without a warning, since the functions here give none."""
    return xlogy(1.0, x)


xlogy: Primitive = elementwise(
    special.xlogy,
    partials=[lambda z, x, y: log_of(y), lambda z, x, y: quotient(x, y)],
    samples=POSITIVE_PAIRS,
    takes_complex=True,
)
xlog1py: Primitive = elementwise(
    special.xlog1py,
    partials=[
        lambda z, x, y: xlog1py(1.0, y),
        lambda z, x, y: quotient(x, 1 + y),
    ],
    samples=POSITIVE_PAIRS,
    takes_complex=True,
)
entr = elementwise(
    special.entr, partials=[lambda y, x: -1 - log_of(x)], samples=ABOVE_ZERO
)
rel_entr = elementwise(
    special.rel_entr,
    partials=[
        lambda z, x, y: 1 + log_of(quotient(x, y)),
        lambda z, x, y: -quotient(x, y),
    ],
    samples=POSITIVE_PAIRS,
)
kl_div = elementwise(
    special.kl_div,
    partials=[
        lambda z, x, y: log_of(quotient(x, y)),
        lambda z, x, y: 1 - quotient(x, y),
    ],
    samples=POSITIVE_PAIRS,
)
expit: Primitive = elementwise(
    special.expit, partials=[lambda y, x: y * (1 - y)], samples=FEW
)
log_expit = elementwise(
    special.log_expit, partials=[lambda y, x: expit(-x)], samples=FEW
)
logit = elementwise(
    special.logit,
    partials=[lambda y, x: Over(1, x * (1 - x), singular=True)],
    samples=within(0.2, 0.8, FEW),
)
expm1 = elementwise(
    special.expm1,
    name="special_expm1",
    partials=[lambda y, x: exp(x)],
    samples=FEW,
    takes_complex=True,
)
log1p = elementwise(
    special.log1p,
    name="special_log1p",
    partials=[lambda y, x: Over(1, 1 + x, singular=True)],
    samples=ABOVE_ZERO,
    takes_complex=True,
)
