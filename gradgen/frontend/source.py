"""Finds the source of a function: its syntax tree, file, and the names it sees."""

from __future__ import annotations

import ast
import functools
import linecache
import textwrap
import types
from collections.abc import Iterator
from typing import Any

from gradgen.errors import SourceError, Span
from gradgen.frontend.bytecode import (
    compiles_to,
    has_parameters,
    is_rewritten,
    lines_in,
    parse,
)

FunctionNode = ast.FunctionDef | ast.Lambda
MADE = "__gradgen_source__"
"""The attribute that says what a function is that gradgen made of an inner one."""


class Source:
    """A function's syntax and where it stands.

    ``captured`` are parameters for what an inner function sees around it.
    """

    __slots__ = ("captured", "file", "function", "node", "text")

    def __init__(
        self,
        function: types.FunctionType,
        node: FunctionNode,
        file: str,
        text: str,
        captured: tuple[str, ...] = (),
    ) -> None:
        self.function = function
        self.node = node
        self.file = file
        self.text = text
        self.captured = captured

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
        column = _in_characters(text, column)
    if end_line != line:
        text = linecache.getline(file, end_line)
    if not text.isascii():
        end_column = _in_characters(text, end_column)
    return Span(file, line, column, end_line, end_column)


def _in_characters(text: str, column: int) -> int:
    return len(text.encode()[:column].decode(errors="ignore"))


def unwrap(function: Any) -> types.FunctionType:
    """Return the plain function behind methods, partials and callable objects.

    Raises
    ------
    SourceError
        For what is not written in Python.
    """
    while not isinstance(function, types.FunctionType):
        if isinstance(function, types.MethodType | staticmethod | classmethod):
            function = function.__func__
        elif isinstance(function, functools.partial):
            function = function.func
        else:
            call = getattr(type(function), "__call__", None)  # noqa: B004
            if isinstance(function, type) or not isinstance(call, types.FunctionType):
                kind = type(function).__name__
                raise SourceError(f"{function!r} is a {kind}, not a Python function")
            function = call
    return function


def is_made(function: Any) -> bool:
    """Tell whether gradgen made a function of an inner one."""
    made = getattr(function, MADE, None)
    return isinstance(made, Source) and made.function is function


def find_source(function: types.FunctionType) -> Source:
    """Return the syntax of ``function``, even one of several lambdas on a line.

    The source is compiled again and compared with the function, so that a file that
    was edited after it was imported is noticed.

    Raises
    ------
    SourceError
        Where Python has no source, as for functions typed into ``python -c``, and
        where the source is not that of the function any more.
    """
    if is_made(function):
        made: Source = getattr(function, MADE)
        return made
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        raise SourceError(_no_source(function))
    node = _find_in_block(lines, function) or _find_in_file(lines, function)
    text = textwrap.dedent(_segment(lines, node))
    return Source(function, node, code.co_filename, text)


def _no_source(function: types.FunctionType) -> str:
    code = function.__code__
    return (
        f"the source of '{function.__qualname__}' is not to be found at "
        f"{code.co_filename}:{code.co_firstlineno}; define it in a file or a notebook "
        "cell, or register its text in linecache"
    )


def _changed(function: types.FunctionType) -> str:
    return (
        f"the source of '{function.__qualname__}' in {function.__code__.co_filename} "
        "has changed since the function was defined; import it again"
    )


def _segment(lines: list[str], node: FunctionNode) -> str:
    assert node.end_lineno is not None
    if isinstance(node, ast.FunctionDef):
        return "".join(lines[node.lineno - 1 : node.end_lineno])
    part = lines[node.lineno - 1 : node.end_lineno]
    part[-1] = part[-1].encode()[: node.end_col_offset].decode()
    part[0] = part[0].encode()[node.col_offset :].decode()
    return "".join(part)


def _find_in_block(
    lines: list[str], function: types.FunctionType
) -> FunctionNode | None:
    """Parse no more than the lines of a ``def``; None if it is not found there."""
    code = function.__code__
    first = code.co_firstlineno - 1
    if code.co_name == "<lambda>" or first >= len(lines):
        return None
    try:
        block = _block(lines[first:])
        head = "if 1:\n" if _indented(block) else "\n"
        tree = parse(head + "".join(block), code.co_filename)
    except SyntaxError:
        return None
    ast.increment_lineno(tree, first - 1)
    return next((n for n in _definitions(tree) if _is_source(n, function)), None)


def _block(lines: list[str]) -> list[str]:
    """Return the lines of the ``def`` that comes first, as far as they are indented.

    That is not all of one with a text over several lines. It is not found then to
    compile to the function, and looked for in the whole file.
    """
    margin = _margin(lines[0])
    defined = False
    for number, line in enumerate(lines):
        bare = line.strip()
        if not bare or bare[0] in "#)]}" or _margin(line) > margin:
            continue
        if defined:
            return lines[:number]
        defined = bare.startswith(("def ", "async def "))
    return lines


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _indented(block: list[str]) -> bool:
    return bool(block) and block[0][:1].isspace()


def _find_in_file(lines: list[str], function: types.FunctionType) -> FunctionNode:
    """Search the whole file, for lambdas and for what has moved in it."""
    code = function.__code__
    tree = _parse_text("".join(lines), code.co_filename)
    found = [n for n in _definitions(tree) if _is_source(n, function)]
    if not found and not is_rewritten(code):
        lines_of = lines_in(tree, code)
        named = (n for n in _definitions(tree) if _named(n) == code.co_name)
        near = (n for n in named if _first_line(n) in lines_of)
        found = [n for n in near if has_parameters(n, code)]
    here = [n for n in found if _first_line(n) == code.co_firstlineno]
    if len(here) > 1:
        here = _by_columns(here, code) or here
    if here or found:
        return (here or found)[0]
    if any(_named(n) == code.co_name for n in _definitions(tree)):
        raise SourceError(_changed(function))
    raise SourceError(_no_source(function))


@functools.lru_cache(maxsize=32)
def _parse_text(text: str, file: str) -> ast.Module:
    try:
        return parse(text, file)
    except SyntaxError as error:
        raise SourceError(
            f"the source of {file} has changed or is no Python"
        ) from error


def _definitions(tree: ast.Module) -> Iterator[FunctionNode]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda))


def _named(node: FunctionNode) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _first_line(node: FunctionNode) -> int:
    if isinstance(node, ast.Lambda):
        return node.lineno
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _is_source(node: FunctionNode, function: types.FunctionType) -> bool:
    code = function.__code__
    if _named(node) != code.co_name:
        return False
    if isinstance(node, ast.Lambda) and _first_line(node) != code.co_firstlineno:
        return False
    return compiles_to(node, function)


def _by_columns(nodes: list[FunctionNode], code: types.CodeType) -> list[FunctionNode]:
    """Pick the innermost lambda whose columns hold all positions of the bytecode."""
    columns = [
        (start, end)
        for line, end_line, start, end in code.co_positions()
        if line == end_line and start is not None and end is not None and start < end
    ]
    if not columns:
        return []
    low, high = min(c[0] for c in columns), max(c[1] for c in columns)
    holding = [n for n in nodes if n.col_offset <= low and high <= _end(n)]
    return sorted(holding, key=lambda n: _end(n) - n.col_offset)


def _end(node: FunctionNode) -> int:
    return node.end_col_offset or 0


def returned(node: FunctionNode) -> ast.AST:
    """Return the place to point at when a result is refused."""
    if isinstance(node, ast.Lambda):
        return node.body
    returns = [n for n in ast.walk(node) if isinstance(n, ast.Return)]
    return returns[-1] if returns else node
