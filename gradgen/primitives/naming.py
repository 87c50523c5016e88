"""What generated code calls the values that rules and lowerings make."""

from __future__ import annotations

from gradgen.ir.core import Value
from gradgen.primitives.registry import Handle


def named(x: Handle, hint: str) -> Handle:
    """Give a value a name; a number that is written out has none."""
    if isinstance(x.atom, Value):
        x.atom.hint = hint
    return x
