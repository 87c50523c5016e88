"""Expressions."""

from __future__ import annotations

import ast
import operator
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.frame import Frame, evaluate, evaluates, static_int
from gradgen.frontend.values import Static, is_static, to_python
from gradgen.primitives.indexing import read
from gradgen.primitives.registry import Handle, apply

BINARY: dict[type[ast.operator], tuple[str, Any]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("remainder", operator.mod),
    ast.Pow: ("power", operator.pow),
    ast.MatMult: ("matmul", operator.matmul),
}
COMPARE: dict[type[ast.cmpop], tuple[str, Any]] = {
    ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le),
    ast.Gt: ("greater", operator.gt),
    ast.GtE: ("greater_equal", operator.ge),
    ast.Eq: ("equal", operator.eq),
    ast.NotEq: ("not_equal", operator.ne),
}


@evaluates(ast.Constant)
def _constant(frame: Frame, node: ast.Constant) -> Any:
    return Static(node.value)


@evaluates(ast.Tuple, ast.List)
def _sequence(frame: Frame, node: ast.Tuple | ast.List) -> Any:
    parts = [evaluate(frame, element) for element in node.elts]
    return parts if isinstance(node, ast.List) else tuple(parts)


@evaluates(ast.BinOp)
def _binary(frame: Frame, node: ast.BinOp) -> Any:
    left = evaluate(frame, node.left)
    right = evaluate(frame, node.right)
    frame.builder.span = frame.span(node)
    return combine(type(node.op), left, right)


def combine(kind: type[ast.operator], left: Any, right: Any) -> Any:
    """Return ``left <op> right`` for abstract values."""
    if kind not in BINARY:
        raise Refusal(f"the operator '{kind.__name__}' is not supported")
    name, function = BINARY[kind]
    if isinstance(left, Static) and isinstance(right, Static):
        return Static(function(left.value, right.value))
    if isinstance(left, Handle) or isinstance(right, Handle):
        return apply(name, to_python(left), to_python(right))
    return _combine_containers(function, left, right)


def _combine_containers(function: Any, left: Any, right: Any) -> Any:
    plain = [v.value if isinstance(v, Static) else v for v in (left, right)]
    if function in (operator.add, operator.mul):
        return function(*plain)
    raise Refusal("this operator on containers is not supported")


@evaluates(ast.UnaryOp)
def _unary(frame: Frame, node: ast.UnaryOp) -> Any:
    value = evaluate(frame, node.operand)
    frame.builder.span = frame.span(node)
    if isinstance(value, Static):
        functions = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}
        return Static(functions[type(node.op)](value.value))
    if isinstance(node.op, ast.USub) and isinstance(value, Handle):
        return apply("negative", value)
    raise Refusal("this operator is not supported here")


@evaluates(ast.Compare)
def _compare(frame: Frame, node: ast.Compare) -> Any:
    left = evaluate(frame, node.left)
    right = evaluate(frame, node.comparators[0])
    if len(node.ops) > 1:
        raise Refusal("chained comparisons are not supported yet")
    name, function = COMPARE[type(node.ops[0])]
    if is_static(left) and is_static(right):
        return Static(function(to_python(left), to_python(right)))
    return apply(name, to_python(left), to_python(right))


@evaluates(ast.Subscript)
def _subscript(frame: Frame, node: ast.Subscript) -> Any:
    owner = evaluate(frame, node.value)
    index = evaluate(frame, node.slice)
    frame.builder.span = frame.span(node)
    if isinstance(owner, Handle):
        items = index if isinstance(index, tuple) else (index,)
        return read(owner, [to_python(item) for item in items])
    key = static_int(frame, index)
    return owner[key]


@evaluates(ast.Slice)
def _slice(frame: Frame, node: ast.Slice) -> Any:
    parts = [
        None if bound is None else to_python(evaluate(frame, bound))
        for bound in (node.lower, node.upper, node.step)
    ]
    return Static(slice(*parts))
