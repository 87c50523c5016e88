"""From templates to syntax trees."""

from __future__ import annotations

import ast
import copy
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


class _Fill(ast.NodeTransformer):
    def __init__(self, operands: Sequence[ast.expr]) -> None:
        self.operands = operands

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if not node.id.startswith(SLOT):
            return node
        return self.operands[int(node.id[len(SLOT) :])]


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
    tree: ast.stmt = _Fill(operands).visit(copy.deepcopy(_parse(template)))
    if isinstance(tree, ast.AugAssign) and isinstance(tree.op, ast.Add):
        value = tree.value
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            return ast.AugAssign(tree.target, ast.Sub(), value.operand)
    return tree


def name(identifier: str) -> ast.expr:
    """Return the expression that reads a variable."""
    return ast.Name(identifier, ast.Load())


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
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _infinity(value: float) -> ast.expr:
    infinity = dotted("np.inf")
    return infinity if value > 0 else ast.UnaryOp(ast.USub(), infinity)
