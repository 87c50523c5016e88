"""Modules that are used without gradgen: a derivative and all that it needs."""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import keyword
import math
import textwrap
import types
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from gradgen.codegen.bundle import Imports, split_imports, support_source
from gradgen.codegen.comments import type_text
from gradgen.codegen.entry import Argument, Entry, entry_source
from gradgen.codegen.numpy_target import Emitted, emit
from gradgen.compiler.importing import Importer
from gradgen.compiler.pipeline import placed_functions, written_leaves
from gradgen.compiler.request import Request
from gradgen.compiler.store import refused_if_deep
from gradgen.errors import ArgumentError, UnsupportedError
from gradgen.frontend.lower import Lowered
from gradgen.frontend.values import Root
from gradgen.ir.core import Function, Param
from gradgen.ir.dims import Dims
from gradgen.ir.tree import Tree
from gradgen.runtime.digests import digest, source_text
from gradgen.runtime.places import default_of, is_constant
from gradgen.structs import frozen, replace

CHECKS = "gradgen.kernels.arguments"
MARK = "# Written by gradgen"
USED = ("np", "dict", "list", "tuple", "complex", "float", "int", "str")
"""What a public function may read besides the functions that check arguments."""


@frozen
class Shipment:
    """What a module is to be: its name for the derivative, and what its head tells.

    ``source`` is the file and function that it is made from, ``command`` what writes
    it. With ``freeze``, numbers from outside the function are written down.
    """

    source: str
    command: str
    version: str
    transform: str
    name: str = ""
    checks: bool = True
    freeze: bool = False


def module_source(request: Request, shipment: Shipment, importer: Importer) -> str:
    """Return the text of a module that computes what a request asks for.

    Raises
    ------
    UnsupportedError
        If the code needs something that cannot be imported or written down.
    """
    function, lowered = _compiled(request, shipment.name)
    emitted = emit(function)
    imports = Imports(members={("__future__", "annotations", "annotations")})
    head, code = split_imports(emitted.source)
    wanted = list(_wanted(head, imports))
    arguments = tuple(_arguments(request, function, lowered, importer, shipment.freeze))
    entry = Entry(
        function.name.removeprefix("_"),
        function.name,
        function,
        arguments,
        written_leaves(lowered, len(request.args)),
        _named_objects(emitted, arguments, importer),
        tuple(_pins(lowered, importer)),
    )
    public = entry_source(entry, shipment.checks)
    wanted += _checks_in(public)
    _check_parameters(entry, {*importer.modules.values(), *(x for _, x in wanted)})
    _import_hints(public, imports)
    importer.enter(imports)
    body = [public, code.rstrip("\n"), *support_source(wanted, imports)]
    lines = [*_header(shipment, entry, _digested(request, lowered)), ""]
    lines += [*imports.lines(), "", f'__all__ = ["{entry.name}"]', "", ""]
    text = "\n".join(lines) + "\n" + "\n\n\n".join(body) + "\n"
    _check_module(text, imports)
    return text


def _compiled(request: Request, name: str) -> tuple[Function, Lowered]:
    """Return the function as it is printed, called ``_name``, and what it needs."""
    if any(step.axes is not None for step in request.steps):
        raise ArgumentError(
            f"{request.name} is a vmap, of which the types of one example are not "
            "known here; emit a function that calls it, with --mode primal"
        )
    if name and (not name.isidentifier() or name[0] == "_" or keyword.iskeyword(name)):
        raise ArgumentError(f"{name!r} cannot be the name of a public function")
    with refused_if_deep(request):
        (function, *_), lowered, _ = placed_functions(request)
    public = name or function.name.lstrip("_")
    return replace(function, name=f"_{public}"), lowered


def _wanted(
    head: Sequence[ast.Import | ast.ImportFrom], imports: Imports
) -> Iterator[tuple[str, str]]:
    """Yield the support functions that are imported; enter other imports."""
    for node in head:
        module = node.module if isinstance(node, ast.ImportFrom) else ""
        if str(module).startswith("gradgen."):
            yield from ((str(module), alias.name) for alias in node.names)
        else:
            imports.add(node)


def _checks_in(public: str) -> list[tuple[str, str]]:
    calls = (x for x in ast.walk(ast.parse(public)) if isinstance(x, ast.Call))
    names = {x.func.id for x in calls if isinstance(x.func, ast.Name)}
    known = {"check_array", "check_apart", "check_class", "check_members"}
    known |= {"check_record", "check_shape", "check_value", "number_of"}
    return [(CHECKS, name) for name in sorted(names & known)]


def _import_hints(public: str, imports: Imports) -> None:
    if "NDArray[" in public:
        imports.members.add(("numpy.typing", "NDArray", "NDArray"))
    if "np." in public:
        imports.modules.add(("numpy", "np"))
    names = (x for x in ast.walk(ast.parse(public)) if isinstance(x, ast.Name))
    if any(x.id == "Any" for x in names):
        imports.members.add(("typing", "Any", "Any"))


def _arguments(
    request: Request,
    function: Function,
    lowered: Lowered,
    importer: Importer,
    freeze: bool,
) -> Iterator[Argument]:
    """Yield the arguments of the generated function: given, captured, and seeds."""
    count, outside = len(request.args), len(lowered.captures)
    yield from _primals(request, lowered.function.params[:count])
    captured = function.params[count : count + outside]
    for param, capture in zip(captured, lowered.captures, strict=True):
        fixed = _fixed(capture.root, freeze)
        reader = fixed or _reader(capture.root, importer)
        yield Argument(param.name, param.tree, reader, fixed=fixed is not None)
    own = inspect.signature(request.target.function).parameters.values()
    for param in function.params[count + outside :]:
        default = "" if param.default is None else repr(param.default)
        cotangent = request.steps[-1].kind == "adjoint"
        kind = "*" if any(x.kind is x.KEYWORD_ONLY for x in own) else ""
        yield Argument(
            param.name, param.tree, "", kind, default=default, cotangent=cotangent
        )


def _primals(request: Request, params: Sequence[Param]) -> Iterator[Argument]:
    target = request.target
    given = inspect.signature(target.function).parameters.values()
    fixed = target.prefix or target.keywords or target.parameters.prefix
    if fixed or any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in given):
        raise ArgumentError(
            f"{request.name} has *args, **kwargs or arguments that are fixed already; "
            "emit a function with a named parameter for each argument"
        )
    kinds = {"POSITIONAL_ONLY": "/", "KEYWORD_ONLY": "*"}
    for param, own in zip(params, given, strict=True):
        default = "" if own.default is own.empty else (_literal(own.default) or "")
        kind = kinds.get(own.kind.name, "")
        yield Argument(param.name, param.tree, kind=kind, default=default)


def _literal(value: Any) -> str | None:
    """Return the text of a constant; None for what has no such text.

    Examples
    --------
    >>> _literal(2.0), _literal(float("inf")), _literal([])
    ('2.0', "float('inf')", None)
    """
    if type(value) is float:
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    return repr(value) if type(value) in (bool, int, str, type(None)) else None


def _fixed(root: Root, freeze: bool) -> str | None:
    """Return the text of a number from outside that is written down, if it is."""
    if root.attributes:
        return None
    if root.kind == "default":
        return _literal(default_of(root.owner, root.name))
    if root.kind == "global" and freeze:
        return _literal(root.owner.__globals__.get(root.name))
    return None


def _reader(root: Root, importer: Importer) -> str:
    """Return the expression that reads what a function takes from outside."""
    if root.kind == "argument":
        return root.text
    found = None
    if root.kind == "global":
        found = importer.module_of(root.owner.__globals__)
    elif root.kind == "object" and isinstance(root.owner, types.ModuleType):
        found = importer.module_of(vars(root.owner))
    if found is not None:
        return f"{found}.{root.text}"
    what = {"closure": "a variable of the function round it", "default": "a default"}
    raise UnsupportedError(
        f"{root.text} is {what.get(root.kind, 'an object')} that {_owner(root)} reads "
        "when it runs, and that a module cannot import; pass it as an argument"
    )


def _pins(lowered: Lowered, importer: Importer) -> Iterator[tuple[str, str]]:
    """Yield what must be unchanged of the objects of which parts are read: lengths."""
    read = {(c.root.kind, c.root.name) for c in lowered.captures if c.root.attributes}
    for guard in lowered.guards:
        root, text = guard.root, _literal(guard.value)
        known = root.kind == "global" and (root.kind, root.name) in read
        if known and root.attributes and text is not None:
            yield _reader(root, importer), text


def _owner(root: Root) -> str:
    return getattr(root.owner, "__name__", type(root.owner).__name__)


def _named_objects(
    emitted: Emitted, arguments: Sequence[Argument], importer: Importer
) -> dict[type, str]:
    """Import what the code names, and the classes of arguments; return the latter."""
    for name, value in (*emitted.classes.items(), *emitted.outside.items()):
        importer.add(value, name)
    classes = {cls: name for name, cls in emitted.classes.items()}
    for x in arguments:
        for cls in _classes(x.tree):
            if cls not in classes:
                importer.add(cls, cls.__name__)
                classes[cls] = cls.__name__
    return classes


def _classes(tree: Tree) -> Iterator[type]:
    if tree.kind == "record" and tree.cls is not None:
        yield tree.cls
    for child in tree.children:
        yield from _classes(child)


def _check_parameters(entry: Entry, names: set[str]) -> None:
    """Refuse parameters that hide what the public function calls."""
    used = {*names, *USED, entry.callee, *entry.classes.values()}
    clash = sorted({x.name for x in entry.public} & used)
    if clash:
        raise ArgumentError(
            f"a parameter called {clash[0]} hides what the module calls by that name; "
            "rename the parameter"
        )


def _digested(request: Request, lowered: Lowered) -> list[str]:
    """Return the texts that the code was made from: functions, classes, constants."""
    found = [source_text(request.target.function.__code__)]
    for guard in lowered.guards:
        value = guard.value
        if isinstance(value, types.FunctionType):
            found.append(source_text(value.__code__))
        elif isinstance(value, type) and value.__module__ not in ("builtins", "numpy"):
            found.append(_class_text(value))
        elif is_constant(value):
            found.append(f"{guard.root.text} = {value!r}")
    return list(dict.fromkeys(found))


def _class_text(cls: type) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return cls.__qualname__


def _header(shipment: Shipment, entry: Entry, texts: Sequence[str]) -> list[str]:
    dims = Dims()
    given = [x for x in entry.public if not x.cotangent]
    types_ = ", ".join(f"{x.name}: {type_text(x.tree, dims)}" for x in given)
    told = {
        "source": shipment.source,
        "transform": shipment.transform,
        "signature": types_,
        "digest": digest("\n".join(texts)),
    }
    lines = [
        f'"""{entry.function.doc or entry.name}."""',
        "",
        f"{MARK} {shipment.version}. Do not edit: change the source, and run",
        f"#     {shipment.command}",
    ]
    for key, text in told.items():
        wrapped = textwrap.wrap(
            f"{key}: {text}",
            86,
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [f"# {line}" for line in wrapped]
    return lines


def _check_module(text: str, imports: Imports) -> None:
    """Refuse a module in which a name stands for two things, or for nothing."""
    body = ast.parse(text).body
    bound = imports.bound()
    bound += [x.name for x in body if isinstance(x, ast.FunctionDef | ast.ClassDef)]
    assigned = [t for x in body if isinstance(x, ast.Assign) for t in x.targets]
    assigned += [x.target for x in body if isinstance(x, ast.AnnAssign)]
    bound += [x.id for x in assigned if isinstance(x, ast.Name)]
    twice = [name for name, count in Counter(bound).items() if count > 1]
    unknown = sorted(_globals_in(compile(text, "<module>", "exec", dont_inherit=True)))
    unknown = [x for x in unknown if x not in {*bound, *dir(builtins), "__name__"}]
    if twice:
        raise UnsupportedError(
            f"{twice[0]} stands for two things in the module; rename the function, "
            "or the file, that is called so"
        )
    if unknown:
        raise UnsupportedError(
            f"the module would need {unknown[0]}, which is not known"
        )


def _globals_in(code: types.CodeType) -> set[str]:
    own = {
        x.argval
        for x in dis.get_instructions(code)
        if x.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return own.union(*map(_globals_in, inner))
