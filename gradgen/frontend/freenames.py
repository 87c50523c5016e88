"""Which names an inner function sees around it, and whether it writes to these."""

from __future__ import annotations

import ast
import dis
from collections.abc import Collection, Iterator

from gradgen.frontend.bytecode import codes_in
from gradgen.frontend.lists import CHANGING
from gradgen.frontend.scope import FunctionNode
from gradgen.primitives.registry import MUTATORS

GETTING = ("get", "items", "values")
"""Methods that return what a container holds."""
WALKING = ("enumerate", "getattr", "iter", "next", "reversed", "zip")
"""Functions that return what they are given, or what it holds."""


def free_names(node: FunctionNode) -> list[str]:
    r"""Return the names that a function reads and does not bind, in order.

    Those of its defaults are not among them.

    Examples
    --------
    >>> free_names(ast.parse("lambda x, k=c: k * [a for b in x]").body[0].value)
    ['a']
    """
    found: dict[str, None] = {}
    for code in codes_in(node):
        for step in dis.get_instructions(code):
            if "GLOBAL" in step.opname or step.opname == "LOAD_NAME":
                found.setdefault(step.argval)
    return list(found)


def names_in(node: FunctionNode) -> set[str]:
    """Return all names that stand in a function."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names | {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}


def find_write(
    node: FunctionNode, names: Collection[str]
) -> tuple[ast.AST, str] | None:
    """Return where a function writes to what has one of ``names``, and its name.

    Whoever it passes that to may write to it, too: this is seen elsewhere.
    """
    origins = _origins(node, names)
    for part in ast.walk(node):
        name = origins.get(_root(_written(part)))
        if name is not None:
            return part, name
    return None


def _written(part: ast.AST) -> ast.AST | None:
    """Return the expression of what a node writes to, less plain names."""
    if isinstance(part, ast.Subscript | ast.Attribute):
        return None if isinstance(part.ctx, ast.Load) else part.value
    if isinstance(part, ast.AugAssign):
        return part.target
    if isinstance(part, ast.keyword) and part.arg == "out":
        return part.value
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
        name = part.func.attr
        return part.func.value if name in CHANGING or name in MUTATORS else None
    return None


def _root(part: ast.AST | None) -> str:
    """Return the name that ``x[0].real`` and the like start with."""
    while isinstance(part, ast.Subscript | ast.Attribute | ast.Starred):
        part = part.value
    return part.id if isinstance(part, ast.Name) else ""


def _origins(node: FunctionNode, names: Collection[str]) -> dict[str, str]:
    """Return for names that may stand for the same things which of ``names`` it is."""
    origins = {name: name for name in names}
    pairs = list(_bindings(node))
    for _ in pairs:
        for target, value in pairs:
            found = next((origins[r] for r in _referred(value) if r in origins), None)
            if found is not None:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        origins.setdefault(part.id, found)
    return origins


def _bindings(node: FunctionNode) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what is bound, and what to."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assign):
            yield from ((target, part.value) for target in part.targets)
        elif isinstance(part, ast.NamedExpr | ast.AnnAssign):
            value = part.value
            if value is not None:
                yield part.target, value
        elif isinstance(part, ast.For | ast.comprehension):
            yield part.target, part.iter


def _referred(value: ast.expr) -> Iterator[str]:
    """Yield the names of what an expression may return, or return a part of."""
    if isinstance(value, ast.IfExp):
        yield from (*_referred(value.body), *_referred(value.orelse))
    elif isinstance(value, ast.Tuple | ast.List):
        for part in value.elts:
            yield from _referred(part)
    elif isinstance(value, ast.BoolOp):
        for part in value.values:
            yield from _referred(part)
    elif isinstance(value, ast.NamedExpr):
        yield from _referred(value.value)
    elif isinstance(value, ast.Call):
        function = value.func
        if isinstance(function, ast.Attribute) and function.attr in GETTING:
            yield _root(function.value)
        elif isinstance(function, ast.Name) and function.id in WALKING:
            for part in value.args:
                yield from _referred(part)
    else:
        yield _root(value)
