"""Calls of NumPy, math and Python functions, compared with the functions themselves."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.lowering import (
    Lowering,
    NeedsStatic,
    Only,
    Refused,
    describe,
    static,
)
from gradgen.primitives.registry import (
    ATTRIBUTES,
    LOWERINGS,
    METHODS,
    Handle,
    apply,
)
from tests.primitives.calls import BY_FUNCTION, CALLS, DECLARED, METHOD_CALLS, REFUSED
from tests.primitives.calls.call import Call, T
from tests.primitives.harness import Program, build, check_derivatives
from tests.primitives.lowered import (
    arguments_of_call,
    call_python,
    check_values,
    first_of_each,
    program_of,
    same_numbers,
)
from tests.primitives.variants import (
    EVERY,
    KINDS,
    PAIRWISE,
    Row,
    accepted,
    variants,
    varied,
)

# Newer versions of NumPy warn of it, as does the user's own call; trunc is printed.
pytestmark = pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")


PLAIN = EVERY[0]


@pytest.mark.parametrize("call", DECLARED, ids=str)
def test_lowered_call_computes_what_the_function_returns(call: Call) -> None:
    check_values(program_of(call), call_python(call))


@pytest.mark.parametrize("call", [c for c in DECLARED if c.smooth], ids=str)
def test_derivative_of_a_lowered_call(call: Call) -> None:
    program = program_of(call)
    if program.moving:
        check_derivatives(program, 1, step=1e-4, alone=True)


@pytest.mark.parametrize("call", first_of_each(), ids=str)
def test_third_derivative_of_a_lowered_call(call: Call) -> None:
    check_derivatives(program_of(call), 3)


@pytest.mark.parametrize("calls", BY_FUNCTION.values(), ids=BY_FUNCTION)
def test_one_program_serves_all_sizes(calls: list[Call]) -> None:
    for call, size in itertools.product(calls, ("twice", "none")):
        other = varied(call, PLAIN._replace(size=size))
        assert other is not None
        if accepted(other):
            program = Program(program_of(call).function, arguments_of_call(other))
            with noting(other):
                check_variant(program, other, differences=False)


@pytest.mark.parametrize("calls", BY_FUNCTION.values(), ids=BY_FUNCTION)
def test_variants_of_calls(calls: list[Call], request: pytest.FixtureRequest) -> None:
    every = request.config.getoption("--long")
    for call, row, variant in variants(calls, every):
        with noting(f"{call} as {variant}, {row}"):
            program = lowered_variant(row, variant)
            if program is not None:
                check_variant(program, variant, differences=row.size != "twice")


def lowered_variant(row: Row, variant: Call) -> Program | None:
    """Return the program of a variant; only other shapes may be refused."""
    try:
        return program_of(variant)
    except Refusal:
        if row.same_arrays:
            raise
        return None


def check_variant(program: Program, call: Call, differences: bool) -> None:
    check_values(program, call_python(call))
    if program.moving and call.smooth:
        check_derivatives(program, 1, step=1e-4, differences=differences)


@contextmanager
def noting(what: object) -> Iterator[None]:
    """Say what was tried when a check fails."""
    try:
        yield
    except Exception as error:
        error.add_note(str(what))
        raise


def test_rows_hold_every_pair_of_choices() -> None:
    assert len(PAIRWISE) < len(EVERY) / 10
    for (i, left), (j, right) in itertools.combinations(enumerate(KINDS), 2):
        pairs = {(row[i], row[j]) for row in PAIRWISE}
        assert pairs >= set(itertools.product(left, right)) - {("same", "same")}


def test_every_method_is_called() -> None:
    called = {call.function.__name__ for call in METHOD_CALLS}
    assert set(METHODS) == called


@pytest.mark.parametrize("name", ["T", "mT", "real", "imag"])
def test_attribute_is_what_numpy_has(name: str) -> None:
    program = build(lambda x: ATTRIBUTES[name](x), [T[0]])
    same_numbers(program.run()[0], getattr(T[0], name))
    check_derivatives(program, 1)


def test_attributes_known_when_compiling() -> None:
    def body(x: Handle) -> Handle:
        assert ATTRIBUTES["ndim"](x) == 3
        assert ATTRIBUTES["dtype"](x) == np.float64
        shape = [*ATTRIBUTES["shape"](x), ATTRIBUTES["size"](x)]
        return apply("array", *shape, shape=(4,), dtype=np.dtype(int))

    np.testing.assert_array_equal(build(body, [T]).run()[0], [2, 3, 4, 24])


def is_draw(function: Any) -> bool:
    """Tell whether a function draws random numbers, which other tests are about."""
    return str(getattr(function, "__module__", "")).startswith("numpy.random")


def test_every_lowered_function_is_called() -> None:
    called = {call.function for call in CALLS} | {call.function for call in REFUSED}
    known = {
        f: x
        for f, x in LOWERINGS.items()
        if not isinstance(x, Refused) and not is_draw(f)
    }
    missing = {lowering.name for f, lowering in known.items() if f not in called}
    assert missing == {"np.empty", "np.empty_like", "np.ndarray"}


@pytest.mark.parametrize("call", REFUSED, ids=str)
def test_what_is_not_supported_is_refused(call: Call) -> None:
    with pytest.raises(Refusal):
        program_of(call)


def options_of(lowering: Any) -> list[str]:
    parameters = inspect.signature(lowering.function).parameters.values()
    return [p.name for p in parameters if isinstance(p.default, Only)]


OPTIONS = sorted(
    {
        (lowering.name, option): lowering
        for lowering in (*LOWERINGS.values(), *METHODS.values())
        if isinstance(lowering, Lowering)
        for option in options_of(lowering)
    }.items(),
    key=lambda item: item[0],
)


@pytest.mark.parametrize(
    ("lowering", "option"),
    [pytest.param(low, name[1], id=" ".join(name)) for name, low in OPTIONS],
)
def test_an_unsupported_option_is_refused_by_name(lowering: Any, option: str) -> None:
    parameters = inspect.signature(lowering.function).parameters.values()
    required = [
        1.0
        for p in parameters
        if p.default is p.empty
        and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    with pytest.raises(Refusal, match=f"'{option}'"):
        lowering(*required, builder=Builder(), **{option: object()})


UFUNCS = [
    f for f, x in LOWERINGS.items() if isinstance(f, np.ufunc) and type(x) is Lowering
]
REFUSED_BY_NAME = [f for f, lowering in LOWERINGS.items() if type(lowering) is Refused]


@pytest.mark.parametrize("function", REFUSED_BY_NAME, ids=describe)
def test_a_function_is_refused_by_name(function: Any) -> None:
    with pytest.raises(Refusal, match=re.escape(describe(function))) as caught:
        LOWERINGS[function]()
    assert caught.value.hint


@pytest.mark.parametrize("option", ["out", "where", "dtype", "casting", "order"])
@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
def test_an_option_of_a_ufunc_is_refused_by_name(ufunc: Any, option: str) -> None:
    operands = [np.array([1.0, 2.0])] * ufunc.nin

    def body(*xs: Handle) -> Any:
        return LOWERINGS[ufunc](*xs, **{option: object()})

    with pytest.raises(Refusal, match=f"'{option}'"):
        build(body, operands)


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
def test_a_positional_out_is_refused(ufunc: Any) -> None:
    operands = [np.array([1.0, 2.0])] * (ufunc.nin + 1)
    with pytest.raises(Refusal, match=r"'out'|takes|too many"):
        build(lambda *xs: LOWERINGS[ufunc](*xs), operands)


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(Refusal, match=r"np\.sum: .*'axes'"):
        build(lambda x: LOWERINGS[np.sum](x, axes=0), [np.ones(2)])


def test_an_integer_argument_that_shapes_the_program_asks_for_its_value() -> None:
    def body(x: Handle, axis: Handle) -> Any:
        return LOWERINGS[np.sum](x, axis=axis)

    with pytest.raises(NeedsStatic) as caught:
        build(body, [np.ones((2, 3)), 1])
    assert caught.value.value.hint == "x1"


def test_static_reads_through_tuples() -> None:
    def body(x: Handle) -> Handle:
        three = apply("positive", x)
        assert static((1, [2, None])) == (1, [2, None])
        with pytest.raises(Refusal, match="computed at run time"):
            static((three,))
        return x

    build(body, [np.ones(2)])
