"""What declarations of ``scipy.linalg`` are written with.

Their options are known when compiling, and an op has those alone that are not the
default. Rules are those of ``np.linalg`` where the mathematics is the same. What they
compute is not checked to be finite, since the function itself is not to be blamed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.lowering import static
from gradgen.primitives.matrixforms import as_matrix
from gradgen.primitives.registry import (
    PRIMITIVES,
    AdjointRule,
    Attrs,
    Handle,
    TangentRule,
)

UNCHECKED: Attrs = {"check_finite": False}


def options_of(function: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """Return the options of a call that differ from the default."""
    defaults = inspect.signature(function).parameters
    known = {name: static(value) for name, value in given.items()}
    return {n: x for n, x in known.items() if not _same(x, defaults[n].default)}


def _same(value: Any, default: Any) -> bool:
    return value is default or bool(value == default)


TemplateRule: TypeAlias = Callable[[Sequence[Any], Attrs], str]


def call_text(name: str, *operands: str) -> TemplateRule:
    """Return a template: a call with operands as they stand, and options by name."""

    def text(types: Sequence[Any], attrs: Attrs) -> str:
        options = [f"{option}={value!r}" for option, value in attrs.items()]
        return f"{name}({', '.join([*operands, *options])})"

    return text


def one_matrix(a: Any, builder: Builder, name: str) -> Handle:
    """Return an argument that must be a single matrix, of floats."""
    x = as_matrix(a, builder, f"scipy.linalg.{name}")
    if x.rank != 2:
        raise Refusal(f"scipy.linalg.{name} of stacks of matrices", "a loop over them")
    return x


def tangent_of(name: str) -> TangentRule:
    """Return the tangent rule of a function of NumPy."""
    rule = PRIMITIVES[name].tangent
    assert rule is not None
    return rule


def adjoint_of(name: str) -> AdjointRule:
    """Return the adjoint rule of a function of NumPy."""
    rule = PRIMITIVES[name].adjoint
    assert rule is not None
    return rule
