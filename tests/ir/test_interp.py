"""The interpreter that tests use as an oracle, above all on region ops."""

from __future__ import annotations

import numpy as np
import pytest

from gradgen.errors import VerifyError
from gradgen.ir.core import Literal
from gradgen.testing.interp import interpret
from tests.ir import examples
from tests.programs.straight import PROGRAMS, lowered


def test_branch() -> None:
    assert interpret(examples.branch(), (1, 3.0)) == (6.0,)
    assert interpret(examples.branch(), (0, 3.0)) == (3.0,)


def test_loop_carries_scans_and_stacks() -> None:
    total, partial, stop, left = interpret(
        examples.running_sum(), (np.array([1.0, 2.0, 4.0]),)
    )
    assert (total, stop, left) == (7.0, 3, False)
    np.testing.assert_array_equal(partial, [0.0, 1.0, 3.0])


def test_reverse_loop_keeps_positions() -> None:
    total, partial, _, _ = interpret(
        examples.running_sum(reverse=True), (np.array([1.0, 2.0, 4.0]),)
    )
    assert total == 7.0
    np.testing.assert_array_equal(partial, [6.0, 4.0, 0.0])


def test_empty_loop() -> None:
    total, partial, stop, left = interpret(examples.running_sum(), (np.zeros(0),))
    assert (total, stop, left, partial.shape) == (0.0, 0, False, (0,))


def test_exit() -> None:
    total, totals, stop, left = interpret(examples.first_above(), (100, 10))
    assert (total, stop, left) == (12, 8, True)
    assert list(totals) == [0, 2, 6, 12]
    assert list(range(0, stop, 2)) == [0, 2, 4, 6]


def test_loop_that_ends_by_itself() -> None:
    assert interpret(examples.first_above(), (4, 10))[2:] == (4, False)


def test_while() -> None:
    x, seen, count, left = interpret(examples.halvings(), (5.0,))
    assert (x, count, left) == (0.625, 3, False)
    assert list(seen) == [5.0, 2.5, 1.25]


def test_call() -> None:
    (tail,) = interpret(examples.helper_call(), (np.arange(3.0),))
    np.testing.assert_array_equal(tail, [2.0, 4.0])


def test_arguments_are_left_alone() -> None:
    x = np.array([1.0, 2.0])
    result = interpret(lowered(lambda x: x[::-1], x), (x,))
    assert not np.shares_memory(result, x)
    result[:] = 0.0
    assert x.tolist() == [1.0, 2.0]
    assert x.flags.writeable


def test_structure() -> None:
    program = PROGRAMS["several_results"]
    args = program.args()
    found = interpret(lowered(program.function, *args), args)
    assert list(found) == ["total", "scaled"]
    assert isinstance(found["scaled"], list)
    assert found["scaled"][1] == 3.0


def test_type_of_a_value_is_checked() -> None:
    function = examples.branch()
    wrong = Literal(np.float64(2.0), examples.PY_FLOAT)
    function.body.results = (wrong,)
    then = function.body.ops[0].regions[0]
    then.ops[0].operands = (wrong, then.ops[0].operands[1])
    with pytest.raises(VerifyError, match="float holds"):
        interpret(function, (1, 3.0))
