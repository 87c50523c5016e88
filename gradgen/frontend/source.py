"""Finds the source of a function: its syntax tree, file, and the names it sees."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import textwrap
import types
from dataclasses import dataclass
from typing import Any

from gradgen.errors import SourceError, Span


@dataclass(frozen=True, slots=True)
class Source:
    """A function's syntax and where it stands."""

    function: types.FunctionType
    node: ast.FunctionDef | ast.Lambda
    file: str
    text: str

    @property
    def name(self) -> str:
        """Return a name that is a Python identifier."""
        name = self.function.__name__
        return name if name.isidentifier() else "f"

    def span(self, node: ast.AST) -> Span:
        """Return the span of a syntax node."""
        return span_of(self.file, node)


def span_of(file: str, node: ast.AST) -> Span:
    """Return the span of a syntax node of ``file``; columns in characters."""
    line = getattr(node, "lineno", 1)
    column = getattr(node, "col_offset", 0)
    end_line = getattr(node, "end_lineno", None) or line
    end_column = getattr(node, "end_col_offset", None) or 0
    text = linecache.getline(file, line)
    if not text.isascii():
        raw = text.encode()
        column = len(raw[:column].decode(errors="ignore"))
        if end_line == line:
            end_column = len(raw[:end_column].decode(errors="ignore"))
    return Span(file, line, column, end_line, end_column)


def unwrap(function: Any) -> types.FunctionType:
    """Return the plain function behind bound methods."""
    if isinstance(function, types.MethodType):
        return unwrap(function.__func__)
    if not isinstance(function, types.FunctionType):
        kind = type(function).__name__
        raise SourceError(f"{function!r} is a {kind}, not a Python function")
    return function


def find_source(function: types.FunctionType) -> Source:
    """Return the syntax of ``function``, even one of several lambdas on a line.

    Raises
    ------
    SourceError
        Where Python has no source, as for functions typed into ``python -c``.
    """
    code = function.__code__
    linecache.checkcache(code.co_filename)
    tree = _parse_file(code.co_filename, function.__globals__)
    candidates = [node for node in _definitions(tree) if _starts_at(node, code)]
    matching = [node for node in candidates if _same_code(node, code)]
    if len(matching) > 1:
        matching = _by_columns(matching, code) or matching[:1]
    if not matching:
        raise SourceError(_no_source(function))
    node = matching[0]
    text = ast.get_source_segment("".join(_lines(code.co_filename)), node) or ""
    return Source(function, node, code.co_filename, textwrap.dedent(text))


def _no_source(function: types.FunctionType) -> str:
    place = f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"
    return (
        f"the source of {function.__qualname__!r} is not to be found at {place}; "
        "define it in a file, a notebook cell, or register its text in linecache"
    )


def _lines(file: str) -> list[str]:
    return linecache.getlines(file)


def _parse_file(file: str, namespace: dict[str, Any]) -> ast.Module:
    lines = linecache.getlines(file, namespace)
    if not lines:
        raise SourceError(
            f"no source for {file}; define the function in a file, a notebook cell, "
            "or register its text in linecache"
        )
    return _parse_text("".join(lines), file)


@functools.lru_cache(maxsize=32)
def _parse_text(text: str, file: str) -> ast.Module:
    try:
        return ast.parse(text, file)
    except SyntaxError as error:
        raise SourceError(f"the source of {file} has changed or is no Python") from error


def _definitions(tree: ast.Module) -> list[ast.FunctionDef | ast.Lambda]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda)]


def _starts_at(node: ast.FunctionDef | ast.Lambda, code: types.CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return node.name == code.co_name and first == code.co_firstlineno


def _same_code(node: ast.FunctionDef | ast.Lambda, code: types.CodeType) -> bool:
    """Compare argument names and, for lambdas, the bytecode of the expression."""
    spec = node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    count = code.co_argcount + code.co_kwonlyargcount
    return tuple(names) == code.co_varnames[:count]


def _by_columns(
    nodes: list[ast.FunctionDef | ast.Lambda], code: types.CodeType
) -> list[ast.FunctionDef | ast.Lambda]:
    """Pick the lambda whose columns hold all positions of the bytecode."""
    columns = [
        (start, end)
        for line, end_line, start, end in code.co_positions()
        if line is not None and start is not None and end is not None and start < end
    ]
    if not columns:
        return []
    low, high = min(c[0] for c in columns), max(c[1] for c in columns)
    return [
        node
        for node in nodes
        if isinstance(node, ast.Lambda)
        and node.body.col_offset <= low
        and high <= (node.body.end_col_offset or 0)
        or isinstance(node, ast.FunctionDef)
    ]


def signature_of(function: Any) -> inspect.Signature:
    """Return the signature of ``function`` itself, whatever it wraps."""
    return inspect.signature(function, follow_wrapped=False)
