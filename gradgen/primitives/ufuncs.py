"""How a ufunc is named, printed and evaluated, as the function of which module."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradgen.primitives.registry import Attrs


def ufunc_text(
    ufunc: np.ufunc,
    math: Callable[..., Any] | None,
    template: str,
    types: Sequence[Any],
    attrs: Attrs,
) -> str:
    """Return the template of a ufunc; ``lib`` says whose function it stands for."""
    lib = attrs.get("lib")
    if template and lib is None:
        return template
    slots = ", ".join(f"{{{index}}}" for index in range(ufunc.nin))
    if lib in ("math", "cmath") and math is not None:
        return f"{lib}.{math.__name__}({slots})"
    return f"{spelled(ufunc)}({slots})"


SPELLINGS: dict[Any, str] = {np.absolute: "np.abs", np.conjugate: "np.conj"}


def spelled(ufunc: np.ufunc) -> str:
    """Return how a ufunc is written: ``np.abs``, though it is named ``absolute``."""
    return SPELLINGS.get(ufunc) or _of_numpy(ufunc) or f"special.{ufunc.__name__}"


def place_of(ufunc: np.ufunc) -> str:
    """Return the name by which a reader knows a ufunc, which has no module itself."""
    return _of_numpy(ufunc) or f"scipy.special.{ufunc.__name__}"


def _of_numpy(ufunc: np.ufunc) -> str:
    name = ufunc.__name__
    return f"np.{name}" if getattr(np, name, None) is ufunc else ""


def evaluate_ufunc(
    ufunc: np.ufunc,
    math: Callable[..., Any] | None,
    python: Callable[..., Any] | None,
    *operands: Any,
    lib: str | None = None,
) -> Any:
    """Compute a ufunc, or the function of Python that ``lib`` names."""
    if lib == "math" and math is not None:
        return math(*operands)
    if lib == "cmath" and math is not None:
        return getattr(cmath, math.__name__)(*operands)
    if lib is None and python is not None:
        return python(*operands)
    return ufunc(*operands)
