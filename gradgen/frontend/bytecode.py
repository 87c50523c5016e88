"""Tells whether a syntax tree is the source of a function that is already compiled."""

from __future__ import annotations

import ast
import copy
import inspect
import types
import warnings
from collections.abc import Iterator, Sequence

FLAGS = 0x1FF0000
"""The flags of a code object that ``from __future__`` sets."""

REWRITTEN = "@py"
"""How the names begin that pytest puts into functions with assertions."""


LOCATED = (ast.stmt, ast.expr, ast.alias)


def compiles_to(
    node: ast.FunctionDef | ast.Lambda, function: types.FunctionType
) -> bool:
    """Tell whether ``node`` is what ``function`` was compiled from, less line numbers.

    Only parameters are compared where something rewrote the function before it was
    compiled, as pytest does with assertions.
    """
    code = function.__code__
    if is_rewritten(code):
        return has_parameters(node, code)
    imported = _imported(function)
    ways = (imported, []) if imported else ([],)
    return any(_same(_compiled(node, function, names), code) for names in ways)


def has_parameters(node: ast.FunctionDef | ast.Lambda, code: types.CodeType) -> bool:
    """Tell whether ``node`` takes the parameters that ``code`` takes."""
    return _parameters(node) == _parameter_names(code)


def is_rewritten(code: types.CodeType) -> bool:
    """Tell whether a function is not compiled from its source alone."""
    names = (*code.co_varnames, *code.co_names)
    return any(name.startswith(REWRITTEN) for name in names)


def lines_in(tree: ast.Module, code: types.CodeType) -> list[int]:
    """Compile a whole file, and return where ``code`` begins in it."""
    outer = _compile(tree, code)
    named = (c for c in _nested(outer) if c.co_name == code.co_name)
    return [c.co_firstlineno for c in named if _same(c, code)]


def _parameters(node: ast.FunctionDef | ast.Lambda) -> tuple[str, ...]:
    spec = node.args
    return tuple(a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs))


def _parameter_names(code: types.CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _compiled(
    node: ast.FunctionDef | ast.Lambda,
    function: types.FunctionType,
    imported: Sequence[str],
) -> types.CodeType:
    """Compile ``node`` where it sees the same names, and return its code object."""
    code = function.__code__
    module = _module(_surrounded(_bare(node), code))
    if imported:
        module.body.insert(0, ast.Import([ast.alias(name) for name in imported]))
        _locate(module.body[0])
    outer = _compile(module, code)
    named = (c for c in _nested(outer) if c.co_name == code.co_name)
    return next(c for c in named if c.co_flags & inspect.CO_OPTIMIZED)


def compile_inner(
    node: ast.FunctionDef, outer: types.FunctionType, names: Sequence[str]
) -> types.CodeType:
    """Compile a function that sees ``names`` of one around it; ``outer`` is like that.

    It gets the name that it has in the user's file.
    """
    codes = _nested(_compile(_module(_enclosed(node, names)), outer.__code__))
    _, code, *_ = codes
    return code.replace(co_qualname=f"{outer.__qualname__}.<locals>.{node.name}")


def codes_in(node: ast.FunctionDef | ast.Lambda) -> Iterator[types.CodeType]:
    """Yield the code objects of a function that sees nothing but globals."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from _nested(compile(_module(_bare(node)), "", "exec", dont_inherit=True))


def _module(statement: ast.stmt) -> ast.Module:
    return ast.Module([statement], [])


def _bare(node: ast.FunctionDef | ast.Lambda) -> ast.stmt:
    """Return a statement with ``node`` less all that is evaluated outside of it."""
    bare = copy.copy(node)
    bare.args = copy.copy(node.args)
    none = ast.copy_location(ast.Constant(None), node)
    bare.args.defaults = [none for _ in node.args.defaults]
    bare.args.kw_defaults = [d and none for d in node.args.kw_defaults]
    if isinstance(bare, ast.Lambda):
        return ast.copy_location(ast.Expr(bare), node)
    bare.decorator_list = []
    return bare


def _compile(tree: ast.Module, like: types.CodeType) -> types.CodeType:
    """Compile as ``like`` was compiled; Python has given its warnings already."""
    flags = like.co_flags & FLAGS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(tree, like.co_filename, "exec", flags, dont_inherit=True)
    assert isinstance(code, types.CodeType)
    return code


def parse(text: str, file: str) -> ast.Module:
    """Parse source, of which Python has given its warnings already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, file)


def _imported(function: types.FunctionType) -> list[str]:
    """Return the names that look imported: attributes of these are read differently."""
    known = function.__globals__
    names = [n for n in function.__code__.co_names if n in known]
    own = function.__module__
    return [
        n
        for n in names
        if isinstance(known[n], types.ModuleType)
        or getattr(known[n], "__module__", own) != own
    ]


def _surrounded(statement: ast.stmt, code: types.CodeType) -> ast.stmt:
    """Put a statement into a class and a function as in the user's source."""
    names = code.co_qualname.split(".")[:-1]
    if names and names[-1] != "<locals>":
        statement = ast.ClassDef(names[-1], [], [], [statement], [])
        if hasattr(statement, "type_params"):
            statement.type_params = []
        _locate(statement)
    return _enclosed(statement, code.co_freevars)


def _enclosed(statement: ast.stmt, free: Sequence[str]) -> ast.stmt:
    """Put a statement into a function that binds the names which are free in it."""
    targets = [ast.Name(n, ast.Store()) for n in free if n != "__class__"]
    body: list[ast.stmt] = [statement]
    if targets:
        body.insert(0, ast.Assign(list(targets), ast.Constant(None)))
    empty = ast.arguments([], [], None, [], [], None, [])
    outer = ast.FunctionDef("", empty, body, [])
    if hasattr(outer, "type_params"):
        outer.type_params = []
    _locate(outer)
    return outer


def _locate(node: ast.AST) -> None:
    for part in ast.walk(node):
        if isinstance(part, LOCATED) and not hasattr(part, "lineno"):
            part.lineno = part.end_lineno = 1
            part.col_offset = part.end_col_offset = 0


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _nested(constant)


def _same(left: types.CodeType, right: types.CodeType) -> bool:
    if left.co_code != right.co_code or left.co_names != right.co_names:
        return False
    if (left.co_varnames, left.co_freevars) != (right.co_varnames, right.co_freevars):
        return False
    if _parameter_counts(left) != _parameter_counts(right):
        return False
    if len(left.co_consts) != len(right.co_consts):
        return False
    pairs = zip(left.co_consts, right.co_consts, strict=True)
    return all(_same_constant(a, b) for a, b in pairs)


def _parameter_counts(code: types.CodeType) -> tuple[int, int, int]:
    return code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount


def _same_constant(left: object, right: object) -> bool:
    if isinstance(left, types.CodeType) and isinstance(right, types.CodeType):
        return _same(left, right)
    if type(left) is not type(right):
        return False
    return left == right if isinstance(left, frozenset) else repr(left) == repr(right)
