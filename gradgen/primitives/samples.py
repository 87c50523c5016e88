"""Operands from which the tests of elementwise primitives are generated."""

from __future__ import annotations

from typing import Any

import numpy as np

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


FEW = (
    Sample(("float",)),
    Sample(("f64[2,3]",)),
    Sample(("f32[3]",)),
)
FEW_PAIRS = (
    Sample(("float", "float")),
    Sample(("f64[2,1]", "f64[3]")),
    Sample(("f32[3]", "float")),
)
"""The same for functions that are expensive, or have many relatives."""

POSITIVE = within(0.5, 3.0)
UNIT = within(-0.9, 0.9)
NONZERO = within(0.5, 2.0, PAIRS)


def dominant(*shape: int, phase: complex = 0.0) -> Any:
    """Return matrices far from singular, complex ones where there is a phase."""
    waves = np.cos(np.arange(1.0, 1.0 + np.prod(shape))).reshape(shape)
    matrix = waves + 3 * np.eye(shape[-2], shape[-1])
    return matrix * np.exp(phase * waves) if phase else matrix


def positive_definite(*shape: int, phase: complex = 0.0) -> Any:
    """Return Hermitian matrices with positive eigenvalues."""
    matrix = dominant(*shape, phase=phase)
    return matrix @ np.conj(np.swapaxes(matrix, -1, -2))
