"""Common subexpressions, dead code, and checks of lengths; region ops included."""

from __future__ import annotations

from typing import Any

import pytest

from gradgen.errors import VerifyError
from gradgen.ir.core import Op, Value, with_body
from gradgen.ir.types import FLOAT, PY_FLOAT, PY_INT, Array, Sym
from gradgen.passes.cleanup import (
    drop_proven_checks,
    eliminate_common,
)
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.pipeline import optimise
from gradgen.primitives.registry import Handle, apply, apply_several
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.ir import examples
from tests.passes.regions import branch, first, loop, make_function, names
from tests.passes.test_rules import function_of, lines
from tests.programs.straight import PROGRAMS, lowered

VECTOR = Array(FLOAT, (Sym("n", proper=True),))


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


def test_several_results_are_merged() -> None:
    def build(x: Handle) -> Handle:
        tapes = [apply("pack", x, 2.0, tape="t") for _ in range(2)]
        items = [apply_several("unpack", t, types=(VECTOR, PY_FLOAT)) for t in tapes]
        return items[0][0] * items[1][1] + items[1][0] * items[0][1]

    function = make_function({"x": VECTOR}, build)
    found = with_body(function, eliminate_common(function.body))
    check_ir(found)
    ops = [op.name for op in found.body.ops]
    assert ops == ["dim", "pack", "unpack", "multiply", "add"]


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


def test_outer_values_serve_regions() -> None:
    def build(x: Handle, n: Handle) -> Any:
        square = x * x
        total, *_ = loop((0, n, 1), [square], lambda i, s: [s + x * x])
        return total

    function = make_function({"x": PY_FLOAT, "n": PY_INT}, build)
    found = with_body(function, eliminate_common(function.body))
    check_ir(found)
    assert names(first("for", found.body).regions[0]) == ["add"]
    assert interpret(found, (2.0, 3)) == (16.0,)


def test_regions_do_not_serve_what_is_outside() -> None:
    def build(x: Handle, c: Handle) -> Any:
        (y,) = branch(c, lambda: [x * x], lambda: [x + x])
        (z,) = branch(c, lambda: [x + x], lambda: [x * x])
        return y + z + x * x + (x + x)

    function = make_function({"x": PY_FLOAT, "c": PY_INT}, build)
    found = with_body(function, eliminate_common(function.body))
    assert names(found.body) == names(function.body)
    assert [len(r.ops) for op in found.body.ops[:2] for r in op.regions] == [1] * 4


def check(x: Handle, y: Handle) -> None:
    """Append a check that two vectors have one length."""
    lengths = [apply("dim", a, axis=0).atom for a in (x, y)]
    dims = (x.type.shape[0], y.type.shape[0])
    x.builder.emit("check_dims", lengths, [], {"dims": dims})


VECTORS = {"x": VECTOR, "y": Array(FLOAT, (Sym("m", proper=True),)), "c": PY_INT}


def checks_left(build: Any) -> list[list[str]]:
    function = make_function(VECTORS, build)
    check_ir(function)
    found = drop_proven_checks(function.body)
    check_ir(with_body(function, found))
    blocks = [found, *(r for op in found.ops for r in op.regions)]
    return [[name for name in names(b) if name == "check_dims"] for b in blocks]


def test_check_that_only_a_branch_proves() -> None:
    def build(x: Handle, y: Handle, c: Handle) -> Any:
        check(x, y)
        return branch(c, lambda: [x + y], lambda: [x])

    assert checks_left(build) == [["check_dims"], [], []]


def test_check_that_was_made_outside() -> None:
    def build(x: Handle, y: Handle, c: Handle) -> Any:
        def then() -> list[Handle]:
            check(x, y)
            return [x]

        check(x, y)
        return branch(c, then, lambda: [x])

    assert checks_left(build) == [["check_dims"], [], []]


def test_check_that_the_same_branch_makes() -> None:
    def build(x: Handle, y: Handle, c: Handle) -> Any:
        def then() -> list[Handle]:
            check(x, y)
            return [x + y]

        def otherwise() -> list[Handle]:
            check(x, y)
            return [x]

        return branch(c, then, otherwise)

    assert checks_left(build) == [[], [], ["check_dims"]]


def test_check_behind_a_result_that_is_typed_by_it() -> None:
    def build(x: Handle, y: Handle, c: Handle) -> Any:
        check(x, y)
        (z,) = branch(c, lambda: [x], lambda: [y])
        return z + x, z + y

    assert checks_left(build) == [["check_dims"], [], []]


def test_check_behind_a_slot_that_is_typed_by_it() -> None:
    def build(x: Handle, y: Handle, c: Handle) -> Any:
        check(x, y)
        z, *_ = loop((0, c, 1), [x], lambda i, slot: [y])
        return z + x, z + y

    assert checks_left(build) == [["check_dims"], []]


def swapped_in_a_loop(x: Handle, y: Handle, c: Handle) -> Handle:
    return loop((0, c, 1), [x], lambda i, slot: [y])[0]


def test_what_a_branch_proves_holds_in_it_alone() -> None:
    def inside(x: Handle, y: Handle, c: Handle) -> Any:
        def then() -> list[Handle]:
            check(x, y)
            return [swapped_in_a_loop(x, y, c)]

        return branch(c, then, lambda: [x])

    def outside(x: Handle, y: Handle, c: Handle) -> Any:
        def then() -> list[Handle]:
            check(x, y)
            return [x]

        branch(c, then, lambda: [x])
        return swapped_in_a_loop(x, y, c)

    check_ir(make_function(VECTORS, inside))
    with pytest.raises(VerifyError, match="slot and yield have different types"):
        check_ir(make_function(VECTORS, outside))
