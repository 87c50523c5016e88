"""Docstrings and comments of generated code."""

from __future__ import annotations

from gradgen.ir.core import Function
from gradgen.ir.dims import Dims
from gradgen.ir.tree import Tree
from gradgen.ir.types import Array, Type
from gradgen.primitives.facts import known_dims

INDENT = "    "
WIDTH = 88


def with_comment(lines: list[str], comment: str) -> list[str]:
    """Append ``# comment`` to the last line of a statement."""
    if not comment:
        return lines
    return [*lines[:-1], f"{lines[-1]}  # {comment}"]


def docstring(function: Function) -> list[str]:
    """Return the docstring: where the function comes from, and types with shapes."""
    place = f" ({function.span.label})" if function.span is not None else ""
    lines = [f'{INDENT}"""{function.doc or function.name}{place}.', ""]
    dims = known_dims(function.body)
    for param in function.params:
        lines.append(f"{INDENT}{param.name}: {type_text(param.tree, dims)}")
    return [*lines, f'{INDENT}"""']


def type_text(tree: Tree, dims: Dims) -> str:
    """Return a tree of types as text: ``[(f64[n,m], f64[m])]``."""
    if tree.kind == "leaf":
        return _leaf_text(tree.leaf.type, dims)
    if tree.kind in ("static", "none"):
        return repr(tree.leaf)
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


def _leaf_text(type_: Type, dims: Dims) -> str:
    if isinstance(type_, Array):
        return str(Array(type_.dtype, dims.shape(type_)))
    return str(type_)
