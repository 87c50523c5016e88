"""From templates to syntax trees."""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Sequence
from typing import Any

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
    return statement.value


def fill_statement(template: str, operands: Sequence[ast.expr]) -> ast.stmt:
    """Return the statement of ``template``; ``x += -y`` is turned into ``x -= y``.

    Examples
    --------
    >>> minus = ast.UnaryOp(ast.USub(), name("y"))
    >>> ast.unparse(fill_statement("{0}[0] += {1}", [name("x"), minus]))
    'x[0] -= y'
    """
    tree: ast.stmt = _filled(_parse(template), operands)
    if isinstance(tree, ast.AugAssign) and isinstance(tree.op, ast.Add):
        value = tree.value
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            return ast.AugAssign(tree.target, ast.Sub(), value.operand)
    return tree


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
    if isinstance(value, float) and not math.isfinite(value):
        return dotted("np.nan") if math.isnan(value) else _infinity(value)
    if _is_negative(value):
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _is_negative(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value < 0 or (value == 0 and math.copysign(1.0, value) < 0)


def _infinity(value: float) -> ast.expr:
    infinity = dotted("np.inf")
    return infinity if value > 0 else ast.UnaryOp(ast.USub(), infinity)
