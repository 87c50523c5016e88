"""Rules of branches."""

from __future__ import annotations

from gradgen.ir.checkpoints import CHECKPOINT
from gradgen.ir.core import Atom, Block, Literal, Op
from gradgen.ir.flow import defined_values, keep_branch_results
from gradgen.ir.types import PY_BOOL, same_type
from gradgen.passes.folding import Folding, Rule, is_undefined
from gradgen.structs import replace


def known_branch(folding: Folding, op: Op) -> list[Op] | None:
    """``if True: y = sin(x) else: y = x -> y = sin(x)``.

    Results that the branch leaves undefined, or with lengths under other names, stay
    those of an ``if``: what reads an undefined one does not run, but needs a value.
    What a reverse sweep is to compute again stays a region until there is none to come.
    """
    holds = folding.truth(op.operands[0])
    if holds is None or CHECKPOINT in op.attrs:
        return None
    taken = op.regions[0 if holds else 1]
    pairs = list(zip(op.results, taken.results, strict=True))
    left = [k for k, (y, x) in enumerate(pairs) if not folding.may_put(y, x)]
    if len(left) == len(op.results) > 0 and not taken.ops:
        return None
    for k, (y, x) in enumerate(pairs):
        if k not in left:
            folding.put(y, x)
    return [*taken.ops, *_rest(op, taken, left)]


def _rest(op: Op, taken: Block, left: list[int]) -> list[Op]:
    if not left:
        return []
    empty = replace(taken, ops=())
    regions = tuple(empty if r is taken else r for r in op.regions)
    return [keep_branch_results(replace(op, regions=regions), left)]


def same_either_way(folding: Folding, op: Op) -> list[Op] | None:
    """``y = a if c else a -> y = a``, also where one branch leaves ``y`` undefined."""
    then, otherwise = op.regions
    kept = []
    for k, y in enumerate(op.results):
        first, second = folding.look_up(then.results[k]), otherwise.results[k]
        second = folding.look_up(second)
        atom, region = (second, otherwise) if is_undefined(first) else (first, then)
        alike = first == second or is_undefined(first) or is_undefined(second)
        if alike and _is_outside(atom, region) and folding.may_put(y, atom):
            folding.put(y, atom)
        else:
            kept.append(k)
    if len(kept) == len(op.results):
        return None
    return [keep_branch_results(op, kept)]


def _is_outside(atom: Atom, region: Block) -> bool:
    """Tell whether ``atom`` is a value, and one that does not need ``region``."""
    if isinstance(atom, Literal):
        return not atom.is_undefined
    return all(atom is not value for value in defined_values(region))


def condition_itself(folding: Folding, op: Op) -> list[Op] | None:
    """``True if c else False -> c``, and ``False if c else True -> not c``."""
    if len(op.results) != 1 or any(region.ops for region in op.regions):
        return None
    yields = [region.results[0] for region in op.regions]
    flags = [x.value for x in yields if isinstance(x, Literal)]
    if not all(type(flag) is bool for flag in flags) or sorted(flags) != [False, True]:
        return None
    cond = folding.look_up(op.operands[0])
    if flags[0] and same_type(cond.type, PY_BOOL):
        folding.put(op.results[0], cond)
        return []
    name = "bool" if flags[0] else "not"
    return [replace(op, name=name, operands=(cond,), regions=())]


BRANCH_RULES: tuple[Rule, ...] = (known_branch, same_either_way, condition_itself)
