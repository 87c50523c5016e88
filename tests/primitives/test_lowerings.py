"""Calls of NumPy, math and Python functions, compared with the functions themselves."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.lowering import NeedsStatic, Only, static
from gradgen.primitives.registry import (
    ATTRIBUTES,
    LOWERINGS,
    METHODS,
    Handle,
    apply,
    find_lowering,
)
from tests.primitives.calls import CALLS, METHOD_CALLS, REFUSED, Call, Known, T
from tests.primitives.harness import Program, build, check_derivatives

# Newer versions of NumPy warn of it, as does the user's own call; trunc is printed.
pytestmark = pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")


def is_argument(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) or type(value) is float


def arguments_of(tree: Any) -> list[Any]:
    if isinstance(tree, list | tuple):
        return [x for part in tree for x in arguments_of(part)]
    return [tree] if is_argument(tree) else []


def rebuilt(tree: Any, replace: Callable[[Any], Any]) -> Any:
    if isinstance(tree, list | tuple):
        return type(tree)(rebuilt(part, replace) for part in tree)
    if isinstance(tree, Known):
        return tree.value
    return replace(tree) if is_argument(tree) else tree


def lower_call(call: Call, handles: Sequence[Handle], builder: Builder) -> Any:
    """Return what the lowering of a call makes of handles for its arguments."""
    supply = iter(handles)
    parts = rebuilt([*call.args, *call.options.values()], lambda _: next(supply))
    args = parts[: len(call.args)]
    options = dict(zip(call.options, parts[len(args) :], strict=True))
    lowering = find_lowering(call.function)
    assert lowering is not None
    return rebuilt_handles(lowering(*args, builder=builder, **options), builder)


def program_of(call: Call) -> Program:
    builder = Builder()
    given = arguments_of([*call.args, *call.options.values()])
    body = lambda *handles: lower_call(call, handles, builder)
    return build(body, given, call.function.__name__, builder)


def rebuilt_handles(result: Any, builder: Builder) -> Any:
    if isinstance(result, list | tuple):
        return type(result)(rebuilt_handles(part, builder) for part in result)
    if isinstance(result, Handle):
        return result
    return apply("stop_gradient", result, builder=builder)


def call_python(call: Call) -> Any:
    keep = lambda x: x
    options = {key: rebuilt(value, keep) for key, value in call.options.items()}
    return call.function(*rebuilt(call.args, keep), **options)


def leaves(tree: Any) -> list[Any]:
    if isinstance(tree, list | tuple):
        return [x for part in tree for x in leaves(part)]
    return [tree]


def same_numbers(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-6 if is_single(wanted) else 1e-13)
    assert np.shape(found) == np.shape(wanted)
    assert np.asarray(found).dtype == np.asarray(wanted).dtype
    plain = type(wanted) in (bool, int, float)
    assert (type(found) in (bool, int, float)) == plain


def is_single(value: Any) -> bool:
    return np.asarray(value).dtype == np.float32


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_lowered_call_computes_what_the_function_returns(call: Call) -> None:
    program = program_of(call)
    wanted = leaves(call_python(call))
    found = program.run()
    assert len(found) == len(wanted)
    for left, right in zip(found, wanted, strict=True):
        same_numbers(left, right)


@pytest.mark.parametrize("call", [c for c in CALLS if c.smooth], ids=str)
def test_derivative_of_a_lowered_call(call: Call) -> None:
    program = program_of(call)
    if program.moving:
        check_derivatives(program, 1, step=1e-4)


@pytest.mark.parametrize(("name", "args", "options"), METHOD_CALLS)
def test_method_computes_what_numpy_returns(
    name: str, args: Any, options: dict[str, Any]
) -> None:
    keep = lambda x: x
    given = rebuilt(args, keep)
    known = {key: rebuilt(value, keep) for key, value in options.items()}
    program = build(lambda x: METHODS[name](x, *given, **known), [T], name)
    same_numbers(program.run()[0], getattr(T, name)(*given, **known))
    if not any(x is np.float32 for x in (*given, known.get("dtype"))):
        check_derivatives(program, 1, step=1e-4)


FOUR = np.array([[1.0, 2.0], [3.0, 4.0]])


def test_methods_of_small_arrays() -> None:
    square = T[0, :, :3]
    for name in ("diagonal", "trace"):
        program = build(lambda x: METHODS[name](x, 1), [square], name)
        same_numbers(program.run()[0], getattr(square, name)(1))
    program = build(lambda x: METHODS["item"](x), [np.float32(1.5)])
    assert type(program.run()[0]) is float
    program = build(lambda x: METHODS["tolist"](METHODS["reshape"](x, 4))[1], [FOUR])
    assert program.run() == [2.0]
    assert type(program.run()[0]) is float


def resized(tree: Any, size: Callable[[int], int]) -> Any:
    """Return arguments in which every length but 1 is changed by ``size``."""
    if isinstance(tree, list | tuple):
        return type(tree)(resized(part, size) for part in tree)
    if not isinstance(tree, np.ndarray):
        return tree
    shape = tuple(length if length == 1 else size(length) for length in tree.shape)
    return np.resize(tree, shape)


def on_other_size(call: Call, size: Callable[[int], int]) -> Call:
    options = {key: resized(value, size) for key, value in call.options.items()}
    return Call(call.function, resized(call.args, size), options)


def accepted(call: Call) -> bool:
    """Tell whether NumPy neither raises nor warns."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            call_python(call)
    except (ValueError, IndexError, ZeroDivisionError, RuntimeWarning):
        return False
    return not is_norm_of_nothing(call)


def is_norm_of_nothing(call: Call) -> bool:
    """Tell whether a call is of the one function that versions of NumPy differ in."""
    known = [x for x in (*call.args, *call.options.values()) if isinstance(x, Known)]
    order = any(type(x.value) is float and x.value == np.inf for x in known)
    return order and arguments_of(call.args)[0].size == 0


SIZES = {"twice": lambda n: 2 * n, "none": lambda n: 0}
RESIZED = [
    pytest.param(call, on_other_size(call, size), id=f"{call}-{name}")
    for call in CALLS
    for name, size in SIZES.items()
    if accepted(on_other_size(call, size))
]


@pytest.mark.parametrize(("call", "other"), RESIZED)
def test_one_program_serves_all_sizes(call: Call, other: Call) -> None:
    wanted = call_python(other)
    function = program_of(call).function
    program = Program(
        function, tuple(arguments_of([*other.args, *other.options.values()]))
    )
    for left, right in zip(program.run(), leaves(wanted), strict=True):
        same_numbers(left, right)
    if program.moving and call.smooth:
        check_derivatives(program, 1, step=1e-4, differences=False)


def test_every_method_is_called() -> None:
    called = {name for name, _, _ in METHOD_CALLS} | {
        "diagonal",
        "trace",
        "item",
        "tolist",
    }
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


def test_every_lowered_function_is_called() -> None:
    called = {call.function for call in CALLS} | {call.function for call in REFUSED}
    missing = {LOWERINGS[f].name for f in LOWERINGS if f not in called}
    assert missing == {"np.empty", "np.empty_like"}


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


UFUNCS = [f for f in LOWERINGS if isinstance(f, np.ufunc)]


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
