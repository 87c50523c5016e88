"""The same call with other sizes, ranks, dtypes and layouts, or in another form.

A row names one choice of each kind. The full product is too much for every run: the
rows of ``PAIRWISE`` hold each pair of choices at least once, and the calls of a
function share them out.
"""

from __future__ import annotations

import inspect
import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gradgen.primitives.registry import METHODS
from tests.primitives.calls.call import Call, Known, is_method, made_fit, name_of
from tests.primitives.lowered import arguments_of_call, call_python


class Row(NamedTuple):
    """One choice of each kind."""

    size: str
    rank: str
    dtype: str
    layout: str
    form: str

    def __str__(self) -> str:
        return " ".join(self)

    @property
    def same_arrays(self) -> bool:
        """Tell whether the arrays have the shapes that were declared."""
        return self.size == self.rank == "same"


KINDS = Row(
    size=("same", "twice", "none", "one"),
    rank=("same", "more", "fewer"),
    dtype=("f64", "f32"),
    layout=("C", "F", "strided", "reversed"),
    form=("given", "keywords", "positions", "method"),
)
EVERY = tuple(Row(*choices) for choices in itertools.product(*KINDS))


def pairwise(rows: Sequence[Row]) -> list[Row]:
    """Return rows that hold each pair of choices found in ``rows``, greedily chosen."""
    wanted = {pair for row in rows for pair in _pairs(row)}
    chosen = []
    while wanted:
        best = max(rows, key=lambda row: len(wanted & _pairs(row)))
        wanted -= _pairs(best)
        chosen.append(best)
    return chosen


def _pairs(row: Row) -> set[Any]:
    return set(itertools.combinations(enumerate(row), 2))


PAIRWISE = pairwise(EVERY[1:])


def variants(
    calls: Sequence[Call], every: bool = False
) -> Iterator[tuple[Call, Row, Call]]:
    """Yield calls of one function, each with some rows, and what these make of it.

    Left out is what is no other call, and what the function itself does not take.
    """
    rows = EVERY if every else PAIRWISE
    share = len(rows) if every else math.ceil(len(rows) / len(calls))
    supply = itertools.cycle(rows)
    for call in calls:
        for row in itertools.islice(supply, max(share, 2)):
            variant = varied(call, row)
            if variant is not None and accepted(variant):
                yield call, row, variant


def varied(call: Call, row: Row) -> Call | None:
    """Return a call with the choices of a row, None where it has no such form."""
    formed = FORMS[row.form](call)
    if formed is None:
        return None
    if call.function is np.lib.stride_tricks.as_strided:
        return formed  # of another array it would read what is no part of it
    change = lambda tree: mapped(tree, lambda x: _changed(x, row))
    options = {key: change(value) for key, value in formed.options.items()}
    args = change(formed.args)
    if row.size != "twice":
        return replace(formed, args=args, options=options)
    if args:
        args = (made_fit(args[0], call.matrix), *args[1:])
    else:
        first = next(iter(options))
        options[first] = made_fit(options[first], call.matrix)
    return replace(formed, args=args, options=options)


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Return a tree of arguments with its arrays and NumPy scalars changed."""
    if isinstance(tree, list | tuple):
        return type(tree)(mapped(part, change) for part in tree)
    return change(tree) if isinstance(tree, np.ndarray | np.generic) else tree


def _changed(x: Any, row: Row) -> Any:
    x = RANKS[row.rank](resized(x, SIZES[row.size]))
    if row.dtype == "f32" and x.dtype == np.float64:
        x = x.astype(np.float32)
    return LAYOUTS[row.layout](x) if isinstance(x, np.ndarray) else x


def resized(x: Any, size: Callable[[int], int]) -> Any:
    """Return an array in which every length but 1 is changed by ``size``."""
    if not isinstance(x, np.ndarray):
        return x
    return np.resize(x, tuple(n if n == 1 else size(n) for n in x.shape))


SIZES: dict[str, Callable[[int], int]] = {
    "same": lambda n: n,
    "twice": lambda n: 2 * n,
    "none": lambda n: 0,
    "one": lambda n: 1,
}


def _more(x: Any) -> Any:
    """Return an array with an axis more; its parts have no ties."""
    other = (0.75 * x).astype(x.dtype) if x.dtype.kind in "fc" else x
    return np.stack([x, other]) if isinstance(x, np.ndarray) else x


RANKS: dict[str, Callable[[Any], Any]] = {
    "same": lambda x: x,
    "more": _more,
    "fewer": lambda x: x[0] if x.ndim and len(x) else x,
}


def _strided(x: Any) -> Any:
    gaps = np.zeros((*x.shape, 2), x.dtype)
    gaps[..., 1] = x
    return gaps[..., 1]


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "C": lambda x: x,
    "F": np.asfortranarray,
    "strided": _strided,
    "reversed": lambda x: np.flip(np.flip(x).copy()),
}


def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


RENAMED = "newshape"
"""What NumPy 2.0 calls the shape that it deprecates by that name since."""


def _by_keyword(call: Call) -> Call | None:
    """Return a call with names for all positions that have one."""
    signature = _signature(call.function)
    if signature is None:
        return None
    names = [
        p.name if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != RENAMED else None
        for p in signature.parameters.values()
    ]
    first = next((i for i, name in enumerate(names) if name), len(names))
    given = names[first : len(call.args)]
    if not given or None in given:
        return None
    options = {**dict(zip(given, call.args[first:], strict=True)), **call.options}
    return replace(call, args=call.args[:first], options=options)


def _by_position(call: Call) -> Call | None:
    """Return a call without names as far as possible, defaults in between."""
    signature = _signature(call.function)
    if signature is None or not call.options:
        return None
    args, options = list(call.args), dict(call.options)
    for p in list(signature.parameters.values())[len(args) :]:
        value = options.get(p.name, p.default)
        if not options or p.kind is not p.POSITIONAL_OR_KEYWORD or is_sentinel(value):
            break
        options.pop(p.name, None)
        args.append(
            Known(value) if type(value) is float and p.default is value else value
        )
    if len(args) == len(call.args):
        return None
    return replace(call, args=tuple(args), options=options)


def is_sentinel(value: Any) -> bool:
    """Tell whether a default cannot be given by a user."""
    unnamed = value is inspect.Parameter.empty or type(value) is object
    return unnamed or "no value" in repr(value).lower()


def _by_method(call: Call) -> Call | None:
    """Return the method of the first argument that is named like the function."""
    name = call.function.__name__
    method = getattr(np.ndarray, name, None)
    if is_method(call.function) or method is None or name not in METHODS:
        return None
    if not call.args or not isinstance(call.args[0], np.ndarray):
        return None
    return replace(call, function=method)


FORMS: dict[str, Callable[[Call], Call | None]] = {
    "given": lambda call: call,
    "keywords": _by_keyword,
    "positions": _by_position,
    "method": _by_method,
}


REJECTIONS = (
    ArithmeticError,
    AttributeError,
    IndexError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
)


def accepted(call: Call) -> bool:
    """Tell whether the function itself neither raises nor warns."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            call_python(call)
    except REJECTIONS:
        return False
    return not _is_left_open(call)


LOOSE = (
    *(np.take, np.ndarray.take, np.nanquantile, np.nanpercentile),
    *(np.bincount, np.cov, np.corrcoef, np.choose, np.ndarray.choose),
    *(np.interp, np.fft.irfft, np.fft.irfft2, np.fft.irfftn, np.fft.hfft),
)


def _is_left_open(call: Call) -> bool:
    """Tell whether NumPy's answer for empty arrays is an accident.

    Versions differ in the largest magnitude of nothing, and ``take`` does not mind an
    index out of bounds where the result is empty, indexing does. ``nanquantile``
    forgets how many quantiles it was asked for, ``bincount`` its weights, ``choose``
    the dtype of its choices, ``interp`` raises in some versions alone, and ``cov``
    warns of too few numbers or none. Transforms to real numbers read what is behind
    the end of an axis. Functions of SciPy forget how many axes there were, and one
    takes no empty matrix in older versions.
    """
    if all(np.size(x) for x in arguments_of_call(call)):
        return False
    if call.function in LOOSE or name_of(call.function).startswith("scipy.signal."):
        return True
    if call.function.__name__ == "expm":
        return True
    if call.function in (np.linalg.norm, np.linalg.matrix_norm):
        return len(call.args) > 1 or "ord" in call.options
    known = [x for x in (*call.args, *call.options.values()) if isinstance(x, Known)]
    return any(type(x.value) is float and x.value == np.inf for x in known)
