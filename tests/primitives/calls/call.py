"""What a declared call is, and the arrays that calls are made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradgen.primitives.lowering import describe

RNG = np.random.default_rng(11)


@dataclass(frozen=True)
class Known:
    """An argument that is known when compiling."""

    value: Any


@dataclass(frozen=True)
class Call:
    """A function and arguments; arrays and floats come in when the program runs.

    A method of arrays is given as ``np.ndarray.sum``. ``smooth=False`` says that
    differences are no measure of the derivative, as for a cast to float32. ``matrix``
    says what the first argument has to be: ``"regular"``, or ``"hermitian"``, which
    moves as such a matrix only. When it is made larger, both are far from singular.
    """

    function: Any
    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True
    matrix: str = ""

    def __str__(self) -> str:
        shown = [_shown(arg) for arg in self.args]
        shown += [f"{key}={_shown(value)}" for key, value in self.options.items()]
        return f"{name_of(self.function)}({', '.join(shown)})"


def name_of(function: Any) -> str:
    """Return the name of a callable as a reader knows it: ``np.sum``, ``sum``."""
    if is_method(function):
        return f"ndarray.{function.__name__}"
    return describe(function)


def is_method(function: Any) -> bool:
    """Tell whether a callable is a method of arrays."""
    return getattr(function, "__objclass__", None) is np.ndarray


def _shown(value: Any) -> str:
    if isinstance(value, Known):
        return _shown(value.value)
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name}{list(value.shape)}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, type):
        return value.__name__
    return type(value).__name__ if isinstance(value, float) else str(value)


def reals(*shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Return random numbers, far enough apart from one another to have no ties."""
    return RNG.uniform(low, high, shape)


def made_fit(x: Any, matrix: str) -> Any:
    """Return matrices as they have to be, by what is added to their diagonals."""
    if not matrix or not isinstance(x, np.ndarray) or x.ndim < 2:
        return x
    if matrix == "hermitian":
        x = (x + np.conj(np.swapaxes(x, -1, -2))) / 2
    margin = x.shape[-1] * np.abs(x).max(initial=0)
    return (x + margin * np.eye(*x.shape[-2:])).astype(x.dtype)


ROW = [1, 2, 3, 4]
V, W, M, N, T = reals(4, low=0.5), reals(4), reals(3, 4), reals(4, 3), reals(2, 3, 4)
S = reals(3, 3)
POSITIVE = reals(3, 4, low=0.5, high=1.5)
F32 = M.astype(np.float32)
INTS = np.arange(6).reshape(2, 3)
FLAGS = INTS > 2
SIMPLE_AXES = (None, 0, 1, -1, 2)
AXES = (*SIMPLE_AXES, (0, 1), (2, 0), (-1, 1), (0, 1, 2), ())
