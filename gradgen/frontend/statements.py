"""Statements."""

from __future__ import annotations

import ast
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.expressions import combine
from gradgen.frontend.frame import Flow, Frame, evaluate, execute, executes
from gradgen.frontend.values import Static
from gradgen.ir.core import Value
from gradgen.primitives.registry import Handle


@executes(ast.Assign)
def _assign(frame: Frame, node: ast.Assign) -> None:
    value = evaluate(frame, node.value)
    for target in node.targets:
        bind_target(frame, target, value)


def bind_target(frame: Frame, target: ast.expr, value: Any) -> None:
    """Bind a target of an assignment, unpacking where it is a tuple."""
    if isinstance(target, ast.Name):
        frame.names[target.id] = value
        name_value(value, target.id)
    elif isinstance(target, ast.Tuple | ast.List):
        parts = list(value)
        for element, part in zip(target.elts, parts, strict=True):
            bind_target(frame, element, part)
    else:
        raise frame.refuse(target, "writing into an array is not supported yet")


def name_value(value: Any, name: str) -> None:
    """Give a value the name of the variable it is bound to, if it has none."""
    if isinstance(value, Handle) and isinstance(value.atom, Value):
        if not value.atom.hint.isidentifier():
            value.atom.hint = name


@executes(ast.AugAssign)
def _augmented(frame: Frame, node: ast.AugAssign) -> None:
    if not isinstance(node.target, ast.Name):
        raise Refusal("writing into an array is not supported yet")
    load = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
    value = combine(type(node.op), evaluate(frame, load), evaluate(frame, node.value))
    bind_target(frame, node.target, value)


@executes(ast.Return)
def _return(frame: Frame, node: ast.Return) -> Flow:
    if node.value is None:
        return Flow("return", Static(None))
    return Flow("return", evaluate(frame, node.value))


@executes(ast.Expr)
def _expression(frame: Frame, node: ast.Expr) -> None:
    evaluate(frame, node.value)


@executes(ast.Pass)
def _pass(frame: Frame, node: ast.Pass) -> None:
    return None


@executes(ast.For)
def _for(frame: Frame, node: ast.For) -> Flow | None:
    iterable = evaluate(frame, node.iter)
    if isinstance(iterable, Static):
        iterable = [Static(v) for v in iterable.value]
    for item in list(iterable):
        bind_target(frame, node.target, item)
        flow = execute(frame, node.body)
        if flow is not None and flow.kind == "return":
            return flow
        if flow is not None and flow.kind == "break":
            return None
    return execute(frame, node.orelse)


@executes(ast.If)
def _if(frame: Frame, node: ast.If) -> Flow | None:
    test = evaluate(frame, node.test)
    if not isinstance(test, Static):
        raise frame.refuse(node.test, "a branch on a run-time value is not supported yet")
    return execute(frame, node.body if test.value else node.orelse)
