"""Exponentials, logarithms, roots and what else is elementary and not periodic."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.types import is_complex
from gradgen.primitives.families import Over, elementwise
from gradgen.primitives.lowering import lowers
from gradgen.primitives.masked import divide_or_zero, relative_exp
from gradgen.primitives.parts import conjugated
from gradgen.primitives.registry import Handle, Primitive, apply
from gradgen.primitives.samples import NONZERO, PAIRS, POSITIVE, REALS, within
from gradgen.primitives.steps import sign

LOG_2 = math.log(2.0)
LOG_10 = math.log(10.0)
AWAY_FROM_ZERO = within(0.5, 2.0)

exp = elementwise(
    np.exp,
    math=math.exp,
    partials=[lambda y, x: y],
    samples=REALS,
    takes_complex=True,
)
exp2 = elementwise(
    np.exp2,
    math=math.exp2,
    takes_complex=True,
    partials=[lambda y, x: LOG_2 * y],
    samples=REALS,
)
expm1 = elementwise(
    np.expm1,
    math=math.expm1,
    takes_complex=True,
    partials=[lambda y, x: exp(x)],
    samples=REALS,
)
log = elementwise(
    np.log,
    math=math.log,
    takes_complex=True,
    partials=[lambda y, x: Over(1, x)],
    samples=POSITIVE,
)
log2 = elementwise(
    np.log2,
    math=math.log2,
    takes_complex=True,
    partials=[lambda y, x: Over(1, LOG_2 * x)],
    samples=POSITIVE,
)
log10 = elementwise(
    np.log10,
    math=math.log10,
    takes_complex=True,
    partials=[lambda y, x: Over(1, LOG_10 * x)],
    samples=POSITIVE,
)
log1p = elementwise(
    np.log1p,
    math=math.log1p,
    takes_complex=True,
    partials=[lambda y, x: Over(1, 1 + x)],
    samples=POSITIVE,
)
sqrt = elementwise(
    np.sqrt,
    math=math.sqrt,
    takes_complex=True,
    partials=[lambda y, x: Over(0.5, y, singular=True)],
    samples=POSITIVE,
)
cbrt = elementwise(
    np.cbrt,
    math=math.cbrt,
    partials=[lambda y, x: Over(1, 3 * (y * y), singular=True)],
    samples=POSITIVE,
)
square = elementwise(
    np.square, partials=[lambda y, x: 2 * x], samples=REALS, takes_complex=True
)
reciprocal = elementwise(
    np.reciprocal,
    partials=[lambda y, x: -(y * y)],
    samples=POSITIVE,
    takes_complex=True,
)


def _direction(y: Handle, x: Handle) -> Handle:
    """Return the partial of ``y = abs(x)``, 0 at 0: the sign, ``conj(x) / abs(x)``."""
    return divide_or_zero(conjugated(x), y) if is_complex(x.type) else sign(x)


absolute = elementwise(
    np.absolute,
    python=abs,
    template="abs({0})",
    partials=[_direction],
    samples=AWAY_FROM_ZERO,
    takes_complex=True,
)
fabs = elementwise(
    np.fabs,
    math=math.fabs,
    partials=[lambda y, x: sign(x)],
    samples=AWAY_FROM_ZERO,
)
copysign: Primitive = elementwise(
    np.copysign,
    math=math.copysign,
    partials=[lambda z, x, y: sign(x) * copysign(1.0, y), lambda z, x, y: None],
    samples=NONZERO,
)
hypot = elementwise(
    np.hypot,
    math=math.hypot,
    partials=[
        lambda z, x, y: divide_or_zero(x, z),
        lambda z, x, y: divide_or_zero(y, z),
    ],
    commutative=True,
    samples=NONZERO,
)
logaddexp = elementwise(
    np.logaddexp,
    partials=[
        lambda z, x, y: relative_exp(x, z),
        lambda z, x, y: relative_exp(y, z),
    ],
    commutative=True,
    samples=PAIRS,
)
logaddexp2 = elementwise(
    np.logaddexp2,
    partials=[
        lambda z, x, y: relative_exp(LOG_2 * x, LOG_2 * z),
        lambda z, x, y: relative_exp(LOG_2 * y, LOG_2 * z),
    ],
    commutative=True,
    samples=PAIRS,
)


@lowers(math.log)
def _log(x: Any, base: Any = None, /) -> Handle:
    """Lower the logarithm to any base as ``math`` itself computes it."""
    parts = [part for part in (x, base) if part is not None]
    if any(isinstance(part, Handle) and part.rank for part in parts):
        raise Refusal("math.log takes single numbers, not arrays", "np.log")
    builder = next(part.builder for part in parts if isinstance(part, Handle))
    logs = [apply("log", part, builder=builder, lib="math") for part in parts]
    return logs[0] if base is None else logs[0] / logs[1]
