"""The error function and the normal distribution, from ``scipy.special``.

Derivatives: NIST Digital Library of Mathematical Functions, sections 7.2 and 7.10.
"""

from __future__ import annotations

import math
from functools import partial as bind

from scipy import special

from gradgen.primitives.elementary import exp
from gradgen.primitives.families import elementwise, elementwise_rules
from gradgen.primitives.promotion import elementwise_type
from gradgen.primitives.registry import Handle, Primitive, apply, register
from gradgen.primitives.samples import FEW, within

SLOPE = 2.0 / math.sqrt(math.pi)
ROOT_2 = math.sqrt(2.0)
HEIGHT = 1.0 / math.sqrt(2.0 * math.pi)
HAZARD = math.sqrt(2.0 / math.pi)


def bell(x: Handle) -> Handle:
    """Return ``exp(-x * x)``, where the square may overflow."""
    return exp(-apply("quiet_power", x, 2))


def _height(x: Handle) -> Handle:
    """Return the density of the normal distribution."""
    return HEIGHT * exp(-0.5 * apply("quiet_power", x, 2))


erf = elementwise(
    special.erf,
    name="special_erf",
    partials=[lambda y, x: SLOPE * bell(x)],
    samples=FEW,
    takes_complex=True,
)
erfc = elementwise(
    special.erfc,
    name="special_erfc",
    partials=[lambda y, x: -SLOPE * bell(x)],
    samples=FEW,
    takes_complex=True,
)
erfcx = elementwise(
    special.erfcx,
    partials=[lambda y, x: 2 * (x * y) - SLOPE],
    samples=FEW,
    takes_complex=True,
)
erfinv = elementwise(
    special.erfinv,
    partials=[lambda y, x: exp(y * y) / SLOPE],
    samples=within(-0.6, 0.6, FEW),
)
erfcinv = elementwise(
    special.erfcinv,
    partials=[lambda y, x: exp(y * y) / -SLOPE],
    samples=within(0.4, 1.6, FEW),
)
ndtr = elementwise(special.ndtr, partials=[lambda y, x: _height(x)], samples=FEW)
ndtri = elementwise(
    special.ndtri,
    partials=[lambda y, x: exp(0.5 * (y * y)) / HEIGHT],
    samples=within(0.2, 0.8, FEW),
)


def _slope_of_hazard(y: Handle, x: Handle) -> Handle:
    """Return the derivative of the density over the probability, ``y``."""
    return -apply("masked_multiply", y, x + y)


normal_hazard = register(
    Primitive(
        name="normal_hazard",
        type_rule=bind(elementwise_type, special.ndtr),
        evaluate=lambda x: HAZARD / special.erfcx(x / -ROOT_2),
        template=f"{HAZARD!r} / special.erfcx({{0}} / {-ROOT_2!r})",
        tangent=elementwise_rules([_slope_of_hazard])[0],
        adjoint=elementwise_rules([_slope_of_hazard])[1],
        elementwise=True,
        samples=FEW,
    )
)
log_ndtr = elementwise(
    special.log_ndtr, partials=[lambda y, x: normal_hazard(x)], samples=FEW
)
