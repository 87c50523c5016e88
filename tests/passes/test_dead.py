"""Dead code goes from branches and loops; what has an effect stays."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.ir.core import Function, with_body
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import FLOAT, PY_FLOAT, PY_INT, Array, Sym
from gradgen.passes.dead import eliminate_dead
from gradgen.primitives.registry import Handle, apply
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.passes.regions import branch, first, loop, loop_while, make_function, names

XS = Array(FLOAT, (Sym("n", proper=True),))
X = np.array([1.0, 2.0, 4.0])


def lean(function: Function, *args: Any) -> Function:
    """Return ``function`` without dead code; both give the same for ``args``."""
    check_ir(function)
    found = with_body(function, eliminate_dead(function.body))
    check_ir(found)
    assert interpret(found, args) == interpret(function, args)
    return found


def test_slot_that_feeds_only_itself() -> None:
    def build(x: Handle, n: Handle) -> Any:
        return loop((0, n, 1), [x, x, x], lambda i, p, s, t: [p * x, s + t, t + p])[0]

    found = lean(make_function({"x": PY_FLOAT, "n": PY_INT}, build), 2.0, 3)
    op = first("for", found.body)
    assert op.attrs["carried"] == 1
    assert names(op.regions[0]) == ["multiply"]


def test_slot_that_a_live_one_reads() -> None:
    def build(x: Handle, n: Handle) -> Any:
        return loop((0, n, 1), [x, x], lambda i, p, s: [p * s, s + x])[0]

    found = lean(make_function({"x": PY_FLOAT, "n": PY_INT}, build), 2.0, 3)
    assert first("for", found.body).attrs["carried"] == 2


def test_columns_and_scanned_operands() -> None:
    def build(xs: Handle) -> Any:
        def body(i: Handle, s: Handle, e: Handle, unused: Handle) -> list[Handle]:
            return [s + e, s, unused * e]

        n = apply("dim", xs, axis=0)
        start = apply("sum", xs, axis=(0,), keepdims=False)
        made = loop((0, n, 1), [start], body, scanned=[xs, xs])
        return made[0]

    parts = loop_parts(first("for", lean(make_function({"xs": XS}, build), X).body))
    assert (len(parts.scanned), len(parts.stacked)) == (1, 0)


def test_only_the_number_of_trips() -> None:
    def build(x: Handle) -> Any:
        made = loop_while(
            lambda d, s: [d > 1.0], [x, x], lambda i, d, s: [d / 2.0, s + d]
        )
        return made[-2]

    op = first("while", lean(make_function({"x": PY_FLOAT}, build), 10.0).body)
    assert op.attrs["carried"] == 1
    assert len(op.regions[0].params) == 1


def test_exit_is_needed_for_the_rest() -> None:
    def build(x: Handle, n: Handle) -> Any:
        body = lambda i, d, s: [d > 5.0, d + 1.0, s + 1.0]
        return loop((0, n, 1), [x, x], body, exits=True)[1]

    op = first(
        "for", lean(make_function({"x": PY_FLOAT, "n": PY_INT}, build), 2.0, 9).body
    )
    assert op.attrs["carried"] == 2


def test_results_of_a_branch() -> None:
    def build(x: Handle, c: Handle) -> Any:
        _, z = branch(c, lambda: [x * x, x + x], lambda: [x, -x])
        return z

    found = lean(make_function({"x": PY_FLOAT, "c": PY_INT}, build), 2.0, 1)
    op = first("if", found.body)
    assert len(op.results) == 1
    assert [names(region) for region in op.regions] == [["add"], ["negative"]]


def test_effects_stay_with_what_decides_about_them() -> None:
    def build(x: Handle, c: Handle, n: Handle) -> Any:
        def check() -> list[Handle]:
            apply_effect(x, c, n)
            return []

        def body(i: Handle, p: Handle, q: Handle) -> list[Handle]:
            branch(p > q, check, lambda: [])
            return [p + 1.0, q * 1.5]

        loop((0, n, 1), [x, x], body)
        branch(c, lambda: [x], lambda: [x * x])
        return x

    def apply_effect(x: Handle, c: Handle, n: Handle) -> None:
        dims = (Sym("p"), Sym("q"))
        x.builder.emit("check_dims", [c.atom, c.atom], [], {"dims": dims})

    types = {"x": PY_FLOAT, "c": PY_INT, "n": PY_INT}
    found = lean(make_function(types, build), 2.0, 0, 3)
    assert names(found.body) == ["for"]
    op = first("for", found.body)
    assert op.attrs["carried"] == 2
    assert names(op.regions[0]) == ["greater", "if", "add", "multiply"]


def test_nested_loops() -> None:
    def build(x: Handle, n: Handle) -> Any:
        def outer(i: Handle, a: Handle, b: Handle) -> list[Handle]:
            inner = lambda j, c, d: [c * x, d + a]
            c, d, *_ = loop((0, i, 1), [a, b], inner)
            return [c, d]

        return loop((0, n, 1), [x, x], outer)[0]

    found = lean(make_function({"x": PY_FLOAT, "n": PY_INT}, build), 2.0, 3)
    outer = first("for", found.body)
    assert outer.attrs["carried"] == 1
    assert first("for", outer.regions[0]).attrs["carried"] == 1
