"""The places and names that the IR keeps for whoever reads the generated code."""

from __future__ import annotations

import numpy as np

from gradgen.ir.core import Value
from tests.frontend.harness import lowered


def hints(function, *args):
    """Return the names of the values that the ops of ``function`` define."""
    ops = lowered(function, *args).function.body.ops
    return [op.results[0].hint for op in ops if op.results and op.name != "dim"]


def test_values_take_the_names_of_variables() -> None:
    def f(x):
        y = x * 2
        z = w = y + 1
        a, (b, *c) = x - 1, (y / 2, x / 3)
        return z, w, a, b, c

    assert hints(f, 1.0) == ["y", "z", "a", "b", ""]


def test_names_in_loops_and_helpers() -> None:
    def helper(v):
        inner = v * v
        return inner

    def f(xs):
        total = 0.0
        for x in xs:
            square = helper(x)
            total += square
        return total

    assert hints(f, [1.0, 2.0]) == ["inner", "total", "inner", "total"]


def test_elements_of_containers_are_named_by_the_loop() -> None:
    def f(layers):
        for w, b in layers:
            w * b

    params = lowered(f, [(1.0, 2.0)]).function.params
    leaves = [x.hint for x in params[0].tree.leaves() if isinstance(x, Value)]
    assert leaves == ["w", "b"]


def test_ops_stand_where_the_expression_stands() -> None:
    def f(x):
        y = np.exp(
            x
            * 2
        )  # fmt: skip
        return y

    first = f.__code__.co_firstlineno
    ops = lowered(f, 1.0).function.body.ops
    places = [(op.name, op.span.line - first, op.span.end_line - first) for op in ops]
    assert places == [("multiply", 2, 3), ("exp", 1, 4)]
