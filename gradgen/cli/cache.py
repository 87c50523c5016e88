"""``gradgen cache``: where compiled programs are kept, and how to remove them."""

from __future__ import annotations

import argparse
from typing import Any

from gradgen.runtime import cache


def add_parser(commands: Any) -> None:
    """Enter the command and its options."""
    parser = commands.add_parser("cache", help="show or remove compiled programs")
    parser.add_argument("action", choices=["info", "clear"])
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> str:
    """Carry out ``gradgen cache info`` or ``gradgen cache clear``."""
    if options.action == "clear":
        before = cache.clear()
        return f"removed {_count(before.programs)} from {before.directory}"
    found = cache.usage()
    state = "" if cache.is_enabled() else f", switched off by {cache.SWITCH}=0"
    size = f"{found.size / 1024:.1f} KiB"
    return f"{found.directory}: {_count(found.programs)}, {size}{state}"


def _count(number: int) -> str:
    return f"{number} program" + ("" if number == 1 else "s")
