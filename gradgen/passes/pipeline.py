"""The order of the passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gradgen.ir.core import Block, Function, Value, with_body
from gradgen.passes.cleanup import eliminate_common, eliminate_dead
from gradgen.passes.simplify import settle_signs, simplify

Pass = Callable[[Block], Block]
AfterPass = Callable[[str, Function], None]
MAX_ROUNDS = 10


def optimise(function: Function, after_pass: AfterPass | None = None) -> Function:
    """Return ``function`` simplified, ready to be transformed again or printed.

    Checks of lengths stay: to a later transform they are what is known about lengths.
    ``bufferize`` drops those that something else makes.
    ``after_pass`` is called with the name of each pass and what it returned.
    """
    seeds = seed_values(function)
    for rewriting in (simplify, settle_signs):
        run = partial(rewriting, seeds=seeds)
        function = _until_stable(function, rewriting.__name__, run, after_pass)
    return function


def seed_values(function: Function) -> frozenset[Value]:
    """Return the leaves of the parameters that bring in tangents or cotangents."""
    seeds = (param for param in function.params if param.role == "seed")
    return frozenset(x for param in seeds for x in param.tree.leaves())


def _until_stable(
    function: Function, name: str, rewriting: Pass, after_pass: AfterPass | None
) -> Function:
    for _ in range(MAX_ROUNDS):
        before = _summary(function.body)
        function = _run(function, name, rewriting, after_pass)
        function = _run(function, "eliminate_common", eliminate_common, after_pass)
        function = _run(function, "eliminate_dead", eliminate_dead, after_pass)
        if _summary(function.body) == before:
            break
    return function


def _run(
    function: Function, name: str, run: Pass, after_pass: AfterPass | None
) -> Function:
    function = with_body(function, run(function.body))
    if after_pass is not None:
        after_pass(name, function)
    return function


def _summary(block: Block) -> list[tuple[object, ...]]:
    return [(op.name, op.operands, op.results) for op in block.ops]
