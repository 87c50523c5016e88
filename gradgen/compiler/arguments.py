"""From the arguments of a call to typed parameters, and what is differentiated."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

import numpy as np

from gradgen.errors import ArgumentError
from gradgen.frontend.outside import is_foldable
from gradgen.ir.abstract import abstract_tree, is_tensor, type_of
from gradgen.ir.core import Function, Param, Value
from gradgen.ir.dims import Dims
from gradgen.ir.tree import Tree, leaf, tree_of
from gradgen.ir.types import PY_FLOAT, Array, Scalar, Type
from gradgen.runtime.binding import Parameters
from gradgen.runtime.convert import Given, Mask, is_float_leaf, is_int, leaf_text
from gradgen.runtime.keys import is_by_value
from gradgen.structs import field, replace, struct


@struct
class Typed:
    """Typed parameters of a call.

    ``integers`` numbers the values of Python ints, ``selected`` holds the values of the
    leaves that are differentiated, ``numbers`` those of NumPy scalars.
    """

    params: list[Param] = field(default_factory=list)
    integers: dict[Value, int] = field(default_factory=dict)
    selected: set[Value] = field(default_factory=set)
    numbers: set[Value] = field(default_factory=set)
    count: int = 0


def typed_parameters(
    parameters: Parameters,
    args: Sequence[Any],
    masks: Sequence[Mask],
    promoted: Container[int],
    dims: Dims,
) -> Typed:
    """Return the parameters that a program for ``args`` is compiled with.

    Where a mask is set a Python int counts as a float; the integers that ``promoted``
    numbers are folded. An argument may hold types in the place of values.
    """
    typed = Typed()
    for arg in args:
        for x in tree_of(arg).leaves():
            if isinstance(x, Given):
                dims.note(x.type)
    for name, arg, mask in zip(parameters.names(len(args)), args, masks, strict=True):
        tree = _typed_tree(typed, name, arg, mask, promoted, dims)
        typed.params.append(Param(name, tree))
    return typed


def all_leaves(tree: Tree) -> Iterator[Any]:
    """Yield the leaves of an argument, None for those that are no numbers."""
    if tree.kind in ("leaf", "static"):
        yield tree.leaf if tree.kind == "leaf" else None
    for child in tree.children:
        yield from all_leaves(child)


def _typed_tree(
    typed: Typed, name: str, arg: Any, mask: Mask, promoted: Container[int], dims: Dims
) -> Tree:
    raw = tree_of(arg)
    leaves = iter(list(zip(raw.paths(name), mask, strict=True)))

    def place(tree: Tree) -> Tree:
        if tree.kind != "leaf":
            return replace(tree, children=tuple(map(place, tree.children)))
        path, selected = next(leaves)
        placed = _typed_leaf(typed, path, tree, selected, promoted, dims)
        if selected:
            typed.selected.add(placed.leaf)
        return placed

    return place(raw)


def _typed_leaf(
    typed: Typed,
    path: str,
    tree: Tree,
    selected: bool,
    promoted: Container[int],
    dims: Dims,
) -> Tree:
    value = tree.leaf
    if isinstance(value, Given):
        return leaf(Value(_given_type(value.type, path, selected, dims), path))
    if is_by_value(value):
        return Tree("static", leaf=value)
    if not is_int(value):
        _check_not_folded(path, value)
        placed = abstract_tree(tree, path, dims)
        if isinstance(value, np.generic):
            typed.numbers.add(placed.leaf)
        return placed
    number = typed.count
    typed.count += 1
    if selected:
        return leaf(Value(PY_FLOAT, path))
    if number in promoted:
        return Tree("static", leaf=value)
    placed = abstract_tree(tree, path, dims)
    typed.integers[placed.leaf] = number
    return placed


def _check_not_folded(path: str, value: Any) -> None:
    """Refuse what would be folded into a program that its key cannot tell apart."""
    if not is_tensor(value) and is_foldable(value):
        raise ArgumentError(f"{path} is {leaf_text(value)}, which cannot be passed in")


def _given_type(type_: Array | Scalar, path: str, selected: bool, dims: Dims) -> Type:
    """Return the type for an argument of which only the type is known."""
    if not _is_int_type(type_):
        return type_
    return PY_FLOAT if selected else type_of(1, dims, path)


def _is_int_type(type_: Type) -> bool:
    return isinstance(type_, Scalar) and type_.weak and type_.dtype.kind == "i"


def _has_derivative(value: Any) -> bool:
    given_int = isinstance(value, Given) and _is_int_type(value.type)
    return given_int or is_float_leaf(value)


def check_differentiable(name: str, arg: Any, mask: Mask) -> None:
    """Refuse by name what is to be differentiated but has no derivative.

    Raises
    ------
    ArgumentError
        For integer arrays, strings, objects and the like.
    """
    tree = tree_of(arg)
    for path, value, flag in zip(tree.paths(name), tree.leaves(), mask, strict=True):
        if flag and not _has_derivative(value):
            raise ArgumentError(_no_derivative(path, value))
    if tree.kind == "none":
        raise ArgumentError(f"{name} is None, so there is nothing to differentiate")


def _no_derivative(path: str, value: Any) -> str:
    message = f"{path} is {leaf_text(value)} and has no derivative; "
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu":
        message += f"pass {path}.astype(float), or "
    return message + "pass it as an argument that argnums does not select"


def for_frontend(parameters: Parameters, params: Sequence[Param]) -> list[Param]:
    """Return ``params`` with those of ``*args`` gathered into one."""
    if parameters.variadic is None:
        return list(params)
    first = len(parameters.positional)
    count = len(params) - parameters.fixed
    extra = tuple(param.tree for param in params[first : first + count])
    gathered = Param(parameters.variadic, Tree("tuple", extra))
    return [*params[:first], gathered, *params[first + count :]]


def spread(
    function: Function, parameters: Parameters, params: Sequence[Param]
) -> Function:
    """Return ``function`` with a parameter for each of ``*args``."""
    if parameters.variadic is None:
        return function
    gathered = parameters.fixed + 1
    captured = function.params[gathered:]
    return replace(function, params=(*params, *captured))
