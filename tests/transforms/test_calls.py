"""Derivatives of helpers that call themselves, to second order, run and interpreted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import Function, walk_ops
from gradgen.ir.verify import verify
from gradgen.kernels import add_tapes, copy_tape, zeros_like_tape
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.primitives.facts import infer
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, gradient, jvp
from tests.transforms import calling

FUNCTIONS = (calling.sum_of_parts, calling.fills)
X = np.array([0.3, 0.9, 1.2, 0.8])
V = np.array([1.0, 0.5, -1.0, 2.0])
FIRST = Selection((0,))


def checked(function: Function) -> Function:
    verify(function, infer)
    function = optimise(function)
    verify(function, infer)
    return function


def source_of(function: Function) -> str:
    return emit(bufferize(function)).source


def run(function: Function, *args: Any) -> Any:
    """Return what the generated code gives, which must leave its arguments alone."""
    scope: dict[str, Any] = {}
    exec(source_of(function), scope)
    given = [np.copy(x) for x in args]
    result = scope[function.name](*args)
    for before, after in zip(given, args, strict=True):
        np.testing.assert_array_equal(before, after)
    return result


def grad_of(make: Any) -> Function:
    return checked(gradient(optimise(make()), FIRST, value=False, aux=False))


def differences(function: Function, x: np.ndarray, step: float = 1e-6) -> Any:
    rows = [
        (np.asarray(run(function, x + e)) - run(function, x - e)) / (2 * step)
        for e in step * np.eye(len(x))
    ]
    return np.array(rows)


@pytest.mark.parametrize("make", FUNCTIONS)
def test_primal(make: Any) -> None:
    function = checked(make())
    np.testing.assert_allclose(run(function, X), interpret(function, [X]), rtol=1e-14)


@pytest.mark.parametrize("make", FUNCTIONS)
@pytest.mark.parametrize("size", [2, 3, 4])
def test_gradient(make: Any, size: int) -> None:
    x = X[:size]
    grad = grad_of(make)
    expected = differences(checked(make()), x)
    np.testing.assert_allclose(run(grad, x), expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(run(grad, x), interpret(grad, [x]), rtol=1e-13)


@pytest.mark.parametrize("make", FUNCTIONS)
def test_tangent(make: Any) -> None:
    tangent = checked(jvp(optimise(make()), (0,)))
    _, dot = run(tangent, X, V)
    np.testing.assert_allclose(dot, run(grad_of(make), X) @ V, rtol=1e-12)


@pytest.mark.parametrize("make", FUNCTIONS)
def test_second_order(make: Any) -> None:
    grad = grad_of(make)
    hessian = differences(grad, X)
    forward = run(checked(jvp(grad, (0,))), X, V)[1]
    reverse = run(checked(adjoint(grad, FIRST)), X, V)[1]
    np.testing.assert_allclose(forward, hessian @ V, rtol=1e-6)
    np.testing.assert_allclose(reverse, forward, rtol=1e-12)


@pytest.mark.parametrize("make", FUNCTIONS)
def test_third_order(make: Any) -> None:
    second = checked(jvp(grad_of(make), (0,)))
    third = run(checked(adjoint(second, FIRST)), X, V, (0.0 * V, V))[1]
    steps = [
        (run(second, X + e, V)[1] - run(second, X - e, V)[1]) @ V / 2e-5
        for e in 1e-5 * np.eye(4)
    ]
    np.testing.assert_allclose(third, steps, rtol=1e-5)


def test_helpers_are_made_once() -> None:
    names = list(grad_of(calling.sum_of_parts).helpers)
    assert names == ["total_forward", "total_reverse"]


def test_overwritten_arguments_stay_so() -> None:
    source = source_of(grad_of(calling.fills))
    helpers = source[: source.index("def f_grad")]
    assert ".copy()" not in helpers
    assert "zeros" not in helpers


def test_only_elements_are_recorded() -> None:
    grad = grad_of(calling.fills)
    (tape,) = (
        op for op in walk_ops(grad.helpers["fill_forward"].body) if op.name == "pack"
    )
    assert all(not getattr(x.type, "shape", ()) for x in tape.operands)


def test_tapes() -> None:
    tape = (2, 1.5, np.array([1.0, 2.0]), [np.float32(3.0)], None, (0.5, None))
    zeros = zeros_like_tape(tape)
    assert zeros[:2] == (None, 0.0)
    assert type(zeros[3][0]) is np.float32
    np.testing.assert_array_equal(zeros[2], [0.0, 0.0])
    total = add_tapes(
        zeros, (None, 1.0, np.ones(2), [np.float32(1)], None, (2.0, None))
    )
    assert (total[1], total[5]) == (1.0, (2.0, None))
    assert add_tapes(None, tape) is tape
    assert add_tapes(tape, None) is tape
    copied = copy_tape(tape)
    assert copied[2] is not tape[2]
    assert copied[3] is not tape[3]
