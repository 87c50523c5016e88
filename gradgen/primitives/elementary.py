"""Elementary functions of NumPy and ``math``."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gradgen.primitives.arithmetic import PAIRS, larger
from gradgen.primitives.families import Over, elementwise, step
from gradgen.primitives.registry import Sample

REALS = (
    Sample(("f64",)),
    Sample(("f64[3,4]",)),
    Sample(("f32[5]",)),
    Sample(("f64[0,2]",)),
)


def within(low: float, high: float) -> tuple[Sample, ...]:
    """Return the samples of one real argument between two bounds."""
    return tuple(replace(sample, domain=(low, high)) for sample in REALS)


POSITIVE = within(0.5, 3.0)
UNIT = within(-0.9, 0.9)

sign = step(np.sign, samples=REALS)
exp = elementwise(np.exp, math=math.exp, partials=[lambda y, x: y], samples=REALS)
log = elementwise(
    np.log, math=math.log, partials=[lambda y, x: Over(1, x)], samples=POSITIVE
)
sqrt = elementwise(
    np.sqrt,
    math=math.sqrt,
    partials=[lambda y, x: Over(0.5, y, singular=True)],
    samples=POSITIVE,
)
sin = elementwise(
    np.sin, math=math.sin, partials=[lambda y, x: cos(x)], samples=REALS
)
cos = elementwise(
    np.cos, math=math.cos, partials=[lambda y, x: -sin(x)], samples=REALS
)
tanh = elementwise(
    np.tanh, math=math.tanh, partials=[lambda y, x: 1 - y * y], samples=REALS
)
absolute = elementwise(
    np.absolute,
    python=abs,
    template="abs({0})",
    partials=[lambda y, x: sign(x)],
    samples=within(0.5, 2.0),
)
maximum = elementwise(
    np.maximum,
    partials=[lambda z, x, y: larger(x, y), lambda z, x, y: larger(y, x)],
    commutative=True,
    samples=PAIRS,
)
minimum = elementwise(
    np.minimum,
    partials=[lambda z, x, y: larger(y, x), lambda z, x, y: larger(x, y)],
    commutative=True,
    samples=PAIRS,
)
