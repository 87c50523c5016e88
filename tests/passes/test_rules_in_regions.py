"""Rewriting rules inside branches and loops, and across their borders."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.ir.core import Block, Function, with_body
from gradgen.ir.types import FLOAT, PY_FLOAT, PY_INT, Array, Sym, Type
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.simplify import simplify
from gradgen.primitives.registry import Handle, apply, dims_of
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.passes.regions import branch, first, loop, make_function, names

N, M = Sym("n", proper=True), Sym("m", proper=True)
TYPES: dict[str, Type] = {
    "x": Array(FLOAT, (N,)),
    "y": Array(FLOAT, (M,)),
    "a": PY_FLOAT,
    "b": PY_FLOAT,
    "c": PY_INT,
}
ARGS = (np.array([1.0, 2.0, 4.0]), np.array([3.0, -1.0, 0.5]), 2.5, -1.5, 3)


def simplified(build: Any) -> Function:
    """Return what ``build`` writes over ``TYPES``, rewritten to the same values."""
    function = make_function(TYPES, build)
    check_ir(function)
    found = with_body(function, eliminate_dead(simplify(function.body)))
    check_ir(found)
    for new, old in zip(interpret(found, ARGS), interpret(function, ARGS), strict=True):
        np.testing.assert_allclose(new, old, 1e-12)
    return found


def body_of(function: Function) -> Block:
    return first("for", function.body).regions[-1]


def test_rules_apply_inside() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        def body(i: Handle, s: Handle) -> list[Handle]:
            (t,) = branch(i, lambda: [s + (-(1.0 * a))], lambda: [s * 1.0])
            return [t + 0.0]

        return loop((0, c, 1), [b], body)[0]

    found = body_of(simplified(build))
    assert names(found)[-1] == "if"
    then, otherwise = first("if", found).regions
    assert names(then)[-1] == "subtract"
    assert not otherwise.ops


def test_work_outside_stays_outside() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        scaled, negative = b * x, -x
        total = apply("sum", scaled, axis=(0,), keepdims=False)

        def body(i: Handle, s: Handle, t: Handle) -> list[Handle]:
            return [s + 3.0 * scaled * t, (total * t) * 0.5 + 0.0 * a]

        s, t, *_ = loop((0, c, 1), [negative, total], body)
        return s, t * negative

    found = simplified(build)
    arrays = [op for op in body_of(found).ops if isinstance(op.results[0].type, Array)]
    assert [op.name for op in arrays] == ["multiply", "add"]


def test_used_once_but_in_a_loop() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        product = b * x
        return loop((0, c, 1), [x], lambda i, s: [a * product])[0]

    found = simplified(build)
    assert names(found.body) == ["multiply", "for"]
    assert names(body_of(found)) == ["multiply"]


def test_a_sign_from_outside_joins_a_sum() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        negative = -x
        return loop((0, c, 1), [x], lambda i, s: [s + negative])[0]

    assert names(body_of(simplified(build))) == ["subtract"]


def test_lengths_learnt_inside_stay_inside() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        def total(z: Handle) -> Handle:
            return apply("sum", z, axis=(0,), keepdims=False)

        def then() -> list[Handle]:
            both = x + y
            return [total(both * apply("broadcast_to", x, *dims_of(y)))]

        (t,) = branch(c, then, lambda: [total(x)])
        return t, apply("broadcast_to", x, *dims_of(y))

    found = simplified(build)
    assert names(found.body) == ["if", "broadcast_to"]
    assert "broadcast_to" not in names(first("if", found.body).regions[0])


def quotient(bar: Handle, x: Handle) -> Handle:
    return apply("masked_divide", bar, x, demote=True)


def test_zero_of_the_branch_not_taken_stays_masked() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        (bar,) = branch(c, lambda: [a * b], lambda: [0.0 + 0.0 * a])
        (kept,) = branch(c, lambda: [a * b], lambda: [a])
        return quotient(bar, a), quotient(kept, a)

    found = simplified(build)
    assert [n for n in names(found.body) if "divide" in n] == [
        "masked_divide",
        "divide",
    ]


def test_zero_that_a_loop_starts_with_stays_masked() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        bars = loop((0, c, 1), [a, b], lambda i, s, t: [s * b, t + quotient(s, a)])
        started = loop((0, c, 1), [a * 0.0, a], lambda i, s, t: [s + b, quotient(s, a)])
        return bars[1], started[1]

    found = simplified(build)
    inner = [names(op.regions[-1]) for op in found.body.ops if op.name == "for"]
    assert "divide" in inner[0]
    assert "masked_divide" in inner[1]


def test_masks_reach_through_loops() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        def body(i: Handle, s: Handle, t: Handle) -> list[Handle]:
            masked = apply("where", s > 0.0, t, 0.0)
            return [masked, s / x]

        s, t, *_ = loop((0, c, 1), [x, x], body)
        return quotient(s, x), quotient(t, x)

    found = simplified(build)
    assert [n for n in names(found.body) if "divide" in n] == ["masked_divide"] * 2


def test_masked_operations_in_a_cycle_mask_nothing() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        return loop((0, c, 1), [a], lambda i, s: [s - quotient(s, b)])[0]

    assert names(body_of(simplified(build))) == ["divide", "subtract"]


def test_positive_divisors_need_no_mask() -> None:
    def build(x: Handle, y: Handle, a: Handle, b: Handle, c: Handle) -> Any:
        def body(i: Handle, s: Handle) -> list[Handle]:
            return [quotient(s, (2 * i + 1) * i) + quotient(s, i - 1) + quotient(s, c)]

        return loop((2, c, 1), [0.0 * a], body)[0]

    found = names(body_of(simplified(build)))
    assert [n for n in found if "divide" in n] == ["divide"] + 2 * ["masked_divide"]
