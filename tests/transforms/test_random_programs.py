"""Random programs: forward, reverse and differences agree, with and without passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradgen.ir.abstract import abstract_tree
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Param
from gradgen.ir.tree import leaf, tree_of
from gradgen.passes.pipeline import optimise
from gradgen.primitives.indexing import read
from gradgen.primitives.registry import Handle, apply
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, gradient, jvp

Pair = tuple[Any, Any]
"""A number or array, and the handle that stands for it."""


def unary(numeric: Callable[[Any], Any], symbolic: Callable[[Handle], Handle]) -> Any:
    """Return a step that takes one value."""
    return 1, numeric, symbolic


def binary(operation: Callable[[Any, Any], Any]) -> Any:
    """Return a step that takes two values and is written alike for both kinds."""
    return 2, operation, operation


def reduction(name: str, axis: int, keepdims: bool) -> Any:
    """Return a step that reduces along one axis."""

    def symbolic(x: Handle) -> Handle:
        return apply(name, x, axis=(axis % x.rank,), keepdims=keepdims)

    def numeric(x: Any) -> Any:
        return getattr(np, name)(x, axis=axis, keepdims=keepdims)

    return 1, numeric, symbolic


def index(*items: Any) -> Any:
    """Return a step that reads through an index."""
    return 1, lambda x: x[items], lambda x: read(x, items)


STEPS = {
    "add": binary(lambda x, y: x + y),
    "subtract": binary(lambda x, y: x - y),
    "multiply": binary(lambda x, y: x * y),
    "quotient": binary(lambda x, y: x / (y * y + 1.5)),
    "matmul": binary(lambda x, y: x @ y),
    "maximum": (2, np.maximum, lambda x, y: apply("maximum", x, y)),
    "negative": binary(lambda x, y: -x),
    "scaled": binary(lambda x, y: 0.5 * x - 2.0),
    "square": binary(lambda x, y: x**2),
    "reciprocal": binary(lambda x, y: 1.0 / (x * x + 1.5)),
    "tanh": unary(np.tanh, lambda x: apply("tanh", x)),
    "sin": unary(np.sin, lambda x: apply("sin", x)),
    "root": unary(lambda x: np.sqrt(x * x + 1), lambda x: apply("sqrt", x * x + 1)),
    "absolute": unary(np.abs, lambda x: apply("absolute", x)),
    "sum_first": reduction("sum", 0, False),
    "sum_last": reduction("sum", -1, True),
    "mean_first": reduction("mean", 0, True),
    "mean_last": reduction("mean", -1, False),
    "max_last": reduction("max", -1, True),
    "tail": index(slice(1, None)),
    "head": index(slice(None, -1)),
    "reversed": index(slice(None, None, -1)),
    "column": index(slice(None), None),
    "row": index(None),
    "first": index(0),
    "transpose": unary(
        np.transpose,
        lambda x: apply("transpose", x, axes=tuple(reversed(range(x.rank)))),
    ),
}


def inputs(n: int, m: int, seed: int) -> list[Any]:
    """Return a number, vectors and matrices of related sizes."""
    rng = np.random.default_rng(seed)
    shapes = [(n,), (m,), (n, m), (m, n), (n, 1), (n, n)]
    return [float(rng.random()), *(rng.uniform(-1, 1, shape) for shape in shapes)]


class Drawing:
    """A program while it is being drawn, run on numbers as it grows."""

    def __init__(self, args: list[Any]) -> None:
        self.builder = Builder()
        trees = [
            abstract_tree(tree_of(x), f"x{i}", self.builder.dims)
            for i, x in enumerate(args)
        ]
        self.params = tuple(Param(f"x{i}", tree) for i, tree in enumerate(trees))
        self.inputs = [tree.leaf for tree in trees]
        self.builder.enter(self.inputs)
        handles = [Handle(self.builder, x) for x in self.inputs]
        self.pairs: list[Pair] = list(zip(args, handles, strict=True))

    def step(self, name: str, first: int, second: int) -> None:
        """Append a step, unless NumPy refuses it for these sizes."""
        arity, numeric, symbolic = STEPS[name]
        chosen = [
            self.pairs[first % len(self.pairs)],
            self.pairs[second % len(self.pairs)],
        ]
        arity = len(chosen) if numeric is symbolic else arity
        try:
            number = numeric(*(x for x, _ in chosen[:arity]))
        except (ValueError, IndexError, TypeError, RuntimeWarning):
            return
        if np.ndim(number) > 3 or (
            np.ndim(chosen[0][0]) == 0 and numeric is not symbolic
        ):
            return
        self.pairs.append((number, symbolic(*(h for _, h in chosen[:arity]))))

    def finish(self) -> Function:
        """Return the function that sums up a bounded image of the last values."""
        total = None
        for _, handle in self.pairs[-3:]:
            part = apply("tanh", 0.3 * handle)
            if part.rank:
                axes = tuple(range(part.rank))
                part = apply("sum", part, axis=axes, keepdims=False)
            total = part if total is None else total + part
        assert total is not None
        body = self.builder.block(tuple(self.inputs), [total.atom])
        return Function("f", self.params, body, leaf(total.atom))


@st.composite
def programs(draw: st.DrawFn) -> tuple[Function, list[Any]]:
    """Draw a program and its arguments."""
    sizes = st.integers(0, 3)
    args = inputs(draw(sizes), draw(sizes), draw(st.integers(0, 999)))
    drawing = Drawing(args)
    steps = st.tuples(
        st.sampled_from(sorted(STEPS)), st.integers(0, 99), st.integers(0, 99)
    )
    for step in draw(st.lists(steps, min_size=1, max_size=12)):
        drawing.step(*step)
    return drawing.finish(), args


def everything(function: Function) -> Selection:
    """Select the seven arguments."""
    return Selection(tuple(range(7)), single=False)


def checked(name: str, function: Function) -> None:
    """Verify what a pass returned."""
    check_ir(function)


def close(x: Any, y: Any, tolerance: float) -> None:
    """Compare two lists of numbers and arrays relative to the largest entry."""
    for a, b in zip(x, y, strict=True):
        assert np.shape(a) == np.shape(b)
        scale = max(np.max(np.abs(b), initial=0.0), 1.0)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale)


def directions(args: list[Any], seed: int) -> list[Any]:
    """Return a random direction for each argument."""
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, np.shape(x)) if np.ndim(x) else 0.7 for x in args]


def inner(xs: Any, ys: Any) -> float:
    """Return the inner product of two lists."""
    return float(sum(np.vdot(x, y) for x, y in zip(xs, ys, strict=True)))


@given(programs())
def test_first_order(drawn: tuple[Function, list[Any]]) -> None:
    function, args = drawn
    check_ir(function)
    dots = directions(args, 1)
    forward = jvp(function, range(7))
    reverse = gradient(function, everything(function), value=True, aux=False)
    value, tangent = interpret(forward, (*args, *dots))
    expected = interpret(reverse, args)
    assert expected[0] == value
    close([inner(expected[1], dots)], [tangent], 1e-10)
    for derivative, given_, wanted in (
        (forward, (*args, *dots), (value, tangent)),
        (reverse, args, (expected[0], *expected[1])),
    ):
        check_ir(derivative)
        found = interpret(optimise(derivative, checked), given_)
        flat = list(tree_of(found).leaves())
        close(flat, wanted, 1e-10)


@given(programs())
def test_against_differences(drawn: tuple[Function, list[Any]]) -> None:
    function, args = drawn
    dots = directions(args, 1)
    _, tangent = interpret(jvp(function, range(7)), (*args, *dots))
    slopes = []
    for step in (1e-5, 2e-5):
        ahead, behind = (
            interpret(function, [x + s * d for x, d in zip(args, dots, strict=True)])
            for s in (step, -step)
        )
        slopes.append((ahead - behind) / (2 * step))
    if abs(slopes[0] - slopes[1]) < 1e-6:  # else a kink lies between
        close([tangent], [slopes[0]], 1e-5)


@given(programs())
def test_second_order(drawn: tuple[Function, list[Any]]) -> None:
    function, args = drawn
    dots = directions(args, 2)
    reverse = gradient(function, everything(function), value=False, aux=False)
    forward = jvp(function, range(7))
    _, wanted = interpret(jvp(reverse, range(7)), (*args, *dots))
    lean = optimise(jvp(optimise(reverse, checked), range(7)), checked)
    close(interpret(lean, (*args, *dots))[1], wanted, 1e-9)
    slope = Function("slope", forward.params, forward.body, forward.result.children[1])
    slope.body.results = tuple(slope.result.leaves())
    over = gradient(slope, everything(slope), value=False, aux=False)
    close(interpret(over, (*args, *dots)), wanted, 1e-9)
    lean = optimise(over, checked)
    close(interpret(lean, (*args, *dots)), wanted, 1e-9)
