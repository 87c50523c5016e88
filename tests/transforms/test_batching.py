"""Every primitive over many examples, from the samples of its declaration."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from gradgen.errors import Refusal
from gradgen.ir.core import walk_ops
from gradgen.ir.tree import tree_of
from gradgen.primitives.registry import PRIMITIVES, Sample
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.vmap import vmap
from tests.primitives.harness import Program, operands_of, program_of

COUNT = 3
BATCHED = {name: p for name, p in PRIMITIVES.items() if p.batch or p.elementwise}
CASES = [
    pytest.param(name, sample, id=f"{name}-{index}")
    for name, primitive in sorted(BATCHED.items())
    for index, sample in enumerate(
        primitive.samples[: 2 if primitive.elementwise else 9]
    )
]
LOOPED = ("lfilter", "searchsorted", "nonzero", "solve_banded", "convolve")
"""Some of the primitives that run in a loop over the examples."""


def examples_of(program: Program, chosen: tuple[int, ...]) -> list[tuple[Any, ...]]:
    """Return arguments for each example, of which those ``chosen`` differ."""

    def varied(x: Any, k: int) -> Any:
        array = np.asarray(x)
        if array.dtype.kind not in "fc":
            return x
        grown = (array * (1 + 0.01 * k)).astype(array.dtype)
        return grown if array.shape else type(x)(grown)

    return [
        tuple(varied(x, k) if i in chosen else x for i, x in enumerate(program.args))
        for k in range(COUNT)
    ]


def choices_of(program: Program) -> list[tuple[int, ...]]:
    """Return which arguments are mapped: each alone, and all of them."""
    arrays = [
        i
        for i, x in enumerate(program.args)
        if isinstance(x, np.ndarray | np.generic | float | complex)
    ]
    together = [tuple(arrays)] if len(arrays) > 1 else []
    return [(i,) for i in arrays] + together


def check(name: str, sample: Sample) -> list[str]:
    """Compare with a loop over the examples; return the names of the ops."""
    program = program_of(name, sample, operands_of(sample, name), alone=True)
    function, ops = program.function, []
    for chosen in choices_of(program):
        rows = examples_of(program, chosen)
        wanted = [list(tree_of(interpret(function, row)).leaves()) for row in rows]
        given = [
            np.stack([row[i] for row in rows]) if i in chosen else x
            for i, x in enumerate(program.args)
        ]
        inputs = [function.inputs[i] for i in chosen]
        out = [0] * len(function.body.results)
        mapped, counts = dict.fromkeys(inputs, 0), dict.fromkeys(inputs, COUNT)
        batched = vmap(function, mapped, out, counts)
        check_ir(batched)
        found = list(tree_of(interpret(batched, given)).leaves())
        for k, y in enumerate(found):
            compare(y, np.stack([np.asarray(row[k]) for row in wanted]))
        ops += [op.name for op in walk_ops(batched.body)]
    return ops


def compare(found: Any, wanted: np.ndarray) -> None:
    narrow = wanted.dtype in (np.float32, np.complex64)
    assert found.dtype == wanted.dtype
    close = {"rtol": 1e-5, "atol": 1e-6} if narrow else {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(found, wanted, **close)


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_batching_computes_what_a_loop_does(name: str, sample: Sample) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        check(name, sample)


@pytest.mark.parametrize("name", LOOPED)
def test_what_has_no_batched_form_runs_in_a_loop(name: str) -> None:
    assert "for" in check(name, PRIMITIVES[name].samples[0])


@pytest.mark.parametrize("name", ["add", "sum", "matmul", "getitem", "sort", "inv"])
def test_what_has_one_does_not(name: str) -> None:
    assert "for" not in check(name, PRIMITIVES[name].samples[0])


def test_lists_that_only_some_examples_have_are_refused() -> None:
    from gradgen import UnsupportedError
    from gradgen import vmap as vmap_of

    def f(x):
        found = []
        for value in x:
            if value > 0.5:
                found.append(value)
        return sum(found) if len(found) > 1 else 0.0

    x = np.random.default_rng(0).random((3, 4))
    try:
        y = vmap_of(f)(x)
    except (UnsupportedError, Refusal):
        return
    np.testing.assert_allclose(y, [f(row) for row in x])
