"""The command line: options, and how errors are told."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from gradgen import __version__
from gradgen.cli import cache, check, emit, show
from gradgen.errors import GradgenError, StaleError

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    It is 2 for what it cannot do, 1 if something was found to be wrong, or differs.
    """
    options = _parser().parse_args(arguments)
    try:
        text: str = options.run(options)
        if text:
            _write(text)
    except StaleError as error:
        print(f"gradgen: {error}", file=sys.stderr)
        return 1
    except GradgenError as error:
        print(f"gradgen: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        return 1  # the reader has seen enough
    return int(options.status)


def _write(text: str) -> None:
    """Print ``text``, in any encoding.

    Raises
    ------
    BrokenPipeError
        If the reader has gone.
    GradgenError
        If the text cannot be written for another reason, such as a full disk.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text, flush=True)
    except OSError as error:
        # What could not be written must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise GradgenError(f"cannot write the output: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradgen", description="Derivatives of NumPy functions as source code."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parser.set_defaults(status=0)
    show.add_parser(commands)
    emit.add_parser(commands)
    check.add_parser(commands)
    cache.add_parser(commands)
    return parser
