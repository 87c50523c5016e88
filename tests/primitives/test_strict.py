"""Strict derivatives of primitives: right on both sides of a point, or an error."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradgen.ir.types import is_floating
from gradgen.primitives.kinks import KINKS
from gradgen.primitives.registry import PRIMITIVES, Primitive, Sample
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint
from tests.primitives import lowered
from tests.primitives.calls.call import Call, M, T, V
from tests.primitives.harness import Program, program_of

POINTS = {
    1: (-2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0),
    2: (-1.0, 0.0, 0.5, 1.0, 2.0),
    3: (0.0, 1.0, 2.0),
}
STEP = 1e-7

CHOSEN = {
    "where": "what its condition is made of is a choice, as with if",
    "nan_to_num": "what is replaced is as good as constant",
    "masked_multiply": "0 times infinity is 0: what a mask has left out",
    "masked_divide": "0 / 0 is 0: what a mask has left out",
    "divide_or_zero": "0 / 0 is 0: the slope of a norm at 0",
    "log_or_zero": "the logarithm of 0 is 0: the slope of 0**y",
    "quiet_power": "a factor of slopes, of which powers say where they have kinks",
    "relative_exp": "a factor of slopes, of which logaddexp says where it has kinks",
    "over_squares": "0 at 0: a factor of slopes, of which arctan2 says where it jumps",
    "larger": "the shares of a tie, of which maximum says where it has kinks",
    "nextafter": "as good as its first operand",
}
"""Primitives with a derivative that is none, and why it counts as one."""


def scalar_programs() -> Iterator[tuple[Primitive, Program, int]]:
    """Yield elementwise primitives as functions of NumPy floats."""
    for name, primitive in sorted(PRIMITIVES.items()):
        sample = primitive.samples[0] if primitive.samples else None
        if sample is None or not primitive.elementwise or name in CHOSEN:
            continue
        slots = [k for k, x in enumerate(sample.operands) if is_real(x)]
        operands = [np.float64(0.7) if is_real(x) else 1 for x in sample.operands]
        if not slots:
            continue
        program = program_of(name, Sample(tuple(operands), sample.attrs), operands)
        if is_floating(program.function.body.results[0].type):
            yield primitive, program, len(slots)


def is_real(operand: Any) -> bool:
    if isinstance(operand, str):
        return operand.startswith("f")
    return np.asarray(operand).dtype.kind == "f"


def at(program: Program, xs: tuple[float, ...]) -> float:
    try:
        return float(interpret(program.function, tuple(map(np.float64, xs))))
    except ValueError:  # from functions of math
        return np.nan


def sides(program: Program, xs: tuple[float, ...], slot: int) -> list[float]:
    """Return the slopes to the left and to the right."""
    found = []
    for step in (-STEP, STEP):
        moved = list(xs)
        moved[slot] += step
        found.append((at(program, tuple(moved)) - at(program, xs)) / step)
    return found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("primitive", "program", "count"),
    [pytest.param(*case, id=case[0].name) for case in scalar_programs()],
)
def test_right_on_both_sides_or_an_error(
    primitive: Primitive, program: Program, count: int
) -> None:
    for slot in range(count):
        function = adjoint(program.function, Selection((slot,), True, True))
        for xs in itertools.product(POINTS[count], repeat=count):
            if not np.isfinite([at(program, xs), *sides(program, xs, slot)]).all():
                continue  # at the end of where it is defined
            seed = np.float64(1.0)
            try:
                slope = interpret(function, (*map(np.float64, xs), seed))[1]
            except FloatingPointError:
                continue
            np.testing.assert_allclose(
                sides(program, xs, slot), slope, 1e-4, 1e-4, err_msg=f"{xs} in {slot}"
            )


QUANTILES = [Call(np.quantile, (T, q), {"axis": a}) for q in (0.3, 0.5) for a in (0, 2)]
QUANTILES += [
    Call(np.quantile, (M, 0.3), {"axis": 1, "method": "lower"}),
    Call(np.quantile, (M, 0.41), {"axis": 0, "method": "hazen"}),
    Call(np.quantile, (M, np.array([0.3, 0.41])), {"axis": 1}),
    Call(np.nanquantile, (M, 0.3), {"axis": 0}),
    Call(np.partition, (M, 1)),
    Call(np.maximum.accumulate, (M,)),
    Call(np.logaddexp.reduce, (M,)),
    Call(np.minimum.reduceat, (M, np.array([0, 2, 1]))),
    Call(np.interp, (0.3, np.arange(3.0), V[:3])),
    Call(np.angle, (M,)),
    Call(np.rint, (0.7 - 0.4j,)),
]
"""What kinks are looked for along an axis, or in parts, and there are none."""


@pytest.mark.parametrize("call", QUANTILES, ids=str)
def test_no_error_where_there_is_no_kink(call: Call) -> None:
    program = lowered.program_of(call)
    if not program.moving:
        return
    found = [
        interpret(adjoint(program.function, selection), (*program.args, seed_for(call)))
        for selection in (
            Selection(program.moving, False, strict) for strict in (False, True)
        )
    ]
    for plain, strict in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_array_equal(strict, plain)


def seed_for(call: Call) -> Any:
    """Return a cotangent of nothing but ones."""
    y = np.asarray(lowered.call_python(call))
    return np.ones_like(y)[()]


def test_every_entry_is_about_a_primitive() -> None:
    assert set(KINKS) <= set(PRIMITIVES)
    assert set(CHOSEN) <= set(PRIMITIVES) - set(KINKS)
