"""Every program of the corpus in every mode."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest

from gradgen import CopyInLoopWarning, UnsupportedError, jvp, value_and_grad, vjp
from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import Function
from gradgen.passes.bufferize import bufferize
from gradgen.testing.interp import interpret
from tests.emission import check_optimised, check_unchanged, leaves, loaded
from tests.programs import (
    aliases,
    checkpoints,
    containers,
    control,
    drawn,
    fixed,
    functions,
    grown,
    grown_dicts,
    grown_items,
    grown_results,
    kernels,
    kernels_linear,
    keyed,
    loops,
    methods,
    numerics,
    rebound,
    recursion,
    recursion_arrays,
    recursion_changes,
    refused,
    returns,
    ruled,
    scientific,
    views,
    whiles,
    writes,
)
from tests.programs.corpus import Program
from tests.programs.harness import (
    Case,
    as_it_is,
    assert_close,
    cases,
    contracted,
    differences,
    float_leaves,
    forward,
    inner,
    is_float,
    last_seeds,
    lean,
    lowered,
    reverse,
    verified_once,
)
from tests.programs.pending import PENDING

THEMES = (
    control,
    loops,
    whiles,
    returns,
    functions,
    rebound,
    recursion,
    recursion_arrays,
    recursion_changes,
    writes,
    views,
    aliases,
    containers,
    keyed,
    grown,
    grown_dicts,
    grown_items,
    grown_results,
    numerics,
    methods,
    checkpoints,
    ruled,
    fixed,
    drawn,
    scientific,
    kernels,
    kernels_linear,
)
PROGRAMS: dict[str, Program] = {
    name: program for theme in THEMES for name, program in theme.PROGRAMS.items()
}
NAMES = [name for name in PROGRAMS if name not in PENDING]
REFUSED = [name for name in refused.PROGRAMS if name not in PENDING]
ORDINARY = ((3, 2), (1, 1))


def test_corpus() -> None:
    assert sum(len(theme.PROGRAMS) for theme in THEMES) == len(PROGRAMS)
    assert len(PROGRAMS) >= 150


@pytest.mark.parametrize("name", PROGRAMS)
def test_runs_plainly_and_is_smooth(name: str) -> None:
    for case in cases(PROGRAMS[name]):
        weights = case.weights()
        assert float_leaves(weights) or case.program.name == "float_into_integers"
        differences(lambda t: inner(case.plain(t), weights), case.program.single)


@pytest.mark.parametrize("name", NAMES)
def test_compiled_derivatives(name: str) -> None:
    with warnings.catch_warnings():
        if PROGRAMS[name].copies:
            warnings.simplefilter("ignore", CopyInLoopWarning)
        for case in cases(PROGRAMS[name]):
            check_compiled(case)


def check_compiled(case: Case) -> None:
    function, args, moving = case.program.function, case.args, case.moving
    before = copy.deepcopy(args)
    plain, weights = case.plain(), case.weights()
    single = case.program.single
    value, pullback = vjp(function, *args)
    same_value(value, plain, single)
    bars = pullback(weights)
    dots: list[Any] = [None] * len(args)
    for i, dot in zip(moving, case.dots, strict=True):
        dots[i] = dot
    value, tangent = jvp(function, args, dots)
    same_value(value, plain, single)
    slopes, tolerance = differences(lambda t: inner(case.plain(t), weights), single)
    assert_close([inner(weights, tangent)], slopes, tolerance)
    assert_close([inner(bars, dots)], [inner(weights, tangent)], rounding(case))
    if is_float(plain) and not np.ndim(plain):
        value, gradient = value_and_grad(function, argnums=moving)(*args)
        same_value(value, plain, single)
        scaled = [float(weights) * x for x in float_leaves(gradient)]
        assert_close(scaled, bars, rounding(case))
    for x, y in zip(leaves(list(args)), leaves(list(before)), strict=True):
        check_unchanged(x, y)


def same_value(found: Any, plain: Any, single: bool) -> None:
    """Compare a result with what Python returns: types, shapes and values."""
    for x, y in zip(leaves(found), leaves(plain), strict=True):
        assert getattr(x, "dtype", type(x)) == getattr(y, "dtype", type(y))
        assert np.shape(x) == np.shape(y)
        tolerance = 1e-5 if single else 1e-11
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


def rounding(case: Case) -> float:
    """Return how far two ways to compute a derivative may differ."""
    return 1e-5 if case.program.single else 1e-10


@pytest.mark.parametrize("name", NAMES)
def test_first_order(name: str) -> None:
    """Forward, reverse and differences agree, without and with all passes."""
    for case in cases(PROGRAMS[name], ORDINARY):
        function, args = scalar_function(case)
        value = inner(case.plain(), case.weights())
        slopes, tolerance = differences(
            lambda t: inner(case.plain(t), case.weights()), case.program.single
        )
        for passes in (as_it_is, lean):
            given = passes(function)
            assert_close([interpret(given, args)], [value], rounding(case))
            pushed = passes(forward(given, case.moving))
            pulled = passes(reverse(given, case.moving))
            found, tangent = interpret(pushed, (*args, *case.dots))
            assert_close([found, tangent], [value, *slopes], tolerance)
            found, bars = interpret(pulled, args)
            assert_close([found], [value], rounding(case))
            assert_close([inner(bars, case.dots)], [tangent], rounding(case))
        check_optimised(pushed, (*args, *case.dots))
        check_optimised(pulled, args)


def scalar_function(case: Case) -> tuple[Function, tuple[Any, ...]]:
    """Return the weighted result of a program as IR, and its arguments."""
    function, captured = lowered(case)
    total = contracted(function, function.result, "weights")
    return total, (*case.args, *captured, last_seeds(total, case.weights()))


@pytest.mark.parametrize("name", NAMES)
def test_second_order(name: str) -> None:
    """The tangent and the gradient of a gradient agree with its differences."""
    for case in cases(PROGRAMS[name], ORDINARY[:1]):
        function, args = scalar_function(case)
        wanted, tolerance = differences_of_gradient(case, function, args)
        for passes in (as_it_is, verified_once):
            gradient = passes(reverse(passes(function), case.moving))
            over = passes(forward(gradient, case.moving))
            _, (_, found) = interpret(over, (*args, *case.dots))
            assert_close(found, wanted, tolerance)
            slope = contracted(gradient, gradient.result.children[1], "dots")
            back = passes(reverse(slope, case.moving))
            seeded = (*args, last_seeds(slope, case.dots))
            _, again = interpret(back, seeded)
            assert_close(again, found, 100 * rounding(case))
        check_optimised(over, (*args, *case.dots))
        check_optimised(back, seeded)


def differences_of_gradient(
    case: Case, function: Function, args: tuple[Any, ...]
) -> tuple[list[Any], float]:
    """Return the slope of the generated gradient along the direction."""
    gradient = verified_once(reverse(verified_once(function), case.moving))
    run = loaded(emit(bufferize(gradient)))
    rest = args[len(case.args) :]
    return differences(lambda t: run(*case.at(t).args, *rest)[1], case.program.single)


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str) -> None:
    program = refused.PROGRAMS[name]
    (case,) = cases(program, ((3, 2),))
    for derive in (lambda: vjp(program.function, *case.args), lambda: tangent(case)):
        with pytest.raises(UnsupportedError) as caught:
            derive()
        message = str(caught.value)
        assert "  --> " in message
        for words in program.words:
            assert words in told(message)


def told(message: str) -> str:
    """Return reason and rewrite, without the excerpt of the source."""
    lines = message.splitlines()
    (hint,) = (line for line in lines if line.startswith("  = instead: "))
    return lines[0] + hint


def tangent(case: Case) -> Any:
    """Return what ``jvp`` returns in a random direction."""
    dots = dict(zip(case.moving, case.dots, strict=True))
    seeds = [dots.get(i) for i in range(len(case.args))]
    return jvp(case.program.function, case.args, seeds)
