"""Operands from which the tests of elementwise primitives are generated."""

from __future__ import annotations

from gradgen.primitives.registry import Sample
from gradgen.structs import replace

REALS = (
    Sample(("float",)),
    Sample(("f64",)),
    Sample(("f64[3,4]",)),
    Sample(("f32[5]",)),
    Sample(("f64[0,2]",)),
)
PAIRS = (
    Sample(("float", "float")),
    Sample(("f64", "f64")),
    Sample(("f64[3,4]", "f64[3,4]")),
    Sample(("f64[3,1]", "f64[4]")),
    Sample(("f64[3,4]", "f64")),
    Sample(("f32[4]", "f32[2,4]")),
    Sample(("f32[4]", "float")),
    Sample(("f64[0]", "f64[0]")),
    Sample(("f64[2]", 3)),
)


def within(
    low: float, high: float, samples: tuple[Sample, ...] = REALS
) -> tuple[Sample, ...]:
    """Return samples whose random numbers lie between two bounds."""
    return tuple(replace(sample, domain=(low, high)) for sample in samples)


POSITIVE = within(0.5, 3.0)
UNIT = within(-0.9, 0.9)
NONZERO = within(0.5, 2.0, PAIRS)
