"""What the rules of branches and loops make of them, at the same values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function, Literal, walk_ops, with_body
from gradgen.ir.types import FLOAT, PY_BOOL, PY_FLOAT, PY_INT, Array, Sym, Type
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.regions import fold_regions
from gradgen.primitives.indexing import At, Cut
from gradgen.primitives.registry import Handle, apply
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.passes.regions import branch, loop, loop_while, make_function

TYPES: dict[str, Type] = {
    "x": PY_FLOAT,
    "y": PY_FLOAT,
    "c": PY_BOOL,
    "n": PY_INT,
    "v": Array(FLOAT, (Sym("m", proper=True),)),
}
UNDEFINED = Literal.undefined(PY_FLOAT)


def folded(build: Any) -> Function:
    """Return what ``build`` writes over ``TYPES`` after the rules and dead code."""
    function = make_function(TYPES, build)
    check_ir(function)
    found = function
    for _ in range(3):
        found = with_body(found, eliminate_dead(fold_regions(found.body)))
        check_ir(found)
    for c in (True, False):
        for n in (0, 1, 3):
            args = (2.0, 0.5, c, n, np.array([1.0, 2.0]))
            assert interpret(found, args) == interpret(function, args)
    return found


def ops_of(function: Function) -> list[str]:
    return [op.name for op in walk_ops(function.body) if op.name != "dim"]


def literal(x: Handle, value: Any) -> Handle:
    return Handle(x.builder, Literal.of(value))


def known(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    return branch(literal(x, True), lambda: [x * y], lambda: [x + y])


def same(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    return branch(c, lambda: [x * y, y], lambda: [x + y, y])


def half_bound(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    (z,) = branch(c, lambda: [x], lambda: [UNDEFINED])
    return branch(c, lambda: [z * y], lambda: [y])


def nested(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    def again(first: Handle, second: Handle) -> Any:
        return lambda: branch(c, lambda: [first * y], lambda: [second + y])

    return branch(c, again(x, y), again(y, x))


def itself(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    (d,) = branch(c, lambda: [True], lambda: [False])
    return branch(d, lambda: [x], lambda: [y])


def number_itself(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    return branch(n, lambda: [True], lambda: [False])


def opposite(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    return branch(c, lambda: [False], lambda: [True])


def unchanged(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    s, t, u, *_ = loop((0, n, 1), [x, y, x], lambda i, s, t, u: [s * t * u, t, x])
    return s, t, u


def equal_slots(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    s, t, *_ = loop((0, n, 1), [x, x], lambda i, s, t: (2 * [s * t + y])[:2])
    return s, t


def set_anew(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    return loop((0, n, 1), [x], lambda i, s: [y])[0]


def columns(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    xs, zs = loop((0, n, 1), [x], lambda i, s: [s * y, s, s])[1:3]
    total = lambda i, s, e, f: [s + e * f]
    start = apply("sum", v, axis=(0,), keepdims=False)
    return loop((0, n, 1), [start], total, scanned=[xs, zs])[0]


def no_trip(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    s, stop, left = loop((3, 3, 1), [x], lambda i, s: [s * y])
    return s, stop, left


def never_while(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    s, stop, left = loop_while(lambda s: [False], [x], lambda i, s: [s * y])
    return s, stop, left


def one_trip(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    s, stop, left = loop((5, 3, -2), [x], lambda i, s: [s * y + i])
    return s, stop, left


def never_left(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    body = lambda i, s: [False, s * y]
    s, stop, left = loop((0, n, 1), [x], body, exits=True)
    return s, stop, left


def left_at_once(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    s, stop, left = loop((0, n, 1), [x], lambda i, s: [c, s * y], exits=True)
    return s, stop, left


def left_by_name(x: Any, y: Any, c: Any, n: Any, v: Any) -> Any:
    def body(i: Handle, s: Handle, flag: Handle) -> list[Any]:
        (t,) = branch(flag, lambda: [s], lambda: [s * y])
        big = apply("bool", i > 0)
        return [big, t, big]

    s, flag, *_ = loop((0, n, 1), [x, literal(x, False)], body, exits=True)
    return branch(flag, lambda: [s], lambda: [y])


RULES: dict[str, tuple[Any, Sequence[str]]] = {
    "known condition": (known, ["multiply"]),
    "same in both branches": (same, ["if", "multiply", "add"]),
    "bound in one branch only": (half_bound, ["if", "multiply"]),
    "condition known inside": (nested, ["if", "multiply", "add"]),
    "condition itself": (itself, ["if"]),
    "truth of a number": (number_itself, ["bool"]),
    "opposite of the condition": (opposite, ["not"]),
    "slots that do not change": (unchanged, ["for", "multiply", "multiply"]),
    "equal slots": (equal_slots, ["for", "multiply", "add"]),
    "no trip, slot set anew": (set_anew, ["for"]),
    "equal columns": (columns, ["for", "multiply", "sum", "for", "multiply", "add"]),
    "no trip": (no_trip, []),
    "while False": (never_while, []),
    "one trip": (one_trip, ["multiply", "add"]),
    "never left": (never_left, ["for", "multiply"]),
    "left, by another name": (
        left_by_name,
        ["for", "multiply", "greater", "bool", "if"],
    ),
    "left": (left_at_once, ["for", "multiply"]),
}


@pytest.mark.parametrize("name", RULES)
def test_rule(name: str) -> None:
    build, expected = RULES[name]
    assert ops_of(folded(build)) == list(expected)


def test_equal_columns_are_scanned_once() -> None:
    loops = [op for op in folded(columns).body.ops if op.name == "for"]
    assert [len(op.results) for op in loops] == [4, 3]
    assert len(loops[1].operands) == 5


def test_end_of_a_plain_loop() -> None:
    found = folded(never_left)
    (op,) = found.body.ops
    assert not op.attrs["exits"]
    assert found.body.results[1:] == (found.inputs[3], Literal.of(False))


def test_result_that_a_known_branch_leaves_undefined() -> None:
    def build(x: Handle, y: Handle, c: Handle, n: Handle, v: Handle) -> Any:
        (z,) = branch(literal(x, False), lambda: [x * y], lambda: [UNDEFINED])
        return branch(c, lambda: [x], lambda: [y]), branch(
            apply("less", x, 0.0), lambda: [z * y], lambda: [y]
        )

    def flat(*args: Any) -> Any:
        (first,), (second,) = build(*args)
        return first, second

    found = folded(flat)
    undefined = [
        atom
        for op in walk_ops(found.body)
        if not op.regions
        for atom in op.operands
        if isinstance(atom, Literal) and atom.is_undefined
    ]
    assert not undefined


def test_lengths_under_another_name_stay_apart() -> None:
    def build(x: Handle, y: Handle, c: Handle, n: Handle, v: Handle) -> Any:
        part = apply("getitem", v, index=(Cut(1, None),))
        head = apply("getitem", v, n * 0, n * 0 + 1, index=(Cut(At(1), At(2)),))
        (z,) = branch(literal(x, True), lambda: [head], lambda: [part])
        z.atom.type = Array(FLOAT, (Sym("q"),))
        made = loop((0, n, 1), [z], lambda i, s: [s * x])[0]
        return apply("sum", made, axis=(0,), keepdims=False)

    folded(build)
