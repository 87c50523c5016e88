"""Algebraic rewriting to what a numerical analyst would have written.

The user's own arithmetic is changed by exact identities only; what a transform added
may be reassociated as well.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from gradgen.ir.core import Block
from gradgen.passes.algebra import ALGEBRA
from gradgen.passes.counts import COUNTS
from gradgen.passes.masks import MASKS
from gradgen.passes.reads import READS
from gradgen.passes.reductions import REDUCTIONS
from gradgen.passes.rewriting import ELEMENTWISE, Rule, rewrite
from gradgen.passes.shapes import SHAPES
from gradgen.passes.signs import SETTLE, SIGNS
from gradgen.primitives.registry import PRIMITIVES

PARTS = (COUNTS, ALGEBRA, SHAPES, SIGNS, REDUCTIONS, MASKS, READS)


@functools.cache
def rules_of(name: str) -> tuple[Rule, ...]:
    """Return the rules for a primitive, those for every elementwise one among them."""
    elementwise = name in PRIMITIVES and PRIMITIVES[name].elementwise
    names = (ELEMENTWISE, name) if elementwise else (name,)
    return tuple(rule for part in PARTS for n in names for rule in part.get(n, ()))


def _settling(name: str) -> Sequence[Rule]:
    return SETTLE.get(name, ())


def simplify(block: Block) -> Block:
    """Apply all rules."""
    return rewrite(block, rules_of)


def settle_signs(block: Block) -> Block:
    """Move the signs that no sum took in to where they cost least.

    Before -> after::

    -(2.0 * x)   ->   -2.0 * x
    """
    return rewrite(block, _settling)
