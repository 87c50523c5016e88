"""Generated code, byte for byte: each file reads as if written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from gradgen.codegen.numpy_target import Emitted, emit
from gradgen.ir.core import Function
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.transforms.derive import Selection, adjoint, gradient, jvp
from tests.codegen.zoo import ZOO, Example
from tests.programs.straight import lowered


def derived(example: Example) -> Function:
    function = lowered(example.function, *example.args)
    selection = Selection(example.params, single=len(example.params) == 1)
    if example.mode == "jvp":
        return jvp(function, example.params)
    if example.mode == "vjp":
        return adjoint(function, selection)
    with_value = example.mode == "value_and_grad"
    return gradient(function, selection, value=with_value, aux=False)


def emitted(example: Example) -> Emitted:
    return emit(bufferize(optimise(derived(example))))


@pytest.mark.parametrize("example", ZOO, ids=lambda example: example.name)
def test_code_is_as_kept(example: Example, golden: Any) -> None:
    source = emitted(example).source
    assert max(map(len, source.split("\n"))) <= 88
    compile(source, "generated", "exec")
    golden(f"code/{example.name}.py", source)
