"""What the function reads from outside: folded, captured, or kept as foreign.

Numbers and arrays are captured: they become parameters of the program, read anew at
every call. What shapes the program is folded and guarded: it must still be the same
when the program is called again.
"""

from __future__ import annotations

import builtins
import enum
import functools
import re
import types
from typing import Any

import numpy as np

from gradgen.errors import ArgumentError, Refusal
from gradgen.frontend.arrays import ArrayObject, fresh
from gradgen.frontend.frame import Context, Frame
from gradgen.frontend.values import (
    Capture,
    Foreign,
    Guard,
    Root,
    Static,
    from_python,
    from_tree,
)
from gradgen.ir.abstract import abstract_tree, is_object, is_tensor
from gradgen.ir.builder import Builder
from gradgen.ir.core import Param, Value
from gradgen.ir.tree import Tree, tree_of
from gradgen.primitives.registry import LOWERINGS, Handle

CONSTANTS = (
    str,
    bytes,
    bool,
    int,
    type(None),
    types.EllipsisType,
    slice,
    range,
    np.dtype,
)
FOLDED = (
    type,
    enum.Enum,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    np.ufunc,
    staticmethod,
    classmethod,
)
WRAPPERS = (functools._lru_cache_wrapper,)
TRUSTED = frozenset(
    {
        "builtins",
        "cmath",
        "functools",
        "gradgen",
        "itertools",
        "math",
        "numpy",
        "operator",
        "scipy",
    }
)
"""Modules whose attributes nobody changes."""


def find_outside(frame: Frame, name: str) -> Any:
    """Return the abstract value of a name that the compiled function does not bind.

    Raises
    ------
    NameError
        Where there is no such name, or it has no value yet.
    """
    function = frame.source.function
    free = function.__code__.co_freevars
    if name in free:
        cells = dict(zip(free, function.__closure__ or (), strict=True))
        return outside_value(
            frame, Root("closure", function, name), _content(cells[name], name)
        )
    if name in function.__globals__:
        root = Root("global", function, name)
        return outside_value(frame, root, function.__globals__[name])
    if hasattr(builtins, name):
        namespace = Root("object", function, "__globals__")
        guard_absence(frame.context, namespace, name)
        return Static(getattr(builtins, name))
    raise NameError(f"the name '{name}' is not defined")


def _content(cell: types.CellType, name: str) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        raise NameError(f"'{name}' has no value yet") from None


def outside_value(frame: Frame, root: Root, value: Any) -> Any:
    """Fold, capture or keep as foreign an object found outside the function."""
    context = frame.context
    if is_foldable(value):
        context.guard(root, value)
        return from_python(value)
    tree = tree_of(value)
    if tree.kind == "leaf":
        return _outside_leaf(frame, root, value)
    if all(_is_plain(x) for x in tree.leaves()):
        return _capture(frame, root, value, tree)
    if type(value) in (list, tuple):
        return _elements(frame, root, value)
    return _foreign(context, root, value)


def _outside_leaf(frame: Frame, root: Root, value: Any) -> Any:
    if is_tensor(value) or is_object(value):
        return _capture(frame, root, value, tree_of(value))
    if isinstance(value, np.ndarray):
        raise Refusal(
            f"'{root.text}' is an array of {value.dtype}, not of numbers",
            "an array of floats: np.array(values, float)",
        )
    return _foreign(frame.context, root, value)


def is_foldable(value: Any) -> bool:
    """Tell whether an object is folded into the program."""
    if isinstance(value, tuple) and type(value) is tuple:
        return all(map(is_foldable, value))
    if isinstance(value, CONSTANTS):
        return not isinstance(value, np.generic)
    if isinstance(value, frozenset):
        return all(map(is_foldable, value))
    return isinstance(value, FOLDED + WRAPPERS) or is_known(value)


def is_known(value: Any) -> bool:
    """Tell whether calls of an object are lowered."""
    try:
        return value in LOWERINGS
    except (TypeError, ValueError):
        return False


def _is_plain(value: Any) -> bool:
    return is_tensor(value) or is_object(value) or is_foldable(value)


def _foreign(context: Context, root: Root, value: Any) -> Foreign:
    """Keep an object, whose class is part of the program."""
    if root.kind != "argument" or root.attributes:
        context.guard(root.child("__class__"), type(value))
    return Foreign(value, root)


def _elements(frame: Frame, root: Root, value: Any) -> Any:
    """Return the elements of a list or tuple of objects, each for itself."""
    frame.context.guard(root.child("__len__()"), len(value))
    found = type(value)(
        outside_value(frame, root.child(f"[{i}]"), x) for i, x in enumerate(value)
    )
    frame.context.borrow(found)
    return found


def _capture(frame: Frame, root: Root, value: Any, tree: Tree) -> Any:
    """Make what the function reads from outside a parameter of the program."""
    context, builder = frame.context, frame.builder
    if root not in context.captures:
        name = unused_name(context, root)
        try:
            abstract = abstract_tree(tree, name, builder.dims)
        except ArgumentError as error:
            raise Refusal(str(error)) from None
        abstract = _fold_integers(context, root, tree, abstract)
        param = Param(name, abstract, "captured")
        found = from_tree(
            abstract, lambda v: _guest(builder, v), lambda v, _: from_python(v), root
        )
        context.borrow(found)
        context.captures[root] = (Capture(root, name), param, found)
        context.inputs.update(abstract.leaves())
        builder.enter_outside(tuple(abstract.leaves()))
    return context.captures[root][2]


def _guest(builder: Builder, value: Value) -> Handle:
    """Return an array from outside, which the function must not write to."""
    array = fresh(Handle(builder, value))
    if isinstance(array, ArrayObject):
        array.buffer.guest = "writing into an array from outside is a side effect"
    return array


def _fold_integers(context: Context, root: Root, tree: Tree, abstract: Tree) -> Tree:
    """Fold and guard the integers in a container, which may be sizes and flags."""
    if tree.kind == "leaf":
        if not isinstance(tree.leaf, int) or isinstance(tree.leaf, bool):
            return abstract
        context.guard(root, tree.leaf)
        return Tree("static", leaf=tree.leaf)
    children = tuple(
        _fold_integers(context, root.child(step.removeprefix(".")), child, inner)
        for step, child, inner in zip(
            tree.steps(), tree.children, abstract.children, strict=True
        )
    )
    return Tree(abstract.kind, children, abstract.keys, abstract.cls, abstract.leaf)


def unused_name(context: Context, root: Root) -> str:
    """Return a name for a captured value that no other parameter has."""
    stem = re.sub(r"\W+", "_", root.text).strip("_") or "value"
    name, number = stem, 1
    while name in context.names:
        number += 1
        name = f"{stem}{number}"
    context.names.add(name)
    return name


def default_value(
    frame: Frame, function: types.FunctionType, name: str, value: Any
) -> Any:
    """Return the abstract value of a parameter's default."""
    return outside_value(frame, Root("default", function, name), value)


def guard_absence(context: Context, namespace: Root, name: str) -> None:
    """Rely on a dict of names, ``__dict__`` or ``__globals__``, not to have a name."""
    context.guard(namespace.child(f"__contains__({name!r})"), False)


def guard_code(context: Context, function: types.FunctionType) -> None:
    """Rely on the code of a helper, however it was reached."""
    if not any(g.value is function for g in context.guards.values()):
        root = Root("object", function, "__code__")
        context.guards.setdefault(root, Guard(root, function.__code__))
