"""Declared calls made large: of each function one, on about ``SIZE`` numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradgen.primitives.samples import positive_definite
from tests.primitives.calls.call import Call, made_fit, name_of, reals
from tests.primitives.coverage import moves
from tests.primitives.lowered import (
    arguments_of,
    arguments_of_call,
    call_python,
    is_smooth,
    leaves,
    program_of,
)
from tests.primitives.variants import accepted, mapped

try:
    from scipy import stats
except ModuleNotFoundError:
    stats = None

SIZE = 100_000
TRIVIAL = ("math.", "operator.", "gradgen.", "ndarray.")
KERNELS = ("scipy.ndimage.", "scipy.signal.lfilter")
"""Functions of one large array and of small ones that say what is done to it."""

Way = Callable[[Call, int], Call]


def large_call(calls: Sequence[Call]) -> Call | None:
    """Return a call on large arrays, if the function has a derivative with those."""
    name = name_of(calls[0].function)
    if "." not in name or name.startswith(TRIVIAL):
        return None
    chosen = given_calls().get(name)
    if chosen is not None:
        return chosen
    smooth = (call for call in calls if is_smooth(call) and moves(program_of(call)))
    return next(filter(None, map(enlarged, smooth)), None)


def given_calls() -> dict[str, Call]:
    """Return calls by name where a declared one cannot be made large as it is."""
    if stats is None:
        return {}
    points, center, spread = reals(2000, 50), reals(50), positive_definite(50, 50)
    found = [
        Call(function, (points, center, spread))
        for function in (
            stats.multivariate_normal.logpdf,
            stats.multivariate_normal.pdf,
        )
    ]
    shares = np.full(SIZE, 1.0 / SIZE)
    found.append(Call(stats.dirichlet.logpdf, (shares, reals(SIZE, low=0.5))))
    return {name_of(call.function): call for call in found}


def enlarged(call: Call) -> Call | None:
    """Return a call on random arrays of about ``SIZE`` numbers, if there can be one."""
    arrays = [x for x in arguments_of_call(call) if np.ndim(x)]
    if any(map(np.iscomplexobj, arguments_of_call(call))):
        return None
    if not all(np.isfinite(x).all() for x in arrays if x.dtype.kind == "f"):
        return None
    if not any(x.dtype.kind == "f" for x in arrays):
        return None
    ways = [_times, _longer]
    if name_of(call.function).startswith(KERNELS):
        ways = [_largest]
    return next(filter(None, (_in_one_way(call, way) for way in ways)), None)


def _in_one_way(call: Call, way: Way) -> Call | None:
    twice = way(call, 2)
    if not accepted(twice):
        return None
    pairs = zip(_sizes(call), _sizes(twice), strict=True)
    grown = [(n, math.log2(m / n)) for n, m in pairs if m > n > 0]
    if not grown:
        return None
    factor = min((SIZE / size) ** (1 / rank) for size, rank in grown)
    found = way(call, max(round(factor), 1))
    return found if accepted(found) else None


def _sizes(call: Call) -> list[int]:
    """Return how many numbers go into a call, and how many come out."""
    results = sum(np.size(y) for y in leaves(call_python(call)))
    return [*map(np.size, arguments_of_call(call)), results]


def _times(call: Call, factor: int) -> Call:
    """Return a call on random arrays of which every axis is longer."""
    rng = np.random.default_rng(0)
    args = mapped(call.args, lambda x: _enlarged(x, factor, rng))
    options = mapped_options(call, lambda x: _enlarged(x, factor, rng))
    if args and ".linalg." in name_of(call.function):
        fit = lambda x: _well_conditioned(x, call.matrix or "regular")
        args = (mapped(args[0], fit), *args[1:])
    return replace(call, args=args, options=options)


def _enlarged(x: Any, factor: int, rng: np.random.Generator) -> Any:
    shape = tuple(n if n == 1 else n * factor for n in np.shape(x))
    if x.dtype.kind != "f" or not shape:
        return np.resize(x, shape) if shape else x
    return rng.uniform(np.min(x), np.max(x), shape).astype(x.dtype)


def _well_conditioned(x: Any, matrix: str) -> Any:
    """Return square matrices with about 1 on the diagonal and little beside it."""
    if x.dtype.kind != "f" or x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        return x
    return made_fit(x, matrix) / (x.shape[-1] * np.abs(x).max())


def _longer(call: Call, factor: int) -> Call:
    """Return a call on arrays that are repeated along their last axes."""
    change = lambda x: np.tile(x, factor)
    args = mapped(call.args, lambda x: change(x) if x.ndim else x)
    options = mapped_options(call, lambda x: change(x) if x.ndim else x)
    return replace(call, args=args, options=options)


def _largest(call: Call, factor: int) -> Call:
    """Return a call of which only the largest array has longer axes."""
    rng = np.random.default_rng(0)
    most = max(map(np.size, arguments_of(call.args)))
    change = lambda x: _enlarged(x, factor, rng) if x.size == most else x
    return replace(call, args=mapped(call.args, change))


def mapped_options(call: Call, change: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the options of a call with their arrays changed."""
    return {key: mapped(value, change) for key, value in call.options.items()}
