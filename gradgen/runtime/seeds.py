"""Seeds: whether a tangent or cotangent goes with the value that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from gradgen.errors import ArgumentError
from gradgen.ir.abstract import is_array_like
from gradgen.ir.tree import tree_of
from gradgen.runtime.convert import (
    check_structure,
    is_float_leaf,
    is_int,
    is_zero_dimensional,
    leaf_text,
    parts_of,
    rebuild,
)

Fit = Callable[[Any, Any, str, str], Any]
FIELDS: dict[str, tuple[str, Any]] = {
    "f": ("real", int | float | np.floating),
    "c": ("complex", int | float | complex | np.inexact),
}
"""What a seed of a single number is called, and which numbers it may be."""


def fit_tangent(seed: Any, like: Any, name: str) -> Any:
    """Return the tangent of the argument ``like`` in the form that code takes it in.

    None holds a leaf or a container fixed.

    Raises
    ------
    ArgumentError
        Where structure, shape or dtype differ.
    """
    return _fit(seed, like, f"the tangent of {name}", name, _tangent_leaf)


def fit_cotangent(seed: Any, like: Any) -> Any:
    """Return the cotangent of the result ``like`` in the form that code takes it in.

    None stands for zero, and is all that an integer can have.

    Raises
    ------
    ArgumentError
        Where structure, shape or dtype differ.
    """
    return _fit(seed, like, "the cotangent", "the result", _cotangent_leaf)


def _fit(seed: Any, like: Any, name: str, like_name: str, fit: Fit) -> Any:
    tree = tree_of(like)
    if tree.kind == "leaf":
        return fit(seed, like, name, like_name)
    if seed is None:
        seeds = [None] * len(tree.children)
    else:
        check_structure(seed, tree, name, like_name)
        seeds = parts_of(seed, tree)
    parts = zip(seeds, parts_of(like, tree), tree.steps(), strict=True)
    fitted = [_fit(s, x, name + step, like_name + step, fit) for s, x, step in parts]
    return rebuild(tree, fitted)


def _tangent_leaf(seed: Any, like: Any, name: str, like_name: str) -> Any:
    if seed is None:
        return None
    if not is_float_leaf(like):
        _refuse_seed(name, like_name, like)
    return _fit_leaf(seed, like, name, like_name)


def _cotangent_leaf(seed: Any, like: Any, name: str, like_name: str) -> Any:
    if is_float_leaf(like) and not is_int(like):
        seed = np.zeros_like(like)[()] if seed is None else seed
        return _fit_leaf(seed, like, name, like_name)
    if seed is not None:
        _refuse_seed(name, like_name, like)
    return None


def _refuse_seed(name: str, like_name: str, like: Any) -> NoReturn:
    raise ArgumentError(
        f"{name} must be None: {like_name} is {leaf_text(like)}, "
        "which has no derivative"
    )


def _fit_leaf(seed: Any, like: Any, name: str, like_name: str) -> Any:
    if not is_array_like(like) or not like.shape:
        return _fit_scalar(seed, like, name, like_name)
    if not is_array_like(seed) or isinstance(seed, np.generic):
        raise ArgumentError(f"{name} must be an array, not {leaf_text(seed)}")
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
    dtype = like.dtype if is_array_like(like) else np.dtype(type(like))
    field, numbers = FIELDS.get(dtype.kind, FIELDS["f"])
    if isinstance(seed, bool) or not isinstance(seed, numbers):
        raise ArgumentError(f"{name} must be a {field} number, not {leaf_text(seed)}")
    if isinstance(seed, np.inexact) and not np.can_cast(seed.dtype, dtype):
        raise ArgumentError(
            f"{name} has dtype {seed.dtype}, but {like_name} has {dtype}"
        )
    if is_array_like(like):
        return dtype.type(seed)
    return complex(seed) if isinstance(like, complex) else float(seed)
