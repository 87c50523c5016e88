"""All mixtures of forward and reverse to third order agree with one another."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function, Param, Value
from gradgen.ir.tree import leaf, tree_of
from gradgen.passes.pipeline import optimise
from gradgen.primitives.registry import Handle, apply
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.adjoint import forward_sweep
from gradgen.transforms.derive import Selection, gradient, jvp
from tests.programs.straight import PROGRAMS, lowered

NAMES = [
    "scalar",
    "polynomial",
    "regression",
    "logistic",
    "softmax_plain",
    "rosenbrock",
    "kernel",
    "layer_norm",
    "power_law",
    "cosine",
    "mlp",
]


def checked(name: str, function: Function) -> None:
    """Verify what a pass returned."""
    check_ir(function)


def random_like(value: Any, seed: int) -> Any:
    """Return random numbers in the structure of ``value``."""
    rng = np.random.default_rng(seed)

    def draw(x: Any) -> Any:
        return rng.uniform(-1, 1, np.shape(x)) if np.ndim(x) else rng.random()

    return tree_of(value).map(draw).build()


def forward_slope(function: Function, count: int) -> Function:
    """Return the slope along directions, which become further parameters."""
    pushed = jvp(function, range(count))
    result = pushed.result.children[1]
    body = type(pushed.body)(
        pushed.body.params, pushed.body.ops, tuple(result.leaves())
    )
    return Function("slope", pushed.params, body, result)


def reverse_slope(function: Function, count: int) -> Function:
    """Return the same from the gradient: its inner product with the directions."""
    selection = Selection(tuple(range(count)), single=False)
    pulled = gradient(function, selection, value=False, aux=False)
    directions = [
        Param(p.name + "_dot", p.tree.map(lambda x: Value(x.type, "dot")), "seed")
        for p in pulled.params[:count]
    ]
    dots = [x for p in directions for x in p.tree.leaves()]
    builder = forward_sweep(pulled)
    builder.origin = "adjoint"
    total = Handle(builder, dots[0]) * 0.0
    total = total if not total.rank else apply("sum", total, **everywhere(total))
    for bar, dot in zip(pulled.result.leaves(), dots, strict=True):
        part = Handle(builder, bar) * Handle(builder, dot)
        total = total + (
            part if not part.rank else apply("sum", part, **everywhere(part))
        )
    params = (*pulled.params, *directions)
    inputs = tuple(x for p in params for x in p.tree.leaves())
    body = builder.block(inputs, [total.atom])
    return Function("slope", params, body, leaf(total.atom))


def everywhere(x: Handle) -> dict[str, Any]:
    """Return the attributes of a reduction over all axes."""
    return {"axis": tuple(range(x.rank)), "keepdims": False}


SLOPES = {"F": forward_slope, "R": reverse_slope}


def slope_along(mixture: str, name: str, lean: bool) -> float:
    """Return the derivative along one fixed direction an order, each taken its way."""
    program = PROGRAMS[name]
    args = program.args(3, 2)
    function = lowered(program.function, *args)
    for mode in mixture:
        function = SLOPES[mode](function, len(args))
        check_ir(function)
        function = optimise(function, checked) if lean else function
    directions = [x for order in range(len(mixture)) for x in random_like(args, order)]
    return float(interpret(function, (*args, *directions)))


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_mixtures_agree(name: str, order: int) -> None:
    mixtures = ["".join(modes) for modes in product("FR", repeat=order)]
    expected = slope_along(mixtures[0], name, lean=False)
    for mixture in mixtures:
        for lean in (False, True):
            found = slope_along(mixture, name, lean)
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-10), (
                mixture,
                lean,
            )


def test_third_derivative_is_right() -> None:
    program = PROGRAMS["polynomial"]
    x, y = program.args(3, 2)
    directions = [random_like((x, y), order) for order in range(3)]
    # f = x^3 y - 2 x y^2 + y / x
    third = {
        "xxx": 6 * y - 6 * y / x**4,
        "xxy": 6 * x + 2 / x**3,
        "xyy": -4.0,
        "yyy": 0.0,
    }
    expected = sum(
        third["".join(sorted("xy"[i] for i in places))]
        * np.prod([d[i] for d, i in zip(directions, places, strict=True)])
        for places in product((0, 1), repeat=3)
    )
    assert slope_along("RFR", "polynomial", lean=True) == pytest.approx(expected)
