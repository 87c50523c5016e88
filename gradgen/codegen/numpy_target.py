"""Prints a bufferized function as Python source over NumPy."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradgen import kernels
from gradgen.codegen.comments import docstring
from gradgen.codegen.containers import classes_in, unpacking
from gradgen.codegen.layout import INDENT, WIDTH
from gradgen.codegen.names import choose_names
from gradgen.codegen.printing import SECTIONS, Printer, print_nodes, template_of
from gradgen.codegen.straight import arrange
from gradgen.errors import Span
from gradgen.ir.core import Function, Param, walk_ops
from gradgen.structs import frozen

SUPPORT = "gradgen.runtime.support"
SUPPORT_NAMES = frozenset(
    n for n, kernel in vars(kernels).items() if callable(kernel) and n[0] != "_"
)
WORD = re.compile(r"[a-z_]\w*")


@frozen
class Emitted:
    """Generated source, where its lines come from, and the classes that it names."""

    name: str
    source: str
    spans: dict[int, Span]
    classes: dict[str, type]


def emit(function: Function) -> Emitted:
    """Return the source of ``function``: imports, one ``def``, one comment a line."""
    classes = classes_in(function.result)
    support = _support_in(function)
    taken = {*support, *classes.values(), function.name}
    webs = arrange(function)
    names = choose_names(function, webs, taken)
    printer = Printer(webs.program, names, webs, function.result, classes, support)
    origins = {op.origin for op in function.body.ops}
    printer.sweeps = origins.issuperset(SECTIONS)
    _print_head(printer, function)
    for param, text in zip(function.params, names.params, strict=True):
        for statement in unpacking(param, text, names):
            printer.add(statement, None)
    print_nodes(printer, webs.program.nodes)
    return _assemble(printer, function.name)


def _support_in(function: Function) -> frozenset[str]:
    """Return the support functions that the ops of ``function`` call."""
    templates = (template_of(op) for op in walk_ops(function.body) if not op.regions)
    words = (word for template in templates for word in WORD.findall(template))
    return SUPPORT_NAMES.intersection(words)


def _print_head(printer: Printer, function: Function) -> None:
    names = printer.names.params
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


def _assemble(printer: Printer, name: str) -> Emitted:
    head = _imports(printer.outside)
    body = [text for text, _ in printer.lines]
    spans = {
        number: span
        for number, (_, span) in enumerate(printer.lines, len(head) + 1)
        if span is not None
    }
    source = "\n".join([*head, *body]) + "\n"
    classes = {text: cls for cls, text in printer.classes.items()}
    return Emitted(name, source, spans, classes)


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
