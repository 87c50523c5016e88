"""The command line: options, and how errors are told."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from gradgen import __version__
from gradgen.cli import cache, show
from gradgen.errors import GradgenError

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 2 for what it cannot do."""
    options = _parser().parse_args(arguments)
    try:
        text: str = options.run(options)
        if text:
            print(text, flush=True)
    except GradgenError as error:
        print(f"gradgen: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        # The reader has seen enough; nothing is left to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradgen", description="Derivatives of NumPy functions as source code."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    show.add_parser(commands)
    cache.add_parser(commands)
    return parser
