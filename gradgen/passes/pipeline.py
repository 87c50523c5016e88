"""The order of the passes."""

from __future__ import annotations

from collections.abc import Callable

from gradgen.ir.core import Block, Function, with_body
from gradgen.passes.cleanup import (
    drop_proven_checks,
    eliminate_common,
    eliminate_dead,
)
from gradgen.passes.simplify import simplify

Pass = Callable[[Block], Block]
ROUND: tuple[Pass, ...] = (simplify, eliminate_common, eliminate_dead)
MAX_ROUNDS = 10


def optimise(
    function: Function, after_pass: Callable[[str, Function], None] | None = None
) -> Function:
    """Return ``function`` simplified until nothing changes.

    ``after_pass`` is called with the name of each pass and what it returned.
    """
    for _ in range(MAX_ROUNDS):
        before = _shape_of(function.body)
        for run in ROUND:
            function = with_body(function, run(function.body))
            if after_pass is not None:
                after_pass(run.__name__, function)
        if _shape_of(function.body) == before:
            break
    return with_body(function, drop_proven_checks(function.body))


def _shape_of(block: Block) -> list[tuple[object, ...]]:
    return [(op.name, op.operands, op.results) for op in block.ops]
