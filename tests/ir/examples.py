"""Functions with region ops, built by hand: the frontend does not make them yet."""

from __future__ import annotations

from typing import Any

from gradgen.errors import Span
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Param, Value
from gradgen.ir.dims import Dims
from gradgen.ir.regions import make_call, make_for, make_if, make_while
from gradgen.ir.tree import Tree, leaf
from gradgen.ir.types import FLOAT, PY_FLOAT, PY_INT, Array, Scalar, Sym
from gradgen.primitives.indexing import Cut
from gradgen.primitives.registry import Handle, apply

N = Sym("n", proper=True)
VECTOR = Array(FLOAT, (N,))
NUMBER = Scalar(FLOAT)
ONE = Literal.of(1)
ZERO = Literal.of(0)


def block(params: tuple[Value, ...], *results: Atom) -> Block:
    """Return a block without ops."""
    return Block(params, (), results)


def body(build: Any, *params: Value) -> Block:
    """Return the block of what ``build`` makes of handles for ``params``."""
    builder = Builder()
    made = build(*(Handle(builder, p) for p in params))
    results = [x.atom if isinstance(x, Handle) else x for x in made]
    return builder.block(params, results)


def function(name: str, inputs: list[Value], ops: list[Op], *results: Atom) -> Function:
    """Return a function with one parameter a value."""
    params = tuple(Param(x.hint, leaf(x)) for x in inputs)
    tree = Tree("tuple", tuple(leaf(x) for x in results))
    return Function(name, params, Block(tuple(inputs), tuple(ops), results), tree)


def branch() -> Function:
    """``2.0 * x if c else x``."""
    c, x = Value(PY_INT, "c"), Value(PY_FLOAT, "x")
    builder = Builder()
    double = 2.0 * Handle(builder, x)
    then = builder.block((), [double.atom])
    op = make_if(c, then, block((), x), Span("/home/me/model.py", 7))
    return function("branch", [c, x], [op], op.results[0])


def running_sum(reverse: bool = False) -> Function:
    """Sums up ``xs``, recording the partial sums."""
    xs, n = Value(VECTOR, "xs"), Value(Scalar(PY_INT.dtype, True, N), "n")
    i, s, e = Value(PY_INT, "i"), Value(NUMBER, "s"), Value(NUMBER, "e")
    start = Literal.of(FLOAT.type(0))
    loop = make_for(
        (ZERO, n, ONE),
        [start],
        [xs],
        body(lambda i, s, e: [s + e, s], i, s, e),
        N,
        reverse=reverse,
    )
    length = Op("dim", (xs,), (n,), {"axis": 0})
    return function("running_sum", [xs], [length, loop], *loop.results)


def first_above() -> Function:
    """Adds up ``i`` until the sum exceeds ``limit``, and breaks there."""
    hi, limit = Value(PY_INT, "hi"), Value(PY_INT, "limit")
    i, s = Value(PY_INT, "i"), Value(PY_INT, "s")

    def step(i: Handle, s: Handle) -> list[Handle]:
        total = s + i
        return [total > Handle(i.builder, limit), total, total]

    loop = make_for(
        (ZERO, hi, Literal.of(2)), [ZERO], [], body(step, i, s), Sym("k"), exits=True
    )
    return function("first_above", [hi, limit], [loop], *loop.results)


def halvings() -> Function:
    """Halves ``x`` while it is above 1, recording each value."""
    x, c, d, i = (
        Value(PY_FLOAT, "x"),
        Value(PY_FLOAT, "c"),
        Value(PY_FLOAT, "d"),
        Value(PY_INT, "i"),
    )
    loop = make_while(
        body(lambda c: [c > 1.0], c),
        [x],
        [],
        body(lambda i, d: [d / 2.0, d], i, d),
        Sym("k"),
    )
    return function("halvings", [x], [loop], *loop.results)


def helper_call() -> Function:
    """Calls a helper that drops the first element and doubles the rest."""
    v = Value(VECTOR, "v")
    builder = Builder()
    builder.dims.note(VECTOR)
    double = 2.0 * apply("getitem", Handle(builder, v), index=(Cut(1),))
    helper = Function(
        "helper",
        (Param("v", leaf(v)),),
        builder.block((v,), [double.atom]),
        leaf(double.atom),
    )
    x = Value(Array(FLOAT, (Sym("m", proper=True),)), "x")
    call = make_call("helper", helper, [x], Dims())
    caller = function("caller", [x], [call], *call.results)
    caller.helpers = {"helper": helper}
    return caller
