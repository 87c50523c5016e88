"""Prints a bufferized function as Python source over NumPy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gradgen import kernels
from gradgen.codegen.comments import docstring
from gradgen.codegen.containers import classes_in, unpacking
from gradgen.codegen.layout import INDENT, WIDTH
from gradgen.codegen.names import RESERVED, choose_names
from gradgen.codegen.page import Printer
from gradgen.codegen.printing import SECTIONS, print_nodes, template_of
from gradgen.codegen.straight import arrange
from gradgen.errors import Span
from gradgen.ir.core import Function, Param, walk_ops
from gradgen.ir.naming import unused
from gradgen.ir.regions import REGION_OPS
from gradgen.ir.rules import CALL_OUTSIDE, Outside, objects_of
from gradgen.structs import frozen, replace

SUPPORT = "gradgen.runtime.support"
SUPPORT_NAMES = frozenset(
    n for n, kernel in vars(kernels).items() if callable(kernel) and n[0] != "_"
)
KERNELS_OF = {
    "filtering": ("convolve_back", "lag_products", "overlaps", "spectral_overlaps"),
    "grids": (
        "check_grid",
        "check_line",
        "grid_back",
        "grid_slope",
        "grid_value",
        "line_slope",
        "meets_points",
        "picked",
        "picked_back",
    ),
    "splines": ("heights_back", "spline_back"),
    "quadratures": ("simpson_back", "simpson_slopes"),
    "images": ("filter_back", "gaussian_back", "weights_back"),
    "triangles": ("solve_triangular_or_nan",),
}
"""Functions that need SciPy, by the module of gradgen that has them."""

LIBRARIES = {
    "integrate": "from scipy import integrate",
    "interpolate": "from scipy import interpolate",
    "linalg": "from scipy import linalg",
    "ndimage": "from scipy import ndimage",
    "signal": "from scipy import signal",
    "special": "from scipy import special",
    "stats": "from scipy import stats",
    **{
        name: f"from gradgen.kernels.{module} import {name}"
        for module, names in KERNELS_OF.items()
        for name in names
    },
}
"""What is imported where a template names it, besides NumPy and the standard library.

No variable of such a function has that name.
"""
IMPORTED = SUPPORT_NAMES | LIBRARIES.keys()
BETWEEN = (("", None), ("", None))
WORD = re.compile(r"(?<![\w.])[a-z_]\w*")


@frozen
class Emitted:
    """Generated source, where its lines come from, and the classes that it names.

    ``outside`` are other objects of the user's that it names.
    """

    name: str
    source: str
    spans: dict[int, Span]
    classes: dict[str, type]
    outside: dict[str, Any]


def emit(function: Function) -> Emitted:
    """Return the source of ``function``: imports, helpers, one comment a line."""
    classes = classes_in(function.result)
    callees = _callees(function)
    outside = _name_outside(function, callees, {*classes.values(), function.name})
    taken = {*callees.values(), *classes.values(), function.name}
    called = [replace(f, name=callees[key]) for key, f in function.helpers.items()]
    printers = [_printed(f, classes, callees, taken) for f in (*called, function)]
    objects = {text: x.value for x, text in outside.items()}
    return _assemble(printers, function.name, objects)


def _callees(function: Function) -> dict[Any, str]:
    """Return what helpers are called, where something else may have their name."""
    found: dict[Any, str] = {}
    for name in function.helpers:
        taken = {function.name, *IMPORTED, *RESERVED, *found.values()}
        found[name] = unused(name, taken, "_")
    return found


def _name_outside(
    function: Function, callees: dict[Any, str], taken: set[str]
) -> dict[Outside, str]:
    """Enter what objects of the user's are called, and return that by itself."""
    found: dict[Outside, str] = {}
    for f in (function, *function.helpers.values()):
        for op in walk_ops(f.body):
            for x in objects_of(op.attrs) if op.name == CALL_OUTSIDE else ():
                if x not in found:
                    used = {*IMPORTED, *RESERVED, *callees.values(), *taken}
                    found[x] = callees[x] = unused(x.name, used, "_")
    return found


def _printed(
    function: Function,
    classes: dict[type, str],
    callees: Mapping[Any, str],
    taken: set[str],
) -> Printer:
    """Return the printer that has printed one function."""
    support = _imported_by(function)
    webs = arrange(function)
    names = choose_names(function, webs, {*support, *taken})
    printer = Printer(
        webs.program, names, webs, function.result, classes, support, callees
    )
    origins = {op.origin for op in function.body.ops}
    printer.sweeps = origins.issuperset(SECTIONS)
    _print_head(printer, function)
    for param, text in zip(function.params, names.params, strict=True):
        for statement in unpacking(param, text, names):
            printer.add(statement, None)
    print_nodes(printer, webs.program.nodes)
    return printer


def _imported_by(function: Function) -> frozenset[str]:
    """Return the support functions and libraries that ops of ``function`` name."""
    ops = (op for op in walk_ops(function.body) if op.name not in REGION_OPS)
    templates = map(template_of, ops)
    words = (word for template in templates for word in WORD.findall(template))
    return IMPORTED.intersection(words)


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


def _assemble(
    printers: Sequence[Printer], name: str, outside: dict[str, Any]
) -> Emitted:
    """Put functions, of which the last one is called from outside, one by one."""
    lines: list[tuple[str, Span | None]] = []
    for printer in printers:
        lines += [*BETWEEN, *printer.lines] if lines else printer.lines
    head = _imports(set().union(*(printer.outside for printer in printers)))
    spans = {
        number: span
        for number, (_, span) in enumerate(lines, len(head) + 1)
        if span is not None
    }
    source = "\n".join([*head, *(text for text, _ in lines)]) + "\n"
    classes = {text: cls for cls, text in printers[-1].classes.items()}
    return Emitted(name, source, spans, classes, outside)


def _imports(outside: set[str]) -> list[str]:
    lines = [f"import {name}" for name in ("cmath", "math") if name in outside]
    if "np" in outside:
        lines.append("import numpy as np")
    lines.extend(_library_imports(outside))
    support = sorted(outside & SUPPORT_NAMES)
    if support:
        lines.extend(import_lines(f"from {SUPPORT} import", support))
    return [*lines, "", ""] if lines else []


def _library_imports(outside: set[str]) -> list[str]:
    """Return one import of each module for all that is taken from it."""
    names: dict[str, list[str]] = {}
    for name, text in LIBRARIES.items():
        if name in outside:
            names.setdefault(text.removesuffix(f" {name}"), []).append(name)
    return [f"{head} {', '.join(found)}" for head, found in names.items()]


def import_lines(head: str, names: Sequence[str]) -> list[str]:
    """Return the import of ``names``, in brackets where it is long."""
    line = f"{head} {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    inner = (f"{INDENT}{text}," for text in names)
    return [f"{head} (", *inner, ")"]
