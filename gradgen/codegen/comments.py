"""Docstrings and comments of generated code."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from gradgen.codegen.layout import INDENT, WIDTH
from gradgen.ir.core import Function
from gradgen.ir.dims import Dims
from gradgen.ir.tree import Tree
from gradgen.ir.types import Array, Type
from gradgen.primitives.facts import known_dims

SHOWN = (bool, int, float, complex, str, type(None))
"""Static values of these types are shown in a docstring, others by their type."""


def with_comment(lines: Sequence[str], comment: str) -> list[str]:
    """Put ``# comment`` behind the first line of a statement, or above it.

    Examples
    --------
    >>> with_comment(["a = b"], "f.py:3")
    ['a = b  # f.py:3']
    """
    if not comment:
        return list(lines)
    first = f"{lines[0]}  # {comment}"
    if len(first) <= WIDTH:
        return [first, *lines[1:]]
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return [f"{indent}# {comment}", *lines]


def docstring(function: Function, names: Sequence[str]) -> list[str]:
    """Return the docstring: where the function comes from, and types with shapes."""
    place = f" ({function.span.label})" if function.span is not None else ""
    dims = known_dims(function.body)
    lines = _wrapped(f"{function.doc or function.name}{place}.", "")
    if names:
        lines.append("")
    for name, param in zip(names, function.params, strict=True):
        lines.extend(_wrapped(f"{name}: {type_text(param.tree, dims)}", INDENT))
    lines[0] = f'{INDENT}"""{lines[0].removeprefix(INDENT)}'
    if len(lines) == 1:
        return [f'{lines[0]}"""']
    return [*lines, f'{INDENT}"""']


def _wrapped(text: str, indent: str) -> list[str]:
    text = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    return textwrap.wrap(
        text,
        WIDTH - 3,
        initial_indent=INDENT,
        subsequent_indent=INDENT + indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def type_text(tree: Tree, dims: Dims) -> str:
    """Return a tree of types as text: ``[(f64[n,m], f64[m])]``."""
    if tree.kind == "leaf":
        return _leaf_text(tree.leaf.type, dims)
    if tree.kind in ("static", "none"):
        return _static_text(tree.leaf)
    parts = [type_text(child, dims) for child in tree.children]
    if tree.kind == "dict":
        items = zip(tree.keys, parts, strict=True)
        return "{" + ", ".join(f"{key!r}: {part}" for key, part in items) + "}"
    if tree.kind == "record":
        items = zip(tree.keys, parts, strict=True)
        inner = ", ".join(f"{key}={part}" for key, part in items)
        return f"{tree.cls.__name__}({inner})" if tree.cls else inner
    if tree.kind == "list":
        return f"[{', '.join(parts)}]"
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _static_text(value: Any) -> str:
    """Return the value itself only where its text is the same in every run."""
    return repr(value) if type(value) in SHOWN else type(value).__name__


def _leaf_text(type_: Type, dims: Dims) -> str:
    if isinstance(type_, Array):
        return str(Array(type_.dtype, dims.shape(type_)))
    return str(type_)
