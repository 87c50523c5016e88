"""Names: locals, enclosing functions, globals and builtins, and attributes."""

from __future__ import annotations

import ast
import builtins
import types
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.frame import Frame, evaluate, evaluates
from gradgen.frontend.values import (
    Capture,
    Foreign,
    Guard,
    Method,
    Record,
    Root,
    Static,
    from_tree,
    is_static,
)
from gradgen.ir.core import Param
from gradgen.ir.tree import tree_of
from gradgen.ir.abstract import abstract_tree, is_numeric
from gradgen.primitives.registry import ATTRIBUTES, METHODS, Handle

FOLDED = (str, bytes, bool, int, type(None), type(Ellipsis), slice, np.dtype, type)
CALLABLE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    np.ufunc,
)


@evaluates(ast.Name)
def _name(frame: Frame, node: ast.Name) -> Any:
    return look_up(frame, node, node.id)


def look_up(frame: Frame, node: ast.AST, name: str) -> Any:
    """Return the abstract value of a name by Python's scoping rules."""
    scope: Frame | None = frame
    while scope is not None:
        if name in scope.names:
            return scope.names[name]
        if name in scope.local_names:
            raise frame.refuse(node, f"'{name}' is read before it is bound")
        if scope.parent is None:
            return _outside(scope, node, name)
        scope = scope.parent
    raise AssertionError(name)


def _outside(frame: Frame, node: ast.AST, name: str) -> Any:
    function = frame.source.function
    free = function.__code__.co_freevars
    if name in free:
        root = Root("closure", function, name)
    elif name in function.__globals__:
        root = Root("global", function, name)
    elif hasattr(builtins, name):
        return Static(getattr(builtins, name))
    else:
        raise frame.refuse(node, f"the name '{name}' is not defined")
    try:
        value = fetch(root)
    except ValueError:
        raise frame.refuse(node, f"'{name}' is not bound yet") from None
    return outside_value(frame, root, value)


def fetch(root: Root, arguments: Any = None) -> Any:
    """Return the object that stands at ``root`` now."""
    if root.kind == "closure":
        cells = dict(zip(root.owner.__code__.co_freevars, root.owner.__closure__, strict=True))
        value = cells[root.name].cell_contents
    elif root.kind == "global":
        value = root.owner.__globals__[root.name]
    else:
        value = arguments[root.name]
    for attribute in root.attributes:
        value = getattr(value, attribute)
    return value


def outside_value(frame: Frame, root: Root, value: Any) -> Any:
    """Fold, capture or keep as foreign an object found outside the function."""
    if isinstance(value, FOLDED + CALLABLE) or _static_container(value):
        frame.context.guards.setdefault(root, Guard(root, value))
        return Static(value)
    if is_numeric(value):
        return _capture(frame, root, value)
    return Foreign(value, root)


def _static_container(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(v, FOLDED) or _static_container(v) for v in value
    )


def _capture(frame: Frame, root: Root, value: Any) -> Any:
    """Make what the function reads from outside a parameter of the program."""
    builder = frame.builder
    if root not in frame.context.captures:
        name = "_".join((root.name, *root.attributes))
        tree = abstract_tree(tree_of(value), name, builder.dims)
        param = Param(name, tree, "captured")
        frame.context.captures[root] = (Capture(root, name), param)
        builder.enter(tuple(tree.leaves()))
    param = frame.context.captures[root][1]
    return from_tree(param.tree, lambda v: Handle(builder, v))


@evaluates(ast.Attribute)
def _attribute(frame: Frame, node: ast.Attribute) -> Any:
    owner = evaluate(frame, node.value)
    return attribute_of(frame, node, owner, node.attr)


def attribute_of(frame: Frame, node: ast.AST, owner: Any, name: str) -> Any:
    """Return the abstract value of ``owner.name``."""
    if isinstance(owner, Handle):
        return _tensor_attribute(owner, name)
    if isinstance(owner, Record):
        if name in owner.fields:
            return owner.fields[name]
        return _class_attribute(frame, node, owner, name)
    if isinstance(owner, Foreign):
        return _foreign_attribute(frame, owner, name)
    if isinstance(owner, Static):
        if isinstance(owner.value, str | bytes):
            return Method(owner, name)
        return _static_attribute(frame, node, owner.value, name)
    return Method(owner, name)


def _tensor_attribute(owner: Handle, name: str) -> Any:
    if name in ATTRIBUTES:
        found = ATTRIBUTES[name](owner)
        return found if isinstance(found, Handle | tuple) else Static(found)
    if name in METHODS:
        return Method(owner, name)
    raise Refusal(f"the attribute '{name}' of an array is not supported")


def _static_attribute(frame: Frame, node: ast.AST, owner: Any, name: str) -> Any:
    try:
        value = getattr(owner, name)
    except AttributeError as error:
        raise frame.refuse(node, str(error)) from None
    if isinstance(owner, types.ModuleType) and is_numeric(value):
        if isinstance(value, float) and owner.__name__ in ("math", "numpy"):
            return Static(value)
        raise Refusal(f"'{owner.__name__}.{name}' is read from another module")
    return Static(value)


def _class_attribute(frame: Frame, node: ast.AST, owner: Record, name: str) -> Any:
    found = getattr(owner.cls, name, None)
    if isinstance(found, types.FunctionType):
        return Method(owner, name)
    if found is not None and is_static(Static(found)):
        return Static(found)
    raise frame.refuse(node, f"{owner.cls.__name__} has no attribute '{name}'")


def _foreign_attribute(frame: Frame, owner: Foreign, name: str) -> Any:
    try:
        value = getattr(owner.value, name)
    except AttributeError as error:
        raise Refusal(str(error)) from None
    if isinstance(value, types.MethodType):
        return Method(owner, name)
    return outside_value(frame, owner.root.child(name), value)


