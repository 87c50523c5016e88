"""Prints a bufferized function as Python source over NumPy."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gradgen import kernels
from gradgen.codegen.comments import docstring, with_comment
from gradgen.codegen.containers import classes_in, construction, unpacking
from gradgen.codegen.expressions import (
    constant,
    dotted,
    fill,
    fill_statement,
    name,
    update,
)
from gradgen.codegen.layout import INDENT, WIDTH, lay_out
from gradgen.codegen.names import Names, choose_names
from gradgen.errors import Span
from gradgen.ir.core import Function, Literal, Op, Param, Value
from gradgen.ir.types import Scalar
from gradgen.primitives.registry import PRIMITIVES

SUPPORT = "gradgen.runtime.support"
SUPPORT_NAMES = frozenset(
    n for n, kernel in vars(kernels).items() if callable(kernel) and n[0] != "_"
)
WORD = re.compile(r"[a-z_]\w*")
SECTIONS = {"primal": "# forward sweep", "adjoint": "# reverse sweep"}


@dataclass(frozen=True, slots=True)
class Emitted:
    """Generated source, where its lines come from, and the classes that it names."""

    name: str
    source: str
    spans: dict[int, Span]
    classes: dict[str, type]


@dataclass(slots=True)
class _Printer:
    """What was printed so far. ``outside`` collects the names that need an import."""

    function: Function
    names: Names
    classes: dict[type, str]
    support: frozenset[str]
    sweeps: bool
    inlined: dict[Value, ast.expr] = field(default_factory=dict)
    lines: list[tuple[str, Span | None]] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    section: str = ""
    place: str = ""


def emit(function: Function) -> Emitted:
    """Return the source of ``function``: imports, one ``def``, one comment a line."""
    classes = classes_in(function.result)
    support = _support_in(function)
    taken = {*support, *classes.values(), function.name}
    origins = {op.origin for op in function.body.ops}
    printer = _Printer(
        function,
        choose_names(function, taken),
        classes,
        support=support,
        sweeps=origins.issuperset(SECTIONS),
    )
    _print_head(printer)
    for param, text in zip(function.params, printer.names.params, strict=True):
        for statement in unpacking(param, text, printer.names):
            _add(printer, statement, None)
    for op in function.body.ops:
        _print_op(printer, op)
    value = construction(function.result, lambda x: _atom(printer, x), classes)
    _add(printer, ast.Return(value), None)
    return _assemble(printer)


def _support_in(function: Function) -> frozenset[str]:
    """Return the support functions that the ops of ``function`` call."""
    words = (word for op in function.body.ops for word in WORD.findall(_template(op)))
    return SUPPORT_NAMES.intersection(words)


def _print_head(printer: _Printer) -> None:
    function, names = printer.function, printer.names.params
    params = _parameters(function.params, names)
    lines = [f"def {function.name}({', '.join(params)}):"]
    if len(lines[0]) > WIDTH:
        inner = (f"{INDENT}{param}," for param in params)
        lines = [f"def {function.name}(", *inner, "):"]
    lines.extend(docstring(function, names))
    printer.lines.extend((line, None) for line in lines)


def _parameters(params: Sequence[Param], names: Sequence[str]) -> list[str]:
    """Return the text of each parameter, with defaults where no other one follows."""
    texts: list[str] = []
    defaults = True
    for param, text in reversed(list(zip(params, names, strict=True))):
        defaults = defaults and param.default is not None
        texts.append(f"{text}={param.default!r}" if defaults else text)
    return texts[::-1]


def _print_op(printer: _Printer, op: Op) -> None:
    if op.inline:
        printer.inlined[op.results[0]] = _expression(printer, op)
        return
    _print_section(printer, op)
    _add(printer, _statement(printer, op), op.span)


def _print_section(printer: _Printer, op: Op) -> None:
    """Mark where the forward and the reverse sweep begin."""
    if not printer.sweeps or printer.section in (op.origin, "adjoint"):
        return
    if op.origin in SECTIONS:
        printer.section = op.origin
        printer.lines.append((INDENT + SECTIONS[op.origin], None))


def _statement(printer: _Printer, op: Op) -> ast.stmt:
    primitive = PRIMITIVES[op.name]
    if primitive.effect or primitive.mutates or not op.results:
        return fill_statement(_template(op), [_atom(printer, x) for x in op.operands])
    target = ast.Name(printer.names[op.results[0]], ast.Store())
    if op.into is not None:
        return _in_place(printer, op, target)
    expression = _expression(printer, op)
    if isinstance(expression, ast.BinOp) and _are_numbers(op):
        left = expression.left
        if isinstance(left, ast.Name) and left.id == target.id:
            return ast.AugAssign(target, expression.op, expression.right)
    return ast.Assign([target], expression, lineno=1)


def _are_numbers(op: Op) -> bool:
    """Tell whether ``op`` has numbers alone, so that ``a += b`` changes no array."""
    return all(isinstance(x.type, Scalar) for x in op.operands)


def _in_place(printer: _Printer, op: Op, target: ast.Name) -> ast.stmt:
    """Return ``a += b``, or the call with ``out=`` where there is no such operator."""
    assert op.into is not None
    operands = [_atom(printer, x) for x in op.operands]
    slots = [name("_"), name("_")]
    expression = fill(_template(op), slots) if len(operands) == 2 else None
    if isinstance(expression, ast.BinOp):
        return update(target, expression.op, operands[1 - op.into])
    out = ast.keyword("out", operands[op.into])
    return ast.Expr(ast.Call(dotted(PRIMITIVES[op.name].ufunc), operands, [out]))


def _template(op: Op) -> str:
    return PRIMITIVES[op.name].print_as([x.type for x in op.operands], op.attrs)


def _expression(printer: _Printer, op: Op) -> ast.expr:
    return fill(_template(op), [_atom(printer, x) for x in op.operands])


def _atom(printer: _Printer, atom: Any) -> ast.expr:
    if isinstance(atom, Literal):
        return constant(atom.value)
    if atom in printer.inlined:
        return printer.inlined[atom]
    return name(printer.names[atom])


def _add(printer: _Printer, statement: ast.stmt, span: Span | None) -> None:
    """Print a statement, with its place where that differs from the last one's."""
    used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    printer.outside |= used & {"math", "np", *printer.support}
    comment = "" if span is None or span.label == printer.place else span.label
    printer.place = comment or printer.place
    lines = with_comment(lay_out(statement), comment)
    printer.lines.extend((line, span) for line in lines)


def _assemble(printer: _Printer) -> Emitted:
    head = _imports(printer.outside)
    body = [text for text, _ in printer.lines]
    spans = {
        number: span
        for number, (_, span) in enumerate(printer.lines, len(head) + 1)
        if span is not None
    }
    source = "\n".join([*head, *body]) + "\n"
    classes = {text: cls for cls, text in printer.classes.items()}
    return Emitted(printer.function.name, source, spans, classes)


def _imports(outside: set[str]) -> list[str]:
    lines = ["import math"] if "math" in outside else []
    if "np" in outside:
        lines.append("import numpy as np")
    support = sorted(outside & SUPPORT_NAMES)
    if support:
        lines.extend(_import_lines(support))
    return [*lines, "", ""] if lines else []


def _import_lines(support: Sequence[str]) -> list[str]:
    """Return the import of ``support``, in brackets where it is long."""
    line = f"from {SUPPORT} import {', '.join(support)}"
    if len(line) <= WIDTH:
        return [line]
    inner = (f"{INDENT}{text}," for text in support)
    return [f"from {SUPPORT} import (", *inner, ")"]
