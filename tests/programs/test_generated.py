"""Random whole programs: every mode agrees with every other, or is refused."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, seed, settings

from gradgen import UnsupportedError
from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import Function
from gradgen.passes.bufferize import bufferize
from gradgen.testing.interp import interpret
from tests.emission import check_optimised, loaded
from tests.programs.corpus import Program
from tests.programs.drawing.generator import Generated, programs
from tests.programs.harness import (
    Case,
    assert_close,
    contracted,
    differences,
    forward,
    inner,
    last_seeds,
    lean,
    lowered,
    reverse,
    verified_once,
)

Check = Callable[[Case], None]
MOVING = (0, 1, 2, 3)


PARTS = 6
"""Into how many tests the programs are divided, which can run side by side."""

in_parts = pytest.mark.parametrize("part", range(PARTS))


def check_random(count: int, check: Check, part: int) -> None:
    """Apply ``check`` to random programs; one that is refused is none of its affair.

    In the ordinary run each part has programs of its own, the same in every run.
    """

    @settings(
        max_examples=count // PARTS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def run(drawn: Generated) -> None:
        program = Program(drawn.function(), lambda r, n, m: (), single=drawn.single)
        case = Case(program, drawn.args())
        try:
            check(case)
        except UnsupportedError as refusal:
            event(f"refused: {str(refusal).splitlines()[0]}")
        finally:
            linecache.cache.pop(drawn.file, None)

    if count < 1000:
        run = seed(part)(run)
    run()


def check_first_order(case: Case) -> None:
    function, args, dots = *arguments(case), case.dots
    exact, close = rounding(case, 1e-11), rounding(case, 1e-9)
    value = case.plain()
    assert_close([interpret(function, args)], [value], exact)
    function = lean(function)
    assert_close([interpret(function, args)], [value], exact)
    pushed, pulled = forward(function, MOVING), reverse(function, MOVING)
    found, tangent = interpret(pushed, (*args, *dots))
    assert_close([found], [value], exact)
    found, bars = interpret(pulled, args)
    assert_close([found], [value], exact)
    assert_close([inner(bars, dots)], [tangent], close)
    for derivative, given_ in ((pushed, (*args, *dots)), (pulled, args)):
        wanted = interpret(derivative, given_)
        optimised = lean(derivative)
        assert_close(interpret(optimised, given_), wanted, close)
        check_optimised(optimised, given_)
    compare(case, [tangent], lambda step: case.plain(step))


def check_second_order(case: Case) -> None:
    function, args, dots = *arguments(case), case.dots
    gradient = verified_once(reverse(verified_once(function), MOVING))
    over = forward(gradient, MOVING)
    _, (_, wanted) = interpret(over, (*args, *dots))
    check_optimised(verified_once(over), (*args, *dots))
    slope = contracted(gradient, gradient.result.children[1], "dots")
    over = reverse(slope, MOVING)
    given_ = (*args, last_seeds(slope, dots))
    _, found = interpret(over, given_)
    assert_close(found, wanted, rounding(case, 1e-8))
    check_optimised(verified_once(over), given_)
    run = loaded(emit(bufferize(gradient)))
    compare(case, wanted, lambda step: run(*case.at(step).args)[1])


def arguments(case: Case) -> tuple[Function, Sequence[Any]]:
    """Return the IR of a program and its arguments."""
    function, captured = lowered(case)
    assert not captured
    return function, case.args


def rounding(case: Case, double: float) -> float:
    """Return how far two ways to compute may differ, if it is ``double`` in double."""
    return 2e-5 if case.program.single else double


def compare(case: Case, found: Any, value_at: Callable[[float], Any]) -> None:
    """Compare with differences, unless a branch changes or they are rough."""
    try:
        wanted, tolerance = differences(value_at, case.program.single)
    except AssertionError:
        event("no differences: a kink is near")
        return
    assert_close(found, wanted, 10 * tolerance + 1e-7)


@in_parts
def test_programs_run_and_stay_bounded(example_count: int, part: int) -> None:
    def check(case: Case) -> None:
        value = case.plain()
        assert np.isfinite(value)
        assert abs(value) < 1e4

    check_random(example_count, check, part)


@in_parts
def test_first_order(example_count: int, part: int) -> None:
    check_random(example_count, check_first_order, part)


@in_parts
def test_second_order(example_count: int, part: int) -> None:
    check_random(example_count, check_second_order, part)
