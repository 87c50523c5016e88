"""Functions that are not the user's own, and why a call of one is refused."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.frontend.attributes import CALL_OUTSIDE
from gradgen.frontend.known import PURE
from gradgen.frontend.values import Foreign
from gradgen.ir.abstract import CURVES
from gradgen.rules import find_rule

if TYPE_CHECKING:
    from gradgen.frontend import accept
else:
    accept = Deferred("gradgen.frontend.accept")


def look_up(table: dict[Any, Any], function: Any) -> Any:
    """Return what a table has for a function, which may not be hashable."""
    try:
        return table.get(function)
    except TypeError:
        return None


LIBRARIES = ("builtins", "numpy", "scipy", "gradgen")
NAMES = ("areas", "odes", "parameters", "paths")
READ = (
    "gradgen.api.gradients",
    "gradgen.cascades",
    "gradgen.recipes",
    "gradgen.api.implicit",
    *(f"gradgen.integrators.{name}" for name in NAMES),
)
"""Modules of gradgen whose functions are read as a user's are."""


def is_library(function: Any) -> bool:
    """Tell whether a function belongs to a library, and is not inlined.

    One that stands in no file is the user's, typed where a library's names are seen.
    """
    code = getattr(function, "__code__", None)
    if code is not None and code.co_filename.startswith("<doctest "):
        return False
    module = function.__module__ or ""
    return module.partition(".")[0] in LIBRARIES and module not in READ


def is_pure(function: Any) -> bool:
    """Tell whether a function of constants may be called while compiling."""
    if look_up(PURE, function) is not None:
        return True
    module = getattr(function, "__module__", None)
    return module in ("math", "cmath") and isinstance(
        function, types.BuiltinFunctionType
    )


def unknown(function: Any, args: Sequence[Any] = ()) -> tuple[str, str]:
    """Return why a function is not called, and what to do instead."""
    special = accept.refusal_of_call(function)
    if special is not None:
        return special
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__name__", "<object>")
    name = name if name.isidentifier() else type(function).__name__
    if module.startswith("numpy.random") and isinstance(function, type):
        return (
            f"objects of class {name} cannot be made here",
            "np.random.default_rng(seed), or pass a generator in",
        )
    if module.startswith("numpy.random") or _is_random(function):
        return (
            f"'{name}' draws from a state that is shared, and gives other numbers at "
            "every call",
            f"rng.{METHODS.get(name, name)}(…) of a generator, such as "
            "rng = np.random.default_rng(seed)",
        )
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        return _of_ufunc(function.__self__.__name__, name)
    if module.startswith("scipy.sparse.") and name in ("__matmul__", "__rmatmul__"):
        return "a product with a sparse matrix in this format", "A.tocsr()"
    if module.startswith("scipy.interpolate.") and "." in function.__qualname__:
        return _of_interpolant(function, args[0] if args else None)
    if isinstance(function, type):
        return f"objects of class {name} cannot be made here", CALL_OUTSIDE
    parts = [part for part in module.split(".") if not part.startswith("_")]
    if parts and parts[0] == "numpy":
        name = ".".join(["np", *parts[1:], name])
    if find_rule(function) is not None:
        return (
            f"what '{name}' returns is not known, as its source is not to be read",
            f"gradgen.rule({name}, result=…), whose value has the type of the result",
        )
    hint = f"@gradgen.rule({name}, result=…), or {CALL_OUTSIDE}"
    return f"the derivative of '{name}' is not known", hint


INSTEAD_OF_REDUCE = {
    "fmax": "np.nanmax",
    "fmin": "np.nanmin",
    "hypot": "np.linalg.norm",
    "logaddexp": "scipy.special.logsumexp",
}


def _of_ufunc(ufunc: str, method: str) -> tuple[str, str]:
    """Return why a method of a ufunc is not called."""
    hint = INSTEAD_OF_REDUCE.get(ufunc) if method == "reduce" else None
    reason = f"the derivative of '{ufunc}.{method}' is not known"
    return reason, hint or f"a loop that calls {ufunc}"


def _of_interpolant(method: Any, owner: Any) -> tuple[str, str]:
    """Return why a method of an interpolant that was made outside is not called."""
    cls, _, name = method.__qualname__.rpartition(".")
    cls = type(owner.value).__name__ if isinstance(owner, Foreign) else cls
    hint = "a CubicSpline, BSpline, interp1d or RegularGridInterpolator of real values"
    if name != "__call__":
        return f"the method '{name}' of class {cls} is not known", hint
    if cls in CURVES:
        return f"a curve of class {cls} with other values than real numbers", hint
    return f"the derivative of objects of class {cls} is not known", hint


METHODS = {
    "gauss": "normal",
    "normalvariate": "normal",
    "rand": "random",
    "randint": "integers",
    "randn": "standard_normal",
    "random_integers": "integers",
    "random_sample": "random",
    "ranf": "random",
    "sample": "random",
    "tomaxint": "integers",
}
"""What functions that draw from a shared state are called as methods of a generator."""


def _is_random(function: Any) -> bool:
    owner = getattr(function, "__self__", None)
    return type(owner).__module__ in ("random", "numpy.random.mtrand", "numpy.random")
