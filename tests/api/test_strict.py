"""`strict=True`: an error where a derivative is not defined, or not finite."""

import inspect

import numpy as np
import pytest

import gradgen
from gradgen import checkpoint, checkpointed, grad, jvp, value_and_grad, vjp


def root(x):
    return np.sqrt(x) + x


def place(function, text):
    """Return the file and line at which ``text`` stands in a function."""
    lines, first = inspect.getsourcelines(function)
    (number,) = (first + k for k, line in enumerate(lines) if text in line)
    return f"test_strict.py:{number}: {text}"


def assert_raises(function, x, text, words="no derivative is defined"):
    """Raise in every mode, and at the place where ``text`` stands."""
    message = f"{words} at {place(function, text)}"
    value, pullback = vjp(function, x, strict=True)
    assert np.all(value == function(x))
    for run in (
        lambda: grad(function, strict=True)(x),
        lambda: value_and_grad(function, strict=True)(x),
        lambda: pullback(1.0),
        lambda: jvp(function, (x,), (np.ones_like(x),), strict=True),
    ):
        with pytest.raises(FloatingPointError) as caught:
            run()
        assert str(caught.value) == message


def assert_fine(function, x):
    """Return what derivatives that are not strict return, in every mode."""
    wanted = grad(function)(x)
    np.testing.assert_array_equal(grad(function, strict=True)(x), wanted)
    np.testing.assert_array_equal(vjp(function, x, strict=True)[1](1.0)[0], wanted)
    dots = (np.ones_like(x, float),)
    found = jvp(function, (x,), dots, strict=True)
    np.testing.assert_array_equal(found, jvp(function, (x,), dots))


INFINITE = "a derivative is not finite"


def test_a_derivative_that_is_not_finite():
    assert_raises(root, 0.0, "np.sqrt(x)", INFINITE)
    with np.errstate(divide="ignore"):
        assert_raises(lambda x: np.log(x) + x, np.float64(0.0), "np.log(x)", INFINITE)
    assert_raises(lambda x: np.power(x, 0.5), 0.0, "np.power(x, 0.5)", INFINITE)
    assert_fine(root, 4.0)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_division_by_zero():
    assert_raises(lambda x: np.sum(1.0 / x), np.array([0.0, 1.0]), "1.0 / x", INFINITE)


def test_a_derivative_that_is_not_defined():
    assert_raises(lambda x: abs(x), 0.0, "abs(x)")
    assert_raises(lambda x: np.max(x), np.array([1.0, 3.0, 3.0]), "np.max(x)")
    assert_raises(lambda x: np.linalg.norm(x), np.zeros(2), "np.linalg.norm(x)")
    assert_raises(lambda x: np.arctan2(x, x), 0.0, "np.arctan2(x, x)")
    assert_raises(lambda x: np.std(x), np.ones(3), "np.std(x)")


def test_the_same_functions_next_to_such_points():
    for function, x in (
        (lambda x: abs(x), -2.0),
        (lambda x: np.max(x), np.array([3.0, 1.0, 1.0])),
        (lambda x: np.linalg.norm(x), np.array([0.0, 2.0])),
        (lambda x: np.arctan2(x, 1.0), 0.0),
        (lambda x: np.std(x), np.array([1.0, 1.0, 2.0])),
        (lambda x: np.clip(x, 0.0, 1.0), 0.5),
        (lambda x: np.median(x), np.array([1.0, 1.0, 2.0, 5.0, 6.0])),
        (lambda x: np.sum(np.sort(x)), np.array([2.0])),
        (lambda x: np.prod(x), np.array([2.0, 0.0, 0.0])),
        (lambda x: x**0 + x**2, 0.0),
        (lambda x: np.sinc(x), 0.0),
    ):
        assert_fine(function, x)


def test_a_jump_counts_although_its_derivative_is_zero():
    assert_raises(lambda x: x * np.floor(x), 2.0, "np.floor(x)")
    assert_raises(lambda x: np.sum(x + np.sign(x)), np.zeros(2), "np.sign(x)")
    assert_raises(lambda x: x + x // 2.0, 4.0, "x // 2.0")
    assert_raises(lambda x: x * np.round(x, 1), 0.25, "np.round(x, 1)")
    assert_fine(lambda x: x * np.floor(x), 2.5)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_a_mask_leaves_out_does_not_count():
    for function in (
        lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)),
        lambda x: np.sum(np.where(x > 0, np.log(x) * np.sqrt(x), x)),
        lambda x: np.sum(np.where(x > 0, abs(x), x)),
        lambda x: np.sum(np.sqrt(x) + abs(x), where=x > 0),
        lambda x: 0.0 * np.sum(np.sqrt(x)) + 0.0 * np.linalg.norm(x[:1]),
        lambda x: np.max(np.append(x, 5.0)) + abs(x[1]),
    ):
        with np.errstate(all="ignore"):
            assert_fine(function, np.array([0.0, 4.0]))


def test_the_branch_that_is_taken_is_a_choice():
    def piecewise(x):
        if x > 0.0:
            return x * x
        return np.where(x < 0, x, 2.0 * x)

    assert_fine(piecewise, 0.0)


def test_a_loop():
    def product(x):
        total = 1.0
        for i in range(len(x)):
            total = total * np.maximum(x[i], 0.5)
        return total

    assert_fine(product, np.array([1.0, 0.2, 3.0]))
    assert_raises(product, np.array([1.0, 0.5, 3.0]), "np.maximum(x[i], 0.5)")


def test_a_loop_that_does_not_turn():
    def halved(x):
        while x > 1.0:
            x = abs(x - 1.0)
        return x

    assert_fine(halved, 1.0)
    assert_fine(halved, 2.5)


def falling(x, n):
    if n == 0:
        return abs(x)
    return 2.0 * falling(x - 1.0, n - 1)


def test_a_helper_that_calls_itself():
    message = place(falling, "abs(x)")
    for x in (2.0, 3.0):
        assert grad(falling, strict=True)(x + 0.5, 2) == grad(falling)(x + 0.5, 2)
    with pytest.raises(FloatingPointError, match="no derivative") as caught:
        grad(falling, strict=True)(2.0, 2)
    assert message in str(caught.value)


def test_writes_lists_and_checkpoints():
    def written(x):
        y = np.zeros_like(x)
        y[1:] = np.sqrt(x[1:])
        parts = [checkpoint(np.sum)(y), y[0]]
        for i in checkpointed(range(3), every=2):
            parts[0] = abs(parts[0] - x[0])
        return parts[0] + parts[1]

    assert_fine(written, np.array([0.5, 4.0, 9.0]))
    assert_raises(written, np.array([5.0, 4.0, 9.0]), "abs(parts[0] - x[0])")
    assert_raises(written, np.array([0.5, 0.0, 9.0]), "np.sqrt(x[1:])", INFINITE)


def test_a_user_s_rule():
    def given(x):
        return x * 2.0

    @gradgen.rule(given)
    def given_adjoint(value_bar, value, x):
        return value_bar / x

    assert grad(lambda x: given(x), strict=True)(2.0) == 0.5
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="given"):
        grad(lambda x: given(x) + 0.0, strict=True)(np.float64(0.0))


def test_an_overflow_of_a_sum_counts():
    large = np.full(2, 1e308)
    other = np.full(2, 1.5e308)

    def doubled(x):
        return np.sum(x * large) + np.sum(x * other)

    with np.errstate(over="ignore"):
        with pytest.raises(FloatingPointError, match="def doubled"):
            grad(doubled, strict=True)(np.ones(2))


def test_derivatives_of_derivatives_are_strict_too():
    def cubed(x):
        return x * x * abs(x)

    slope = grad(cubed)
    assert grad(slope, strict=True)(2.0) == 12.0
    assert grad(grad(cubed, strict=True))(2.0) == 12.0
    assert grad(slope)(0.0) == 0.0
    assert grad(cubed, strict=True)(0.0) == 0.0  # times 0
    for derivative in (
        grad(lambda x: grad(lambda t: abs(t) * 3.0)(x) * x, strict=True),
        grad(lambda x: grad(lambda t: abs(t) * 3.0, strict=True)(x) * x),
        grad(lambda x: vjp(abs, x, strict=True)[1](1.0)[0]),
        grad(grad(lambda x: abs(x)), strict=True),
    ):
        with pytest.raises(FloatingPointError, match=r"no derivative is defined"):
            derivative(0.0)


def test_it_says_where_only_what_moves_counts():
    def apart(x, y):
        return x * abs(y) + np.heaviside(x, y)

    assert grad(apart, strict=True)(1.0, 0.0) == 0.0
    with pytest.raises(FloatingPointError, match=r"abs\(y\)"):
        grad(apart, argnums=1, strict=True)(1.0, 0.0)
    with pytest.raises(FloatingPointError, match="heaviside"):
        grad(apart, strict=True)(0.0, 1.0)
    rows = np.array([[1.0, 1.0], [2.0, 3.0]])
    assert_fine(lambda x: np.max(x, axis=1)[1], rows)


def test_forward_mode_of_a_strict_gradient():
    slope = grad(lambda x: x * abs(x - 1.0), strict=True)
    assert jvp(slope, (3.0,), (1.0,)) == (5.0, 2.0)
    with pytest.raises(FloatingPointError, match="no derivative"):
        jvp(slope, (1.0,), (1.0,))


def test_forward_mode_looks_at_all_results():
    """Also where what they make of a kink adds up to zero, or is complex."""
    for function in (
        lambda x: (abs(x) + x, -abs(x)),
        lambda x: np.stack([abs(x), -abs(x), x]),
        lambda x: {"a": [x], "b": x + 1j * abs(x), "n": 3},
    ):
        with pytest.raises(FloatingPointError, match=r"no derivative .* abs"):
            jvp(function, (np.zeros(2),), (np.ones(2),), strict=True)
        found = jvp(function, (np.ones(2),), (np.ones(2),), strict=True)
        assert str(found) == str(jvp(function, (np.ones(2),), (np.ones(2),)))


def test_forward_mode_looks_at_what_moves():
    def product(x, y, n):
        return abs(x) * y * n

    assert jvp(product, (0.0, 2.0, 3), (None, 1.0, None), strict=True) == (0.0, 0.0)
    with pytest.raises(FloatingPointError, match="no derivative"):
        jvp(product, (0.0, 2.0, 3), (0.0, 1.0, None), strict=True)
    with pytest.raises(FloatingPointError, match=r"not finite at .*def product"):
        jvp(product, (1.0, 2.0, 3), (np.inf, 1.0, None), strict=True)


def test_forward_mode_draws_but_once():
    def noisy(x, rng):
        return np.maximum(x, rng.normal(size=x.shape))

    one, other = np.random.default_rng(3), np.random.default_rng(3)
    found = jvp(noisy, (np.ones(4), one), (np.ones(4), None), strict=True)
    np.testing.assert_array_equal(
        found, jvp(noisy, (np.ones(4), other), (np.ones(4), None))
    )
    assert one.random() == other.random()


def test_forward_mode_within_a_function_is_refused():
    def along(x):
        return jvp(lambda y: abs(y), (x,), (1.0,), strict=True)[1]

    with pytest.raises(gradgen.UnsupportedError, match="strict=True of jvp"):
        grad(along)(1.0)


def test_as_a_decorator():
    @grad(strict=True)
    def slope(x):
        return np.sqrt(x)

    assert slope(4.0) == 0.25
    with pytest.raises(FloatingPointError, match=r"test_strict.py:\d+: np.sqrt\(x\)"):
        slope(0.0)
    assert "check_finite" in slope.source()


def test_text_with_braces():
    def entry(x):
        named = {"{0}": x}
        return np.sqrt(named["{0}"])

    assert_raises(entry, 0.0, 'np.sqrt(named["{0}"])', INFINITE)


def test_a_program_that_is_not_strict_is_what_it_was():
    source = grad(root).source(1.0)
    assert "check" not in source
    grad(root, strict=True)(1.0)
    assert grad(root).source(1.0) == source
