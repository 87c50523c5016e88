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
