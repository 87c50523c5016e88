"""Very large and very small arguments: derivatives warn of nothing new."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gradgen.ir.tree import tree_of
from gradgen.primitives.registry import PRIMITIVES, Primitive, apply
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.emission import emit_optimised, loaded
from tests.primitives.harness import Program, build

EXPONENTS = {np.float64: (-300, -160, 160, 300), np.float32: (-37, -20, 19.5, 38)}
KINDS: dict[str, tuple[type, Callable[[float], Any]]] = {
    "float": (np.float64, float),
    "float64": (np.float64, np.float64),
    "float32": (np.float32, np.float32),
    "float64[2]": (np.float64, lambda value: np.array([value, 1.0])),
}
WITHOUT_ARGUMENTS_OF_ITS_OWN = {"riemann_zeta", "where"}
NAMES = [
    name
    for name, primitive in sorted(PRIMITIVES.items())
    if primitive.elementwise
    and primitive.differentiable
    and name not in WITHOUT_ARGUMENTS_OF_ITS_OWN
]


def extremes(dtype: type) -> list[float]:
    powers = [10.0**exponent for exponent in EXPONENTS[dtype]]
    return [sign * x for x in (1.0, *powers) for sign in (1.0, -1.0)] + [0.0]


def variants(primitive: Primitive) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield kinds of operands and the attributes that go with them."""
    attrs = {**primitive.samples[0].attrs}
    attrs.pop("lib", None)
    for kind in KINDS:
        yield kind, attrs
    if primitive.math is not None:
        yield "float", {**attrs, "lib": "math"}


def generated(function: Any) -> Callable[..., Any]:
    return loaded(emit_optimised(function)[1])


def program_of(name: str, attrs: dict[str, Any], one: Any) -> Program:
    """Return the program that is one primitive; what a sample fixes stays as it is."""
    operands = PRIMITIVES[name].samples[0].operands
    args = [one for operand in operands if isinstance(operand, str)]

    def body(*xs: Any) -> Any:
        supply = iter(xs)
        parts = [next(supply) if isinstance(x, str) else x for x in operands]
        return apply(name, *parts, **attrs)

    return build(body, args, f"f_{name}")


def numbers(result: Any) -> Any:
    return np.concatenate([np.ravel(x) for x in tree_of(result).leaves()])


def is_silent(run: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Tell whether a call raises and warns of nothing and gives finite numbers."""
    try:
        result = numbers(run(*args))
    except (ArithmeticError, ValueError, RuntimeWarning):
        return False
    return result.dtype.kind != "c" and bool(np.isfinite(result).all())


def check_quiet(run: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Check that derivatives which can be represented are found in silence."""
    with np.errstate(all="ignore"):
        result = numbers(run(*args))
    assert result.dtype.kind == "f"
    if np.isfinite(result).all():
        assert is_silent(run, args), args


@pytest.mark.parametrize("name", NAMES)
def test_derivative_is_silent_where_the_primal_is(name: str) -> None:
    for kind, attrs in variants(PRIMITIVES[name]):
        dtype, make = KINDS[kind]
        one = make(1.0)
        program = program_of(name, attrs, one)
        moving = program.moving
        primal = generated(program.function)
        tangent = generated(jvp(program.function, moving))
        pull = generated(adjoint(program.function, Selection(moving, single=False)))
        for values in itertools.product(extremes(dtype), repeat=len(moving)):
            args = tuple(map(make, values))
            if is_silent(primal, args):
                check_quiet(tangent, (*args, *[one] * len(moving)))
                check_quiet(pull, (*args, one))
