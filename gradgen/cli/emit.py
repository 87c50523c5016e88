"""``gradgen emit``: write a module that computes a derivative without gradgen."""

from __future__ import annotations

import argparse
import difflib
import os
import shlex
from typing import TYPE_CHECKING, Any

from gradgen import __version__
from gradgen.api import Derivative, unfold
from gradgen.cli.target import add_options, arguments_of, load_function, numbers
from gradgen.compiler import Request, Step
from gradgen.deferred import Deferred
from gradgen.errors import GradgenError, SignatureError, StaleError
from gradgen.runtime.binding import Target

if TYPE_CHECKING:
    from gradgen.compiler import importing, shipping
else:
    importing = Deferred("gradgen.compiler.importing")
    shipping = Deferred("gradgen.compiler.shipping")

MODES = {
    "primal": (),
    "grad": ("grad",),
    "value_and_grad": ("value_and_grad",),
    "jvp": ("tangent",),
    "vjp": ("adjoint",),
    "jacobian": ("jacobian",),
    "jacfwd": ("jacfwd",),
    "jacrev": ("jacrev",),
    "hessian": ("grad", "jacfwd"),
}
"""The steps that each mode stands for."""

DESCRIPTION = (
    "Write a module that computes a derivative and needs NumPy alone, besides what the "
    "function itself imports. With neither --sig nor --args, annotations and defaults "
    "give the types of its arguments, and a parameter without either is refused."
)
SHOWN = 20
"""How many lines of a difference are shown."""


def add_parser(commands: Any) -> None:
    """Enter the command and its options."""
    parser = commands.add_parser(
        "emit", help="write a module that needs no gradgen", description=DESCRIPTION
    )
    add_options(parser)
    parser.add_argument("--mode", choices=MODES, help="what to compute (default: grad)")
    parser.add_argument("-o", "--output", metavar="FILE.py", help="where to write it")
    parser.add_argument("--name", help="what to call the derivative")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing, and fail if FILE.py is not what would be written",
    )
    parser.add_argument(
        "--no-checks", action="store_true", help="leave out checks of arguments"
    )
    parser.add_argument(
        "--freeze",
        action="store_true",
        help="write down the numbers that the function reads from its module, which "
        "is imported otherwise",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> str:
    """Write the module, compare it with the one that is there, or return it."""
    if options.check and options.output is None:
        raise SignatureError("--check compares with a file: name it with -o FILE.py")
    _check_output(options)
    text = _module(options)
    if options.output is None:
        return text.rstrip("\n")
    if options.check:
        _compare(options.output, text)
        return ""
    try:
        with open(options.output, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise GradgenError(f"cannot write {options.output}: {error.strerror}") from None
    return ""


def _check_output(options: argparse.Namespace) -> None:
    """Refuse to replace a file that was not written by this command."""
    path = options.output
    if path is None or not os.path.exists(path):
        return
    if shipping.MARK not in _read(path):
        raise GradgenError(
            f"{path} was not written by gradgen; name another file, or remove it"
        )


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise GradgenError(f"cannot read {path}: {error}") from None


def _compare(path: str, text: str) -> None:
    """Raise ``StaleError`` unless the file is what would be written."""
    found = _read(path) if os.path.exists(path) else None
    if found == text:
        return
    if found is None:
        raise StaleError(f"{path} does not exist: run without --check to write it")
    lines = list(
        difflib.unified_diff(
            found.splitlines(), text.splitlines(), path, "as it would be", "", "", 1, ""
        )
    )
    more = len(lines) - SHOWN
    shown = [*lines[:SHOWN], *([f"... {more} more lines"] if more > 0 else [])]
    raise StaleError(
        "\n".join([f"{path} is out of date: run without --check to write it", *shown])
    )


def _module(options: argparse.Namespace) -> str:
    """Return the text of the module."""
    module, owner, found = load_function(options.function)
    target, steps = _steps(found, options.mode, options.argnums)
    args, assumed = arguments_of(options, module, owner, target)
    if assumed:
        raise SignatureError(
            f"{assumed[0]} has no annotation and no default; give types with --sig"
        )
    shipment = shipping.Shipment(
        source=_source(options),
        command=_command(options),
        version=__version__,
        transform=_transform(steps),
        name=options.name or "",
        checks=not options.no_checks,
        freeze=options.freeze,
    )
    request = Request(target, steps, args)
    text: str = shipping.module_source(request, shipment, importing.Importer(module))
    return text


def _steps(
    found: Any, mode: str | None, argnums: str | None
) -> tuple[Target, tuple[Step, ...]]:
    """Return the function, and the transforms that the module is to compute.

    A derivative in the file is written as it is; if a mode is asked for, it stands for
    what it is the derivative of.
    """
    if isinstance(found, Derivative) and mode is None:
        if argnums is not None:
            raise SignatureError(f"{found!r} has its own argnums: omit --argnums")
        return unfold(found)
    by = numbers("0" if argnums is None else argnums)
    if isinstance(found, Derivative):
        if argnums is None and found.step.argnums is not None:
            by = found.step.argnums, found.step.single
        found = found.primal
    target, steps = unfold(found)
    return target, (*steps, *(Step(kind, *by) for kind in MODES[mode or "grad"]))


def _transform(steps: tuple[Step, ...]) -> str:
    names = {"tangent": "jvp", "adjoint": "vjp"}
    parts = []
    for step in steps:
        numbers = step.argnums if step.argnums is not None else ()
        by = numbers[0] if step.single and numbers else numbers
        parts.append(f"{names.get(step.kind, step.kind)} (argnums {by})")
    return " of ".join(reversed(parts)) or "primal"


def _source(options: argparse.Namespace) -> str:
    """Return file and function, the file as seen from where the module stands."""
    path, _, name = options.function.rpartition(":")
    if options.output is None:
        return f"{os.path.basename(path)}:{name}"
    folder = os.path.dirname(os.path.abspath(options.output))
    return f"{os.path.relpath(path, folder).replace(os.sep, '/')}:{name}"


def _command(options: argparse.Namespace) -> str:
    """Return what writes the module, run in its folder."""
    words = ["gradgen", "emit", _source(options)]
    for name in ("mode", "argnums", "sig", "args", "name"):
        value = getattr(options, name)
        words += [] if value is None else [f"--{name}", value]
    words += ["--no-checks"] if options.no_checks else []
    words += ["--freeze"] if options.freeze else []
    if options.output is not None:
        words += ["-o", os.path.basename(options.output)]
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """Return a word as a shell takes it, in the quotes that it does not hold.

    Examples
    --------
    >>> print(_quoted("{'a': f64}"), _quoted("f64"))
    "{'a': f64}" f64
    """
    plain = "'" not in word or any(c in word for c in '"$`!\\')
    return shlex.quote(word) if plain else f'"{word}"'
