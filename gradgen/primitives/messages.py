"""Prints, assertions, errors: effects that generated code repeats as written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.primitives.registry import Attrs, Handle, Primitive, register


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    return str(attrs["text"])


def _run(*operands: Any, text: str) -> None:
    """Execute the statement ``text`` with its slots filled."""
    names = {f"operand_{i}": operand for i, operand in enumerate(operands)}
    exec(re.sub(r"\{(\d+)\}", r"operand_\1", text), {"np": np, **names})


for _name in ("print", "assert", "raise"):
    register(
        Primitive(
            name=_name,
            type_rule=lambda dims, types, attrs: None,
            evaluate=_run,
            template=_text,
            effect=True,
            takes_complex=True,
        )
    )


def emit_print(builder: Builder, operands: Sequence[Handle], text: str) -> None:
    """Append a call of ``print``; ``text`` is the call, with slots for operands."""
    builder.emit("print", [h.atom for h in operands], [], {"text": text})


def emit_assert(builder: Builder, operands: Sequence[Handle], message: str) -> None:
    """Assert the first operand; ``message`` has slots for the others."""
    if operands[0].shape:
        raise Refusal("the truth of an array is ambiguous", "np.all(…) or np.any(…)")
    text = "assert {0}" + (f", {message}" if message else "")
    builder.emit("assert", [h.atom for h in operands], [], {"text": text})


def emit_raise(builder: Builder, operands: Sequence[Handle], text: str) -> None:
    """Append a ``raise``; ``text`` is the statement, with slots for operands."""
    builder.emit("raise", [h.atom for h in operands], [], {"text": text})


register(
    Primitive(
        name="check_bound",
        type_rule=lambda dims, types, attrs: None,
        evaluate=lambda flag, name: kernels.check_bound(flag, name),
        template=lambda types, attrs: f"check_bound({{0}}, {attrs['name']!r})",
        effect=True,
    )
)


def emit_check_bound(flag: Handle, name: str) -> None:
    """Raise what Python raises for a variable that is not bound, unless ``flag``."""
    flag.builder.emit("check_bound", [flag.atom], [], {"name": name})
