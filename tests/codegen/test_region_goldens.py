"""Code with branches and loops, byte for byte, and what it computes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from gradgen.testing.interp import interpret
from tests.codegen.region_zoo import REGION_ZOO
from tests.codegen.test_goldens import derived, emitted
from tests.codegen.zoo import Example
from tests.emission import assert_same, emit_optimised, loaded


@pytest.mark.parametrize("example", REGION_ZOO, ids=lambda example: example.name)
def test_code_is_as_kept(example: Example, golden: Any) -> None:
    source = emitted(example).source
    assert max(map(len, source.split("\n"))) <= 88
    golden(f"code/{example.name}.py", source)


@pytest.mark.parametrize("example", REGION_ZOO, ids=lambda example: example.name)
def test_code_computes_what_its_ir_means(example: Example) -> None:
    function, code = emit_optimised(derived(example))
    seeds = [np.float64(0.5)] * (len(function.params) - len(example.args))
    args = [*example.args, *seeds]
    if example.mode == "jvp":
        args = [*example.args, *(example.args[i] for i in example.params)]
    before = copy.deepcopy(args)
    assert_same(loaded(code)(*args), interpret(function, before), 1e-12)
    for x, old in zip(args, before, strict=True):
        np.testing.assert_array_equal(x, old)


@pytest.mark.parametrize("example", REGION_ZOO, ids=lambda example: example.name)
def test_each_comment_tells_the_line_of_a_statement(example: Example) -> None:
    code = emitted(example)
    lines = code.source.split("\n")
    for number, line in enumerate(lines, 1):
        if "# region_zoo.py:" in line and not line.strip().startswith("#"):
            assert line.endswith(f":{code.spans[number].line}")
