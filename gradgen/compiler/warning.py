"""What a user should know of a program that is right, but slower than it looks."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from gradgen.errors import CopyInLoopWarning, render
from gradgen.ir.core import Function, Op
from gradgen.passes.inserting import copies_in_loops

HINT = "write into an array that nothing else reads after that"


def warn_of_copies(functions: Sequence[Function]) -> None:
    """Warn once of every line of the user's at which a loop copies a whole array."""
    seen = set()
    for function in functions:
        for op in copies_in_loops(function):
            place = op.span.label if op.span is not None else ""
            if place not in seen:
                seen.add(place)
                warnings.warn(_message(function, op), CopyInLoopWarning, stacklevel=2)


def _message(function: Function, op: Op) -> str:
    name = getattr(op.operands[0], "hint", "") or "an array"
    reason = (
        f"{function.name} copies {name} in every turn of this loop, since its old "
        "contents are needed after a write"
    )
    return render(reason, op.span, HINT)
