"""Programs of declared calls: lowered, run, and compared with the function itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gradgen.ir.builder import Builder
from gradgen.primitives.matrixforms import hermitian_part
from gradgen.primitives.registry import METHODS, Handle, apply, find_lowering
from tests.primitives.calls import BY_FUNCTION
from tests.primitives.calls.call import Call, Known, is_method
from tests.primitives.harness import Program, build, is_argument


def arguments_of(tree: Any) -> list[Any]:
    """Return what comes in when the program runs."""
    if isinstance(tree, list | tuple):
        return [x for part in tree for x in arguments_of(part)]
    return [tree] if is_argument(tree) else []


def arguments_of_call(call: Call) -> list[Any]:
    """Return what comes in when the program of a call runs."""
    return arguments_of([*call.args, *call.options.values()])


def rebuilt(tree: Any, replace: Callable[[Any], Any]) -> Any:
    """Return ``tree`` with what comes in at run time replaced, in its order."""
    if isinstance(tree, list | tuple):
        return type(tree)(rebuilt(part, replace) for part in tree)
    if isinstance(tree, Known):
        return tree.value
    return replace(tree) if is_argument(tree) else tree


def lowering_of(function: Any) -> Callable[..., Any]:
    """Return the lowering of a function, or of a method of arrays."""
    if is_method(function):
        return METHODS[function.__name__]
    lowering = find_lowering(function)
    assert lowering is not None, function
    return lowering


def lower_call(call: Call, handles: Sequence[Handle], builder: Builder) -> Any:
    """Return what the lowering of a call makes of handles for its arguments."""
    supply = iter(handles)
    parts = rebuilt([*call.args, *call.options.values()], lambda _: next(supply))
    args = parts[: len(call.args)]
    options = dict(zip(call.options, parts[len(args) :], strict=True))
    lowering = lowering_of(call.function)
    return rebuilt_handles(lowering(*args, builder=builder, **options), builder)


def as_matrices(call: Call, handles: Sequence[Handle]) -> list[Handle]:
    """Return arguments of which the first has the symmetry that it must have."""
    if call.matrix != "hermitian":
        return list(handles)
    return [hermitian_part(handles[0]), *handles[1:]]


def program_of(call: Call) -> Program:
    """Return the program that is one call."""
    builder = Builder()

    def body(*handles: Handle) -> Any:
        return lower_call(call, as_matrices(call, handles), builder)

    return build(body, arguments_of_call(call), call.function.__name__, builder)


@cache
def first_of_each() -> list[Call]:
    """Return of each function the first call that can be differentiated three times."""
    firsts = (next(filter(is_smooth, calls), None) for calls in BY_FUNCTION.values())
    return [call for call in firsts if call is not None]


def is_smooth(call: Call) -> bool:
    """Tell whether a call can be differentiated, in double precision."""
    given = arguments_of_call(call)
    if not call.smooth or any(np.asarray(x).dtype == np.float32 for x in given):
        return False
    return bool(program_of(call).moving)


def rebuilt_handles(result: Any, builder: Builder) -> Any:
    """Return a result of which all that is known has become a value."""
    if isinstance(result, list | tuple):
        kind = list if isinstance(result, list) else tuple
        return kind(rebuilt_handles(part, builder) for part in result)
    if isinstance(result, Handle):
        return result
    return apply("stop_gradient", number_for(result), builder=builder)


def number_for(result: Any) -> Any:
    """Return a number that stands for a dtype, and anything else as it is."""
    return np.dtype(result).num if isinstance(result, np.dtype | type) else result


def call_python(call: Call) -> Any:
    """Return what the function itself makes of the arguments."""
    keep = lambda x: x
    options = {key: rebuilt(value, keep) for key, value in call.options.items()}
    return number_for(call.function(*rebuilt(call.args, keep), **options))


def leaves(tree: Any) -> list[Any]:
    """Return the parts of nested lists and tuples."""
    if isinstance(tree, list | tuple):
        return [x for part in tree for x in leaves(part)]
    return [tree]


PLAIN = (bool, int, float, complex)


def same_numbers(found: Any, wanted: Any) -> None:
    """Check values, shape and dtype, and whether Python's or NumPy's they are."""
    rtol, atol = (1e-6, 1e-6) if is_single(wanted) else (1e-13, 1e-15)
    size = np.max(np.abs(wanted), initial=0, where=np.isfinite(wanted))
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol * size)
    assert np.shape(found) == np.shape(wanted)
    assert np.asarray(found).dtype == np.asarray(wanted).dtype
    assert (type(found) in PLAIN) == (type(wanted) in PLAIN)


def is_single(value: Any) -> bool:
    """Tell whether a value has single precision."""
    return np.asarray(value).dtype in (np.float32, np.complex64)


def check_values(program: Program, wanted: Any) -> None:
    """Compare what a program computes, leaf by leaf, with what a function returned."""
    found, expected = program.run(), leaves(wanted)
    assert len(found) == len(expected)
    for left, right in zip(found, expected, strict=True):
        same_numbers(left, right)
