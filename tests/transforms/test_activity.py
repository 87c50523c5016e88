"""What has a derivative, what is structurally zero, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function
from gradgen.passes.pipeline import optimise
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.activity import active_values
from gradgen.transforms.derive import Selection, gradient, jvp
from tests.ir import examples
from tests.programs.straight import lowered


def derived(function: Any, *args: Any, argnums: tuple[int, ...] = (0,)) -> Function:
    """Return the gradient, verified."""
    selection = Selection(argnums, single=len(argnums) == 1)
    found = gradient(lowered(function, *args), selection, value=False, aux=False)
    check_ir(found)
    return found


def names(function: Function, origin: str) -> list[str]:
    """Return the ops that a transform added."""
    return [op.name for op in function.body.ops if op.origin == origin]


def test_varied_and_useful() -> None:
    def f(x, y):
        unused = np.sin(x)
        fixed = np.cos(y)
        step = np.floor(x)
        return x * fixed + step

    function = lowered(f, 1.0, 2.0)
    x, y = function.inputs
    active = active_values(function.body, [x], function.body.results)
    by_name = {op.results[0].hint or op.name: op.results[0] for op in function.body.ops}
    assert x in active
    assert y not in active
    assert by_name["unused"] not in active
    assert by_name["fixed"] not in active
    assert by_name["step"] not in active
    assert by_name["multiply"] in active


def test_no_code_for_what_is_not_active() -> None:
    def f(x, y):
        return x * np.sin(np.cos(y))

    function = optimise(derived(f, 1.0, 2.0))
    assert [op.name for op in function.body.ops] == ["cos", "sin"]


@pytest.mark.parametrize("arg", [2.0, np.float32(2.0), np.ones(3), np.ones((2, 0))])
def test_structural_zero(arg: Any) -> None:
    def f(x, y):
        return y * 3.0

    found = interpret(derived(f, arg, 1.0), (arg, 1.0))
    assert np.shape(found) == np.shape(arg)
    assert np.asarray(found).dtype == np.asarray(arg).dtype
    assert not np.any(found)


def test_structural_zero_wins_over_infinity() -> None:
    def f(x):
        return np.sum(np.floor(np.log(x))) + np.sum(x)

    args = (np.array([1.0, 2.0]),)
    np.testing.assert_array_equal(interpret(derived(f, *args), args), [1.0, 1.0])


def test_masked_zero_wins_over_infinity() -> None:
    def f(x):
        return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    args = (np.array([0.0, 4.0]),)
    for function in (derived(f, *args), optimise(derived(f, *args))):
        np.testing.assert_array_equal(interpret(function, args), [0.0, 0.25])


def test_tangent_of_what_does_not_move() -> None:
    def f(x, y):
        return x * 2.0, y * 3.0

    function = jvp(lowered(f, 1.0, 2.0), [0])
    check_ir(function)
    _, tangent = interpret(function, (1.0, 2.0, 5.0))
    assert tangent == (10.0, 0.0)


def test_dtype_of_the_argument() -> None:
    def f(x, y):
        return np.sum(x * y)

    args = (np.ones(3, np.float32), np.ones(3))
    found = interpret(derived(f, *args, argnums=(0, 1)), args)
    assert [x.dtype for x in found] == [np.float32, np.float64]


def test_an_argument_passed_twice_is_two() -> None:
    def f(x, y):
        return np.sum(x * y)

    x = np.array([1.0, 2.0])
    found = interpret(derived(f, x, x, argnums=(0, 1)), (x, x))
    np.testing.assert_array_equal(found[0], x)
    np.testing.assert_array_equal(found[1], x)


MISMATCHED = [
    (lambda x, y: np.sum(x + y), (3,), (4,)),
    (lambda x, y: np.sum(x * 0.0) + np.sum(x - y), (3,), (4,)),
    (lambda x, y: np.sum(x @ y), (2, 3), (4, 2)),
    (lambda x, y: np.mean(x[1:] * y), (4,), (5,)),
]


@pytest.mark.parametrize(("f", "first", "second"), MISMATCHED)
def test_mismatched_shapes_still_raise(f: Any, first: Any, second: Any) -> None:
    good = (np.ones(first), np.ones(second))
    bad = (np.ones(first), np.ones(second))
    function = lowered(f, *good)
    selection = Selection((0,))
    plain = gradient(function, selection, value=False, aux=False)
    with pytest.raises(ValueError, match=r"match|broadcast|mismatch"):
        f(*bad)
    for derivative in (plain, optimise(plain)):
        with pytest.raises(ValueError, match=r"match|broadcast|mismatch"):
            interpret(derivative, bad)


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("m", [2, 3, 4])
def test_derived_length_that_may_be_one(n: int, m: int) -> None:
    """``x[1:]`` has one element for ``n = 2``, and then broadcasts."""

    def f(x, y):
        return np.sum((x[1:] + y[1:]) ** 2)

    args = (np.arange(n) + 1.0, np.arange(m) + 2.0)
    function = derived(f, np.ones(5), np.ones(6), argnums=(0, 1))
    if n != m and 2 not in (n, m):
        with pytest.raises(ValueError, match="broadcast"):
            interpret(function, args)
        return
    total = args[0][1:] + args[1][1:]
    expected = [np.zeros(n), np.zeros(m)]
    for bar in expected:
        part = 2 * total
        bar[1:] = part.sum() if len(bar) == 2 and len(total) > 1 else part
    for each in (function, optimise(function, lambda name, g: check_ir(g))):
        for found, wanted in zip(interpret(each, args), expected, strict=True):
            np.testing.assert_allclose(found, wanted)


def test_results_of_calls_move_with_what_is_given() -> None:
    function = examples.helper_call()
    (x,), (y,) = function.inputs, function.body.results
    assert active_values(function.body, [x], [y]) == {x, y}
    assert active_values(function.body, [], [y]) == set()
