"""The lines of a function that were printed so far, and where they come from."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from gradgen.codegen.comments import with_comment
from gradgen.codegen.layout import INDENT, lay_out, lay_out_header
from gradgen.codegen.names import Names
from gradgen.codegen.statements import Program
from gradgen.codegen.webs import Webs, to_fill
from gradgen.errors import Span
from gradgen.ir.core import Value
from gradgen.ir.tree import Tree
from gradgen.structs import field, struct


@struct
class Printer:
    """What was printed so far. ``outside`` collects the names that need an import."""

    program: Program
    names: Names
    webs: Webs
    result: Tree
    classes: dict[type, str]
    support: frozenset[str]
    callees: Mapping[Any, str] = field(default_factory=dict)
    sweeps: bool = False
    filled: set[Value] = field(init=False)
    lines: list[tuple[str, Span | None]] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    section: str = ""
    place: str = ""
    indent: str = INDENT
    errstate: str = ""

    def __post_init__(self) -> None:
        self.filled = to_fill(self.webs)

    def add(self, statement: ast.stmt, span: Span | None) -> None:
        """Print a statement."""
        self.add_lines(lay_out(statement, self.indent), statement, span)

    def add_header(
        self, head: str, node: ast.expr | None, span: Span | None, tail: str = ":"
    ) -> None:
        """Print what begins a block: ``head``, an expression and a colon."""
        if node is None:
            self.lines.append((f"{self.indent}{head}{tail}", span))
        else:
            lines = lay_out_header(head, node, self.indent)
            self.add_lines(lines, node, span)

    def add_lines(self, lines: list[str], node: ast.AST, span: Span | None) -> None:
        """Enter lines, with their place where that differs from the last one's."""
        used = {x.id for x in ast.walk(node) if isinstance(x, ast.Name)}
        self.outside |= used & {"cmath", "math", "np", *self.support}
        comment = "" if span is None or span.label == self.place else span.label
        self.place = comment or self.place
        self.lines.extend((line, span) for line in with_comment(lines, comment))
