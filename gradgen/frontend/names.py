"""Names: locals, those of enclosing functions, globals and builtins; and imports."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.attributes import attribute_of
from gradgen.frontend.frame import (
    Frame,
    Raised,
    always,
    evaluate,
    evaluate_optional,
    evaluates,
    executes,
)
from gradgen.frontend.lists import CHANGING, RunList
from gradgen.frontend.outside import find_outside
from gradgen.frontend.raising import require_present
from gradgen.frontend.values import Conflict, Maybe, Static
from gradgen.ir.core import Literal, Value
from gradgen.primitives.messages import emit_check_bound
from gradgen.primitives.registry import MUTATORS, Handle

if TYPE_CHECKING:
    from gradgen.frontend import distribution
else:
    distribution = Deferred("gradgen.frontend.distribution")


@evaluates(ast.Name)
def _name(frame: Frame, node: ast.Name) -> Any:
    return look_up(frame, node.id)


def look_up(frame: Frame, name: str) -> Any:
    """Return the abstract value of a name by Python's scoping rules."""
    scope: Frame | None = frame
    while scope is not None:
        if name in scope.names:
            return _bound(scope, name, scope.names[name])
        if name in scope.scope.local_names:
            raise _unbound(scope, name)
        if scope.parent is None:
            return _look_outside(scope, name)
        scope = scope.parent
    raise AssertionError(name)


def _unbound(scope: Frame, name: str) -> Exception:
    """Return what stops a path on which a name is read that nothing was bound to.

    In a loop it may be bound by an earlier turn, as shows later.
    """
    if not scope.builder.outer:
        return always("UnboundLocalError", f"'{name}' is read before it is bound")
    emit_check_bound(Handle(scope.builder, Literal.of(False)), name)
    return Raised()


def _bound(scope: Frame, name: str, value: Any) -> Any:
    """Return what a name holds; raise when run where it is not bound."""
    if isinstance(value, Conflict):
        raise Refusal(value.reason, value.hint)
    if isinstance(value, Maybe):
        is_open = isinstance(value.flag, Handle) and isinstance(value.flag.atom, Value)
        if value.none:
            require_present(scope.builder, value, name)
        elif is_open:
            emit_check_bound(value.flag, name)
        scope.names[name] = value.value
        return value.value
    return value


def _look_outside(frame: Frame, name: str) -> Any:
    try:
        return find_outside(frame, name)
    except NameError as error:
        raise always("NameError", str(error)) from None


@evaluates(ast.Attribute)
def _attribute(frame: Frame, node: ast.Attribute) -> Any:
    name = _mangled(frame, node.attr)
    is_write = name in CHANGING or name in MUTATORS
    if isinstance(node.value, ast.Subscript) and is_write:
        return attribute_of(frame, distribution.evaluate_owner(frame, node.value), name)
    return attribute_of(frame, evaluate(frame, node.value), name)


def _mangled(frame: Frame, name: str) -> str:
    """Return a private name as the class that the function stands in spells it."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    parts = frame.source.function.__qualname__.split(".")
    if len(parts) < 2 or parts[-2] == "<locals>":
        return name
    return f"_{parts[-2].lstrip('_')}{name}"


@evaluates(ast.NamedExpr)
def _walrus(frame: Frame, node: ast.NamedExpr) -> Any:
    value = evaluate_optional(frame, node.value)
    assert isinstance(node.target, ast.Name)
    owner = frame
    while owner.parent is not None and node.target.id not in owner.scope.local_names:
        owner = owner.parent
    owner.bind(node.target.id, value)
    name_value(value, node.target.id)
    return value


def name_value(value: Any, name: str) -> None:
    """Give a value the name of the variable it is bound to, if it has none.

    A path such as ``params[0]`` is no name.
    """
    if isinstance(value, RunList) and len(value.columns) == 1:
        value = value.handles[0]
    atom = value.atom if isinstance(value, Handle) else None
    if isinstance(atom, Value) and not atom.hint.isidentifier():
        atom.hint = name


@executes(ast.Nonlocal, ast.Pass)
def _nothing(frame: Frame, node: ast.stmt) -> None:
    return None


@executes(ast.Import)
def _import(frame: Frame, node: ast.Import) -> None:
    for alias in node.names:
        module = _import_module(frame, alias.name, (), 0)
        if alias.asname:
            for part in alias.name.split(".")[1:]:
                module = getattr(module, part)
        frame.bind(alias.asname or alias.name.split(".")[0], Static(module))


@executes(ast.ImportFrom)
def _import_from(frame: Frame, node: ast.ImportFrom) -> None:
    names = tuple(alias.name for alias in node.names)
    module = _import_module(frame, node.module or "", names, node.level)
    for alias in node.names:
        value = attribute_of(frame, Static(module), alias.name)
        frame.bind(alias.asname or alias.name, value)


def _import_module(frame: Frame, name: str, names: tuple[str, ...], level: int) -> Any:
    function = frame.source.function
    try:
        return __import__(name, function.__globals__, None, names, level)
    except ImportError as error:
        raise Refusal(f"this import fails: {error}") from None
