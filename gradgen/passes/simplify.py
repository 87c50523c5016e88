"""Algebraic rewriting to what a numerical analyst would have written.

The user's own arithmetic is changed by exact identities only; what a transform added
may be reassociated as well.
"""

from __future__ import annotations

from gradgen.ir.core import Block
from gradgen.passes.algebra import ALGEBRA
from gradgen.passes.counts import COUNTS
from gradgen.passes.masks import MASKS
from gradgen.passes.reads import READS
from gradgen.passes.reductions import REDUCTIONS
from gradgen.passes.rewriting import RuleSet, rewrite
from gradgen.passes.shapes import SHAPES
from gradgen.passes.signs import SETTLE, SIGNS


def _joined(*parts: RuleSet) -> RuleSet:
    joined = RuleSet()
    for part in parts:
        for name, rules in part.items():
            joined.setdefault(name, []).extend(rules)
    return joined


RULES = _joined(COUNTS, ALGEBRA, SHAPES, SIGNS, REDUCTIONS, MASKS, READS)


def simplify(block: Block) -> Block:
    """Apply all rules."""
    return rewrite(block, RULES)


def settle_signs(block: Block) -> Block:
    """Move the signs that no sum took in to where they cost least.

    Before -> after::

    -(2.0 * x)   ->   -2.0 * x
    """
    return rewrite(block, SETTLE)
