"""Lists of a length known at run time: what they hold, and derivatives through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.errors import Refusal
from gradgen.ir.types import FLOAT, INT, PY_FLOAT, Array, Scalar, Seq, tensor
from gradgen.ir.verify import verify
from gradgen.primitives import lists
from gradgen.primitives.facts import infer
from gradgen.primitives.registry import PRIMITIVES, Handle, apply
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.primitives.harness import build, check_derivatives, random_like
from tests.primitives.test_generated import assert_agree

RNG = np.random.default_rng(21)
A, B, C = (RNG.standard_normal(3) for _ in range(3))
Body = Callable[..., Any]


def listed(*values: Handle) -> Handle:
    return lists.from_values(values[0].builder, values, values[0].type)


def appended(x: Handle, y: Handle) -> Handle:
    xs = lists.empty(x.builder, x.type)
    return lists.append(lists.append(xs, x * y), y)


def total(xs: Handle) -> Handle:
    return apply("sum", lists.stack(xs), axis=(0,), keepdims=False)


def popped(x: Handle, y: Handle) -> Handle:
    xs, item = lists.pop(appended(x, y))
    return lists.stack(lists.append(xs, item * item))


def popped_at(x: Handle, y: Handle) -> Handle:
    xs, item = lists.pop(listed(x, y, x * y), 0)
    return lists.stack(lists.append(xs, item * y))


def set_twice(x: Handle, y: Handle) -> Handle:
    xs = listed(x, y)
    changed = lists.set_item(lists.set_item(xs, 0, y * y), -1, x * y)
    return lists.stack(changed) * lists.stack(xs)


def sliced(x: Handle, y: Handle) -> Handle:
    xs = listed(x, y, x * y, y * y)
    back = lists.part(xs, None, None, -1)
    return lists.stack(lists.part(xs, 1, None)) * lists.stack(lists.part(back, 0, 3))


def joined(x: Handle, y: Handle) -> Handle:
    xs, ys = listed(x, y), listed(x * y)
    both = lists.concat(ys, xs)
    return lists.stack(lists.concat(both, ys, in_place=True)) * y


def counted(x: Handle, y: Handle) -> Handle:
    xs = listed(x, y, x)
    return total(xs) * (lists.length(xs) + 1)


def unstacked(x: Handle, y: Handle) -> Handle:
    rows = apply("seq_unstack", lists.stack(listed(x, y, x * y)))
    return lists.get(rows, 0) * lists.get(rows, -1) + lists.get(rows, 1)


def inserted(x: Handle, y: Handle) -> Handle:
    xs = lists.insert(listed(x, y), 1, x * y)
    return lists.get(xs, 1) * lists.get(xs, 2)


def at_run_time(x: Handle, y: Handle) -> Handle:
    xs = listed(x, y, x * y)
    k = lists.length(xs) - 2
    rest, item = lists.pop(xs, k)
    return item * lists.get(rest, k) + total(lists.part(xs, k, None))


CASES: dict[str, tuple[Body, Body]] = {
    "append": (
        lambda x, y: lists.stack(appended(x, y)),
        lambda x, y: np.array([x * y, y]),
    ),
    "get": (
        lambda x, y: lists.get(appended(x, y), 0) * lists.get(appended(x, y), -1),
        lambda x, y: x * y * y,
    ),
    "pop": (popped, lambda x, y: np.array([x * y, y * y])),
    "pop at": (popped_at, lambda x, y: np.array([y, x * y, x * y])),
    "insert": (inserted, lambda x, y: x * y * y),
    "set": (set_twice, lambda x, y: np.array([y * y * x, x * y * y])),
    "slice": (sliced, lambda x, y: np.array([y * y * y, x * y * x * y, y * y * y])),
    "concat": (joined, lambda x, y: np.array([x * y, x, y, x * y]) * y),
    "length": (counted, lambda x, y: (x + y + x) * 4),
    "unstack": (unstacked, lambda x, y: x * (x * y) + y),
    "run-time index": (at_run_time, lambda x, y: y * (x * y) + y + x * y),
}


@pytest.mark.parametrize(
    "args",
    [(A, B), (0.7, 1.3), (np.float64(0.7), np.float64(1.3)), (A[:1], B[:1])],
    ids=["vectors", "floats", "scalars", "short"],
)
@pytest.mark.parametrize(("body", "plain"), CASES.values(), ids=CASES)
def test_lists_and_derivatives(body: Body, plain: Body, args: tuple[Any, ...]) -> None:
    def told(x: Handle, y: Handle) -> Handle:
        """Have the lengths of both compared before anything else."""
        _ = x * y
        return body(x, y)

    program = build(told, list(args))
    verify(program.function, infer)
    np.testing.assert_allclose(program.run()[0], plain(*args), rtol=1e-14)
    check_derivatives(program, 2)
    tangent = jvp(program.function, (0, 1))
    pullback = adjoint(program.function, Selection((0, 1), single=False))
    verify(tangent, infer)
    verify(pullback, infer)
    bar = random_like(program.run()[0], RNG)
    assert_agree(tangent, [*args, *(random_like(x, RNG) for x in args)])
    assert_agree(pullback, [*args, bar])


def test_a_list_without_elements() -> None:
    def body(x: Handle) -> Handle:
        xs = lists.empty(x.builder, Scalar(FLOAT))
        return total(xs) + x

    program = build(body, [np.float64(2.0)])
    assert program.run() == [2.0]
    check_derivatives(program, 1)


def test_a_list_of_lists() -> None:
    def body(x: Handle, y: Handle) -> Handle:
        table = lists.empty(x.builder, Seq(x.type))
        table = lists.append(lists.append(table, listed(x, y)), listed(x * y))
        return lists.get(lists.get(table, 0), 1) * lists.get(lists.get(table, 1), 0)

    program = build(body, [0.7, 1.3])
    np.testing.assert_allclose(program.run(), [0.7 * 1.3 * 1.3])
    check_derivatives(program, 2)


def test_numbers_are_taken_for_what_the_list_holds() -> None:
    def body(x: Handle, y: Handle) -> Handle:
        xs = lists.from_values(x.builder, [x, y], Scalar(FLOAT))
        ys = lists.from_values(x.builder, [x, y], PY_FLOAT)
        return lists.stack(lists.append(xs, x)) * lists.stack(lists.append(ys, y))

    program = build(body, [0.7, np.float64(1.3)])
    np.testing.assert_allclose(program.run()[0], [0.49, 1.69, 0.91])
    check_derivatives(program, 2)


@pytest.mark.parametrize("other", [np.ones(2), np.float32(1.0), 3, A[:, None]])
def test_elements_of_other_types_are_refused(other: Any) -> None:
    with pytest.raises(Refusal, match="a list of values of types"):
        build(lambda x, y: lists.append(listed(x), y * 1), [A, other])


def test_what_changes_a_list_leaves_the_operand() -> None:
    xs = [A, B]
    for name, rest, attrs in (
        ("seq_append", (C,), {}),
        ("seq_pop", (), {}),
        ("seq_insert", (0, C), {}),
        ("seq_set", (0, C), {}),
        ("seq_add_at", (0, C), {}),
        ("seq_extend", ([C],), {}),
    ):
        before = [x.copy() for x in xs]
        assert PRIMITIVES[name].evaluate(xs, *rest, **attrs) is not xs
        assert len(xs) == 2
        np.testing.assert_array_equal(xs, before)


STATEMENTS = {
    "seq_append": ("{0}.append({1})", Scalar(FLOAT)),
    "seq_pop": ("{0}.pop()", None),
    "seq_set": ("{0}[{1}] = {2}", Scalar(FLOAT)),
    "seq_extend": ("{0}.extend({1})", None),
}


@pytest.mark.parametrize(("name", "text"), [(k, v[0]) for k, v in STATEMENTS.items()])
def test_changes_are_printed_as_python_has_them(name: str, text: str) -> None:
    assert PRIMITIVES[name].print_as([Seq(PY_FLOAT)], {}) == text


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (PY_FLOAT, "[0.0] * len(xs or ())"),
        (Scalar(np.dtype(np.float32)), "[np.float32(0.0)] * len(xs or ())"),
        (Array(FLOAT, (2,)), "[np.zeros_like(x) for x in xs or ()]"),
        (Seq(PY_FLOAT), "[[0.0] * len(x) for x in xs or ()]"),
    ],
)
def test_zeros_are_printed_for_the_kind_of_elements(element: Any, text: str) -> None:
    printed = PRIMITIVES["seq_zeros_like"].print_as([Seq(element)], {})
    assert printed.format("xs") == text
    samples = {"x": [1.0], "f": [np.float32(2.0)], "a": [np.ones(2)], "s": [[1.0]]}
    for xs in samples.values():
        found = PRIMITIVES["seq_zeros_like"].evaluate(xs)
        np.testing.assert_array_equal(found, np.zeros_like(xs))


def test_integers_carry_no_derivative() -> None:
    def body(x: Handle) -> Handle:
        xs = lists.append(lists.empty(x.builder, tensor(INT, ())), apply("size", x) * 1)
        return x * lists.get(xs, 0)

    program = build(body, [A])
    check_derivatives(program, 1)
