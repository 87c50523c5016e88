"""The function that a command is about, transforms of it, and its arguments."""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import os
import sys
import types
from typing import Any

from gradgen.api import check_argnums
from gradgen.cli.annotations import annotated_arguments
from gradgen.cli.signature import parse_signature
from gradgen.errors import GradgenError, SignatureError, SourceError
from gradgen.runtime.binding import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Enter what says which function, by what to differentiate, and which types."""
    parser.add_argument(
        "function", metavar="FILE.py:FUNCTION", help="or FILE.py:Class.method"
    )
    parser.add_argument(
        "--argnums", metavar="0,1", help="arguments to differentiate by (default: 0)"
    )
    types = parser.add_mutually_exclusive_group()
    types.add_argument(
        "--sig", metavar="TYPES", help="types of the arguments, as in 'f32[n,3], f64'"
    )
    types.add_argument(
        "--args",
        metavar="EXPRESSION",
        help="arguments, evaluated in the module, as in 'np.ones(3), 0.1'",
    )


def numbers(text: str) -> tuple[tuple[int, ...], bool]:
    """Return the positions in ``0,1``, and whether it is a single number."""
    try:
        found = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise SignatureError(f"--argnums takes numbers, not {text!r}") from None
    return check_argnums(found[0] if "," not in text and found else found)


def arguments_of(
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
