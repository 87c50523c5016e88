"""Singular points, ties and extremes, where derivatives are a matter of convention.

Warnings are errors here: derivative code gives none where the primal gives none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.ir.tree import tree_of
from gradgen.primitives.registry import LOWERINGS, Handle, apply
from gradgen.primitives.special import stop_gradient
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.primitives.harness import Program, build

INF, NAN = math.inf, math.nan
ANGLE = math.sqrt(0.5)


def call(function: Any) -> Callable[..., Any]:
    """Return the lowered ``function``, for use on handles."""
    return lambda *args, **options: LOWERINGS[function](*args, **options)


def pulled(program: Program) -> list[Any]:
    """Return the gradient of a scalar function in reverse mode."""
    value = program.run()[0]
    function = adjoint(program.function, Selection(program.moving, single=False))
    seed = 1.0 if type(value) is float else np.asarray(value).dtype.type(1.0)
    return list(interpret(function, (*program.args, seed))[1])


def pushed(program: Program) -> list[Any]:
    """Return the gradient of a scalar function of scalars in forward mode."""
    function = jvp(program.function, program.moving)
    count = len(program.moving)
    rows = np.eye(count)
    kinds = [type(program.args[i]) for i in program.moving]
    return [
        interpret(function, (*program.args, *_units(kinds, row)))[1] for row in rows
    ]


def _units(kinds: list[type], row: Any) -> list[Any]:
    return [kind(x) for kind, x in zip(kinds, row, strict=True)]


def assert_slopes(found: list[Any], wanted: tuple[float, ...]) -> None:
    np.testing.assert_allclose(
        np.array(found, float), np.array(wanted), rtol=1e-12, atol=0.0
    )


SCALARS = [
    (np.sqrt, math.sqrt, (0.0,), (INF,)),
    (np.cbrt, math.cbrt, (0.0,), (INF,)),
    (np.arcsin, math.asin, (1.0,), (INF,)),
    (np.arcsin, math.asin, (-1.0,), (INF,)),
    (np.arccos, math.acos, (1.0,), (-INF,)),
    (np.arccosh, math.acosh, (1.0,), (INF,)),
    (np.arcsinh, math.asinh, (1e200,), (1e-200,)),
    (np.hypot, math.hypot, (0.0, 0.0), (0.0, 0.0)),
    (np.hypot, math.hypot, (1e-200, 1e-200), (ANGLE, ANGLE)),
    (np.hypot, math.hypot, (1e200, 1e200), (ANGLE, ANGLE)),
    (np.arctan2, math.atan2, (0.0, 0.0), (0.0, 0.0)),
    (np.arctan2, math.atan2, (1e-170, 1e-170), (5e169, -5e169)),
    (np.arctan2, math.atan2, (0.0, 1.0), (1.0, 0.0)),
    (np.fabs, math.fabs, (0.0,), (0.0,)),
    (np.absolute, abs, (0.0,), (0.0,)),
    (np.copysign, math.copysign, (0.0, -1.0), (0.0, 0.0)),
    (np.copysign, math.copysign, (2.0, -1.0), (-1.0, 0.0)),
    (np.power, math.pow, (0.0, 1.5), (0.0, 0.0)),
    (np.power, math.pow, (0.0, 0.5), (INF, 0.0)),
    (np.power, math.pow, (0.0, 0.0), (0.0, 0.0)),
    (np.power, math.pow, (2.0, 0.0), (0.0, math.log(2.0))),
    (np.power, math.pow, (0.0, 3.0), (0.0, 0.0)),
    (np.power, pow, (0.0, 1.5), (0.0, 0.0)),
    (np.power, pow, (0.0, 0.5), (INF, 0.0)),
    (np.power, pow, (1e-200, -1.0), (-INF, 1e200 * math.log(1e-200))),
    (np.divide, lambda x, y: x / y, (0.0, 1e-200), (1e200, -0.0)),
    (np.divide, lambda x, y: x / y, (1e-300, 1e-200), (1e200, -1e100)),
    (np.maximum, max, (2.0, 2.0), (0.5, 0.5)),
    (np.minimum, min, (2.0, 2.0), (0.5, 0.5)),
    (np.maximum, max, (NAN, 1.0), (0.0, 0.0)),
    (np.minimum, None, (1.0, NAN), (0.0, 0.0)),
    (np.fmax, None, (NAN, 1.0), (0.0, 1.0)),
    (np.fmax, None, (2.0, 2.0), (0.5, 0.5)),
    (np.fmin, None, (1.0, NAN), (1.0, 0.0)),
    (np.clip, None, (0.0, 0.0, 1.0), (0.5, 0.5, 0.0)),
    (np.clip, None, (1.0, 0.0, 1.0), (0.5, 0.0, 0.5)),
    (np.clip, None, (0.5, 0.0, 1.0), (1.0, 0.0, 0.0)),
    (np.clip, None, (5.0, 2.0, 1.0), (0.0, 0.0, 1.0)),
    (np.heaviside, None, (0.0, 0.5), (0.0, 1.0)),
    (np.logaddexp, None, (-INF, -INF), (0.0, 0.0)),
    (np.logaddexp, None, (-INF, 1.0), (0.0, 1.0)),
    (np.logaddexp, None, (1000.0, -1000.0), (1.0, 0.0)),
    (np.sinc, None, (0.0,), (0.0,)),
    (np.tanh, math.tanh, (1000.0,), (0.0,)),
    (np.arctan, math.atan, (1e100,), (1e-200,)),
    (np.expm1, math.expm1, (-50.0,), (math.exp(-50.0),)),
    (np.exp, math.exp, (-700.0,), (math.exp(-700.0),)),
    (np.remainder, lambda x, y: LOWERINGS[np.remainder](x, y), (7.0, 2.0), (1.0, -3.0)),
    (np.fmod, math.fmod, (-7.0, 2.0), (1.0, 3.0)),
    (np.sign, None, (0.0,), None),
    (np.floor, None, (2.0,), None),
]


def lowered(function: Any) -> Callable[..., Any]:
    return call(function) if function in LOWERINGS else function


PYTHON = [(math_, args, slopes) for _, math_, args, slopes in SCALARS if math_]


@pytest.mark.parametrize(("function", "args", "slopes"), PYTHON)
def test_slopes_of_python_numbers(function: Any, args: Any, slopes: Any) -> None:
    program = build(lowered(function), args)
    assert_slopes(pulled(program), slopes)
    assert_slopes(pushed(program), slopes)


@pytest.mark.parametrize(
    ("function", "args", "slopes"),
    [(f, args, slopes) for f, _, args, slopes in SCALARS],
)
def test_slopes_of_numpy_scalars(function: Any, args: Any, slopes: Any) -> None:
    with np.errstate(all="raise", under="ignore"):
        program = build(call(function), [np.float64(x) for x in args])
        if slopes is None:
            assert_slopes(pulled(program), (0.0,) * len(args))
            return
        with np.errstate(over="ignore"):
            assert_slopes(pulled(program), slopes)
            assert_slopes(pushed(program), slopes)


def total(x: Handle) -> Handle:
    return apply("sum", x, axis=tuple(range(x.rank)), keepdims=False) if x.rank else x


ARRAYS = {
    "norm at 0": (lambda x: call(np.linalg.norm)(x), [0.0, 0.0], [0.0, 0.0]),
    "norm": (lambda x: call(np.linalg.norm)(x), [3.0, 4.0], [0.6, 0.8]),
    "std of equals": (lambda x: call(np.std)(x), [2.0, 2.0], [0.0, 0.0]),
    "max, tied": (lambda x: call(np.max)(x), [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    "min, tied": (lambda x: call(np.min)(x), [1.0, 1.0, 3.0], [0.5, 0.5, 0.0]),
    "max of NaN": (lambda x: call(np.max)(x), [NAN, 1.0], [0.0, 0.0]),
    "one zero factor": (lambda x: call(np.prod)(x), [2.0, 0.0, 5.0], [0.0, 10.0, 0.0]),
    "two zero factors": (lambda x: call(np.prod)(x), [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    "running product": (
        lambda x: total(call(np.cumprod)(x)),
        [2.0, 0.0, 5.0],
        [1.0, 12.0, 0.0],
    ),
    "masked sqrt": (
        lambda x: total(call(np.where)(x > 0, call(np.sqrt)(x), 0.0)),
        [0.0, 4.0],
        [0.0, 0.25],
    ),
    "masked power": (
        lambda x: total(call(np.where)(x > 0, x**0.5, 0.0)),
        [0.0, 4.0],
        [0.0, 0.25],
    ),
    "clip": (lambda x: total(call(np.clip)(x, 0.0, 1.0)), [0.0, 0.5, 2.0], [0.5, 1, 0]),
    "nan_to_num": (
        lambda x: total(call(np.nan_to_num)(x)),
        [NAN, INF, 2.0],
        [0.0, 0.0, 1.0],
    ),
    "sorted ties": (
        lambda x: total(call(np.sort)(x) * np.array([1.0, 2.0, 3.0])),
        [1.0, 1.0, 0.0],
        [2.0, 3.0, 1.0],
    ),
    "relu": (
        lambda x: total(call(np.maximum)(x, 0.0)),
        [-1.0, 0.0, 2.0, NAN],
        [0.0, 0.5, 1.0, 0.0],
    ),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", ARRAYS)
def test_slopes_of_arrays(case: str, dtype: Any) -> None:
    body, x, wanted = ARRAYS[case]
    (x_bar,) = pulled(build(body, [np.array(x, dtype)]))
    assert x_bar.dtype == dtype
    np.testing.assert_allclose(x_bar, wanted, rtol=1e-6)


@pytest.mark.parametrize("case", ARRAYS)
def test_forward_and_reverse_mode_agree_at_singular_points(case: str) -> None:
    body, x, wanted = ARRAYS[case]
    program = build(body, [np.array(x)])
    function = jvp(program.function, (0,))
    rows = np.eye(len(x))
    slopes = [interpret(function, (program.args[0], row))[1] for row in rows]
    np.testing.assert_allclose(slopes, wanted, rtol=1e-12)


def test_second_derivative_of_sinc_at_zero() -> None:
    program = build(call(np.sinc), [np.float64(0.0)])
    second = adjoint(jvp(program.function, (0,)), Selection((0,), single=False))
    one, zero = np.float64(1.0), np.float64(0.0)
    _, (x_bar,) = interpret(second, (zero, one, (zero, one)))
    assert x_bar == pytest.approx(-(math.pi**2) / 3)


def test_second_derivatives_of_a_product_with_zero_factors() -> None:
    x = np.array([0.0, 3.0, 0.0])
    program = build(call(np.prod), [x])
    second = adjoint(jvp(program.function, (0,)), Selection((0,), single=False))
    rows = []
    for row in np.eye(3):
        _, (x_bar,) = interpret(second, (x, row, (np.float64(0.0), np.float64(1.0))))
        rows.append(x_bar)
    np.testing.assert_array_equal(rows, [[0, 0, 3], [0, 0, 0], [3, 0, 0]])


@pytest.mark.parametrize("name", ["sum", "cumsum", "cumprod", "prod", "sort", "exp"])
def test_the_gradient_of_an_empty_array_is_empty(name: str) -> None:
    program = build(lambda x: total(call(getattr(np, name))(x)), [np.zeros(0)])
    (x_bar,) = pulled(program)
    assert x_bar.shape == (0,)


def test_stop_gradient_is_a_constant() -> None:
    program = build(lambda x: x * call(stop_gradient)(x), [np.float64(3.0)])
    assert_slopes(pulled(program), (3.0,))


def test_the_exponent_of_a_negative_base_has_no_derivative() -> None:
    program = build(call(math.pow), [-2.0, 2.0])
    assert_slopes(pulled(program), (-4.0, NAN))


def test_tangents_are_of_the_kind_of_the_value() -> None:
    program = build(lambda x, a: call(max)(x, 0.5) * a, [0.7, np.ones(2, np.float32)])
    function = jvp(program.function, (0,))
    _, tangent = interpret(function, (*program.args, 1.0))
    assert [leaf.dtype for leaf in tree_of(tangent).leaves()] == [np.float32]


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
@pytest.mark.parametrize("ddof", [0, 1, 2, 3])
@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_variance_with_little_freedom_is_as_infinite_as_its_value(
    length: int, ddof: int
) -> None:
    x = np.arange(1.0, length + 1.0) ** 2
    program = build(lambda x: call(np.var)(x, ddof=ddof), [x])
    with np.errstate(all="ignore"):
        (x_bar,) = pulled(program)
        freedom = np.float64(max(length - ddof, 0))
        wanted = (x - x.mean()) * (2.0 / freedom)
    np.testing.assert_allclose(x_bar, wanted, rtol=1e-12)
