"""Random programs with branches and loops keep their values through every pass."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function, with_body
from gradgen.passes.association import left_to_right
from gradgen.passes.cleanup import drop_proven_checks, eliminate_common
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.likes import prefer_like
from gradgen.passes.motion import hoist_invariants
from gradgen.passes.pipeline import optimise
from gradgen.passes.regions import fold_regions
from gradgen.passes.simplify import settle_signs, simplify
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, gradient
from tests.passes.random_regions import generate

PASSES = (
    simplify,
    settle_signs,
    fold_regions,
    hoist_invariants,
    eliminate_common,
    eliminate_dead,
    drop_proven_checks,
    left_to_right,
    prefer_like,
)
CALLS = [
    (
        np.float64(0.3),
        np.float64(-0.7),
        np.array([0.5, -0.2, 0.9]),
        np.array([0.1, 0.4, -0.6]),
        True,
        3,
    ),
    (
        np.float64(-1.1),
        np.float64(0.2),
        np.array([0.7, 0.3]),
        np.array([-0.8, 0.6]),
        False,
        0,
    ),
]


def program(seed: int) -> Function:
    source = random.Random(seed)
    return generate(source.choice, source.randint(1, 8))


def values(function: Function) -> list[Any]:
    with np.errstate(all="ignore"):
        return [interpret(function, args) for args in CALLS]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, tuple):
        return [x for part in value for x in leaves(part)]
    return [value]


def assert_same(function: Function, wanted: list[Any], what: str) -> None:
    check_ir(function)
    for new, old in zip(
        leaves(tuple(values(function))), leaves(tuple(wanted)), strict=True
    ):
        np.testing.assert_allclose(new, old, 1e-8, 1e-10, err_msg=what)


def test_each_pass_keeps_values(example_count: int) -> None:
    for seed in range(example_count // 3):
        function = program(seed)
        check_ir(function)
        wanted = values(function)
        for run in PASSES:
            found = with_body(function, run(function.body))
            assert_same(found, wanted, f"{run.__name__} of program {seed}")


def test_the_pipeline_keeps_values(example_count: int) -> None:
    for seed in range(example_count // 2):
        function = program(seed)
        optimise(function, lambda name, f: check_ir(f))
        assert_same(optimise(function), values(function), f"program {seed}")


@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_keep_values(example_count: int, order: int) -> None:
    for seed in range(example_count // 3 // order):
        function = program(seed)
        derivative = gradient(
            optimise(function), Selection((0,)), value=False, aux=False
        )
        if order == 2:
            derivative = gradient(
                optimise(derivative), Selection((0,)), value=False, aux=False
            )
        check_ir(derivative)
        optimise(derivative, lambda name, f: check_ir(f))
        assert_same(optimise(derivative), values(derivative), f"program {seed}")
