"""What each rewriting rule makes of derivative code, and that it keeps the values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Literal, Param, Value
from gradgen.ir.printer import print_ir
from gradgen.ir.tree import Tree, leaf
from gradgen.ir.types import FLOAT, PY_FLOAT, Array, Sym, Type
from gradgen.passes.pipeline import optimise
from gradgen.primitives.indexing import At, Cut, NewAxis
from gradgen.primitives.registry import Handle, apply, dims_of
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret

N, M = Sym("n", proper=True), Sym("m", proper=True)
INPUTS: dict[str, Type] = {
    "a": PY_FLOAT,
    "b": PY_FLOAT,
    "x": Array(FLOAT, (N,)),
    "y": Array(FLOAT, (N,)),
    "u": Array(FLOAT, (M,)),
    "A": Array(FLOAT, (N, M)),
    "B": Array(FLOAT, (N, M)),
    "C": Array(FLOAT, (M, N)),
    "S": Array(FLOAT, (N, N)),
    "col": Array(FLOAT, (N, 1)),
}
VALUES = {
    "a": 2.5,
    "b": -1.5,
    "x": np.array([1.0, 2.0, 4.0]),
    "y": np.array([3.0, -1.0, 0.5]),
    "u": np.array([2.0, 7.0]),
    "A": np.arange(6.0).reshape(3, 2) + 1,
    "B": np.arange(6.0).reshape(3, 2) - 2.5,
    "C": np.arange(6.0).reshape(2, 3) - 1.5,
    "S": np.arange(9.0).reshape(3, 3) - 4.5,
    "col": np.array([[1.0], [-2.0], [3.0]]),
}


def function_of(build: Callable[..., Any], origin: str = "adjoint") -> Function:
    """Return the function that ``build`` writes over the inputs it names."""
    names = build.__code__.co_varnames[: build.__code__.co_argcount]
    values = {name: Value(INPUTS[name], name) for name in names}
    builder = Builder()
    builder.enter(list(values.values()))
    builder.origin = origin
    made = build(*(Handle(builder, x) for x in values.values()))
    results = [made] if isinstance(made, Handle) else list(made)
    params = tuple(Param(name, leaf(x)) for name, x in values.items())
    tree = Tree("tuple", tuple(leaf(x.atom) for x in results))
    body = builder.block(tuple(values.values()), [x.atom for x in results])
    return Function("f", params, body, tree)


def lines(function: Function) -> list[str]:
    """Return the ops of a function, without types and lengths of the inputs."""
    found = []
    for line in print_ir(function).splitlines()[1:-1]:
        name, _, operation = line.strip().partition(" = ")
        found.append(f"{name.split(':')[0]} = {operation}")
    return [line for line in found if " = dim %" not in line]


def total(x: Handle, *axis: int, keepdims: bool = False) -> Handle:
    return apply("sum", x, axis=axis or tuple(range(x.rank)), keepdims=keepdims)


def mean(x: Handle, *axis: int, keepdims: bool = False) -> Handle:
    return apply("mean", x, axis=axis or tuple(range(x.rank)), keepdims=keepdims)


def full(value: Any, like: Handle) -> Handle:
    return apply("full", value, *dims_of(like), builder=like.builder, dtype=FLOAT)


def zeros(like: Handle) -> Handle:
    return apply("zeros", *dims_of(like), builder=like.builder, dtype=FLOAT)


def expand(x: Handle, *axis: int) -> Handle:
    return apply("expand_dims", x, axis=axis)


def squeeze(x: Handle, *axis: int) -> Handle:
    return apply("squeeze", x, axis=axis)


def turn(x: Handle) -> Handle:
    return apply("transpose", x, axes=(1, 0))


def add_at(x: Handle, value: Handle, *index: Any) -> Handle:
    return apply("add_at", x, value, index=index)


def update(x: Handle, value: Any, *index: Any) -> Handle:
    return apply("update", x, value, index=index)


def count(x: Handle) -> Handle:
    return apply("size", x)


def softmax_shift(A: Handle, B: Handle) -> Handle:
    """Return the sum along rows of ``B - sum(B) / sum(A) * A``, which is zero."""
    share = total(B, 1, keepdims=True) / total(A, 1, keepdims=True)
    return B + total(B - share * A, 1, keepdims=True)


def where(cond: Any, x: Any, y: Any) -> Handle:
    return apply("where", cond, x, y)


RULES: dict[str, tuple[Callable[..., Any], Sequence[str]]] = {
    # constants
    "fold": (lambda a: a * (lit(a, 2.0) * lit(a, 3.0)), ["%0 = multiply 6.0, %a"]),
    "times one": (lambda x: 1.0 * x + x * 1, ["%0 = multiply 2, %x"]),
    "over one": (lambda x: (x / 1) ** 1, []),
    "minus one": (lambda x: -1.0 * x, ["%0 = negative %x"]),
    "zero number": (lambda a, b: 0.0 * a + b, []),
    "plus zero": (lambda x: (x + 0.0) - 0.0, []),
    "zero minus": (lambda x: 0.0 - x, ["%0 = negative %x"]),
    "twice": (lambda x: x + x, ["%0 = multiply 2, %x"]),
    "add and subtract": (lambda x, y: (x + y) - y, []),
    # scalars and quotients
    "literal first": (lambda x: x * 2.0, ["%0 = multiply 2.0, %x"]),
    "gather": (
        lambda a, b, x: a * (b * x),
        ["%0 = multiply %a, %b", "%1 = multiply %0, %x"],
    ),
    "gather literals": (
        lambda a, b: 2.0 * (a * (3.0 * b)),
        ["%0 = multiply 6.0, %a", "%1 = multiply %0, %b"],
    ),
    "scalar out": (
        lambda a, x, y: 3.0 * (x * (a * y)),
        ["%0 = multiply %x, %y", "%1 = multiply 3.0, %a", "%2 = multiply %1, %0"],
    ),
    "scalar into the smaller": (
        lambda col, A: 3.0 * (col * A),
        ["%0 = multiply 3.0, %col", "%1 = multiply %0, %A"],
    ),
    "scalar into a numerator": (
        lambda x: 3.0 * (2.0 / x),
        ["%0 = divide 6.0, %x"],
    ),
    "scalar over scalar": (
        lambda a, x: 3.0 * (x / a),
        ["%0 = divide 3.0, %a", "%1 = multiply %0, %x"],
    ),
    "reciprocal": (lambda x, y: x * (1.0 / y), ["%0 = divide %x, %y"]),
    "reciprocal of a scalar": (lambda a, x: x * (1.0 / a), ["%0 = divide %x, %a"]),
    "scaled over scalar": (
        lambda a, b, x: (a * x) / b,
        ["%0 = divide %a, %b", "%1 = multiply %0, %x"],
    ),
    "over twice": (
        lambda a, b, x: (x / a) / b,
        ["%0 = multiply %a, %b", "%1 = divide %x, %0"],
    ),
    "literals cancel": (lambda x, y: 2.0 * ((0.5 * x) / y), ["%0 = divide %x, %y"]),
    "quotient cancels": (lambda x, y: (x / y) * y, []),
    "whole number": (
        lambda x: 1.0 * dims_of(x)[0] - x,
        ["%1 = subtract %0, %x"],
    ),
    # signs
    "add negative": (lambda x, y: x + (-y), ["%0 = subtract %x, %y"]),
    "add negative first": (lambda x, y: -x + y, ["%0 = subtract %y, %x"]),
    "subtract negative": (lambda x, y: x - (-y), ["%0 = add %x, %y"]),
    "negative minus": (lambda x, y: -x - y, ["%0 = add %x, %y", "%1 = negative %0"]),
    "twice negative": (lambda x: (-x).__neg__(), []),
    "negative difference": (lambda x, y: -(x - y), ["%0 = subtract %y, %x"]),
    "sign of a product": (
        lambda x, y, a: a * x + (-x) * y,
        ["%0 = multiply %a, %x", "%1 = multiply %x, %y", "%2 = subtract %0, %1"],
    ),
    "sign of a sum": (
        lambda x, a: a + total(-x),
        ["%0 = sum %x {axis=(0,), keepdims=False}", "%1 = subtract %a, %0"],
    ),
    "sign of a matrix product": (
        lambda A, x, u: u + (-x) @ A,
        ["%0 = matmul %x, %A", "%1 = subtract %u, %0"],
    ),
    "sign of an update": (
        lambda x, a: add_at(x, -(a * 2.0), Cut(1)),
        ["%0 = multiply 2.0, %a", "%1 = subtract_at %x[1:], %0"],
    ),
    "sign into a literal": (lambda x: -(2.0 * x), ["%0 = multiply -2.0, %x"]),
    "sign into a scalar": (
        lambda a, x: -(a * x),
        ["%0 = negative %a", "%1 = multiply %0, %x"],
    ),
    "sign into the smaller": (
        lambda col, A: -(col * A),
        ["%0 = negative %col", "%1 = multiply %0, %A"],
    ),
    "sign into the vector": (
        lambda A, u: -(A @ u),
        ["%0 = negative %u", "%1 = matmul %A, %0"],
    ),
    "sign into a product": (
        lambda a, b: -(2.0 * (a * b)),
        ["%0 = multiply -2.0, %a", "%1 = multiply %0, %b"],
    ),
    "minus a sum": (
        lambda x, y, a: 2.0 * x - (y * y + a * x),
        [
            "%0 = multiply 2.0, %x",
            "%1 = multiply %y, %y",
            "%2 = multiply %a, %x",
            "%3 = subtract %0, %1",
            "%4 = subtract %3, %2",
        ],
    ),
    "common factor": (
        lambda x, y: 2.0 * x + 2.0 * y,
        ["%0 = add %x, %y", "%1 = multiply 2.0, %0"],
    ),
    # broadcasts and shapes
    "constant factor": (lambda a, x: full(a, x) * x, ["%0 = multiply %a, %x"]),
    "ones": (lambda x: full(1.0, x) * x, []),
    "plus zeros": (lambda x: zeros(x) + x, []),
    "times zeros": (
        lambda x: x + 0.0 * (x * x),
        [],
    ),
    "constant sinks": (
        lambda x, A: (full(3.0, x) * 2.0) + x,
        ["%0 = add 6.0, %x"],
    ),
    "constant column": (
        lambda a, x, A: expand(full(a, x), 1) * A,
        ["%0 = multiply %a, %A"],
    ),
    "constant turned": (lambda a, A, C: turn(full(a, A)) + C, ["%0 = add %a, %C"]),
    "difference of the same": (lambda x: (x - x) + x, []),
    "turned twice": (lambda A: turn(turn(A)), []),
    "expanded and squeezed": (lambda x: squeeze(expand(x, 0), 0), []),
    "squeezed sum": (
        lambda A: squeeze(total(A, 0, keepdims=True), 0),
        ["%0 = sum %A {axis=(0,), keepdims=False}"],
    ),
    "expanded sum": (
        lambda A: expand(total(A, 1), 1),
        ["%0 = sum %A {axis=(1,), keepdims=True}"],
    ),
    "index that expands": (
        lambda x: apply("getitem", x, index=(Cut(), NewAxis())),
        ["%0 = expand_dims %x {axis=(1,)}"],
    ),
    "update of all": (
        lambda x, col: add_at(zeros(x), col, Cut(), NewAxis()),
        ["%0 = squeeze %col {axis=(1,)}"],
    ),
    "update twice": (
        lambda x, y, a, b: add_at(add_at(x, a, Cut(1)), b, Cut(1)),
        ["%0 = add %a, %b", "%1 = add_at %x[1:], %0"],
    ),
    "add to zero": (
        lambda x, a: add_at(update(x, 0.0, Cut(1)), a, Cut(1)),
        ["%0 = update %x[1:], %a"],
    ),
    "subtract from zero": (
        lambda x, a: apply("subtract_at", update(x, 0.0, Cut(1)), a, index=(Cut(1),)),
        ["%0 = negative %a", "%1 = update %x[1:], %0"],
    ),
    "add to zero elsewhere": (
        lambda x, a: add_at(update(x, 0.0, Cut(2)), a, Cut(1)),
        ["%0 = update %x[2:], 0.0", "%1 = add_at %0[1:], %a"],
    ),
    "length of a product": (
        lambda x, a: a / count(x * x),
        ["%1 = divide %a, %0"],
    ),
    "size of a product": (
        lambda A, a: a / count(A * A),
        ["%0 = size %A", "%1 = divide %a, %0"],
    ),
    "scalar into shape": (
        lambda a, x: 2.0 * expand(0.5 * x, 1),
        ["%0 = expand_dims %x {axis=(1,)}"],
    ),
    "copy": (lambda x: apply("copy", x), []),
    "cast": (lambda x: apply("cast", x, dtype=FLOAT), []),
    # sums
    "sum of a constant": (
        lambda a, x: total(full(a, x)),
        ["%1 = multiply %a, %0", "%2 = cast %1 {dtype=f64}"],
    ),
    "mean of a constant": (
        lambda a, A: mean(full(a, A), 0) * 2.0,
        ["%1 = multiply 2.0, %a", "%2 = full %1, %0 {dtype=f64}"],
    ),
    "mean of a broadcast": (
        lambda u, A: mean(apply("broadcast_to", u, *dims_of(A)), 0),
        [],
    ),
    "sum of scaled": (
        lambda a, x: total(a * x),
        ["%0 = sum %x {axis=(0,), keepdims=False}", "%1 = multiply %a, %0"],
    ),
    "sum of scaled rows": (
        lambda u, A: total(A * u, 0),
        ["%0 = sum %A {axis=(0,), keepdims=False}", "%1 = multiply %u, %0"],
    ),
    "sum of scaled columns": (
        lambda x, S: total(S * x, 1),
        ["%0 = multiply %S, %x", "%1 = sum %0 {axis=(1,), keepdims=False}"],
    ),
    "sum of a quotient of columns": (
        lambda x, S: total(S / x, 1),
        ["%0 = divide %S, %x", "%1 = sum %0 {axis=(1,), keepdims=False}"],
    ),
    "sum of a quotient": (
        lambda col, A: total(A / col, 1, keepdims=True),
        ["%0 = sum %A {axis=(1,), keepdims=True}", "%1 = divide %0, %col"],
    ),
    "sum of products": (lambda x, y: total(x * y), ["%0 = matmul %x, %y"]),
    "mean": (
        lambda A: total(A, 1, keepdims=True) / dims_of(A)[1],
        ["%0 = mean %A {axis=(1,), keepdims=True}"],
    ),
    "mean of all": (
        lambda A: total(A) / count(A),
        ["%0 = mean %A {axis=(0, 1), keepdims=False}"],
    ),
    "sum of centred": (lambda x, a: a * total(x - mean(x)) + x, []),
    "sum with centred": (
        lambda x, y: total(y + (x - mean(x))),
        ["%0 = sum %y {axis=(0,), keepdims=False}"],
    ),
    "shift of a softmax": (softmax_shift, []),
    "row of constants": (
        lambda a, x, A: full(a, x) @ A,
        ["%0 = sum %A {axis=(0,), keepdims=False}", "%1 = multiply %a, %0"],
    ),
    "product turned": (
        lambda A, C: turn(C @ turn(C)),
        ["%0 = transpose %C {axes=(1, 0)}", "%1 = matmul %C, %0"],
    ),
    # masks
    "demoted mask": (
        lambda x, y: apply("masked_divide", x, y, demote=True),
        ["%0 = divide %x, %y"],
    ),
    "mask comes last": (
        lambda x, y: apply("masked_divide", where(x > y, x, 0.0), y, demote=True),
        [
            "%0 = greater %x, %y",
            "%1 = divide %x, %y",
            "%2 = where %0, %1, 0.0",
        ],
    ),
    "masked product": (
        lambda x, y: apply(
            "masked_multiply", where(x > y, x, 0.0), apply("exp", y), demote=True
        ),
        [
            "%0 = greater %x, %y",
            "%1 = exp %y",
            "%2 = multiply %x, %1",
            "%3 = where %0, %2, 0.0",
        ],
    ),
    "finite factor needs no mask": (
        lambda x, y: apply("masked_multiply", where(x > y, x, 0.0), y, demote=True),
        [
            "%0 = greater %x, %y",
            "%1 = where %0, %x, 0.0",
            "%2 = multiply %1, %y",
        ],
    ),
    "same either way": (lambda x, y: where(x > y, y, y), []),
    "factor into choice": (
        lambda x, y: x * where(x > y, 1.0, 0.0),
        ["%0 = greater %x, %y", "%1 = where %0, %x, 0.0"],
    ),
    "choices join": (
        lambda x, y: where(x > y, x, 0.0) + where(x > y, 0.0, y),
        ["%0 = greater %x, %y", "%1 = where %0, %x, %y"],
    ),
}


def lit(x: Handle, value: float) -> Handle:
    return Handle(x.builder, Literal.of(value))


def checked(name: str, function: Function) -> None:
    check_ir(function)


@pytest.mark.parametrize("name", RULES)
def test_rule(name: str) -> None:
    build, expected = RULES[name]
    before = function_of(build)
    check_ir(before)
    after = optimise(before, checked)
    assert lines(after) == list(expected)
    args = [VALUES[param.name] for param in before.params]
    for x, y in zip(interpret(after, args), interpret(before, args), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-14, atol=1e-14)


EXACT = {
    "times one",
    "over one",
    "ones",
    "turned twice",
    "expanded and squeezed",
    "index that expands",
    "copy",
    "cast",
    "same either way",
    "constant factor",
    "plus zeros",
}


@pytest.mark.parametrize("name", sorted(set(RULES) - EXACT))
def test_users_arithmetic_is_left_alone(name: str) -> None:
    build, _ = RULES[name]
    primal = function_of(build, origin="primal")
    args = [VALUES[param.name] for param in primal.params]
    for x, y in zip(
        interpret(optimise(primal), args), interpret(primal, args), strict=True
    ):
        np.testing.assert_array_equal(x, y)


def test_seed_is_no_mask() -> None:
    function = function_of(lambda x, y: apply("masked_divide", x, y, demote=True))
    first, second = function.params
    function.params = (Param("x", first.tree, "seed"), second)
    assert lines(optimise(function)) == ["%0 = divide %x, %y"]


def test_array_index_is_kept() -> None:
    function = function_of(
        lambda x, a: apply("add_at", x, lit(x, 1), a, index=(At(1),))
    )
    assert lines(optimise(function)) == ["%0 = add_at %x[1], %a"]
