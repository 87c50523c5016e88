"""The generated code of every lowered call, compared with its IR, value by value."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function
from gradgen.ir.tree import tree_of
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.primitives.registry import Handle
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.primitives.calls import CALLS, Call
from tests.primitives.harness import Program, build, random_like
from tests.primitives.test_lowerings import arguments_of, lower_call


def embedded(call: Call) -> Program:
    """Return a program that computes on what goes into the call and comes out of it."""
    given = [*call.args, *call.options.values()]

    def body(*handles: Handle) -> Any:
        scaled = [1.5 * x if x.dtype.kind == "f" else x for x in handles]
        result = lower_call(call, scaled, builder)
        leaves = tree_of(result).map(lambda y: y * y + y if y.dtype.kind == "f" else y)
        return [leaves.build(), scaled]

    builder = Builder()
    return build(body, arguments_of(given), "f", builder)


def run_generated(function: Function, args: list[Any]) -> list[Any]:
    emitted = emit(bufferize(optimise(function)))
    scope: dict[str, Any] = {}
    exec(compile(emitted.source, "<generated>", "exec"), scope)
    before = copy.deepcopy(args)
    result = scope[emitted.name](*args)
    for now, then in zip(tree_of(args).leaves(), tree_of(before).leaves(), strict=True):
        np.testing.assert_array_equal(now, then)
    return list(tree_of(result).leaves())


def assert_agree(function: Function, args: list[Any]) -> None:
    wanted = list(tree_of(interpret(function, args)).leaves())
    found = run_generated(function, args)
    for left, right in zip(found, wanted, strict=True):
        single = np.asarray(right).dtype == np.float32
        np.testing.assert_allclose(
            left, right, rtol=1e-5 if single else 1e-12, atol=1e-12
        )
        assert np.asarray(left).dtype == np.asarray(right).dtype
        assert isinstance(left, np.ndarray) == isinstance(right, np.ndarray)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_generated_code_computes_what_the_ir_does(call: Call) -> None:
    program = embedded(call)
    function, args = program.function, list(program.args)
    assert_agree(function, args)
    moving = program.moving
    if not moving:
        return
    rng = np.random.default_rng(3)
    dots = [random_like(args[i], rng) for i in moving]
    assert_agree(jvp(function, moving), [*args, *dots])
    bar = random_like(interpret(function, args), rng)
    assert_agree(adjoint(function, Selection(moving, single=False)), [*args, bar])
