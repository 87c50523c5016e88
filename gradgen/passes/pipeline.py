"""The order of the passes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Protocol

from gradgen.ir.core import Block, Function, map_helpers, with_body
from gradgen.ir.flow import reachable
from gradgen.passes.cleanup import eliminate_common
from gradgen.passes.dead import eliminate_dead
from gradgen.passes.motion import hoist_invariants
from gradgen.passes.regions import fold_regions
from gradgen.passes.simplify import settle_signs, simplify


class Pass(Protocol):
    """A function from valid IR to valid IR."""

    __name__: str

    def __call__(self, block: Block, /) -> Block:
        """Return the block rewritten."""


AfterPass = Callable[[str, Function], None]
CLEANUP: tuple[Pass, ...] = (fold_regions, eliminate_common, eliminate_dead)
PHASES: tuple[tuple[Pass, ...], ...] = (
    (simplify, *CLEANUP),
    (settle_signs, hoist_invariants, *CLEANUP),
)
MAX_ROUNDS = 10


def optimise(function: Function, after_pass: AfterPass | None = None) -> Function:
    """Return ``function`` simplified, ready to be transformed again or printed.

    Checks of lengths stay: to a later transform they are what is known about lengths.
    ``bufferize`` drops those that something else makes.
    ``after_pass`` is called with the name of each pass that changed something, and what
    it returned.
    """
    return map_helpers(reachable(function), lambda f: _optimised(f, after_pass))


def _optimised(function: Function, after_pass: AfterPass | None) -> Function:
    for passes in PHASES:
        function = _until_stable(function, passes, after_pass)
    return function


def _until_stable(
    function: Function, passes: Sequence[Pass], after_pass: AfterPass | None
) -> Function:
    """Run the passes in turn until each has left what the others made as it was."""
    state, unchanged = _summary(function.body), 0
    for run in itertools.islice(itertools.cycle(passes), MAX_ROUNDS * len(passes)):
        function = with_body(function, run(function.body))
        before, state = state, _summary(function.body)
        if state == before:
            unchanged += 1
            if unchanged == len(passes):
                break
            continue
        unchanged = 0
        if after_pass is not None:
            after_pass(run.__name__, function)
    return function


def _summary(block: Block) -> list[tuple[object, ...]]:
    """Return what tells two states of a block apart."""
    ops = [(op.name, op.operands, op.results) for op in block.ops]
    inner = [_summary(region) for op in block.ops for region in op.regions]
    return [*ops, (block.results,), *map(tuple, inner)]
