"""``gradgen show``: print the code that gradgen generates for a function in a file."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from gradgen.api import Derivative, unfold
from gradgen.cli.target import add_options, arguments_of, load_function, numbers
from gradgen.compiler import Request, Step, show_ir, show_source
from gradgen.errors import SignatureError
from gradgen.runtime.binding import Target

TRANSFORMS = ("tangent", "adjoint", "grad")
MODES = ("primal", "ir", *TRANSFORMS)
DESCRIPTION = (
    "Print the code that gradgen generates for a function. With neither --sig nor "
    "--args, annotations and defaults give the types of its arguments; a parameter "
    "without either is taken as a float."
)


def add_parser(commands: Any) -> None:
    """Enter the command and its options."""
    parser = commands.add_parser(
        "show", help="print generated code", description=DESCRIPTION
    )
    add_options(parser)
    parser.add_argument(
        "--mode", choices=MODES, default="grad", help="what to print (default: grad)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> str:
    """Return the generated code, highlighted if it is for a terminal."""
    module, owner, found = load_function(options.function)
    target, steps = _steps(found, options.mode, options.argnums)
    args, assumed = arguments_of(options, module, owner, target)
    request = Request(target, steps, args)
    text = show_ir(request) if options.mode == "ir" else show_source(request)
    text = _header(assumed) + text.rstrip("\n")
    return highlight(text) if _colours() else text


def _steps(
    found: Any, mode: str, argnums: str | None
) -> tuple[Target, tuple[Step, ...]]:
    """Return the function and the transforms of which the result is shown.

    A derivative is shown as it is, or else stands for what it is the derivative of.
    """
    by = numbers("0" if argnums is None else argnums)
    if isinstance(found, Derivative):
        own = found.step
        if mode == "grad":
            if argnums is not None:
                raise SignatureError(f"{found!r} has its own argnums: omit --argnums")
            return unfold(found)
        if argnums is None and own.argnums is not None:
            by = own.argnums, own.single
        found = found.primal
    target, steps = unfold(found)
    return target, (*steps, Step(mode, *by)) if mode in TRANSFORMS else steps


def _header(assumed: list[str]) -> str:
    if not assumed:
        return ""
    verb = "has" if len(assumed) == 1 else "have"
    names = ", ".join(assumed)
    return f"# {names} {verb} no annotation: taken as float (see --sig)\n"


<<<<<<< HEAD
=======
def _arguments(
    options: argparse.Namespace,
    module: types.ModuleType,
    owner: type | None,
    target: Target,
) -> tuple[tuple[Any, ...], list[str]]:
    """Return the arguments for which code is shown, and the parameters assumed."""
    assumed: list[str] = []
    if options.sig is not None:
        args = parse_signature(options.sig)
    elif options.args is not None:
        args = evaluate(options.args, module)
    else:
        args, assumed = annotated_arguments(
            target.function, target.parameters.prefix, owner
        )
    try:
        return target.arguments(args, {}), assumed
    except TypeError as error:
        raise SignatureError(str(error)) from None


def evaluate(expression: str, module: types.ModuleType) -> tuple[Any, ...]:
    """Return the arguments that an expression in a module stands for."""
    import numpy as np

    try:
        value = eval(f"({expression},)", {"np": np, **vars(module)})
    except Exception as error:
        kind = type(error).__name__
        raise SignatureError(f"--args {expression!r}: {kind}: {error}") from None
    return tuple(value)


def load_function(text: str) -> tuple[types.ModuleType, type | None, Any]:
    """Return the module and the function that ``FILE.py:function`` names.

    Between them stands, for a method named on its class, that class.

    Raises
    ------
    SourceError
        If there is no such file or function, or the file cannot be imported.
    """
    path, _, name = text.rpartition(":")
    if not path or not name:
        raise SourceError(f"expected FILE.py:FUNCTION, got {text!r}")
    module = load_module(path)
    found: Any = module
    holder: Any = None
    for part in name.split("."):
        holder, found = found, getattr(found, part, None)
    if not callable(found):
        problem = "no function" if found is None else "something other than a function"
        raise SourceError(f"{path} has {problem} called {name!r}")
    unbound = isinstance(holder, type) and found is inspect.getattr_static(
        holder, name.rpartition(".")[2]
    )
    return module, holder if unbound else None, found


def load_module(path: str) -> types.ModuleType:
    """Import a file as Python imports a script, but for ``__name__``."""
    if not os.path.isfile(path):
        raise SourceError(f"there is no file {path}")
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules:
        name = f"shown_{name}"
    spec = importlib.util.spec_from_file_location(name, os.path.abspath(path))
    if spec is None or spec.loader is None:
        raise SourceError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except GradgenError:
        raise
    except (Exception, SystemExit) as error:
        kind = type(error).__name__
        raise SourceError(f"importing {path} failed: {kind}: {error}") from None
    return module


>>>>>>> 2db4ef5 (Refuse derivatives of lists of unknown length inside, which were dropped; add gradgen check)
def _colours() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout is not None and sys.stdout.isatty()


def highlight(text: str) -> str:
    """Return Python source with colours for a terminal, if Pygments is there."""
    try:
        import pygments
        from pygments.formatters import TerminalFormatter
        from pygments.lexers import PythonLexer
    except ImportError:
        return text
    coloured: str = pygments.highlight(text, PythonLexer(), TerminalFormatter())
    return coloured.rstrip("\n")
