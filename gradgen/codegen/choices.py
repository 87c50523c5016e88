"""Branches that are printed as one expression: ``a if c else b``, ``c and d``."""

from __future__ import annotations

from collections.abc import Iterator

from gradgen.codegen.statements import is_undefined
from gradgen.codegen.uses import CONVERSIONS, Uses
from gradgen.codegen.webs import name_key
from gradgen.ir.core import Atom, Block, Literal, Op, Value, use_counts, walk_ops
from gradgen.primitives.registry import PRIMITIVES

SMALL = 2
"""How many operations an arm of a conditional expression may hold."""

CONDITION = 8
"""How many operations the second half of an ``and`` or ``or`` may hold."""


def is_choice(op: Op, uses: Uses) -> bool:
    """Tell whether a branch only chooses between two small expressions.

    Where one arm keeps what a variable holds, a statement says that better. What the
    user named in an arm is a statement, too.
    """
    if op.name != "if" or len(op.results) != 1 or not uses.count(op.results[0]):
        return False
    if connective(op, uses):
        return True
    return all(_is_small(region, op.results[0], uses) for region in op.regions)


def connective(op: Op, uses: Uses) -> str:
    """Return ``and`` or ``or`` if that is what a branch computes, else nothing.

    Before -> after::

        mask = x > 0
        if mask:                ->   mask = x > 0 and y > 2
            mask = y > 2
    """
    if op.name != "if" or len(op.results) != 1:
        return ""
    then, otherwise = op.regions
    truth = op.results[0] in uses.truths
    if _repeats(op, otherwise, False, truth) and _holds(then, uses, CONDITION):
        return "and"
    if _repeats(op, then, True, truth) and _holds(otherwise, uses, CONDITION):
        return "or"
    return ""


def _repeats(op: Op, arm: Block, value: bool, truth: bool) -> bool:
    """Tell whether an arm yields the condition of a branch, which is ``value`` there.

    If ``truth`` is all that is asked for, it may be of another type.
    """
    cond, (atom,) = op.operands[0], arm.results
    if not arm.ops and (atom is cond or (truth and atom == Literal.of(value))):
        return True
    if not truth or len(arm.ops) != 1 or arm.ops[0].name not in CONVERSIONS:
        return False
    return arm.ops[0].operands == (cond,) and arm.ops[0].results == (atom,)


def inlined_in(op: Op) -> Iterator[Op]:
    """Yield the ops that are printed inside a choice."""
    for region in op.regions:
        yield from walk_ops(region)


def _is_small(block: Block, result: Value, uses: Uses) -> bool:
    (atom,) = block.results
    if is_undefined(atom):
        return False
    if not block.ops:
        return not _is_kept(atom, result)
    return _holds(block, uses, SMALL)


def _holds(block: Block, uses: Uses, most: int) -> bool:
    """Tell whether a block is one expression of not more than ``most`` operations."""
    (atom,) = block.results
    if is_undefined(atom) or sum(1 for _ in walk_ops(block)) > most:
        return False
    if not block.ops:
        return True
    *inner, last = block.ops
    pairs = zip(inner, block.ops[1:], strict=True)
    return (
        last.results == (atom,)
        and not last.results[0].hint
        and uses.count(last.results[0]) == 1
        and all(op.inline or feeds(op, after, uses) for op, after in pairs)
        and all(_is_expression(op) or connective(op, uses) for op in block.ops)
    )


def feeds(op: Op, user: Op, uses: Uses) -> bool:
    """Tell whether all that an op computes is part of a condition."""
    if len(op.results) != 1 or op.results[0].hint:
        return False
    if user.name in CONVERSIONS:
        once = user.operands == op.results and uses.count(op.results[0]) == 1
        return once and bool(connective(op, uses))
    if not connective(user, uses):
        return False
    counted = use_counts(Block((), (user,), ()))
    found = counted.get(op.results[0], 0) == uses.count(op.results[0])
    return found and (_is_expression(op) or bool(connective(op, uses)))


def _is_kept(atom: Atom, result: Value) -> bool:
    if not isinstance(atom, Value):
        return False
    return name_key(result) in ("", name_key(atom))


def _is_expression(op: Op) -> bool:
    primitive = PRIMITIVES.get(op.name)
    if primitive is None or primitive.effect or primitive.mutates:
        return False
    return len(op.results) == 1 and op.into is None
