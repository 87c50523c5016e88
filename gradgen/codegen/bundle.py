"""Source of support functions, to stand in a module that is used without gradgen."""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping

from gradgen import kernels
from gradgen.codegen.layout import INDENT
from gradgen.codegen.numpy_target import SUPPORT, import_lines
from gradgen.structs import field, frozen, struct

PACKAGE = "gradgen"


@struct
class Imports:
    """What a module imports: ``import a as b`` as pairs, ``from m import a as b``."""

    modules: set[tuple[str, str]] = field(default_factory=set)
    members: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, node: ast.Import | ast.ImportFrom) -> None:
        """Enter all that a statement imports."""
        for alias in node.names:
            bound = alias.asname or alias.name
            if isinstance(node, ast.Import):
                self.modules.add((alias.name, bound))
            elif node.module is not None:
                self.members.add((node.module, alias.name, bound))

    def bound(self) -> list[str]:
        """Return the names that are bound, one for each thing that is imported."""
        plain = [name.partition(".")[0] for _, name in self.modules]
        return [*plain, *(name for _, _, name in self.members)]

    def lines(self) -> list[str]:
        """Return the statements, the standard library's before others."""
        blocks: dict[int, list[tuple[bool, str, list[str]]]] = {}
        for module, name in self.modules:
            line = f"import {_renamed(module, name)}"
            blocks.setdefault(_group(module), []).append((False, module, [line]))
        froms: dict[str, list[str]] = {}
        for module, member, name in sorted(self.members):
            froms.setdefault(module, []).append(_renamed(member, name))
        for module, members in froms.items():
            lines = import_lines(f"from {module} import", members)
            blocks.setdefault(_group(module), []).append((True, module, lines))
        found: list[str] = []
        for group in sorted(blocks):
            found += ["", *(x for entry in sorted(blocks[group]) for x in entry[2])]
        return found[1:]


def _renamed(name: str, bound: str) -> str:
    return name if name == bound else f"{name} as {bound}"


def _group(module: str) -> int:
    """Return in which block of imports a module stands."""
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    return 1 if top in sys.stdlib_module_names else 2


@frozen
class Definitions:
    """The names that a module of support functions binds, and its text."""

    lines: tuple[str, ...]
    nodes: Mapping[str, tuple[ast.stmt, ...]]
    imports: Mapping[str, ast.Import | ast.ImportFrom]


def split_imports(source: str) -> tuple[list[ast.Import | ast.ImportFrom], str]:
    """Return the imports that a generated source begins with, and the rest."""
    body = ast.parse(source).body
    head = [x for x in body if isinstance(x, ast.Import | ast.ImportFrom)]
    lines = source.splitlines(keepends=True)
    return head, "".join(lines[body[len(head)].lineno - 1 :])


def support_source(wanted: Iterable[tuple[str, str]], imports: Imports) -> list[str]:
    """Return the source of support functions, and of all that they call.

    ``wanted`` are modules and names. What it needs from elsewhere is entered in
    ``imports``.
    """
    seen: set[tuple[str, str]] = set()
    pending = [_owner(*pair) for pair in wanted]
    while pending:
        module, name = pending.pop()
        if (module, name) in seen:
            continue
        seen.add((module, name))
        for used in sorted(_names_in(definitions(module).nodes[name])):
            pending.extend(_needed(module, used, imports))
    found = [(module, _place(module, name), name) for module, name in seen]
    return [_text(module, name) for module, _, name in sorted(found)]


def _owner(module: str, name: str) -> tuple[str, str]:
    """Return the module in which a support function is written, and its name."""
    if module == SUPPORT:
        return getattr(kernels, name).__module__, name
    return module, name


def _needed(module: str, name: str, imports: Imports) -> Iterator[tuple[str, str]]:
    """Yield the definition behind a name; enter it in ``imports`` if it is not ours."""
    known = definitions(module)
    if name in known.nodes:
        yield module, name
    elif name in known.imports:
        node = known.imports[name]
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(PACKAGE):
            yield str(node.module), name
        else:
            imports.add(node)


def _names_in(nodes: Iterable[ast.stmt]) -> set[str]:
    return {x.id for node in nodes for x in ast.walk(node) if isinstance(x, ast.Name)}


@functools.cache
def definitions(module: str) -> Definitions:
    """Return what a module of support functions defines; it is not imported."""
    spec = importlib.util.find_spec(module)
    source = spec.loader.get_source(module)  # type: ignore[union-attr]
    nodes: dict[str, tuple[ast.stmt, ...]] = {}
    imports: dict[str, ast.Import | ast.ImportFrom] = {}
    last: list[str] = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports |= dict(_imported(node))
        elif isinstance(node, ast.Expr) and last:
            nodes |= {name: (*nodes[name], node) for name in last}
        last = list(_bound_by(node))
        nodes |= dict.fromkeys(last, (node,))
    return Definitions(tuple(source.splitlines()), nodes, imports)


def _imported(
    node: ast.Import | ast.ImportFrom,
) -> Iterator[tuple[str, ast.Import | ast.ImportFrom]]:
    for alias in node.names:
        one: ast.Import | ast.ImportFrom = ast.Import([alias])
        if isinstance(node, ast.ImportFrom):
            one = ast.ImportFrom(node.module, [alias], 0)
        yield alias.asname or alias.name, one


def _bound_by(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def _place(module: str, name: str) -> int:
    return definitions(module).nodes[name][0].lineno


def _text(module: str, name: str) -> str:
    """Return the source of a definition, without the examples of its docstring."""
    known = definitions(module)
    nodes = known.nodes[name]
    decorators = getattr(nodes[0], "decorator_list", [])
    first = min([nodes[0].lineno, *(x.lineno for x in decorators)])
    lines = list(known.lines[first - 1 : nodes[-1].end_lineno])
    if f"{INDENT}Examples" in lines:
        begin = lines.index(f"{INDENT}Examples")
        end = lines.index(f'{INDENT}"""', begin)
        del lines[begin - 1 : end]
    return "\n".join(lines)
