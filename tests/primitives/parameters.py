"""What becomes of each parameter of each function: handled, refused, or ignored.

Every parameter is given values that a user might give (``PLAUSIBLE``) in the declared
calls that lack it. gradgen either computes what the function then returns, or refuses
the call and names the parameter. One that makes no difference must stand in
``WITHOUT_EFFECT``, with the reason.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from tests.primitives.calls.call import Call, Known, is_method, name_of
from tests.primitives.harness import check_derivatives
from tests.primitives.lowered import (
    arguments_of_call,
    call_python,
    check_values,
    leaves,
    lowering_of,
    program_of,
)
from tests.primitives.variants import FORMS, accepted, is_sentinel, mapped

Values = Callable[[Any, Any], Sequence[Any]]
"""Gets the first array of a call and its result; a dict gives several parameters."""

BASES = 8
"""How many declared calls of a function are tried."""


def each(*values: Any) -> Values:
    """Return values that do not depend on the call."""
    return lambda x, y: values


def mask(x: Any) -> Any:
    """Return flags, not all of them set, for the elements of ``x``."""
    return (np.arange(np.size(x)) % 3 != 1).reshape(np.shape(x))


def out_for(y: Any) -> Any:
    """Return arrays that ``y`` fits into."""
    if isinstance(y, tuple):
        return tuple(map(out_for, y))
    return np.empty(np.shape(y), np.asarray(y).dtype)


PLAUSIBLE: dict[str, Values] = {
    "M": each(5),
    "allow_singular": each(True),
    "append": lambda x, y: [x],
    "assume_a": each("upper triangular"),
    "assume_unique": each(True),
    "atol": each(Known(0.5)),
    "axes": each((1, 0), 1, [(-2, -1)] * 3),
    "axis": each(0, 1, -1, (0, 1)),
    "axis1": each(2, {"axis1": 1, "axis2": 0}),
    "axis2": each(2, {"axis1": 1, "axis2": 0}),
    "bias": each(True),
    "blocksize": each(2),
    "casting": each("unsafe"),
    "check_finite": each(False),
    "copy": each(True, False),
    "correction": each(1),
    "cval": each({"cval": Known(1.5), "mode": "constant"}),
    "ddof": each(1),
    "decimals": each(1),
    "default": each(0.5),
    "deg": each(True),
    "density": each(True),
    "check_bounds": each(True),
    "device": each("cpu"),
    "disp": each(False),
    "driver": each("ev"),
    "descending": each(True),
    "dtype": each(*map(Known, (np.float32, np.float64, np.int16, bool, object))),
    "dx": each(0.5),
    "discont": each(Known(4.0)),
    "equal_nan": each(True),
    "endpoint": each(False),
    "imag": each(0.5),
    "indexing": each("ij"),
    "initial": each(2.0, Known(-1.0)),
    "k": each(1, -1),
    "keepdims": each(True),
    "kind": each("stable", "sort"),
    "lapack_driver": each("gesvd"),
    "like": lambda x, y: [np.zeros(1)],
    "lower": each(True),
    "lwork": each(100),
    "m": each(5),
    "max": each(0.5),
    "mean": lambda x, y: [np.nanmean(x, keepdims=True) + 0.1],
    "method": each("lower"),
    "min": each(-0.5),
    "mode": each("clip", "wrap", "valid"),
    "n": each(2),
    "nan": each(Known(1.0)),
    "ndigits": each(1),
    "ndmax": each(1),
    "ndmin": each(3),
    "neginf": each(Known(-9.0)),
    "num": each(7),
    "offset": each(1, -1),
    "optimize": each(True, "greedy"),
    "ord": each(Known(1), Known(2), Known(np.inf)),
    "order": each("F", "C", "A"),
    "out": lambda x, y: [out_for(y)],
    "overwrite_a": each(True),
    "overwrite_ab": each(True),
    "overwrite_b": each(True),
    "overwrite_input": each(True),
    "pivoting": each(True),
    "posinf": each(Known(9.0)),
    "prepend": lambda x, y: [x],
    "rcond": each(Known(0.9)),
    "output": each(Known(np.float32), Known(np.float64)),
    "period": each(Known(2.9)),
    "retstep": each(True),
    "return_rank": each(True),
    "return_sign": each(True),
    "returned": each(True),
    "rtol": each(Known(0.9)),
    "right": each(True),
    "shape": each((2, 2)),
    "side": each("right"),
    "sorter": lambda x, y: [np.argsort(x)],
    "signature": each(
        *"d->d dd->d ddd->d dddd->d d->? dd->? l->l ll->l dd->dd d->dd".split(),
        *"d->di dl->d l->B".split(),
    ),
    "sparse": each(True),
    "stable": each(True),
    "start": each(2.0),
    "step": each(2),
    "stop": each(9),
    "subok": each(True),
    "subset_by_index": each((0, 1)),
    "subset_by_value": each((0.0, 99.0)),
    "tol": each(Known(50.0)),
    "transposed": each(True),
    "type": each(2),
    "unit_diagonal": each(True),
    "weights": lambda x, y: [np.abs(x) + 0.1],
    "writeable": each(True),
    "where": lambda x, y: [
        mask(x),
        {"where": mask(x), "initial": -0.5},
        {"where": mask(leaves(y)[0]), "out": out_for(y)},
    ],
}

SPECIAL: dict[tuple[str, str], Values] = {
    ("np.lib.stride_tricks.as_strided", "shape"): each((2,)),
    ("np.lib.stride_tricks.as_strided", "strides"): lambda x, y: [(0,) * y.ndim],
    ("np.lib.stride_tricks.as_strided", "writeable"): each(False),
    ("np.polyfit", "cov"): each(True),
    ("np.polyfit", "full"): each(True),
    ("np.polyfit", "rcond"): each(Known(1e-13)),
    ("np.trapezoid", "x"): lambda x, y: [np.cumsum(np.abs(x) + 0.1, axis=-1)],
    **{
        (f"np.{name}", "weights"): lambda x, y: [
            {"weights": np.ones_like(x), "method": "inverted_cdf"}
        ]
        for name in ("quantile", "percentile", "nanquantile", "nanpercentile")
    },
    ("np.vecdot", "axes"): each([(-1,), (-1,), ()]),
    ("np.matvec", "axes"): each([(-2, -1), (-1,), (-1,)]),
    ("np.vecmat", "axes"): each([(-1,), (-2, -1), (-1,)]),
    ("max", "default"): each(0.5),
    ("min", "default"): each(0.5),
    ("max", "key"): each(abs),
    ("min", "key"): each(abs),
    ("np.argpartition", "kind"): each("introselect"),
    ("np.argpartition", "order"): each(None),
    ("ndarray.argpartition", "kind"): each("introselect"),
    ("ndarray.argpartition", "order"): each(None),
    ("np.partition", "kind"): each("introselect"),
    ("np.partition", "order"): each(None),
    ("np.rollaxis", "start"): each(2),
    ("np.argsort", "order"): each(None),
    ("ndarray.argsort", "order"): each(None),
    ("np.sort", "order"): each(None),
    ("scipy.linalg.eigh", "b"): lambda x, y: [np.eye(len(x))],
    ("scipy.linalg.eigvalsh", "b"): lambda x, y: [np.eye(len(x))],
    ("scipy.linalg.qr", "mode"): each("economic"),
    ("pow", "mod"): each(None),
}
"""Where a name means something else than elsewhere."""

WITHOUT_EFFECT = {
    "assume_unique": "tells what is so",
    "casting": "tells which casts may be made, and those made are the same",
    "check_finite": "what is finite passes the check",
    "copy": "a copy cannot be told from the array itself where neither is written to",
    "check_bounds": "what lies outside is never read",
    "device": "there is only one",
    "driver": "tells which function of LAPACK is called",
    "kind": "tells how to sort; the order is that of a stable sort",
    "like": "there are only NumPy's arrays",
    "mod": "floats have no remainder of a power, so that it is always None",
    "optimize": "tells how to multiply, not what",
    "order": "tells how elements lie in memory, or orders fields, and there are none",
    "overwrite_input": "permits what is not done",
    "stable": "the order is always that of a stable sort",
    "subok": "there are only NumPy's arrays",
    "tol": "a real array has no imaginary part",
    "writeable": "writing through the result is refused",
}
UNSIGNED = {
    "bool": (),
    "cmath.log": (),
    "int": (),
    "math.hypot": (),
    "math.log": (),
    "max": ("key", "default"),
    "min": ("key", "default"),
}
"""Parameters of functions that have no signature."""

OF_UFUNC = ("out", "casting", "order", "dtype", "subok", "signature")
NEVER = {(np.frexp, "dtype")}
"""What NumPy itself takes no value for: results of two kinds have no dtype."""
OF_METHOD = ("keepdims", "initial", "where")
"""What a method that takes ``**kwargs`` hands on, if the function has it."""


def parameters_of(function: Any) -> dict[str, Any]:
    """Return the parameters that a call may leave out, and their defaults."""
    if isinstance(function, np.ufunc):
        core = _core_parameters(function)
        names = [n for n in (*OF_UFUNC, *core) if (function, n) not in NEVER]
        return dict.fromkeys(names, inspect.Parameter.empty)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return _unsigned(function)
    found = {p.name: p.default for p in parameters if _optional(p)}
    if any(p.kind is p.VAR_KEYWORD for p in parameters) and is_method(function):
        same = inspect.signature(getattr(np, function.__name__)).parameters
        found |= {name: same[name].default for name in OF_METHOD if name in same}
    return found


def _core_parameters(ufunc: np.ufunc) -> tuple[str, ...]:
    """Return what only elementwise ufuncs take, or only others.

    ``where=`` with ``out=`` makes SciPy's own ufuncs corrupt memory (SciPy 1.17); that
    it is refused is tested without calling them.
    """
    signature = ufunc.signature
    if signature is None:
        return ("where",) if getattr(np, ufunc.__name__, None) is ufunc else ()
    return ("axes",) if "->(" in signature.replace("->()", "") else ("axes", "axis")


def _optional(p: inspect.Parameter) -> bool:
    keyword = p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY, p.POSITIONAL_ONLY)
    return keyword and (p.default is not p.empty or p.kind is p.KEYWORD_ONLY)


def _unsigned(function: Any) -> dict[str, Any]:
    """Return what stands for a signature: a table's, or that of the lowering."""
    names: Sequence[str] = UNSIGNED.get(name_of(function), ())
    if is_method(function) or name_of(function) not in UNSIGNED:
        lowering: Any = lowering_of(function)
        parameters = inspect.signature(lowering.function).parameters.values()
        names = [p.name for p in parameters if _optional(p) and p.name != "builder"]
    return dict.fromkeys(names, inspect.Parameter.empty)


def named(call: Call) -> Call:
    """Return a call with names for its positions, as far as they have any."""
    by_name = FORMS["keywords"](call)
    return by_name if by_name is not None and accepted(by_name) else call


def without(call: Call, name: str) -> Call:
    """Return a call without a parameter, as it is where that cannot be left out."""
    by_name = named(call)
    if name not in by_name.options:
        return call
    options = {key: x for key, x in by_name.options.items() if key != name}
    return replace(by_name, options=options)


def with_parameters(call: Call, given: dict[str, Any]) -> Call:
    """Return a call with more parameters, or others, on arrays of its own.

    Some make a function write to its arguments.
    """
    by_name = named(call)
    own = lambda tree: mapped(tree, lambda x: x.copy())
    joined = {**by_name.options, **given}
    options = {key: own(value) for key, value in joined.items()}
    return replace(by_name, args=own(by_name.args), options=options)


def outcomes(calls: Sequence[Call], name: str) -> Iterator[str]:
    """Yield what becomes of a parameter: as declared, and with plausible values."""
    yield from filter(None, (declared_outcome(call, name) for call in calls))
    values = SPECIAL.get((name_of(calls[0].function), name), PLAUSIBLE.get(name))
    for base in bases(calls, name):
        y = call_python(base)
        x = next(iter(arguments_of_call(base)), y)
        for value in values(x, y) if values else ():
            wanted = value if isinstance(value, dict) else {name: value}
            call = with_parameters(base, wanted)
            if accepted(call):
                yield outcome(base, call, tuple(wanted))


def declared_outcome(call: Call, name: str) -> str | None:
    """Return whether a declared call shows that a parameter is handled."""
    base = without(call, name)
    if name in signature_arguments(call) and base is call:
        return "handled"
    if base is call or not accepted(base):
        return None if base is call else "handled"
    return "handled" if differ(call_python(base), call_python(call)) else None


def signature_arguments(call: Call) -> set[str]:
    """Return the parameters that a call gives, by name."""
    try:
        bound = inspect.signature(call.function).bind(*call.args, **call.options)
    except (TypeError, ValueError):
        return set(call.options)
    return set(bound.arguments)


def bases(calls: Sequence[Call], name: str) -> list[Call]:
    """Return a few calls without a parameter, no two of the same arguments."""
    free = [base for call in calls if accepted(base := without(call, name))]
    if not getattr(lowering_of(calls[0].function), "makes_arrays", False):
        free = [base for base in free if arguments_of_call(base)]
    return list({str(base): base for base in free}.values())[:BASES]


def outcome(base: Call, call: Call, names: tuple[str, ...]) -> str:
    """Return what becomes of parameters in one call; wrong numbers are an error.

    A refusal that is about another argument tells nothing.
    """
    try:
        program = program_of(call)
    except Refusal as refusal:
        if _is_named(names, refusal):
            return "refused"
        if _is_named(("complex numbers", *call.options), refusal):
            return "elsewhere"
        raise AssertionError(f"{call}: not refused for {names}: {refusal}") from None
    try:
        check_values(program, call_python(call))
        if program.moving and call.smooth:
            check_derivatives(program, 1, step=1e-4)
    except AssertionError as error:
        error.add_note(f"{call}: {names} ignored, or handled wrongly")
        raise
    return "handled" if differ(call_python(base), call_python(call)) else "no effect"


def _is_named(words: Sequence[str], refusal: Refusal) -> bool:
    return re.search(rf"\b({'|'.join(words)})\b", refusal.reason) is not None


def differ(left: Any, right: Any) -> bool:
    """Tell whether two results can be told apart, whatever their layout."""
    one, other = leaves(left), leaves(right)
    if type(left) is not type(right) or len(one) != len(other):
        return True
    return any(
        np.shape(x) != np.shape(y)
        or np.asarray(x).dtype != np.asarray(y).dtype
        or not np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind in "fc")
        for x, y in zip(one, other, strict=True)
    )


def state_of(calls: Sequence[Call], name: str) -> str:
    """Return what becomes of a parameter of the function that ``calls`` are of."""
    found = {state for state in outcomes(calls, name) if state != "elsewhere"}
    assert found, f"no value of '{name}' is plausible for {name_of(calls[0].function)}"
    if "handled" in found:
        return "in part" if "refused" in found else "handled"
    if "refused" in found:
        return "refused"
    assert name in WITHOUT_EFFECT, f"'{name}' makes no difference, and nothing says why"
    return "ignored"


def check_default(calls: Sequence[Call], name: str, default: Any) -> None:
    """Check that a parameter may be given its default."""
    if is_sentinel(default):
        return
    value = Known(default) if isinstance(default, float) else default
    for base in bases(calls, name)[:2]:
        call = with_parameters(base, {name: value})
        if accepted(call):
            check_values(program_of(call), call_python(base))
