"""`grad` and `value_and_grad`: what they return, for which arguments."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradgen
from gradgen import ArgumentError, OutputError, SourceError, grad, value_and_grad


def scalar(x):
    return np.sin(x) * x + np.exp(x) / (1 + x * x)


def slope(x):
    d = 1 + x * x
    return np.cos(x) * x + np.sin(x) + np.exp(x) * (d - 2 * x) / d**2


def loss(w, x, y):
    return np.mean((x @ w - y) ** 2)


def problem(rows=5, columns=3, dtype=np.float64):
    draw = np.random.default_rng(0).standard_normal
    w, x, y = draw(columns), draw((rows, columns)), draw(rows)
    return w.astype(dtype), x.astype(dtype), y.astype(dtype)


def loss_gradient(w, x, y):
    return 2 / len(y) * x.T @ (x @ w - y)


def test_a_gradient_is_right():
    w, x, y = problem()
    np.testing.assert_allclose(grad(loss)(w, x, y), loss_gradient(w, x, y), rtol=1e-14)
    assert grad(scalar)(0.5) == pytest.approx(slope(0.5), rel=1e-14)


def test_value_and_gradient():
    w, x, y = problem()
    value, gradient = value_and_grad(loss)(w, x, y)
    assert value == loss(w, x, y)
    np.testing.assert_array_equal(gradient, grad(loss)(w, x, y))


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_every_size_is_right(rows, columns):
    w, x, y = problem(rows, columns)
    gradient = grad(lambda w: np.sum((x @ w - y) ** 2))(w)
    np.testing.assert_allclose(gradient, 2 * x.T @ (x @ w - y), rtol=1e-12)


def test_one_program_serves_every_batch_size():
    d_loss = grad(loss)
    for rows in (2, 3, 100):
        d_loss(*problem(rows))
    assert d_loss.cache_info().misses + d_loss.cache_info().disk_hits == 1
    d_loss(*problem(1))
    assert d_loss.cache_info().currsize == 2


@grad
def decorated(w, x, y):
    """Mean square."""
    return np.mean((x @ w - y) ** 2)


@grad(argnums=(0, -1))
def decorated_with_options(w, x, y):
    return np.mean((x @ w - y) ** 2)


def test_it_is_a_decorator_with_and_without_options():
    w, x, y = problem()
    np.testing.assert_allclose(decorated(w, x, y), loss_gradient(w, x, y))
    w_bar, y_bar = decorated_with_options(w, x, y)
    np.testing.assert_allclose(w_bar, loss_gradient(w, x, y))
    np.testing.assert_allclose(y_bar, -2 / len(y) * (x @ w - y))


def test_the_result_looks_like_the_function():
    assert decorated.__name__ == "decorated"
    assert decorated.__doc__ == "Mean square."
    assert list(inspect.signature(decorated).parameters) == ["w", "x", "y"]
    assert decorated.primal.__name__ == "decorated"
    assert repr(decorated) == "<grad of decorated>"
    assert callable(decorated)


def test_argnums_of_one_in_a_tuple_gives_a_tuple():
    (gradient,) = grad(scalar, argnums=(0,))(0.5)
    assert gradient == grad(scalar, argnums=0)(0.5)


def test_has_aux():
    def f(x):
        return x**2, {"half": x / 2, "name": "f", "n": 3}

    assert grad(f, has_aux=True)(3.0) == (6.0, {"half": 1.5, "name": "f", "n": 3})
    value, gradient = value_and_grad(f, has_aux=True)(3.0)
    assert value == (9.0, {"half": 1.5, "name": "f", "n": 3})
    assert gradient == 6.0


class Layer(NamedTuple):
    W: Any
    b: Any


@dataclass
class Model:
    layers: list
    scale: Any


def test_a_gradient_has_the_structure_of_its_argument():
    def f(model, x):
        for layer in model.layers:
            x = x @ layer["W"].W + layer["W"].b
        return np.sum(x) * model.scale

    model = Model([{"W": Layer(np.ones((2, 2)), np.zeros(2))}], 3.0)
    gradient = grad(f)(model, np.ones((4, 2)))
    assert type(gradient) is Model
    assert type(gradient.layers) is list
    assert type(gradient.layers[0]["W"]) is Layer
    np.testing.assert_array_equal(gradient.layers[0]["W"].W, np.full((2, 2), 12.0))
    assert gradient.scale == 16.0


def test_none_in_a_tree_stays_none():
    def f(params):
        return np.sum(params["w"])

    gradient = grad(f)({"w": np.ones(2), "b": None})
    assert gradient["b"] is None


@pytest.mark.parametrize(
    "x", [np.float32(2), np.float64(2), np.ones(3, np.float32), np.ones((2, 2))]
)
def test_a_gradient_has_dtype_and_shape_of_its_argument(x):
    gradient = grad(lambda x: np.sum(x * np.float64(2) * x))(x)
    assert type(gradient) is type(x)
    assert gradient.dtype == x.dtype
    assert gradient.shape == x.shape


def test_an_int_counts_as_a_float():
    assert grad(lambda x, n: x**2 * n)(3, 2) == 12.0
    assert isinstance(grad(lambda x: x * x)(3), float)
    assert grad(lambda p: p[0] * p[1])([2, 5]) == [5.0, 2.0]


def test_an_array_without_dimensions_counts_as_a_scalar_and_comes_back():
    gradient = grad(lambda p: p["x"] ** 2)({"x": np.array(3.0)})
    assert isinstance(gradient["x"], np.ndarray)
    assert gradient["x"].shape == ()
    assert gradient["x"] == 6.0
    value, gradient = value_and_grad(lambda x: x**2)(np.array(3.0))
    assert (value, gradient.shape) == (9.0, ())


def test_an_argument_that_does_not_matter_has_a_zero_gradient():
    x_bar, y_bar = grad(lambda x, y: x * 2, argnums=(0, 1))(1.0, np.ones(3))
    assert x_bar == 2.0
    np.testing.assert_array_equal(y_bar, np.zeros(3))


def test_arguments_are_not_changed_and_not_shared():
    w, x, y = problem()
    before = w.copy(), x.copy(), y.copy()
    w_bar, x_bar = grad(lambda w, x: np.sum(w + 0 * x[0]), argnums=(0, 1))(w, x)
    w_bar[:] = 7.0
    for now, then in zip((w, x, y), before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert not np.shares_memory(x_bar, x)


# Binding


def f_of_many(a, /, b, c=2.0, *rest, scale=1.0, **options):
    return (a * b * c + sum(rest)) * scale * options.get("factor", 1.0)


@pytest.mark.parametrize("argnums", [0, 1, -1, (0, 1), (1, 0)])
def test_an_argument_passed_by_keyword_is_not_skipped(argnums):
    def f(a, b):
        return a**2 * b

    expected = grad(f, argnums)(3.0, 5.0)
    assert grad(f, argnums)(a=3.0, b=5.0) == expected
    assert grad(f, argnums)(3.0, b=5.0) == expected
    assert grad(f, argnums)(b=5.0, a=3.0) == expected


def test_defaults_and_keyword_only_arguments():
    assert grad(f_of_many, argnums=(0, 1))(3.0, 5.0) == (10.0, 6.0)
    assert grad(f_of_many, argnums=2)(3.0, 5.0) == 15.0
    assert grad(f_of_many)(3.0, 5.0, scale=2.0) == 20.0
    assert grad(f_of_many)(3.0, b=5.0, factor=3.0) == 30.0


def test_one_of_any_number_of_arguments_can_be_selected():
    assert grad(f_of_many, argnums=(0, 4))(3.0, 5.0, 2.0, 7.0, 8.0) == (10.0, 1.0)
    assert grad(f_of_many, argnums=-1)(3.0, 5.0, 2.0, 7.0) == 1.0


def test_names_of_further_arguments_do_not_meet_others():
    def f(rest_0, *rest, rest_1=5.0):
        return rest_0 * rest[0] * rest[1] * rest_1

    assert grad(f, argnums=(0, 1, 2))(2.0, 3.0, 7.0) == (105.0, 70.0, 30.0)
    assert "def f_grad(rest_0, rest__0, rest__1, rest_1):" in grad(f).source(1, 1, 1)


def test_python_says_what_is_wrong_with_a_call():
    with pytest.raises(TypeError, match=r"loss\(\) missing 1 required positional"):
        grad(loss)(1.0, 2.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        grad(loss)(1.0, 2.0, z=3.0)


@pytest.mark.parametrize(
    ("argnums", "message"),
    [
        (3, "argnums=3 is out of range: loss takes 3 positional arguments"),
        (-4, "argnums=-4 is out of range"),
        ((0, 0), "selects an argument twice"),
        ((0, -3), "selects an argument twice"),
        ((), "argnums is empty"),
        (True, "must be an int or a tuple of ints"),
        ("w", "must be an int or a tuple of ints"),
        (1.0, "must be an int or a tuple of ints"),
    ],
)
def test_wrong_argnums_are_refused_at_once(argnums, message):
    with pytest.raises(ArgumentError, match=message):
        grad(loss, argnums)


def test_a_keyword_only_argument_cannot_be_selected():
    def f(a, *, k):
        return a * k

    with pytest.raises(ArgumentError, match=r"keyword-only ones cannot be.*: k\)"):
        grad(f, argnums=1)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (np.arange(3), "params['n'] is an integer array"),
        (np.int64(3), "params['n'] is an integer scalar"),
        (np.ones(3, bool), "params['n'] is a boolean array"),
        (True, "params['n'] is a bool"),
        ("text", "params['n'] is a string"),
        (np.array(["a"]), "params['n'] is a string array"),
        (np.array([None]), "params['n'] is an object array"),
        (object(), "params['n'] is an object object"),
    ],
)
def test_what_has_no_derivative_is_refused_by_name(value, what):
    with pytest.raises(ArgumentError) as caught:
        grad(lambda params: np.sum(params["w"]))({"w": np.ones(2), "n": value})
    assert str(caught.value).startswith(what)


def test_array_subclasses_are_refused():
    masked = np.ma.masked_array([1.0, 2.0], mask=[True, False])
    with pytest.raises(ArgumentError, match="x is a MaskedArray"):
        grad(lambda x: np.sum(x))(masked)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x * np.ones(2), r"returns an array .* reduce it, .* or use vjp"),
        (lambda x: np.array([x]), "returns an array"),
        (lambda x: (x, x), "returns a tuple of 2; use has_aux=True"),
        (lambda x: {"a": x}, "returns a dict of 1; use vjp"),
        (lambda x: None, "returns None"),
        (lambda x: 3, "returns int, which has no derivative"),
    ],
)
def test_a_result_that_is_no_scalar_is_refused(function, message):
    with pytest.raises(OutputError, match=message):
        grad(function)(2.0)


def test_has_aux_needs_a_pair():
    with pytest.raises(OutputError, match="must return a pair"):
        grad(lambda x: x, has_aux=True)(1.0)


def test_only_functions_written_in_python_are_differentiated():
    with pytest.raises(SourceError, match="not a function written in Python"):
        grad(np.sin)
    with pytest.raises(ArgumentError, match="grad takes a function"):
        grad(3.0)


def test_every_error_is_a_gradgen_error():
    errors = [getattr(gradgen, name) for name in gradgen.__all__ if "Error" in name]
    assert len(errors) >= 7
    assert all(issubclass(error, gradgen.GradgenError) for error in errors)


# The code behind it


def test_source_shows_the_code_for_the_arguments():
    text = grad(loss).source(*problem())
    assert "def loss_grad(w, x, y):" in text
    assert text == grad(loss).source(*problem(rows=9))


def test_source_without_arguments_needs_a_single_program():
    d_loss = grad(loss)
    with pytest.raises(ArgumentError, match="has 0 programs"):
        d_loss.source()
    d_loss(*problem())
    assert d_loss.source() == d_loss.source(*problem())
    d_loss(*problem(dtype=np.float32))
    with pytest.raises(ArgumentError, match="has 2 programs"):
        d_loss.source()


def test_compiled_is_the_bare_function():
    w, x, y = problem()
    bare = grad(loss).compiled(w, x, y)
    assert inspect.isfunction(bare)
    assert bare.__name__ == "loss_grad"
    np.testing.assert_array_equal(bare(w, x, y), grad(loss)(w, x, y))
    assert inspect.getsource(bare).startswith("def loss_grad(w, x, y):")


def test_the_source_runs_by_itself():
    w, x, y = problem()
    namespace: dict[str, Any] = {}
    exec(grad(loss).source(w, x, y), namespace)
    np.testing.assert_array_equal(namespace["loss_grad"](w, x, y), grad(loss)(w, x, y))


def test_ir_is_text():
    assert "function loss_grad(" in grad(loss).ir(*problem())


def test_derivatives_of_derivatives():
    second = grad(grad(scalar))(0.5)
    step = 1e-6
    numeric = (slope(0.5 + step) - slope(0.5 - step)) / (2 * step)
    assert second == pytest.approx(numeric, rel=1e-8)
    assert grad(grad(grad(lambda x: x**4)))(2.0) == 48.0
    value, third = value_and_grad(grad(lambda x: x**3))(2.0)
    assert (value, third) == (12.0, 12.0)


def test_typing_of_the_result():
    def f(x: float) -> float:
        return x

    derivative: Callable[[float], Any] = grad(f)
    assert derivative(1.0) == 1.0
