"""Prints a bufferized function as Python source over NumPy."""

from __future__ import annotations

import ast
import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from gradgen.codegen.comments import docstring, with_comment
from gradgen.codegen.expressions import (
    constant,
    dotted,
    fill,
    fill_statement,
    name,
)
from gradgen.codegen.names import choose_names
from gradgen.errors import Span
from gradgen.ir.core import Atom, Function, Literal, Op, Param, Value
from gradgen.ir.tree import Tree
from gradgen.ir.types import Scalar
from gradgen.primitives import kernels
from gradgen.primitives.registry import PRIMITIVES

INDENT = "    "
WIDTH = 84
SUPPORT = "gradgen.runtime.support"
SUPPORT_NAMES = frozenset(n for n in vars(kernels) if n.islower() and n[0] != "_")


@dataclass(frozen=True, slots=True)
class Emitted:
    """Generated source, where its lines come from, and the classes that it names."""

    name: str
    source: str
    spans: dict[int, Span]
    classes: dict[str, type]


@dataclass(slots=True)
class _Printer:
    function: Function
    names: dict[Value, str]
    inlined: dict[Value, ast.expr] = field(default_factory=dict)
    classes: dict[str, type] = field(default_factory=dict)
    lines: list[tuple[str, Span | None]] = field(default_factory=list)
    section: str = ""
    line: str = ""


def emit(function: Function) -> Emitted:
    """Return the source of ``function``: imports, one ``def``, one comment a line."""
    names = choose_names(function, SUPPORT_NAMES)
    printer = _Printer(function, names)
    _print_head(printer)
    for param in function.params:
        _print_unpacking(printer, param)
    for op in function.body.ops:
        _print_op(printer, op)
    _add(printer, ast.Return(_tree(printer, function.result)), None)
    return _assemble(printer)


def _support_names(lines: list[str]) -> list[str]:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return sorted(n for n in calls if n in SUPPORT_NAMES)


def _assemble(printer: _Printer) -> Emitted:
    body = [text for text, _ in printer.lines]
    support = _support_names(body)
    head = ["import numpy as np"]
    if any("math." in line for line in body):
        head.insert(0, "import math")
    if support:
        head.append(f"from {SUPPORT} import {', '.join(support)}")
    head.extend(["", ""])
    spans = {
        number: span
        for number, (_, span) in enumerate(printer.lines, len(head) + 1)
        if span is not None
    }
    source = "\n".join([*head, *body]) + "\n"
    return Emitted(printer.function.name, source, spans, printer.classes)


def _print_head(printer: _Printer) -> None:
    params = [_parameter(param) for param in printer.function.params]
    printer.lines.append((f"def {printer.function.name}({', '.join(params)}):", None))
    printer.lines.extend((line, None) for line in docstring(printer.function))


def _parameter(param: Param) -> str:
    return param.name if param.default is None else f"{param.name}={param.default!r}"


def _print_unpacking(printer: _Printer, param: Param) -> None:
    """Print what brings the leaves of a container into variables."""
    if param.tree.kind == "leaf":
        return
    used = [x for x in param.tree.leaves() if _is_used(printer.function, x)]
    if not used:
        return
    target = _target(printer, param.tree, set(used))
    if target is not None:
        _add(printer, ast.Assign([target], name(param.name), lineno=1), None)
        return
    for x, path in zip(param.tree.leaves(), param.tree.paths(param.name), strict=True):
        if x in used:
            store = ast.Name(printer.names[x], ast.Store())
            _add(printer, ast.Assign([store], dotted(path), lineno=1), None)


def _is_used(function: Function, value: Value) -> bool:
    in_ops = any(value in op.operands for op in function.body.ops)
    return in_ops or value in function.body.results


def _target(printer: _Printer, tree: Tree, used: set[Value]) -> ast.expr | None:
    """Return the target that unpacks lists and tuples; None where a dict is inside."""
    if tree.kind == "leaf":
        text = printer.names[tree.leaf] if tree.leaf in used else "_"
        return ast.Name(text, ast.Store())
    if tree.kind in ("static", "none"):
        return ast.Name("_", ast.Store())
    if tree.kind not in ("list", "tuple") or not tree.children:
        return None
    parts = [_target(printer, child, used) for child in tree.children]
    elements = [part for part in parts if part is not None]
    return ast.Tuple(elements, ast.Store()) if len(elements) == len(parts) else None


def _print_op(printer: _Printer, op: Op) -> None:
    if op.inline:
        printer.inlined[op.results[0]] = _expression(printer, op)
        return
    _print_section(printer, op)
    _add(printer, _statement(printer, op), op.span)


SECTIONS = {"primal": "# forward sweep", "adjoint": "# reverse sweep"}


def _print_section(printer: _Printer, op: Op) -> None:
    """Mark where the forward and the reverse sweep begin."""
    origins = {o.origin for o in printer.function.body.ops}
    if "adjoint" not in origins or op.origin not in SECTIONS:
        return
    if op.origin != printer.section and printer.section != "adjoint":
        printer.section = op.origin
        if "primal" in origins:
            printer.lines.append((INDENT + SECTIONS[op.origin], None))


def _statement(printer: _Printer, op: Op) -> ast.stmt:
    primitive = PRIMITIVES[op.name]
    if primitive.effect or not op.results:
        return _effect(printer, op)
    if primitive.mutates:
        return _effect(printer, op)
    target = ast.Name(printer.names[op.results[0]], ast.Store())
    if op.into is not None:
        return _in_place(printer, op, target)
    expression = _expression(printer, op)
    left = expression.left if isinstance(expression, ast.BinOp) else None
    if isinstance(op.results[0].type, Scalar) and _is_name(left, target.id):
        return ast.AugAssign(target, expression.op, expression.right)  # type: ignore[attr-defined]
    return ast.Assign([target], expression, lineno=1)


def _is_name(node: ast.expr | None, identifier: str) -> bool:
    return isinstance(node, ast.Name) and node.id == identifier


def _effect(printer: _Printer, op: Op) -> ast.stmt:
    return fill_statement(_template(op), [_atom(printer, x) for x in op.operands])


def _in_place(printer: _Printer, op: Op, target: ast.Name) -> ast.stmt:
    """Return ``a += b``, or the call with ``out=`` where there is no such operator."""
    assert op.into is not None
    donor = op.operands[op.into]
    assert isinstance(donor, Value)
    primitive = PRIMITIVES[op.name]
    operands = [_atom(printer, x) for x in op.operands]
    expression = fill(_template(op), operands)
    same_name = printer.names[donor] == target.id
    is_operator = isinstance(expression, ast.BinOp)
    if same_name and is_operator and (op.into == 0 or primitive.commutative):
        other = operands[1 - op.into]
        return ast.AugAssign(target, expression.op, other)  # type: ignore[attr-defined]
    out = ast.keyword("out", name(printer.names[donor]))
    call = ast.Call(dotted(primitive.ufunc), operands, [out])
    return ast.Expr(call) if same_name else ast.Assign([target], call, lineno=1)


def _template(op: Op) -> str:
    return PRIMITIVES[op.name].print_as([x.type for x in op.operands], op.attrs)


def _expression(printer: _Printer, op: Op) -> ast.expr:
    return fill(_template(op), [_atom(printer, x) for x in op.operands])


def _atom(printer: _Printer, atom: Atom) -> ast.expr:
    if isinstance(atom, Literal):
        return constant(atom.value)
    if atom in printer.inlined:
        return printer.inlined[atom]
    return name(printer.names[atom])


def _tree(printer: _Printer, tree: Tree) -> ast.expr:
    """Return the expression that builds a result."""
    if tree.kind == "leaf":
        return _atom(printer, tree.leaf)
    if tree.kind in ("static", "none"):
        return constant(tree.leaf)
    parts = [_tree(printer, child) for child in tree.children]
    if tree.kind == "dict":
        return ast.Dict([constant(key) for key in tree.keys], parts)
    if tree.kind == "record":
        assert tree.cls is not None
        printer.classes[tree.cls.__name__] = tree.cls
        keywords = [ast.keyword(k, p) for k, p in zip(tree.keys, parts, strict=True)]
        return ast.Call(name(tree.cls.__name__), [], keywords)
    return (ast.List if tree.kind == "list" else ast.Tuple)(parts, ast.Load())


def _add(printer: _Printer, statement: ast.stmt, span: Span | None) -> None:
    lines = _to_source()(statement).rstrip("\n").split("\n")
    comment = "" if span is None else span.label
    if comment == printer.line:
        comment = ""
    elif comment:
        printer.line = comment
    printer.lines.extend((INDENT + line, span) for line in with_comment(lines, comment))


@functools.cache
def _to_source() -> Callable[[ast.AST], str]:
    """Import astor late and quietly.

    It is needed only to compile, and mentions classes that newer Pythons warn about.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import astor
        from astor.source_repr import split_lines

    def wrap(source: list[str]) -> str:
        return "".join(split_lines(source, maxline=WIDTH))

    return functools.partial(astor.to_source, pretty_source=wrap)
