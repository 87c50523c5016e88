"""Derivatives of the corpus: forward against reverse against differences."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function
from gradgen.ir.tree import tree_of
from gradgen.passes.pipeline import optimise
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.programs.corpus import Program
from tests.programs.straight import PROGRAMS, lowered

SIZES = [(4, 3), (0, 2), (1, 2), (2, 1), (2, 2), (3, 1), (1, 1), (2, 0)]


def everything(function: Function) -> Selection:
    """Select all parameters."""
    return Selection(tuple(range(len(function.params))), single=False)


def checked(name: str, function: Function) -> None:
    """Verify what a pass returned."""
    check_ir(function)


def variants(function: Function) -> list[Function]:
    """Return a function as a transform made it, and optimised, both verified."""
    check_ir(function)
    return [function, optimise(function, checked)]


def random_like(value: Any, rng: np.random.Generator) -> Any:
    """Return random numbers in the structure of ``value``."""
    return (
        tree_of(value)
        .map(lambda x: rng.standard_normal(np.shape(x)) if np.ndim(x) else rng.random())
        .build()
    )


def inner(left: Any, right: Any) -> float:
    """Return the inner product of two structures; None counts as zero."""
    pairs = zip(tree_of(left).leaves(), tree_of(right).leaves(), strict=True)
    return float(sum(np.vdot(x, y) for x, y in pairs))


def moved(args: Any, dots: Any, step: float) -> Any:
    """Return ``args + step * dots``."""
    leaves = [
        x + step * d
        for x, d in zip(tree_of(args).leaves(), tree_of(dots).leaves(), strict=True)
    ]
    return tree_of(args).fill(leaves).build()


def floats(tree: Any) -> list[Any]:
    """Return the leaves that carry derivatives."""
    return [x for x in tree_of(tree).leaves() if x is not None]


def tangent_of(program: Program, args: Any, dots: Any) -> list[Any]:
    """Return the tangent of the leaves of the result by central differences."""
    step = 1e-5
    ahead = floats(program.function(*moved(args, dots, step)))
    behind = floats(program.function(*moved(args, dots, -step)))
    return [(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]


def accepted(program: Program, sizes: tuple[int, int]) -> bool:
    """Tell whether NumPy accepts these sizes; there is no maximum of nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program.function(*program.args(*sizes))
    except ValueError:
        return False
    return True


SIZED = [
    pytest.param(program, sizes, id=f"{name}-{sizes}")
    for name, program in PROGRAMS.items()
    for sizes in SIZES
    if accepted(program, sizes)
]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_value(program: Program) -> None:
    args = program.args()
    expected = list(tree_of(program.function(*args)).leaves())
    for function in variants(lowered(program.function, *args)):
        found = tree_of(interpret(function, args)).leaves()
        for x, y in zip(found, expected, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-13)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_tangent_against_differences(program: Program) -> None:
    args = program.args()
    primal = lowered(program.function, *args)
    dots = random_like(args, np.random.default_rng(1))
    expected = tangent_of(program, args, dots)
    for function in variants(jvp(primal, range(len(args)))):
        _, tangent = interpret(function, (*args, *dots))
        for x, y in zip(floats(tangent), expected, strict=False):
            np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-7)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("program", "sizes"), SIZED)
def test_adjoint_against_tangent(program: Program, sizes: tuple[int, int]) -> None:
    args = program.args(*sizes)
    primal = lowered(program.function, *args)
    rng = np.random.default_rng(2)
    dots = random_like(args, rng)
    value, tangent = interpret(jvp(primal, range(len(args))), (*args, *dots))
    bars = random_like(value, rng)
    moving = tree_of(tangent)
    expected = sum(
        float(np.vdot(bar, dot))
        for bar, dot in zip(tree_of(bars).leaves(), _aligned(moving), strict=True)
    )
    for function in variants(adjoint(primal, everything(primal))):
        _, found = interpret(function, (*args, bars))
        for bar, arg in zip(floats(found), floats(list(args)), strict=True):
            assert np.shape(bar) == np.shape(arg)
        if np.isfinite(expected):
            np.testing.assert_allclose(
                inner(found, dots), expected, rtol=1e-9, atol=1e-10
            )


def _aligned(tree: Any) -> list[Any]:
    """Return the leaves of a tangent, zero where there is none."""
    if tree.kind == "leaf":
        return [tree.leaf]
    if tree.kind == "none":
        return [0.0]
    return [leaf for child in tree.children for leaf in _aligned(child)]
