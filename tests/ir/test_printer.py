"""The textual form of the IR."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradgen.ir.core import Function
from gradgen.ir.printer import print_ir
from gradgen.passes.pipeline import optimise
from gradgen.transforms.derive import Selection, gradient, jvp
from tests.ir import examples
from tests.programs.straight import PROGRAMS, lowered

Golden = Callable[[str, str], None]

GRADIENTS = [
    "regression",
    "softmax_cross_entropy",
    "mlp",
    "rosenbrock",
    "gaussian",
    "gravity",
    "layer_norm",
    "huber",
]
REGIONS = ["branch", "running_sum", "first_above", "halvings", "helper_call"]


@pytest.mark.parametrize("name", REGIONS)
def test_regions(name: str, golden: Golden) -> None:
    golden(f"ir/{name}.txt", print_ir(getattr(examples, name)()))


def lowered_program(name: str) -> Function:
    program = PROGRAMS[name]
    return lowered(program.function, *program.args())


@pytest.mark.parametrize("name", ["regression", "rosenbrock"])
def test_primal(name: str, golden: Golden) -> None:
    golden(f"ir/{name}.txt", print_ir(lowered_program(name), spans=False))


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(name: str, golden: Golden) -> None:
    function = lowered_program(name)
    selection = Selection(tuple(range(len(function.params))), single=False)
    derived = gradient(function, selection, value=False, aux=False)
    golden(f"ir/{name}_grad.txt", print_ir(optimise(derived), spans=False))


@pytest.mark.parametrize("name", ["regression", "softmax_cross_entropy"])
def test_tangent(name: str, golden: Golden) -> None:
    function = lowered_program(name)
    derived = jvp(function, range(len(function.params)))
    golden(f"ir/{name}_jvp.txt", print_ir(optimise(derived), spans=False))


def test_deterministic() -> None:
    first, second = (print_ir(lowered_program("mlp")) for _ in range(2))
    assert first == second


def test_place_in_source() -> None:
    text = print_ir(examples.branch())
    assert "model.py:7" in text
    assert "/home/me" not in text
    assert "model.py" not in print_ir(examples.branch(), spans=False)
