"""Arguments on their way into generated code, and results on their way out."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import ArgumentError
from gradgen.ir.tree import Tree, tree_of
from gradgen.runtime.keys import is_duck_array


def is_int(value: Any) -> bool:
    """Tell whether ``value`` is a Python int, which counts as a float."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_zero_dimensional(value: Any) -> bool:
    """Tell whether ``value`` is an array without dimensions, not a scalar."""
    return (
        is_duck_array(value) and not isinstance(value, np.generic) and not value.shape
    )


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
    return _rebuild(tree, [leave(part, x) for part, x in parts])


def fit_seed(seed: Any, like: Any, name: str, like_name: str) -> Any:
    """Return a tangent or cotangent in the form that goes with the value ``like``.

    A floating leaf needs a number or array of the same shape and dtype. None, in the
    place of a leaf or of a container, is given back as None.

    Raises
    ------
    ArgumentError
        Where structure, shape or dtype differ.
    """
    tree = tree_of(like)
    if tree.kind == "leaf":
        return _fit_leaf(seed, like, name, like_name)
    if seed is None:
        return _rebuild(tree, [fit_seed(None, x, "", "") for x in parts_of(like, tree)])
    check_structure(seed, tree, name, like_name)
    parts = zip(parts_of(seed, tree), parts_of(like, tree), tree.steps(), strict=True)
    fitted = [fit_seed(s, x, name + step, like_name + step) for s, x, step in parts]
    return _rebuild(tree, fitted)


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


def _rebuild(tree: Tree, parts: list[Any]) -> Any:
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


def _fit_leaf(seed: Any, like: Any, name: str, like_name: str) -> Any:
    if seed is None:
        return None
    if not is_float_leaf(like):
        raise ArgumentError(
            f"{name} must be None: {like_name} is {leaf_text(like)}, "
            "which has no derivative"
        )
    if is_int(like) or type(like) is float or not like.shape:
        return _fit_scalar(seed, like, name, like_name)
    if not is_duck_array(seed) or isinstance(seed, np.generic):
        raise ArgumentError(f"{name} must be an array like {like_name}, not {seed!r}")
    if seed.shape != like.shape:
        raise ArgumentError(
            f"{name} has shape {seed.shape}, but {like_name} has {like.shape}"
        )
    if seed.dtype != like.dtype:
        raise ArgumentError(
            f"{name} has dtype {seed.dtype}, but {like_name} has {like.dtype}"
        )
    return seed


def _fit_scalar(seed: Any, like: Any, name: str, like_name: str) -> Any:
    if is_zero_dimensional(seed):
        seed = seed[()]
    if isinstance(seed, bool | np.bool_) or not isinstance(
        seed, int | float | np.floating | np.integer
    ):
        raise ArgumentError(
            f"{name} must be a number like {like_name}, not {leaf_text(seed)}"
        )
    dtype = like.dtype if is_duck_array(like) else np.dtype(float)
    if isinstance(seed, np.floating) and seed.dtype.itemsize > dtype.itemsize:
        raise ArgumentError(
            f"{name} has dtype {seed.dtype}, but {like_name} has {dtype}"
        )
    return float(seed) if not is_duck_array(like) else dtype.type(seed)


def is_float_leaf(value: Any) -> bool:
    """Tell whether ``value`` can carry a derivative: a real number or array of them."""
    if is_duck_array(value):
        return bool(value.dtype.kind == "f")
    return isinstance(value, float) or is_int(value)


ARTICLES = {"i": "an integer", "u": "an unsigned integer", "b": "a boolean"}
ARTICLES |= {"c": "a complex", "O": "an object", "U": "a string", "S": "a bytes"}
ARTICLES |= {"M": "a datetime", "m": "a timedelta", "V": "a structured", "f": "a float"}


def leaf_text(value: Any) -> str:
    """Return what ``value`` is, for messages: ``an integer array``."""
    if is_duck_array(value):
        kind = ARTICLES.get(getattr(value.dtype, "kind", ""), "an")
        return f"{kind} {'array' if value.shape else 'scalar'}"
    if isinstance(value, bool):
        return "a bool"
    names = {str: "a string", complex: "a complex number", int: "an int"}
    name = type(value).__name__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return names.get(type(value), f"{article} {name} object")
