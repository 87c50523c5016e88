"""Result types for operands of every kind, against NumPy and generated code."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradgen.errors import Refusal
from gradgen.structs import replace
from tests.emission import emit_optimised, loaded
from tests.primitives.calls.call import Call, Known
from tests.primitives.harness import Program, type_fits
from tests.primitives.lowered import (
    arguments_of,
    call_python,
    leaves,
    program_of,
    same_numbers,
)

KINDS: dict[str, Any] = {
    "1": 1,
    "0.5": Known(0.5),
    "float": 1.5,
    "float32": np.float32(1.5),
    "float64": np.float64(1.25),
    "int64": np.int64(2),
    "int8": np.int8(2),
    "float32[2]": np.array([1.5, 2.5], np.float32),
    "float64[2]": np.array([1.25, 0.5]),
    "int64[2]": np.array([1, 2]),
    "int8[2]": np.array([1, 2], np.int8),
}
FLAGS: dict[str, Any] = {"bool": np.bool_(True), "bool[2]": np.array([True, False])}
SCALARS = tuple(value for key, value in KINDS.items() if "[" not in key)
ANY = tuple({**KINDS, **FLAGS}.values())

UNARY = (
    np.clip,
    np.flip,
    np.transpose,
    np.squeeze,
    np.ravel,
    np.copy,
    np.abs,
    np.linalg.norm,
    np.ascontiguousarray,
    np.asarray,
    np.array,
    np.atleast_1d,
    np.ndim,
    np.sinc,
    np.sum,
    np.mean,
    np.prod,
    np.max,
    np.round,
    np.nan_to_num,
    np.zeros_like,
    np.square,
    abs,
)
BINARY = tuple(
    getattr(np, name)
    for name in (
        "maximum fmin hypot arctan2 logaddexp copysign remainder fmod floor_divide "
        "divmod add multiply divide power float_power heaviside dot inner"
    ).split()
)
LISTS = (
    np.array,
    np.stack,
    np.concatenate,
    np.hstack,
    np.sum,
    np.max,
    np.mean,
    np.std,
    np.ndim,
    np.cumsum,
    math.prod,
)


def of_one() -> Iterator[Call]:
    for function in UNARY:
        yield from (Call(function, (x,)) for x in ANY)


def of_two() -> Iterator[Call]:
    for function in BINARY:
        yield from (Call(function, pair) for pair in itertools.product(ANY, ANY))
    for function in LISTS:
        yield from (Call(function, (list(p),)) for p in itertools.product(ANY, ANY))
    for pair in itertools.product(SCALARS, SCALARS):
        yield Call(np.linspace, (*pair, 4))
    for x, bound in itertools.product(KINDS.values(), KINDS.values()):
        yield Call(np.clip, (x, bound, None))
        yield Call(np.clip, (x, None, bound))
        yield Call(np.where, (FLAGS["bool[2]"], x, bound))
        yield Call(np.where, (1.5, x, bound))


def of_three() -> Iterator[Call]:
    for triple in itertools.product(KINDS.values(), repeat=3):
        yield Call(np.clip, triple)


def module_of(function: Any) -> str:
    """Return where a function is from; ufuncs of NumPy 2.0 do not say."""
    return getattr(function, "__module__", "numpy")


def has_one_type(call: Call) -> bool:
    """Tell whether NumPy agrees with itself.

    NumPy 2.0 computes ``x ** np.int64(2)`` of a float32 array in float32, but
    ``np.power`` of the same, as newer versions do both, in float64.
    """
    if call.function is not np.power:
        return True
    try:
        wanted = np.asarray(call_python(call)).dtype
        return np.asarray(call.args[0] ** call.args[1]).dtype == wanted
    except (TypeError, ValueError):
        return True


def groups() -> dict[str, list[Call]]:
    """Return all calls with something to compute at run time, by their function."""
    found: dict[str, list[Call]] = {}
    for call in (*of_one(), *of_two(), *of_three()):
        if arguments_of(call.args) and has_one_type(call):
            name = f"{module_of(call.function)}.{call.function.__name__}"
            key = f"{name}-{len(call.args)}-{type(call.args[0]) is list}"
            found.setdefault(key, []).append(call)
    return found


GROUPS = groups()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("calls", GROUPS.values(), ids=GROUPS)
def test_types_are_those_of_numpy(calls: list[Call]) -> None:
    found = [taken for call in calls if (taken := agrees(call)) is not None]
    assert sum(found) >= len(found) / 8


def agrees(call: Call) -> bool | None:
    """Compare a call with NumPy's result; None where NumPy itself refuses it."""
    try:
        wanted = call_python(call)
    except (TypeError, ValueError):
        return None
    try:
        program = program_of(call)
    except Refusal:
        return False
    values = [x[()] if isinstance(x, np.ndarray) else x for x in leaves(wanted)]
    types = [y.type for y in program.function.result.leaves()]
    results = (program.run(), run_emitted(program))
    for value, type_, *found in zip(values, types, *results, strict=True):
        type_fits(value, type_)
        for result in found:
            same_numbers(result, value)
    return True


def run_emitted(program: Program) -> list[Any]:
    function = replace(program.function, name="generated")
    result = loaded(emit_optimised(function)[1])(*program.args)
    return leaves(result)


@pytest.mark.parametrize("function", [max, min])
@pytest.mark.parametrize("pair", list(itertools.product(SCALARS, SCALARS)), ids=str)
def test_builtin_extremum_is_of_the_type_that_is_inferred(
    function: Any, pair: tuple[Any, Any]
) -> None:
    """Python returns one of the numbers as it is, so that its type is not known."""
    call = Call(function, pair)
    if not arguments_of(pair):
        return
    try:
        program = program_of(call)
    except Refusal:
        return
    (found,) = run_emitted(program)
    type_fits(found, program.function.body.results[0].type)
    assert found == call_python(call)


@pytest.mark.parametrize(
    ("function", "text"), [(abs, "abs(x0)"), (np.abs, "np.abs(x0)")]
)
def test_absolute_is_printed_as_it_was_written(function: Any, text: str) -> None:
    for x in (1.5, np.array([1.5])):
        function_ = program_of(Call(function, (x,))).function
        assert f" = {text}\n" in emit_optimised(function_)[1].source


def test_largest_magnitude_of_nothing_is_refused() -> None:
    """Some versions of NumPy raise, others return zero."""
    for shape in ((0,), (2, 0)):
        call = Call(
            np.linalg.norm, (np.zeros(shape),), {"ord": Known(np.inf), "axis": -1}
        )
        with pytest.raises(Refusal, match="empty"):
            program_of(call)
