"""Common subexpressions, dead code, and checks of lengths; region ops included."""

from __future__ import annotations

from gradgen.ir.core import Op, Value, with_body
from gradgen.ir.types import PY_FLOAT
from gradgen.passes.cleanup import (
    drop_proven_checks,
    eliminate_common,
)
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.pipeline import optimise
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.ir import examples
from tests.passes.test_rules import function_of, lines
from tests.programs.straight import PROGRAMS, lowered


def test_common() -> None:
    function = function_of(lambda x, y: (x * y) + (x * y) / 3.0)
    found = with_body(function, eliminate_common(function.body))
    assert lines(found)[0] == "%1 = multiply %x, %y"
    assert len(found.body.ops) == len(function.body.ops) - 1


def test_common_in_either_order() -> None:
    function = function_of(lambda x, y: x * y - y * x)
    body = eliminate_common(function.body)
    assert [op.name for op in body.ops] == ["dim", "multiply", "subtract"]
    function = function_of(lambda x, y: (x - y) * (y - x))
    assert len(eliminate_common(function.body).ops) == len(function.body.ops)


def test_attributes_tell_ops_apart() -> None:
    program = PROGRAMS["rosenbrock"]
    function = lowered(program.function, *program.args())
    names = [op.name for op in eliminate_common(function.body).ops]
    assert names.count("getitem") == 2


def test_dead() -> None:
    function = function_of(lambda x, y: [x, x * y][0])
    assert eliminate_dead(function.body).ops == ()


def test_check_stays_without_proof() -> None:
    program = PROGRAMS["regression"]
    function = lowered(program.function, *program.args())
    checks = [op for op in function.body.ops if op.name == "check_dims"]
    assert len(checks) == 2
    assert "check_dims" not in [op.name for op in drop_proven_checks(function.body).ops]
    body = function.body
    body.ops = tuple(op for op in body.ops if op.name in ("dim", "check_dims"))
    body.results = ()
    kept = [op.name for op in drop_proven_checks(body).ops]
    assert kept.count("check_dims") == 2


def test_values_inside_regions_are_renamed() -> None:
    function = examples.branch()
    x = function.inputs[1]
    twin = Value(PY_FLOAT, "twin")
    copy = Op("multiply", (examples.Literal.of(1.0), x), (twin,))
    branch = function.body.ops[0]
    then = branch.regions[0]
    then.ops = (then.ops[0].with_operands((then.ops[0].operands[0], twin)),)
    function.body.ops = (copy, branch)
    check_ir(function)
    lean = optimise(function, lambda name, f: check_ir(f))
    assert [op.name for op in lean.body.ops] == ["if"]
    assert interpret(lean, (1, 3.0)) == (6.0,)


def test_region_programs_survive() -> None:
    for build in (examples.running_sum, examples.first_above, examples.halvings):
        function = build()
        check_ir(optimise(function, lambda name, f: check_ir(f)))
