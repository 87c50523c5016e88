"""From templates to syntax trees."""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

SLOT = "operand_slot_"


@functools.lru_cache(maxsize=4096)
def _parse(template: str) -> ast.stmt:
    source = re.sub(r"\{(\d+)\}", rf"{SLOT}\1", template)
    return ast.parse(source).body[0]


def _filled(node: Any, operands: Sequence[ast.expr]) -> Any:
    """Return a copy of ``node`` with operands in place of slots."""
    if isinstance(node, list):
        return [_filled(item, operands) for item in node]
    if isinstance(node, ast.Name) and node.id.startswith(SLOT):
        return operands[int(node.id[len(SLOT) :])]
    if not isinstance(node, ast.AST) or isinstance(node, ast.Name | ast.Constant):
        return node
    fields = {key: _filled(value, operands) for key, value in ast.iter_fields(node)}
    return type(node)(**fields)


def fill(template: str, operands: Sequence[ast.expr]) -> ast.expr:
    """Return the expression of ``template`` with operands in place of its slots.

    Examples
    --------
    >>> ast.unparse(fill("np.exp({0})", [name("x")]))
    'np.exp(x)'
    """
    statement = fill_statement(template, operands)
    assert isinstance(statement, ast.Expr), template
    node = statement.value
    return operation(node.left, node.op, node.right) if _is_sum(node) else node


def _is_sum(node: ast.expr) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def operation(left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.BinOp:
    """Return ``left operator right``; ``a - -2 * b`` is turned into ``a + 2 * b``."""
    return ast.BinOp(left, *_turned(operator, right))


def update(target: ast.expr, operator: ast.operator, value: ast.expr) -> ast.AugAssign:
    """Return ``target operator= value``; ``x += -y`` is turned into ``x -= y``."""
    return ast.AugAssign(target, *_turned(operator, value))  # type: ignore[arg-type]


def augmented(statement: ast.stmt) -> ast.stmt:
    """Turn ``a = a + b`` and ``a = b + a`` into ``a += b``.

    Examples
    --------
    >>> ast.unparse(augmented(ast.parse("x[0] = 2 * x[0]").body[0]))
    'x[0] *= 2'
    """
    value = statement.value if isinstance(statement, ast.Assign) else None
    if not isinstance(statement, ast.Assign) or not isinstance(value, ast.BinOp):
        return statement
    (target,) = statement.targets
    if isinstance(target, ast.Name | ast.Subscript):
        if _same_place(target, value.left):
            return ast.AugAssign(target, value.op, value.right)
        commutes = isinstance(value.op, ast.Add | ast.Mult)
        if commutes and _same_place(target, value.right):
            return update(target, value.op, value.left)
    return statement


def _same_place(one: ast.expr, other: ast.expr) -> bool:
    """Tell whether two expressions are the same variable, or part of an array."""
    if isinstance(one, ast.Subscript) and isinstance(other, ast.Subscript):
        pairs = (one.value, other.value), (one.slice, other.slice)
        return all(ast.dump(a) == ast.dump(b) for a, b in pairs)
    return isinstance(one, ast.Name) and one.id == getattr(other, "id", None)


def _turned(operator: ast.operator, operand: ast.expr) -> tuple[ast.operator, ast.expr]:
    """Return the opposite of a sum's operator and operand, where that saves a sign."""
    positive = _without_minus(operand)
    if positive is None or not isinstance(operator, ast.Add | ast.Sub):
        return operator, operand
    return (ast.Sub() if isinstance(operator, ast.Add) else ast.Add()), positive


def _without_minus(node: ast.expr) -> ast.expr | None:
    """Return ``-node`` where a product or quotient begins with a minus sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left = _without_minus(node.left)
        return None if left is None else ast.BinOp(left, node.op, node.right)
    return None


def fill_statement(template: str, operands: Sequence[ast.expr]) -> ast.stmt:
    """Return the statement of ``template``; ``x += -y`` is turned into ``x -= y``.

    Examples
    --------
    >>> minus = ast.UnaryOp(ast.USub(), name("y"))
    >>> ast.unparse(fill_statement("{0}[0] += {1}", [name("x"), minus]))
    'x[0] -= y'
    """
    tree: ast.stmt = _filled(_parse(template), operands)
    if isinstance(tree, ast.AugAssign):
        return update(tree.target, tree.op, tree.value)
    return tree


def negated(node: ast.expr) -> ast.expr:
    """Return ``not node``; an equation is turned into its opposite."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
        opposite = ast.NotEq() if isinstance(node.ops[0], ast.Eq) else ast.Eq()
        return ast.Compare(node.left, [opposite], node.comparators)
    return ast.UnaryOp(ast.Not(), node)


def name(identifier: str) -> ast.expr:
    """Return the expression that reads a variable."""
    return ast.Name(identifier, ast.Load())


@functools.lru_cache(maxsize=4096)
def dotted(path: str) -> ast.expr:
    """Return the expression of a dotted name such as ``np.exp``."""
    return ast.parse(path, mode="eval").body


def constant(value: Any) -> ast.expr:
    """Return the expression of a literal; NumPy scalars keep their dtype."""
    if isinstance(value, np.generic):
        inner = constant(value.item())
        return ast.Call(dotted(f"np.{value.dtype.name}"), [inner], [])
    if isinstance(value, complex):
        return _complex(value)
    if isinstance(value, float) and not math.isfinite(value):
        return dotted("np.nan") if math.isnan(value) else _infinity(value)
    if _is_negative(value):
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _complex(value: complex) -> ast.expr:
    """Return a complex literal, ``1j`` or ``complex(1.0, -2.0)``, to the last sign.

    What Python adds up of a real and an imaginary part is not always what it prints.
    """
    if repr(value.real) == "0.0" and _is_plain(value.imag):
        return ast.Constant(value)
    parts = [constant(value.real), constant(value.imag)]
    return ast.Call(name("complex"), parts, [])


def _is_plain(value: float) -> bool:
    return math.isfinite(value) and not _is_negative(value)


def _is_negative(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value < 0 or (value == 0 and math.copysign(1.0, value) < 0)


def _infinity(value: float) -> ast.expr:
    infinity = dotted("np.inf")
    return infinity if value > 0 else ast.UnaryOp(ast.USub(), infinity)
