"""Docstrings and comments of generated code."""

from __future__ import annotations

from gradgen.ir.core import Function, Param
from gradgen.ir.tree import Tree

INDENT = "    "
WIDTH = 88


def with_comment(lines: list[str], comment: str) -> list[str]:
    """Append ``# comment`` to the first line, if it fits."""
    if not comment:
        return lines
    return [f"{lines[0]}  # {comment}", *lines[1:]]


def docstring(function: Function) -> list[str]:
    """Return the docstring: where the function comes from, and types with shapes."""
    place = f" of {function.span.label}" if function.span is not None else ""
    lines = [f'{INDENT}"""{function.doc or function.name}{place}.', ""]
    for param in function.params:
        lines.append(f"{INDENT}{param.name}: {describe(param)}")
    return [*lines, f'{INDENT}"""']


def describe(param: Param) -> str:
    """Return the types of a parameter in the structure that it has."""
    return type_text(param.tree)


def type_text(tree: Tree) -> str:
    """Return a tree of types as text: ``[(f64[n,m], f64[m])]``."""
    if tree.kind == "leaf":
        return str(tree.leaf.type)
    if tree.kind in ("static", "none"):
        return repr(tree.leaf)
    parts = [type_text(child) for child in tree.children]
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
