"""Every primitive, tested from the samples of its own declaration."""

from __future__ import annotations

import cmath
import copy
import math
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import LIBRARIES as IMPORTS
from gradgen.ir.abstract import is_curve, is_sparse
from gradgen.primitives.registry import PRIMITIVES, Sample
from gradgen.runtime import support
from tests.primitives.harness import (
    build,
    check_derivatives,
    operands_of,
    program_of,
    type_fits,
)

LIBRARIES: dict[str, Any] = {}
try:
    exec("\n".join(IMPORTS.values()), LIBRARIES)
except ModuleNotFoundError:
    LIBRARIES.clear()

CONTAINERS = ("seq_", "map_", "tape_", "pack", "unpack")
WITHOUT_SAMPLES = {name for name in PRIMITIVES if name.startswith(CONTAINERS)}
WITHOUT_SAMPLES |= {"draw", "simpson_slopes"}
"""Containers, draws, which differ from call to call, and what has a tangent in one
operand alone: programs test these."""
CASES = [
    pytest.param(name, sample, id=f"{name}-{index}")
    for name, primitive in sorted(PRIMITIVES.items())
    for index, sample in enumerate(primitive.samples)
]
WITHOUT_VALUE = {"empty"} | {n for n, p in PRIMITIVES.items() if p.mutates}
PRINTED = [case for case in CASES if case.values[0] not in WITHOUT_VALUE]
WITH_SCIPY = () if LIBRARIES else ("math_gamma", "math_lgamma")
DIFFERENTIABLE = [
    case
    for case in CASES
    if PRIMITIVES[case.values[0]].differentiable and case.values[0] not in WITH_SCIPY
]


def same(left: Any, right: Any) -> None:
    if is_sparse(left):
        left, right = left.toarray(), right.toarray()
    if is_curve(left):
        left, right = (x.c if hasattr(x, "c") else x.values for x in (left, right))
    np.testing.assert_array_equal(left, right)
    assert type(left) is type(right)
    assert np.asarray(left).dtype == np.asarray(right).dtype


def evaluate(name: str, operands: list[Any], sample: Sample) -> Any:
    return PRIMITIVES[name].evaluate(*operands, **sample.attrs)


def parts_of(name: str, result: Any) -> list[Any]:
    return list(result) if PRIMITIVES[name].several else [result]


def test_every_differentiable_primitive_has_samples() -> None:
    missing = {
        name
        for name, primitive in PRIMITIVES.items()
        if primitive.differentiable and not primitive.samples
    }
    assert missing <= WITHOUT_SAMPLES


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_type_rule_says_what_evaluate_returns(name: str, sample: Sample) -> None:
    operands = operands_of(sample, name)
    program = program_of(name, sample, operands, alone=True)
    results = parts_of(name, evaluate(name, operands, sample))
    values = program.function.body.ops[-1].results
    for result, value in zip(results, values, strict=True):
        type_fits(result, value.type)


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_inputs_are_untouched_and_need_not_be_contiguous(
    name: str, sample: Sample
) -> None:
    operands = operands_of(sample, name)
    strided = [
        np.stack([x, x], axis=-1)[..., 0] if isinstance(x, np.ndarray) else x
        for x in operands
    ]
    before = copy.deepcopy(strided)
    result = evaluate(name, strided, sample)
    wanted = evaluate(name, operands, sample)
    pairs = zip(parts_of(name, result), parts_of(name, wanted), strict=True)
    for found, expected in pairs:
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    for now, then in zip(strided, before, strict=True):
        same(now, then)


@pytest.mark.parametrize(("name", "sample"), PRINTED)
def test_printed_form_computes_what_evaluate_returns(name: str, sample: Sample) -> None:
    primitive = PRIMITIVES[name]
    operands = operands_of(sample, name)
    program = program_of(name, sample, operands, alone=True)
    op = program.function.body.ops[-1]
    names = [f"x{i}" for i in range(len(operands))]
    text = primitive.print_as([x.type for x in op.operands], op.attrs).format(*names)
    scope = {"np": np, "cmath": cmath, "math": math, **vars(support), **LIBRARIES}
    printed = eval(text, scope, dict(zip(names, operands, strict=True)))
    wanted = evaluate(name, operands, sample)
    pairs = zip(parts_of(name, printed), parts_of(name, wanted), strict=True)
    for found, expected in pairs:
        same(found, expected)


@pytest.mark.parametrize(("name", "sample"), DIFFERENTIABLE)
def test_derivatives_to_third_order(name: str, sample: Sample) -> None:
    operands = operands_of(sample, name)
    program = program_of(name, sample, operands)
    if not program.moving:
        return
    check_derivatives(program, 3, alone=True)


def test_rules_are_checked_by_differences() -> None:
    """A wrong rule is found out: the check itself is checked."""
    program = build(lambda x: x * x, [np.array([1.0, 2.0])])
    check_derivatives(program, 1)
    broken = build(lambda x: PRIMITIVES["stop_gradient"](x) * x, [np.array([1.0, 2.0])])
    with pytest.raises(AssertionError):
        check_derivatives(broken, 1)


def test_samples_cover_python_numbers_arrays_and_empty_ones() -> None:
    for name, primitive in PRIMITIVES.items():
        if (
            primitive.elementwise
            and primitive.differentiable
            and len(primitive.samples) > 4
        ):
            shown = [str(x) for s in primitive.samples for x in s.operands]
            assert any(x.startswith(("f64[", "c128[")) for x in shown), name
