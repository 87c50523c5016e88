"""Names in generated code: the user's, unless they would shadow something."""

from __future__ import annotations

import ast
import builtins
import math
from typing import Any, NamedTuple

import numpy
import numpy as np
import pytest

from gradgen.codegen.names import identifier, last_step
from gradgen.ir.core import Function
from gradgen.runtime import support
from gradgen.transforms.derive import Selection, adjoint, gradient
from tests.emission import check_call, check_emitted
from tests.passes.corpus import build
from tests.programs.straight import lowered

X = np.array([0.5, 1.5, 2.5])
SIN = numpy.sin
COSINE = math.cos


def modules(np, math, x):
    return numpy.sum(SIN(x) * np + numpy.maximum(x, math)) * COSINE(np)


def builtin_names(len, sum, abs, x):
    max = len * x
    range = sum + max
    return numpy.sum(range * numpy.abs(abs * x))


def support_names(larger, masked_divide, x):
    return numpy.sum(numpy.sqrt(numpy.maximum(x, larger)) / masked_divide)


def derivative_names(x, x_bar, value, value_bar):
    w = x_bar * x
    w_bar = value * w
    return numpy.sum(w_bar * value_bar * numpy.sin(w))


def digits(x1, x11, x):
    x2 = numpy.exp(x1 * x)
    x12 = x2 * x11
    return numpy.sum(x12 * x2) + x1


def unicode_names(θ, λ, x):
    Δ = numpy.exp(-λ * x) * θ
    return numpy.sum(Δ**2)


def soft_keywords(match, type, x):
    case = match * x
    _ = case + type
    return numpy.sum(_ * case)


def own_name(own_name_value_and_grad, _x, __y, x):
    return numpy.sum(own_name_value_and_grad * x) + _x * __y


FUNCTIONS = (
    modules,
    builtin_names,
    support_names,
    derivative_names,
    digits,
    unicode_names,
    soft_keywords,
    own_name,
)


def args_for(function: Any) -> list[Any]:
    count = function.__code__.co_argcount
    numbers = [0.25 * (i + 1) for i in range(count - 1)]
    if function is derivative_names:
        return [X, *numbers]
    return [*numbers, X]


def with_gradient(function: Any) -> Function:
    args = args_for(function)
    selection = Selection(tuple(range(len(args))), single=False)
    return gradient(lowered(function, *args), selection, value=True, aux=False)


def bound_names(source: str) -> set[str]:
    tree = ast.parse(source)
    stored = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return stored | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_nothing_is_shadowed(function: Any) -> None:
    source = check_call(with_gradient(function), args_for(function))
    imported = {name for name in support.__all__ if f"{name}(" in source}
    taken = {"np", "math", *dir(builtins), *imported} - {"_"}
    assert not bound_names(source) & taken


def test_support_names_are_free_where_they_are_not_called() -> None:
    args = [0.5, X]
    source = check_call(lowered(recurrence_only, *args), args)
    assert "def recurrence_only(recurrence, x):" in source


def recurrence_only(recurrence, x):
    return numpy.sum(recurrence * x)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_an_adjoint_shadows_nothing_either(function: Any) -> None:
    args = args_for(function)
    selection = Selection(tuple(range(len(args))), single=False)
    source = check_call(
        adjoint(lowered(function, *args), selection), [*args, np.float64(2.0)]
    )
    taken = {"np", "math", *dir(builtins)} - {"_"}  # which a doctest binds
    assert not bound_names(source) & taken


def test_user_names_are_kept() -> None:
    source = check_call(with_gradient(unicode_names), args_for(unicode_names))
    assert {"θ", "λ", "Δ", "θ_bar", "λ_bar"} <= bound_names(source)
    source = check_call(with_gradient(own_name), args_for(own_name))
    assert {"_x", "__y", "own_name_value_and_grad_"} - bound_names(source) <= {
        "own_name_value_and_grad_"
    }


def test_numbers_do_not_run_into_names() -> None:
    source = check_call(with_gradient(digits), args_for(digits))
    assert {"x1", "x11", "x2", "x12"} <= bound_names(source)


def test_two_steps_of_derivatives_have_names_of_their_own() -> None:
    args = [X]
    inner = adjoint(lowered(lambda_like, *args), Selection((0,)))
    outer = adjoint(inner, Selection((0, 1), single=False))
    source = check_call(outer, [X, np.float64(2.0), (np.float64(1.0), X)])
    assert "def lambda_like_vjp_vjp(x, value_bar, value_bar2):" in source


def lambda_like(x):
    return numpy.sum(numpy.sin(x) * x)


def test_placeholders_do_not_hide_a_parameter() -> None:
    args = [0.5, [X, X, X]]
    function = lowered(uses_underscore, *args)
    source = check_call(function, args)
    assert "_1, b, c = layers" in source or "_1" in source


def uses_underscore(_, layers):
    _a, b, c = layers
    return numpy.sum(b * c) * _


def test_classes_of_one_name_are_told_apart() -> None:
    args = [First(1.0), Second(2.0)]
    emitted_source = check_call(lowered(both_classes, *args), args)
    assert "return Pair(b=b), Pair_(a=a)" in emitted_source


def named_pair(field: str) -> Any:
    return NamedTuple("Pair", [(field, Any)])


First = named_pair("a")
Second = named_pair("b")


def both_classes(p, q):
    return (q, p)


@pytest.mark.parametrize(
    ("hint", "name"),
    [("x", "x"), ("p['w'][0]", "p_w_0"), ("0", "v0"), ("_x", "_x"), ("a b", "a_b")],
)
def test_identifier(hint: str, name: str) -> None:
    assert identifier(hint) == name


@pytest.mark.parametrize(
    ("path", "step"),
    [("p['w']", "w"), ("p.w", "w"), ("p[0]", ""), ("p['a b']", ""), ("p['1']", "")],
)
def test_last_step(path: str, step: str) -> None:
    assert last_step(path) == step


def test_a_name_is_free_again_when_its_value_is_not_needed() -> None:
    source = check_emitted(build(lambda x: (x + 1.0) * (x + 1.0), ("x",)))
    assert source.count("x1") == 0
