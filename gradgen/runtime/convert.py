"""Arguments on their way into generated code, and results on their way out."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import ArgumentError
from gradgen.ir.abstract import is_array_like
from gradgen.ir.tree import Tree, tree_of
from gradgen.ir.types import Array, Scalar


def is_int(value: Any) -> bool:
    """Tell whether ``value`` is a Python int, which counts as a float."""
    return type(value) is int


def is_zero_dimensional(value: Any) -> bool:
    """Tell whether ``value`` is an array without dimensions, not a scalar."""
    return (
        is_array_like(value) and not isinstance(value, np.generic) and not value.shape
    )


class Given:
    """Stands for an argument of which only the type is known."""

    __array_function__ = None

    def __init__(self, type_: Array | Scalar) -> None:
        self.type = type_
        self.dtype = type_.dtype
        self.shape = type_.shape

    def __str__(self) -> str:
        return str(self.type)


Mask = tuple[bool, ...]
"""For every leaf of an argument whether it is differentiated."""


def full_mask(value: Any) -> Mask:
    """Return the mask that selects every leaf."""
    return tuple(True for _ in tree_of(value).leaves())


def empty_mask(value: Any) -> Mask:
    """Return the mask that selects no leaf."""
    return tuple(False for _ in tree_of(value).leaves())


def floating_mask(value: Any) -> Mask:
    """Return the mask that selects floating leaves, which Python ints are not."""
    return tuple(is_float_leaf(x) and not is_int(x) for x in tree_of(value).leaves())


def seed_mask(value: Any, seed: Any, name: str) -> Mask:
    """Return the mask that selects the leaves for which ``seed`` is not None."""
    tree = tree_of(value)
    if seed is None:
        return empty_mask(value)
    if tree.kind == "leaf":
        return (True,)
    check_structure(seed, tree, "the tangent of " + name, name)
    parts = zip(parts_of(value, tree), parts_of(seed, tree), tree.steps(), strict=True)
    return tuple(x for v, s, step in parts for x in seed_mask(v, s, name + step))


def enters_as_is(value: Any, mask: Mask) -> bool:
    """Tell whether generated code takes ``value`` in the form it has."""
    return not any(
        is_zero_dimensional(x) or (flag and is_int(x))
        for x, flag in zip(tree_of(value).leaves(), mask, strict=True)
    )


def enter(value: Any, mask: Mask) -> Any:
    """Return ``value`` with scalars for 0-d arrays, and floats for ints selected.

    Examples
    --------
    >>> enter([1, 2, np.array(3.0)], (True, False, True))
    [1.0, 2, np.float64(3.0)]
    """
    flags = iter(mask)

    def convert(x: Any) -> Any:
        flag = next(flags)
        if is_zero_dimensional(x):
            return x[()]
        return float(x) if flag and is_int(x) else x

    return tree_of(value).map(convert).build()


def leave(derivative: Any, like: Any) -> Any:
    """Return ``derivative`` with 0-d arrays where ``like``, the argument, has them."""
    tree = tree_of(like)
    if tree.kind == "leaf":
        return np.asarray(derivative) if is_zero_dimensional(like) else derivative
    if derivative is None:
        return None
    parts = zip(parts_of(derivative, tree), parts_of(like, tree), strict=True)
    return rebuild(tree, [leave(part, x) for part, x in parts])


def check_structure(seed: Any, tree: Tree, name: str, like_name: str) -> None:
    """Raise ``ArgumentError`` unless ``seed`` is a container like ``tree``."""
    found = tree_of(seed)
    same = (found.kind, found.cls) == (tree.kind, tree.cls)
    if (
        not same
        or sorted(map(repr, found.keys)) != sorted(map(repr, tree.keys))
        or (len(found.children) != len(tree.children))
    ):
        raise ArgumentError(
            f"{name} must have the structure of {like_name}: "
            f"expected {_kind_text(tree)}, got {_kind_text(found)}"
        )


def parts_of(value: Any, tree: Tree) -> list[Any]:
    """Return the members of a container in the order of ``tree``."""
    if tree.kind == "record":
        return [getattr(value, key) for key in tree.keys]
    if tree.kind == "dict":
        return [value[key] for key in tree.keys]
    return list(value) if tree.children else []


def rebuild(tree: Tree, parts: list[Any]) -> Any:
    """Return the container that ``tree`` describes, with other members."""
    children = tuple(Tree("leaf", leaf=part) for part in parts)
    return Tree(tree.kind, children, tree.keys, tree.cls).build()


def _kind_text(tree: Tree) -> str:
    if tree.kind in ("list", "tuple"):
        return f"a {tree.kind} of {len(tree.children)}"
    if tree.kind == "dict":
        return f"a dict with keys {', '.join(map(repr, tree.keys))}"
    if tree.kind == "record" and tree.cls is not None:
        return tree.cls.__name__
    return "None" if tree.kind == "none" else f"a {type(tree.leaf).__name__}"


def is_float_leaf(value: Any) -> bool:
    """Tell whether ``value`` can carry a derivative: a number or array of no integers.

    A Python int counts as a float.
    """
    if is_array_like(value):
        return bool(value.dtype.kind in "fc")
    return isinstance(value, float | complex) or is_int(value)


ARTICLES = {"i": "an integer", "u": "an unsigned integer", "b": "a boolean"}
ARTICLES |= {"c": "a complex", "O": "an object", "U": "a string", "S": "a bytes"}
ARTICLES |= {"M": "a datetime", "m": "a timedelta", "V": "a structured", "f": "a float"}


def leaf_text(value: Any) -> str:
    """Return what ``value`` is, for messages: ``an integer array``."""
    if is_array_like(value):
        kind = ARTICLES.get(getattr(value.dtype, "kind", ""), "an")
        return f"{kind} {'array' if value.shape else 'scalar'}"
    if isinstance(value, bool):
        return "a bool"
    names = {str: "a string", complex: "a complex number", int: "an int"}
    name = type(value).__name__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return names.get(type(value), f"{article} {name} object")
