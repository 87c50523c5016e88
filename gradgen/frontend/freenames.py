"""Which names an inner function sees around it, and whether it writes to these."""

from __future__ import annotations

import ast
import dis
from collections.abc import Collection, Iterator

from gradgen.frontend.bytecode import codes_in
from gradgen.frontend.lists import CHANGING
from gradgen.frontend.scope import FunctionNode, parameter_names
from gradgen.primitives.registry import MUTATORS

GETTING = ("get", "items", "values")
"""Methods that return what a container holds."""
MAKING = (
    ast.BinOp,
    ast.Constant,
    ast.Dict,
    ast.DictComp,
    ast.List,
    ast.ListComp,
    ast.UnaryOp,
)
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
    node: FunctionNode, names: Collection[str], lists: Collection[str] = ()
) -> tuple[ast.AST, str] | None:
    """Return where a function writes to what has one of ``names``, and its name.

    Among these are ``lists``, and dicts, for which whatever was not evidently made in
    the function is taken: there are no such things that are read only. Whoever the
    function passes something to may write to it, too.
    """
    origins = _origins(node, names)
    strange = _strange_names(node) if lists else set()
    for part in ast.walk(node):
        target = _written(part)
        name = origins.get(_root(target))
        if name is not None:
            return part, name
        in_place = isinstance(part, ast.AugAssign) and isinstance(target, ast.Name)
        if target is not None and _root(target) in strange and not in_place:
            return part, next(iter(lists))
    return None


def _strange_names(node: FunctionNode) -> set[str]:
    """Return the names of what may have been made elsewhere; "" is what has none."""
    inner = (x for x in ast.walk(node) if isinstance(x, FunctionNode) and x is not node)
    found = {"", *(name for x in inner for name in parameter_names(x.args))}
    for target, value in _bindings(node):
        if not isinstance(value, MAKING) and not _is_method_call(value):
            found.update(_bound_in(target))
    return found


def _is_method_call(value: ast.expr) -> bool:
    """Tell whether this is a call such as ``np.zeros(2)``, or ``x.copy()``."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return False
    return value.func.attr not in GETTING


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
                for name in _bound_in(target):
                    origins.setdefault(name, found)
    return origins


def _bound_in(target: ast.expr) -> list[str]:
    """Return the names that a target of an assignment binds."""
    names = (x for x in ast.walk(target) if isinstance(x, ast.Name))
    return [x.id for x in names if isinstance(x.ctx, ast.Store)]


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
