"""Code with branches and loops computes what its IR means."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import UNDEFINED, Function
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.codegen.random_regions import random_function
from tests.emission import loaded

ARGS: list[list[Any]] = [
    [0.75, -0.5, 3, np.array([0.5, -1.0, 2.0])],
    [-1.25, 0.5, 0, np.array([1.0, 0.25])],
    [0.1, 0.2, 1, np.array([-0.5, 0.75, 0.1])],
]


def check(function: Function) -> str:
    """Compare the code of a function with what the interpreter makes of it."""
    source = emit(function)
    run = loaded(source)
    for args in ARGS:
        wanted = interpret(function, args)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = run(*args)
        for x, y in zip(found, wanted, strict=True):
            if y is not UNDEFINED:
                np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12)
    return source.source


@pytest.mark.parametrize("seed", range(120))
def test_random_programs(seed: int) -> None:
    function = random_function(seed)
    check_ir(function)
    check(function)
