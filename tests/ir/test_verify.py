"""Each rule of the verifier rejects what breaks it, and shows the IR around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradgen.errors import VerifyError
from gradgen.ir.core import Function, Literal, Op, Value
from gradgen.ir.regions import make_call
from gradgen.ir.tree import leaf
from gradgen.ir.types import FLOAT, PY_FLOAT, PY_INT, Array, Sym
from gradgen.structs import replace
from gradgen.testing.check import check_ir
from tests.ir import examples
from tests.ir.examples import block, function

GOOD = [
    examples.branch,
    examples.running_sum,
    lambda: examples.running_sum(reverse=True),
    examples.first_above,
    examples.halvings,
    examples.helper_call,
]


@pytest.mark.parametrize("build", GOOD)
def test_accepts(build: Callable[[], Function]) -> None:
    check_ir(build())


def rejected(broken: Function, match: str) -> str:
    with pytest.raises(VerifyError, match=match) as error:
        check_ir(broken)
    return str(error.value)


def simple() -> tuple[Function, Op]:
    """Return a function of one op, ``y = -x``."""
    x, y = Value(examples.VECTOR, "x"), Value(examples.VECTOR, "y")
    op = Op("negative", (x,), (y,))
    return function("f", [x], [op], y), op


def test_dominance() -> None:
    broken, op = simple()
    op.operands = (Value(examples.VECTOR, "stranger"),)
    text = rejected(broken, "'stranger' is used where it is not defined")
    assert "--> %y: f64[n] = negative %stranger" in text


def test_order() -> None:
    broken, op = simple()
    later = Op("negative", op.results, (Value(examples.VECTOR, "z"),))
    broken.body.ops = (later, op)
    rejected(broken, "'y' is used where it is not defined")


def test_values_of_a_region_stay_inside() -> None:
    broken = examples.branch()
    inner = broken.body.ops[0].regions[0].results[0]
    broken.body.results = (inner,)
    broken.result = replace(broken.result, children=(leaf(inner),))
    rejected(broken, "used where it is not defined")


def test_one_definition() -> None:
    broken, op = simple()
    broken.body.ops = (op, op)
    rejected(broken, "'y' is defined twice")


def test_parameters() -> None:
    broken, _ = simple()
    broken.params = ()
    rejected(broken, "not the leaves of the function's")


def test_result_tree() -> None:
    broken, _ = simple()
    broken.result = leaf(broken.inputs[0])
    rejected(broken, "result tree does not hold")


def test_result_type() -> None:
    broken, op = simple()
    op.results[0].type = PY_FLOAT
    rejected(broken, r"the result is f64\[n\], not float")


def test_result_dimension() -> None:
    broken, op = simple()
    op.results[0].type = Array(FLOAT, (Sym("n", -1),))
    rejected(broken, r"the result is f64\[n\], not f64\[n-1\]")


def test_checked_dimensions_are_equal() -> None:
    x, y = Value(Array(FLOAT, (Sym("n"),)), "x"), Value(Array(FLOAT, (Sym("m"),)), "y")
    z = Value(y.type, "z")
    good = function("f", [x, y], [Op("negative", (x,), (z,))], z)
    rejected(good, r"the result is f64\[n\], not f64\[m\]")
    n, m = Value(PY_INT), Value(PY_INT)
    lengths = [
        Op("dim", (x,), (n,), {"axis": 0}),
        Op("dim", (y,), (m,), {"axis": 0}),
        Op("check_dims", (n, m), (), {"dims": (Sym("n"), Sym("m"))}),
    ]
    good.body.ops = (*lengths, *good.body.ops)
    check_ir(good)


def test_unknown_primitive() -> None:
    broken, op = simple()
    op.name = "nothing"
    rejected(broken, "no primitive 'nothing'")


def test_refused_operands() -> None:
    broken, op = simple()
    op.operands = (Literal.of("text"),)
    rejected(broken, "negative")


def test_no_atom() -> None:
    broken, op = simple()
    op.operands = (1.0,)  # type: ignore[assignment]
    with pytest.raises((VerifyError, AttributeError)):
        check_ir(broken)


def test_branches_yield_the_same() -> None:
    broken = examples.branch()
    broken.body.ops[0].regions[1].results = (Literal.of(1),)
    rejected(broken, "branches yield different types: float and int")


def test_branches_yield_as_many() -> None:
    broken = examples.branch()
    broken.body.ops[0].regions[1].results = ()
    rejected(broken, "branches yield different numbers")


def test_branch_result() -> None:
    broken = examples.branch()
    broken.body.ops[0].results[0].type = PY_INT
    rejected(broken, "a branch and its result have different types")


def test_branch_takes_nothing() -> None:
    broken = examples.branch()
    broken.body.ops[0].regions[1].params = (Value(PY_INT, "p"),)
    rejected(broken, "a branch has parameters")


def test_two_branches() -> None:
    broken = examples.branch()
    broken.body.ops[0].regions = broken.body.ops[0].regions[:1]
    broken.body.ops[0].results = ()
    broken.body.results, broken.result = (), replace(broken.result, children=())
    rejected(broken, "has two branches")


def test_condition() -> None:
    broken = examples.branch()
    array = Value(examples.VECTOR, "c")
    broken.body.ops[0].operands = (array,)
    broken.body.params = (array, *broken.body.params[1:])
    broken.params = (replace(broken.params[0], tree=leaf(array)), *broken.params[1:])
    rejected(broken, "the condition is no number")


def loop_of(broken: Function) -> Op:
    """Return the loop of an example."""
    return broken.body.ops[-1]


def test_slot_and_initial_value() -> None:
    broken = examples.running_sum()
    loop = loop_of(broken)
    loop.operands = (*loop.operands[:3], Literal.of(1), *loop.operands[4:])
    rejected(broken, "slot and initial value have different types: f64 and int")


def test_slot_and_yield() -> None:
    broken = examples.running_sum()
    region = loop_of(broken).regions[0]
    region.results = (Literal.of(1), *region.results[1:])
    rejected(broken, "slot and yield have different types: f64 and int")


def test_slot_and_result() -> None:
    broken = examples.running_sum()
    loop_of(broken).results[0].type = PY_INT
    rejected(broken, "slot and result have different types: f64 and int")


def test_carried_array_keeps_its_shape() -> None:
    broken = examples.running_sum()
    loop = loop_of(broken)
    x = broken.inputs[0]
    slot = loop.regions[0].params[1]
    slot.type = loop.results[0].type = examples.VECTOR
    loop.operands = (*loop.operands[:3], x, x)
    shorter = Value(Array(FLOAT, (Sym("n", -1),)), "shorter")
    loop.regions[0].ops = ()
    loop.regions[0].results = (shorter, loop.regions[0].params[2])
    loop.regions[0].params = (*loop.regions[0].params[:2], loop.regions[0].params[2])
    broken.body.params = (*broken.body.params, shorter)
    extra = replace(broken.params[0], name="shorter", tree=leaf(shorter))
    broken.params = (*broken.params, extra)
    rejected(broken, r"slot and yield have different types: f64\[n\] and f64\[n-1\]")


def test_loop_parameters() -> None:
    broken = examples.running_sum()
    loop = loop_of(broken)
    loop.operands = loop.operands[:-1]
    rejected(broken, "parameters do not fit the operands")


def test_loop_results() -> None:
    broken = examples.running_sum()
    loop = loop_of(broken)
    loop.results = loop.results[1:]
    rejected(broken, "results do not fit")


def test_loop_yields() -> None:
    broken = examples.running_sum()
    loop_of(broken).regions[0].results = ()
    rejected(broken, "yields too few values")


def test_reverse_loop_has_no_exit() -> None:
    broken = examples.first_above()
    loop = loop_of(broken)
    loop.attrs = {**loop.attrs, "reverse": True}
    rejected(broken, "a reverse loop has no exit")


def test_loop_bounds() -> None:
    broken = examples.running_sum()
    loop = loop_of(broken)
    loop.operands = (Literal.of(0.0), *loop.operands[1:])
    rejected(broken, "bounds of a loop are integers")


def test_scanned_element() -> None:
    broken = examples.running_sum()
    loop_of(broken).regions[0].params[2].type = PY_INT
    loop_of(broken).regions[0].ops = ()
    loop_of(broken).regions[0].results = loop_of(broken).regions[0].params[1:2] * 2
    rejected(broken, r"an element of f64\[n\] is no int")


def test_stacked_result() -> None:
    broken = examples.running_sum()
    loop_of(broken).results[1].type = examples.NUMBER
    rejected(broken, "f64 stacks to")


def test_exit_flag() -> None:
    broken = examples.first_above()
    region = loop_of(broken).regions[0]
    region.results = (Literal.of("stop"), *region.results[1:])
    rejected(broken, "exit flag is no number")


def test_while_test_parameters() -> None:
    broken = examples.halvings()
    test = loop_of(broken).regions[0]
    test.params = (Value(PY_INT, "c"),)
    test.ops, test.results = (), (Literal.of(True),)
    rejected(broken, "test and initial value have different types: int and float")


def test_while_test_result() -> None:
    broken = examples.halvings()
    test = loop_of(broken).regions[0]
    test.results = test.results * 2
    rejected(broken, "the test yields one value")


def test_call_arguments() -> None:
    broken = examples.helper_call()
    broken.body.ops[0].operands = ()
    rejected(broken, "wrong number of arguments")


def test_call_argument_type() -> None:
    broken = examples.helper_call()
    broken.body.ops[0].operands = (Literal.of(1.0),)
    rejected(broken, "the function has .* where the call has float")


def test_call_result_type() -> None:
    broken = examples.helper_call()
    broken.body.ops[0].results[0].type = PY_FLOAT
    rejected(broken, r"the function has f64\[m-1\] where the call has float")


def test_called_function() -> None:
    broken, op = simple()
    op.results[0].type = PY_FLOAT
    caller = Value(examples.VECTOR, "x")
    call = make_call("f", broken, [caller], examples.Dims())
    calling = function("g", [caller], [call], *call.results)
    calling.helpers = {"f": broken}
    rejected(calling, "the result is")


def test_empty_block_is_fine() -> None:
    x = Value(PY_FLOAT, "x")
    check_ir(function("f", [x], [], x))
    assert block((), x).ops == ()
