"""The gate: random programs, generated code against the interpreter, value by value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradgen.ir.core import Function
from gradgen.passes.pipeline import optimise
from gradgen.testing.check import check_ir
from tests.emission import check_emitted, derive
from tests.generate import generate

KINDS = ("gradient", "jvp", "adjoint")
STEPS = st.integers(1, 12)
KIND = st.sampled_from(KINDS)


def choose_from(data: Any) -> Callable[[Sequence[Any]], Any]:
    return lambda options: options[data.draw(st.integers(0, len(options) - 1))]


def check_random(count: int, function_of: Callable[[Any], Function]) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        derandomize=count < 1000,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: Any) -> None:
        function = function_of(data)
        check_ir(optimise(function))
        check_emitted(function)

    check()


def test_primal_code_computes_what_its_ir_means(example_count: int) -> None:
    check_random(
        example_count, lambda data: generate(choose_from(data), data.draw(STEPS))
    )


def test_first_derivatives_compute_what_their_ir_means(example_count: int) -> None:
    def first_order(data: Any) -> Function:
        function = generate(
            choose_from(data), data.draw(STEPS), scalar=data.draw(st.booleans())
        )
        return derive(function, data.draw(KIND))

    check_random(example_count, first_order)


def test_second_derivatives_compute_what_their_ir_means(example_count: int) -> None:
    def second_order(data: Any) -> Function:
        function = generate(
            choose_from(data), data.draw(STEPS), scalar=data.draw(st.booleans())
        )
        first = optimise(derive(function, data.draw(KIND)))
        return derive(first, data.draw(KIND))

    check_random(example_count, second_order)
