"""Containers in generated code: what unpacks parameters, and what builds results."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from gradgen.codegen.expressions import constant, dotted, name
from gradgen.codegen.names import Names
from gradgen.ir.core import Param, Value
from gradgen.ir.tree import Tree

Atoms = Callable[[object], ast.expr]


def unpacking(param: Param, text: str, names: Names) -> Iterator[ast.stmt]:
    """Yield what brings the leaves of a container that are used into variables.

    Where most are used and only lists and tuples nest, ``(W, b), c = params``; else
    one statement a leaf, ``W = params['W']``.
    """
    if param.tree.kind == "leaf":
        return
    leaves = list(param.tree.leaves())
    used = [x for x in leaves if x in names.values]
    target = _target(param.tree, names) if 2 * len(used) > len(leaves) else None
    if target is not None:
        yield ast.Assign([target], name(text), lineno=1)
        return
    for x, path in zip(leaves, param.tree.paths(text), strict=True):
        if x in names.values:
            yield ast.Assign([_stored(names[x])], dotted(path), lineno=1)


def _target(tree: Tree, names: Names) -> ast.expr | None:
    """Return the target that unpacks lists and tuples; None where a dict is inside."""
    if tree.kind == "leaf" and isinstance(tree.leaf, Value):
        return _stored(names.values.get(tree.leaf, names.unused))
    if tree.kind in ("leaf", "static", "none"):
        return _stored(names.unused)
    if tree.kind not in ("list", "tuple") or not tree.children:
        return None
    parts = [_target(child, names) for child in tree.children]
    elements = [part for part in parts if part is not None]
    return ast.Tuple(elements, ast.Store()) if len(elements) == len(parts) else None


def _stored(identifier: str) -> ast.expr:
    return ast.Name(identifier, ast.Store())


def construction(tree: Tree, atom: Atoms, classes: dict[type, str]) -> ast.expr:
    """Return the expression that builds a result; ``atom`` prints its leaves."""
    if tree.kind == "leaf":
        return atom(tree.leaf)
    if tree.kind in ("static", "none"):
        return constant(tree.leaf)
    parts = [construction(child, atom, classes) for child in tree.children]
    if tree.kind == "dict":
        return ast.Dict([constant(key) for key in tree.keys], parts)
    if tree.kind == "record":
        assert tree.cls is not None
        keywords = [ast.keyword(k, p) for k, p in zip(tree.keys, parts, strict=True)]
        return ast.Call(name(classes[tree.cls]), [], keywords)
    return (ast.List if tree.kind == "list" else ast.Tuple)(parts, ast.Load())


def classes_in(tree: Tree) -> dict[type, str]:
    """Return the record classes of a tree, each with a name of its own."""
    found: dict[type, str] = {}
    for cls in _classes(tree):
        if cls not in found:
            same = sum(name.rstrip("_") == cls.__name__ for name in found.values())
            found[cls] = cls.__name__ + "_" * same
    return found


def _classes(tree: Tree) -> Iterator[type]:
    if tree.cls is not None:
        yield tree.cls
    for child in tree.children:
        yield from _classes(child)
