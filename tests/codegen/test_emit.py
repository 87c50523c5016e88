"""Generated code as a whole: deterministic, quick to make, and faithful."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import Function
from gradgen.ir.types import Sym
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.primitives.facts import known_dims
from gradgen.transforms.derive import Selection, gradient
from tests.codegen.test_goldens import derived, emitted
from tests.codegen.zoo import ZOO, Example, mlp
from tests.emission import check_call
from tests.generate import arguments
from tests.programs.straight import lowered

ROOT = Path(__file__).parents[2]


def lengths(function: Function) -> dict[str, int]:
    """Return a length for each symbol, equal where the function needs that."""
    dims = known_dims(function.body)
    by_symbol: dict[Any, int] = {}
    found = {}
    for x in function.inputs:
        for dim in getattr(x.type, "shape", ()):
            if isinstance(dim, Sym):
                symbol = dims.resolve(dim)
                found[dim.name] = by_symbol.setdefault(symbol, 4 + len(by_symbol))
    return found


@pytest.mark.parametrize("example", ZOO, ids=lambda example: example.name)
def test_code_computes_what_its_ir_means(example: Example) -> None:
    function = derived(example)
    sizes = lengths(function)
    check_call(function, arguments(function, sizes, low=0.2))


def all_code() -> str:
    return "\n".join(emitted(example).source for example in ZOO)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_code_does_not_depend_on_hashes(seed: str) -> None:
    script = "import tests.codegen.test_emit as t; print(t.all_code())"
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert found.stdout.rstrip("\n") == all_code().rstrip("\n")


def test_code_compiles_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for example in ZOO:
            compile(emitted(example).source, example.name, "exec")


def test_spans_belong_to_their_lines() -> None:
    code = emitted(next(e for e in ZOO if e.name == "mlp_value_and_grad"))
    lines = code.source.split("\n")
    noted = [(n, line) for n, line in enumerate(lines, 1) if "# zoo.py:" in line]
    assert noted
    for number, line in noted:
        if line.strip().startswith("#"):
            number += 1
        assert line.endswith(f"# zoo.py:{code.spans[number].line}")


def deep(layers: int) -> Function:
    square = [(np.ones((3, 3)), np.ones(3)) for _ in range(layers)]
    function = lowered(mlp, square, np.ones((5, 3)), np.ones((5, 3)))
    return gradient(function, Selection((0,)), value=True, aux=False)


def seconds(run: Callable[[], Any]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def test_a_long_container_is_unpacked_and_built_in_lines_that_fit() -> None:
    source = emit(bufferize(optimise(deep(50)))).source
    assert max(map(len, source.split("\n"))) <= 88
    assert "    (W50, b50),\n    ) = layers" in source
    compile(source, "deep", "exec")


def test_time_grows_with_the_length_of_the_program() -> None:
    short, long = optimise(deep(10)), optimise(deep(40))
    ratio = seconds(lambda: emit(bufferize(long))) / seconds(
        lambda: emit(bufferize(short))
    )
    assert ratio < 8.0
