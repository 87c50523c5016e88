"""Branches that are printed as one expression: ``a if c else b``."""

from __future__ import annotations

from gradgen.codegen.statements import is_undefined
from gradgen.codegen.uses import Uses
from gradgen.codegen.webs import name_key
from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.primitives.registry import PRIMITIVES

SMALL = 2
"""How many operations an arm of a conditional expression may hold."""


def is_choice(op: Op, uses: Uses) -> bool:
    """Tell whether a branch only chooses between two small expressions.

    Where one arm keeps what a variable holds, a statement says that better. What the
    user named in an arm is a statement, too.
    """
    if len(op.results) != 1 or not uses.count(op.results[0]):
        return False
    return all(_is_small(region, op.results[0], uses) for region in op.regions)


def _is_small(block: Block, result: Value, uses: Uses) -> bool:
    (atom,) = block.results
    if is_undefined(atom) or len(block.ops) > SMALL:
        return False
    if not block.ops:
        return not _is_kept(atom, result)
    *inner, last = block.ops
    return (
        last.results == (atom,)
        and not last.results[0].hint
        and uses.count(last.results[0]) == 1
        and all(op.inline for op in inner)
        and all(_is_expression(op) for op in block.ops)
    )


def _is_kept(atom: Atom, result: Value) -> bool:
    if not isinstance(atom, Value):
        return False
    return name_key(result) in ("", name_key(atom))


def _is_expression(op: Op) -> bool:
    primitive = PRIMITIVES.get(op.name)
    if primitive is None or primitive.effect or primitive.mutates:
        return False
    return len(op.results) == 1 and op.into is None
