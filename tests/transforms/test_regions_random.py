"""Random programs with branches and loops: forward against reverse, to second order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.ir.core import Function
from gradgen.ir.tree import tree_of
from gradgen.ir.types import is_floating
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.passes.random_regions import generate
from tests.transforms.regions import floats, inner, moved, seeds_for

ARGS = (
    np.float64(0.31),
    np.float64(-0.73),
    np.array([0.53, -0.27, 0.91]),
    np.array([0.17, 0.43, -0.61]),
    True,
    3,
)


def moving_in(function: Function) -> list[int]:
    """Return which parameters have floating leaves."""
    return [
        k
        for k, param in enumerate(function.params)
        if any(is_floating(x.type) for x in param.tree.leaves())
    ]


def checked(function: Function) -> Function:
    """Return a function that is valid."""
    check_ir(function)
    return function


def run(function: Function, args: Sequence[Any]) -> Any:
    with np.errstate(all="ignore"):
        return interpret(function, args)


def assert_transposed(
    function: Function, args: Sequence[Any], seed: int
) -> tuple[Function, list[Any]]:
    """Compare ``<y_bar, J x_dot>`` with ``<J' y_bar, x_dot>``.

    The adjoint and its arguments are returned.
    """
    rng = np.random.default_rng(seed)
    moving = moving_in(function)
    dots = [seeds_for(tree_of(args[k]), rng) for k in moving]
    result, tangent = run(checked(jvp(function, moving)), [*args, *dots])
    pulled = checked(adjoint(function, Selection(tuple(moving), single=False)))
    bars = seeds_for(tree_of(result), rng)
    again, found = run(pulled, [*args, bars])
    for x, y in zip(floats(again), floats(result), strict=True):
        np.testing.assert_array_equal(x, y)
    expected = inner(bars, tangent)
    np.testing.assert_allclose(
        inner(found, dots), expected, rtol=1e-8, atol=1e-9, err_msg=f"program {seed}"
    )
    return pulled, [*args, bars]


def value(function: Function, args: Sequence[Any]) -> float:
    """Return the only number that a function returns."""
    (found,) = floats(run(function, args))
    return float(found)


def program(seed: int) -> Function:
    source = random.Random(seed)
    return generate(source.choice, source.randint(1, 8))


def test_adjoint_against_tangent(example_count: int) -> None:
    for seed in range(1000, 1000 + example_count // 2):
        assert_transposed(program(seed), ARGS, seed)


def test_second_order(example_count: int) -> None:
    for seed in range(2000, 2000 + example_count // 6):
        pulled, args = assert_transposed(program(seed), ARGS, seed)
        assert_transposed(pulled, args, seed)


def test_tangent_against_differences(example_count: int) -> None:
    """Kinks are left out, where differences with two steps do not agree."""
    for seed in range(3000, 3000 + example_count // 2):
        function = program(seed)
        moving = moving_in(function)
        dots = [seeds_for(tree_of(ARGS[k]), np.random.default_rng(0)) for k in moving]
        _, tangent = run(jvp(function, moving), [*ARGS, *dots])
        slopes = []
        for step in (1e-5, -1e-5, 2e-5):
            args = list(ARGS)
            for k, dot in zip(moving, dots, strict=True):
                args[k] = moved(ARGS[k], dot, step)
            slopes.append((value(function, args) - value(function, ARGS)) / step)
        smooth = np.ptp(slopes) < 1e-3 * (1.0 + abs(slopes[0]))
        if smooth:
            middle = (slopes[0] + slopes[1]) / 2
            np.testing.assert_allclose(
                floats(tangent),
                [middle],
                rtol=1e-5,
                atol=1e-6,
                err_msg=f"program {seed}",
            )
