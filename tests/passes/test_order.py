"""What a slot of a loop goes on with is computed last."""

from __future__ import annotations

from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import Function
from gradgen.passes.bufferize import bufferize
from tests.passes.loops_in_place import TYPES, at, count, named, put, zeros
from tests.passes.regions import branch, loop, make_function


def source(body: object, *names: str) -> str:
    function: Function = make_function({name: TYPES[name] for name in names}, body)
    return emit(bufferize(function)).source


def test_slot_needs_no_second_name() -> None:
    def program(x):
        def step(i, s, x_bar):
            x.builder.origin = "adjoint"
            after = named(s * at(x, i), "s")
            return [after, put(x_bar, s * 2.0, i, name="add_at")]

        return loop((0, count(x), 1), [named(at(x, 0), "s"), zeros(x)], step)[1]

    text = source(program, "x")
    assert text.index("[i] += s * 2.0") < text.index("s *= x[i]")


def test_slot_needs_no_second_name_in_a_branch() -> None:
    def program(x):
        def step(i, s, x_bar):
            x.builder.origin = "adjoint"

            def then():
                after = named(s * at(x, i), "s")
                return [after, put(x_bar, s * 2.0, i, name="add_at")]

            return branch(at(x, i) > 0.0, then, lambda: [s, x_bar])

        return loop((0, count(x), 1), [named(at(x, 0), "s"), zeros(x)], step)[1]

    text = source(program, "x")
    assert text.index("[i] += s * 2.0") < text.index("s *= x")


def test_statements_of_the_user_stay() -> None:
    def program(x):
        def step(i, s, y):
            x.builder.origin = "primal"
            after = named(s * at(x, i), "s")
            return [after, put(y, s * 2.0, i)]

        return loop((0, count(x), 1), [named(at(x, 0), "s"), zeros(x)], step)[1]

    text = source(program, "x")
    assert text.index("= s * x[i]") < text.index("[i] = s * 2.0")
