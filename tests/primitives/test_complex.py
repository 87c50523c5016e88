"""Primitives that take complex numbers, tested from their samples made complex."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen.errors import Refusal, UnsupportedError
from gradgen.primitives.registry import PRIMITIVES, Sample
from gradgen.structs import replace
from tests.primitives.harness import (
    check_derivatives,
    operands_of,
    program_of,
    type_fits,
)

COMPLEX = {"float": "complex", "f64": "c128", "f32": "c64"}
TO_REALS = ("cast", "full", "array")
"""Primitives whose samples name the dtype of the result."""

NOT_SO = ("complex", "full_like")
"""Primitives whose operands are not all complex where one is."""

AWAY_FROM_POLES = {"arcsinh": (-0.6, 0.6), "tanh": (-1.0, 1.0)}
"""Where differences are exact enough, though not for real operands."""


def made_complex(spec: Any) -> Any:
    """Return the random operand of a sample as a complex one."""
    if not isinstance(spec, str):
        return spec
    kind, bracket, lengths = spec.partition("[")
    return COMPLEX.get(kind, kind) + bracket + lengths


def variants(name: str, sample: Sample) -> list[Sample]:
    """Return a sample with all of its operands complex, or with one of several."""
    attrs = dict(sample.attrs)
    if name in TO_REALS:
        real = attrs["dtype"]
        attrs["dtype"] = np.result_type(real, np.complex64)
    if attrs.get("lib") == "math":
        attrs["lib"] = "cmath"
    moving = [k for k, x in enumerate(sample.operands) if isinstance(x, str)]
    chosen = [moving, *([k] for k in moving if len(moving) > 1)]
    return [
        replace(
            sample,
            operands=tuple(
                made_complex(x) if k in some else x
                for k, x in enumerate(sample.operands)
            ),
            attrs=attrs,
            domain=AWAY_FROM_POLES.get(name, sample.domain),
        )
        for some in chosen
        if some
    ]


CASES = [
    pytest.param(name, variant, id=f"{name}-{variant.operands}")
    for name, primitive in sorted(PRIMITIVES.items())
    if primitive.takes_complex and name not in NOT_SO
    for sample in primitive.samples
    for variant in variants(name, sample)
]
SEVERAL = [case for case in CASES if PRIMITIVES[case.values[0]].differentiable]


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_type_rule_says_what_evaluate_returns(name: str, sample: Sample) -> None:
    operands = operands_of(sample, name)
    try:
        program = program_of(name, sample, operands, alone=True)
    except Refusal:
        pytest.skip("refused")
    result = PRIMITIVES[name].evaluate(*operands, **sample.attrs)
    results = result if PRIMITIVES[name].several else [result]
    values = program.function.body.ops[-1].results
    for found, value in zip(results, values, strict=True):
        type_fits(found, value.type)


HIGHEST = dict.fromkeys(("gamma", "loggamma", "rgamma"), 1)
"""SciPy has the derivative of psi for real numbers only."""


@pytest.mark.parametrize(("name", "sample"), SEVERAL)
def test_derivatives_to_third_order(name: str, sample: Sample) -> None:
    operands = operands_of(sample, name)
    try:
        program = program_of(name, sample, operands)
    except Refusal:
        pytest.skip("refused")
    if name == "psi":
        with pytest.raises(UnsupportedError, match="'zeta' of complex numbers"):
            check_derivatives(program, 1, alone=True)
    else:
        check_derivatives(program, HIGHEST.get(name, 3), alone=True)
