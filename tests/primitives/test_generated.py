"""The generated code of every lowered call, compared with its IR, value by value."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable
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
from tests.primitives.calls import DECLARED
from tests.primitives.calls.call import Call
from tests.primitives.harness import Program, build, random_like
from tests.primitives.lowered import (
    arguments_of_call,
    as_matrices,
    is_single,
    lower_call,
)
from tests.primitives.variants import EVERY, LAYOUTS, accepted, mapped, varied


def embedded(call: Call) -> Program:
    """Return a program that computes on what goes into the call and comes out of it."""

    def body(*handles: Handle) -> Any:
        scaled = [1.5 * x if x.dtype.kind == "f" else x for x in handles]
        result = lower_call(call, as_matrices(call, scaled), builder)
        leaves = tree_of(result).map(lambda y: y * y + y if y.dtype.kind == "f" else y)
        return [leaves.build(), scaled]

    builder = Builder()
    return build(body, arguments_of_call(call), "f", builder)


def run_generated(function: Function, args: list[Any]) -> list[Any]:
    return run_compiled(compiled(function), args)


def compiled(function: Function) -> Callable[..., Any]:
    emitted = emit(bufferize(optimise(function)))
    scope: dict[str, Any] = {}
    exec(compile(emitted.source, "<generated>", "exec"), scope)
    found: Callable[..., Any] = scope[emitted.name]
    return found


def run_compiled(code: Callable[..., Any], args: list[Any]) -> list[Any]:
    before = copy.deepcopy(args)
    result = code(*args)
    for now, then in zip(tree_of(args).leaves(), tree_of(before).leaves(), strict=True):
        np.testing.assert_array_equal(now, then)
    return list(tree_of(result).leaves())


def assert_agree(function: Function, *several: list[Any]) -> None:
    """Compare generated code with its IR for one or several lists of arguments."""
    code = compiled(function)
    for args in several:
        wanted = list(tree_of(interpret(function, args)).leaves())
        for left, right in zip(run_compiled(code, args), wanted, strict=True):
            single = is_single(right)
            np.testing.assert_allclose(
                left, right, rtol=1e-5 if single else 1e-12, atol=1e-12
            )
            assert np.asarray(left).dtype == np.asarray(right).dtype
            assert isinstance(left, np.ndarray) == isinstance(right, np.ndarray)


def laid_out(call: Call, args: list[Any]) -> list[Any]:
    """Return arguments in another memory layout, one of three by the call's name."""
    layout = ("F", "strided", "reversed")[zlib.crc32(str(call).encode()) % 3]
    return mapped(args, lambda x: LAYOUTS[layout](x) if np.ndim(x) else x)


def twice(call: Call) -> list[list[Any]]:
    """Return arguments of twice the size, if the function takes them."""
    other = varied(call, EVERY[0]._replace(size="twice"))
    assert other is not None
    return [arguments_of_call(other)] if accepted(other) else []


@pytest.mark.parametrize("call", DECLARED, ids=str)
def test_generated_code_computes_what_the_ir_does(call: Call) -> None:
    program = embedded(call)
    function, moving = program.function, program.moving
    given = list(program.args)
    several = [given, laid_out(call, given), *twice(call)]
    assert_agree(function, *several)
    if not moving:
        return
    rng = np.random.default_rng(3)
    dots = [[random_like(args[i], rng) for i in moving] for args in several]
    pairs = zip(several, dots, strict=True)
    assert_agree(jvp(function, moving), *([*args, *dot] for args, dot in pairs))
    bars = [[*args, random_like(interpret(function, args), rng)] for args in several]
    assert_agree(adjoint(function, Selection(moving, single=False)), *bars)
