"""`jvp` and `vjp`."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from gradgen import ArgumentError, OutputError, grad, jvp, linearize, vjp


def f(x, y):
    return {"sum": np.sum(x * y), "outer": np.outer(x, y), "n": 3, "s": "text"}


def pair():
    draw = np.random.default_rng(1).standard_normal
    return draw(3), draw(3)


def test_jvp_gives_value_and_tangent():
    x, y = pair()
    value, tangent = jvp(f, (x, y), (y, None))
    np.testing.assert_allclose(value["outer"], np.outer(x, y))
    np.testing.assert_allclose(tangent["outer"], np.outer(y, y))
    assert tangent["sum"] == pytest.approx(np.sum(y * y))
    assert tangent["n"] is None
    assert tangent["s"] is None


def test_jvp_and_vjp_agree():
    x, y = pair()
    x_dot, y_dot = pair()[::-1]
    value, tangent = jvp(f, (x, y), (x_dot, y_dot))
    same, pullback = vjp(f, x, y)
    np.testing.assert_array_equal(value["outer"], same["outer"])
    bar = {"sum": 2.0, "outer": np.ones((3, 3)), "n": None, "s": None}
    x_bar, y_bar = pullback(bar)
    left = bar["sum"] * tangent["sum"] + np.sum(bar["outer"] * tangent["outer"])
    assert left == pytest.approx(x_bar @ x_dot + y_bar @ y_dot, rel=1e-12)


def test_none_holds_a_part_fixed():
    class Params(NamedTuple):
        w: Any
        b: Any

    def g(params, scale):
        return (params.w * 2 + params.b[0] * 3 + params.b[1] * 5) * scale

    params = Params(1.0, [2.0, 3.0])
    for w_dot, b_dot, expected in [
        (1.0, None, 2.0),
        (None, [1.0, None], 3.0),
        (None, [None, 1.0], 5.0),
        (1.0, [1.0, 1.0], 10.0),
        (None, None, 0.0),
    ]:
        tangent = jvp(g, (params, 1.0), (Params(w_dot, b_dot), None))[1]
        assert tangent == expected
    assert jvp(g, (params, 1.0), (None, None))[1] == 0.0


def test_ints_in_a_jvp():
    assert jvp(lambda x, n: x**n, (3.0, 2), (1, None)) == (9.0, 6.0)
    value, tangent = jvp(lambda x, y: x * y, (3, 2.0), (1, None))
    assert (value, tangent) == (6.0, 2.0)
    assert isinstance(value, float)


@pytest.mark.parametrize(
    ("primal", "tangent", "message"),
    [
        (
            np.ones(3),
            np.ones(2),
            r"the tangent of x has shape \(2,\), but x has \(3,\)",
        ),
        (np.ones(3), np.ones(3, np.float32), "has dtype float32, but x has float64"),
        (np.ones(3), 1.0, "must be an array, not a float"),
        (np.ones(3, np.float32), np.ones(3), "has dtype float64, but x has float32"),
        (1.0, np.ones(3), "must be a real number, not a float array"),
        (1.0, 1j, "must be a real number, not a complex number"),
        (1.0, "one", "must be a real number, not a string"),
        (np.arange(3), np.ones(3), "x is an integer array and has no derivative"),
        ([1.0, 2.0], (1.0, 2.0), "expected a list of 2, got a tuple of 2"),
        ([1.0, 2.0], [1.0], "expected a list of 2, got a list of 1"),
        ({"a": 1.0}, {"b": 1.0}, "expected a dict with keys 'a', got a dict with keys"),
        ("text", 1.0, "x is a string and has no derivative"),
    ],
)
def test_a_tangent_that_does_not_fit_is_refused(primal, tangent, message):
    with pytest.raises(ArgumentError, match=message):
        jvp(lambda x: np.sum(np.ones(3)), (primal,), (tangent,))


def test_jvp_needs_as_many_tangents_as_arguments():
    with pytest.raises(ArgumentError, match="it got 1 for 2"):
        jvp(f, pair(), (None,))
    with pytest.raises(ArgumentError, match="takes a tuple of arguments"):
        jvp(lambda x: x, 1.0, 1.0)


# vjp


def test_vjp_by_argnums():
    def g(x, n, y):
        return x**2 * n * y

    value, pullback = vjp(g, 3.0, 2, 5.0)
    assert value == 90.0
    assert pullback(1.0) == (60.0, 18.0)
    assert vjp(g, 3.0, 2, 5.0, argnums=(0,))[1](1.0) == (60.0,)
    assert vjp(g, 3.0, 2, 5.0, argnums=0)[1](1.0) == 60.0
    assert vjp(g, 3.0, 2, 5.0, argnums=(-1, 1))[1](2.0) == (36.0, 90.0)


def test_a_pullback_can_be_called_many_times():
    x, y = pair()
    _, pullback = vjp(lambda x, y: np.exp(x) * y, x, y)
    first = pullback(np.ones(3))
    for _ in range(3):
        again = pullback(np.ones(3))
        again[0][:] = 0.0
    for a, b in zip(first, pullback(np.ones(3)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_pullback_does_not_see_what_is_written_later():
    x, y = pair()
    expected = np.exp(x) * y
    value, pullback = vjp(lambda x, y: np.exp(x) * y, x, y, argnums=0)
    x[:] = 0.0
    y[:] = 0.0
    value[:] = 0.0
    np.testing.assert_allclose(pullback(np.ones(3)), expected)


def test_a_pullback_does_not_write_to_the_cotangent():
    x, _ = pair()
    bar = np.ones(3)
    (x_bar,) = vjp(lambda x: x, x)[1](bar)
    x_bar += 1.0
    np.testing.assert_array_equal(bar, np.ones(3))


@pytest.mark.parametrize(
    ("result", "cotangent", "message"),
    [
        (lambda x: x * np.ones(3), np.ones(2), r"the cotangent has shape \(2,\)"),
        (lambda x: x * np.ones(3), 1.0, "must be an array, not a float"),
        (lambda x: x * np.ones(3), np.ones(3, int), "has dtype int64"),
        (lambda x: (x, x), 1.0, "expected a tuple of 2"),
        (lambda x: [x, 3], [1.0, 1.0], r"the cotangent\[1\] must be None: the result"),
    ],
)
def test_a_cotangent_that_does_not_fit_is_refused(result, cotangent, message):
    _, pullback = vjp(result, 2.0)
    with pytest.raises(ArgumentError, match=message):
        pullback(cotangent)


def test_none_is_a_zero_cotangent():
    _, pullback = vjp(lambda x: (x**2, x * np.ones(2)), 3.0)
    assert pullback((None, np.ones(2))) == (2.0,)
    assert pullback((1.0, None)) == (6.0,)


def test_vjp_of_a_float32_function():
    x = np.ones(3, np.float32)
    value, pullback = vjp(lambda x: np.sum(x * x), x)
    (x_bar,) = pullback(1.0)
    assert value.dtype == x_bar.dtype == np.float32


def test_vjp_keeps_arrays_without_dimensions():
    _, pullback = vjp(lambda x: x**2, np.array(3.0))
    (x_bar,) = pullback(1.0)
    assert isinstance(x_bar, np.ndarray)
    assert x_bar == 6.0


def test_a_result_without_derivative_is_refused():
    with pytest.raises(OutputError, match=r"returns (3|int), which has no"):
        vjp(lambda x: 3, 2.0)


def test_programs_are_kept_between_calls():
    def g(x):
        return x**3

    for x in (1.0, 2.0):
        assert jvp(g, (x,), (1.0,))[1] == 3 * x**2
        assert vjp(g, x)[1](1.0) == (3 * x**2,)


def test_mixed_second_derivatives():
    def g(x):
        return x**3

    assert jvp(grad(g), (2.0,), (1.0,)) == (12.0, 12.0)
    value, pullback = vjp(grad(g), 2.0)
    assert (value, pullback(1.0)) == (12.0, (12.0,))


def test_auxiliary_results_are_handed_through():
    def f(x, k):
        return x**2 * k, {"sum": np.sum(x), "k": k}

    x, x_dot = pair()
    value, tangent, aux = jvp(f, (x, 2), (x_dot, None), has_aux=True)
    np.testing.assert_allclose(value, 2 * x**2)
    np.testing.assert_allclose(tangent, 4 * x * x_dot)
    assert aux == {"sum": np.sum(x), "k": 2}
    value, pullback, aux = vjp(f, x, 2, argnums=0, has_aux=True)
    np.testing.assert_allclose(pullback(x_dot), 4 * x * x_dot)
    assert aux["k"] == 2
    value, pushforward, aux = linearize(f, x, 2, has_aux=True)
    np.testing.assert_allclose(pushforward(x_dot), 4 * x * x_dot)
    assert aux["sum"] == np.sum(x)
    for call in (
        lambda: jvp(np_sum, (x,), (x,), has_aux=True),
        lambda: vjp(np_sum, x, has_aux=True),
        lambda: linearize(np_sum, x, has_aux=True),
    ):
        with pytest.raises(OutputError, match="must return a pair"):
            call()


def np_sum(x):
    return np.sum(x)
