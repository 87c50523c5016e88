"""Which names a function binds, by Python's rules of scope."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from gradgen.structs import field, frozen, struct

FunctionNode = ast.FunctionDef | ast.Lambda


@frozen
class Scope:
    """The names that a function binds itself, and those it binds further out."""

    local_names: frozenset[str] = frozenset()
    nonlocals: frozenset[str] = frozenset()
    generator: bool = False


def parameter_names(spec: ast.arguments) -> list[str]:
    """Return the names of all parameters, ``*args`` and ``**kwargs`` last."""
    named = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
    rest = [arg for arg in (spec.vararg, spec.kwarg) if arg is not None]
    return [arg.arg for arg in (*named, *rest)]


def scope_of(node: FunctionNode) -> Scope:
    r"""Return the scope of a function.

    Examples
    --------
    >>> source = "def f(x):\n    nonlocal c\n    c = [y := i for i in x]"
    >>> scope = scope_of(ast.parse(source).body[0])
    >>> sorted(scope.local_names), sorted(scope.nonlocals)
    (['x', 'y'], ['c'])
    """
    names = _Names()
    names.bound.update(parameter_names(node.args))
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    for part in body:
        names.visit(part)
    outer = names.outer | names.globals
    return Scope(frozenset(names.bound - outer), frozenset(names.outer), names.yields)


@struct
class _Names(ast.NodeVisitor):
    bound: set[str] = field(default_factory=set)
    outer: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    yields: bool = False

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.bound.add(node.id)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self._visit_all([*node.decorator_list, *_defaults(node.args)])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.bound.add(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_all(_defaults(node.args))

    def visit_alias(self, node: ast.alias) -> None:
        self.bound.add((node.asname or node.name).split(".")[0])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.outer.update(node.names)

    def visit_Global(self, node: ast.Global) -> None:
        self.globals.update(node.names)

    def visit_Yield(self, node: ast.Yield) -> None:
        self.yields = True

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.yields = True

    def _visit_comprehension(self, node: ast.AST) -> None:
        """Only ``:=`` binds a name of the function inside a comprehension."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self.visit(inner.target)

    visit_ListComp = _visit_comprehension
    visit_SetComp = _visit_comprehension
    visit_DictComp = _visit_comprehension
    visit_GeneratorExp = _visit_comprehension

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _defaults(spec: ast.arguments) -> list[ast.expr]:
    return [*spec.defaults, *(d for d in spec.kw_defaults if d is not None)]


def comprehension_targets(generators: Iterable[ast.comprehension]) -> frozenset[str]:
    """Return the names that a comprehension binds for itself."""
    nodes = (n for g in generators for n in ast.walk(g.target))
    return frozenset(n.id for n in nodes if isinstance(n, ast.Name))
