"""The textual form of the IR, for readers, golden files and error messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradgen.errors import Span
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value
from gradgen.ir.tree import Tree
from gradgen.ir.types import short_dtype

WIDTH = 88
COMMENT_COLUMN = 60
INDENT = "    "
MARK = "-->"


def print_ir(function: Function, mark: Op | None = None, *, spans: bool = True) -> str:
    """Return ``function`` as text, one op a line, and its helpers below.

    ``mark`` names an op whose line starts with an arrow. ``spans`` adds to each line
    the place in the user's source that it comes from.
    """
    functions = (function, *function.helpers.values())
    return "\n".join(Printer(mark, spans).function(f) for f in functions)


class Names:
    """Gives each value a name of its own: its hint, or a number without one."""

    def __init__(self) -> None:
        self.given: dict[Value, str] = {}
        self.taken: dict[str, int] = {}
        self.numbered = 0

    def __call__(self, atom: Atom) -> str:
        """Return how ``atom`` is written."""
        if isinstance(atom, Literal):
            return repr(atom.value)
        if atom not in self.given:
            self.given[atom] = "%" + self._new(atom.hint)
        return self.given[atom]

    def _new(self, hint: str) -> str:
        if not hint:
            self.numbered += 1
            return str(self.numbered - 1)
        count = self.taken[hint] = self.taken.get(hint, 0) + 1
        return hint if count == 1 else f"{hint}.{count}"

    def typed(self, value: Value) -> str:
        """Return ``value`` with its type, as it is defined."""
        return f"{self(value)}: {value.type}"


class Printer:
    """Prints one function."""

    def __init__(self, mark: Op | None = None, spans: bool = True) -> None:
        self.names = Names()
        self.mark = mark
        self.spans = spans
        self.lines: list[str] = []

    def function(self, function: Function) -> str:
        """Return the text of ``function``."""
        self._print(self._signature(function), function.span)
        self._ops(function.body, INDENT)
        self.lines.append(f"{INDENT}return {self._tree(function.result)}")
        return "\n".join(self.lines) + "\n"

    def _print(self, lines: list[str], span: Span | None) -> None:
        if span is not None and self.spans:
            lines[0] = f"{lines[0]:<{COMMENT_COLUMN}}  # {span.label}"
        self.lines.extend(lines)

    def _signature(self, function: Function) -> list[str]:
        roles = {x: p.role for p in function.params for x in p.tree.leaves()}
        params = [
            self.names.typed(x) + _role(roles.get(x, "primal")) for x in function.inputs
        ]
        line = f"function {function.name}({', '.join(params)}):"
        if len(line) <= WIDTH:
            return [line]
        inner = [f"{INDENT}{param}," for param in params]
        return [f"function {function.name}(", *inner, "):"]

    def _tree(self, tree: Tree) -> str:
        if tree.kind == "leaf":
            return self.names(tree.leaf)
        if tree.kind in ("none", "static"):
            return repr(tree.leaf)
        parts = [self._tree(child) for child in tree.children]
        if tree.kind == "dict":
            items = zip(tree.keys, parts, strict=True)
            return "{" + ", ".join(f"{key!r}: {part}" for key, part in items) + "}"
        if tree.kind == "record":
            assert tree.cls is not None
            items = zip(tree.keys, parts, strict=True)
            fields = ", ".join(f"{key}={part}" for key, part in items)
            return f"{tree.cls.__name__}({fields})"
        if tree.kind == "list":
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    def _ops(self, block: Block, indent: str) -> None:
        for op in block.ops:
            marked = MARK + indent[len(MARK) :]
            self._op(op, marked if op is self.mark else indent)

    def _op(self, op: Op, indent: str) -> None:
        operation = self._operation(op)
        defined = ", ".join(map(self.names.typed, op.results))
        line = indent + (f"{defined} = " if defined else "") + operation
        self._print([line + (" {" if op.regions else "")], op.span)
        for label, region in zip(_labels(op), op.regions, strict=True):
            self._region(label, region, " " * len(indent))
        if op.regions:
            self.lines.append(" " * len(indent) + "}")

    def _region(self, label: str, region: Block, indent: str) -> None:
        params = ", ".join(map(self.names.typed, region.params))
        self.lines.append(f"{indent}{label}({params}):")
        self._ops(region, indent + INDENT)
        results = ", ".join(map(self.names, region.results))
        self.lines.append(f"{indent}{INDENT}yield {results}".rstrip())

    def _operation(self, op: Op) -> str:
        operands = [self.names(x) for x in op.operands]
        attrs = dict(op.attrs)
        if op.name == "call":
            return f"call {attrs['callee']}({', '.join(operands)})"
        if isinstance(attrs.get("index"), tuple) and operands:
            operands = _indexed(operands, attrs.pop("index"))
        text = f"{op.name} {', '.join(operands)}".rstrip()
        return text + _attrs_text(attrs)


def _role(role: str) -> str:
    return "" if role == "primal" else f" ({role})"


def _labels(op: Op) -> Sequence[str]:
    known = {"if": ("then", "else"), "for": ("body",), "while": ("test", "body")}
    labels = known.get(op.name, ())
    return labels if len(labels) == len(op.regions) else ("region",) * len(op.regions)


def _indexed(operands: Sequence[str], index: Sequence[Any]) -> list[str]:
    """Join an array with its index: ``%x[1:, %i]``; keep operands that are no index."""
    items = [str(item) for item in index]
    slots = {i for i in range(1, len(operands)) if f"{{{i}}}" in "".join(items)}
    text = ", ".join(items).format(*operands)
    rest = [x for i, x in enumerate(operands) if i > 0 and i not in slots]
    return [f"{operands[0]}[{text}]", *rest]


def _attrs_text(attrs: Mapping[str, Any]) -> str:
    shown = (f"{key}={_attr_text(attrs[key])}" for key in sorted(attrs))
    return f" {{{', '.join(shown)}}}" if attrs else ""


def _attr_text(value: Any) -> str:
    if isinstance(value, np.dtype):
        return short_dtype(value)
    if isinstance(value, tuple):
        parts = ", ".join(map(_attr_text, value))
        return f"({parts}{',' if len(value) == 1 else ''})"
    if isinstance(value, bool | int | float | str | None):
        return repr(value)
    return str(value)
