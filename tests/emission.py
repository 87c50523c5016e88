"""Compares generated code with the interpreter of the IR it was generated from."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradgen.codegen.numpy_target import Emitted, emit
from gradgen.ir.core import Function
from gradgen.ir.tree import tree_of
from gradgen.ir.types import is_floating
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, gradient, jvp
from tests.generate import arguments

SIZES = ({"n": 3, "m": 4, "k": 3}, {"n": 2, "m": 2, "k": 0}, {"n": 0, "m": 3, "k": 2})

FAILS_TOO = (ArithmeticError, IndexError, ValueError)
"""What the primal may raise for some sizes: dividing by 0, the largest of nothing."""


def emit_optimised(function: Function) -> tuple[Function, Emitted]:
    """Return what the interpreter runs, and the code generated from it."""
    function = optimise(function)
    return function, emit(bufferize(function))


def loaded(emitted: Emitted) -> Callable[..., Any]:
    """Return the function that was generated."""
    names: dict[str, Any] = {**emitted.classes, **emitted.outside}
    exec(compile(emitted.source, "generated", "exec"), names)
    return names[emitted.name]  # type: ignore[no-any-return]


def check_emitted(function: Function, sizes: Sequence[dict[str, int]] = SIZES) -> str:
    """Compare emitted code with the interpreter, and return its source."""
    function, emitted = emit_optimised(function)
    run = loaded(emitted)
    for seed, lengths in enumerate(sizes):
        _check_call(function, run, arguments(function, lengths, seed), may_fail=True)
    return emitted.source


def check_call(function: Function, args: Sequence[Any]) -> str:
    """Compare emitted code with the interpreter for ``args``, and return its source."""
    return check_optimised(optimise(function), args)


def check_optimised(function: Function, args: Sequence[Any]) -> str:
    """Do as ``check_call`` does, for a function that is optimised already."""
    emitted = emit(bufferize(function))
    _check_call(function, loaded(emitted), list(args), may_fail=False)
    return emitted.source


def check_unchanged(x: Any, old: Any) -> None:
    """Compare an argument with what it was before.

    It may be a sparse matrix, or a curve, which has coefficients.
    """
    if hasattr(x, "toarray"):
        x, old = x.toarray(), old.toarray()
    if hasattr(x, "c"):
        x, old = x.c, old.c
    np.testing.assert_array_equal(x, old, "an argument was changed")


def _check_call(
    function: Function, run: Callable[..., Any], args: list[Any], *, may_fail: bool
) -> None:
    before = [copy.deepcopy(x) for x in leaves(args)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            wanted = interpret(function, args)
        except FAILS_TOO:
            assert may_fail
            return
        found, again = run(*args), run(*args)
    tolerance = 2e-5 if any(_is_single(x.type) for x in _values(function)) else 1e-11
    assert_same(found, wanted, tolerance)
    assert_same(again, wanted, tolerance)
    for x, old in zip(leaves(args), before, strict=True):
        check_unchanged(x, old)
    assert_apart([*leaves(found)], [*leaves(args), *leaves(again)])


def _values(function: Function) -> Iterator[Any]:
    yield from function.inputs
    for op in function.body.ops:
        yield from op.results


def _is_single(type_: Any) -> bool:
    return getattr(type_, "dtype", None) == np.float32


def leaves(value: Any) -> Iterator[Any]:
    """Yield the numbers and arrays in nested containers."""
    yield from tree_of(value).leaves()


def assert_same(found: Any, wanted: Any, tolerance: float) -> None:
    """Compare types, dtypes, shapes and values."""
    for x, y in zip(leaves(found), leaves(wanted), strict=True):
        assert type(x) is type(y)
        assert getattr(x, "dtype", None) == getattr(y, "dtype", None)
        assert np.shape(x) == np.shape(y)
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


def assert_apart(results: list[Any], others: list[Any]) -> None:
    """Check that results can be written to and share memory with nothing."""
    arrays = [x for x in results if isinstance(x, np.ndarray)]
    for position, x in enumerate(arrays):
        assert x.flags.writeable
        for y in (*arrays[:position], *others):
            assert not np.shares_memory(x, y), "memory is shared"


def derive(function: Function, kind: str) -> Function:
    """Return a derivative of ``function`` in its first floating parameters."""
    numbers = [
        i
        for i, param in enumerate(function.params)
        if any(is_floating(x.type) for x in param.tree.leaves())
    ]
    params = tuple(numbers[:2])
    if kind == "jvp":
        return jvp(function, params)
    selection = Selection(params, single=False)
    if kind == "gradient" and function.result.kind == "leaf":
        return gradient(function, selection, value=True, aux=False)
    return adjoint(function, selection)
