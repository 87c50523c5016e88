"""What a strict derivative checks, op by op; see ``docs/design/strict.md``.

A kink counts where a cotangent meets it that is not zero. What the rules
of functions return must be finite. What is linear only hands on, and is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradgen.errors import Span
from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.types import Array, Scalar, is_floating
from gradgen.primitives.families import is_linear
from gradgen.primitives.kinks import KINKS
from gradgen.primitives.registry import PRIMITIVES, Handle
from gradgen.primitives.strictness import check_finite, check_smooth

Moves = Callable[[int], bool]


def check_cotangents(op: Op, bar: Handle | None, moves: Moves) -> None:
    """Have it checked that the cotangent of an op meets no kink."""
    if bar is not None:
        for kink in _kinks(bar, op, moves):
            check_smooth(kink, bar, op.span)


def check_results(
    op: Op, given: Sequence[Handle | None], found: Sequence[Any], moves: Moves
) -> None:
    """Have it checked that what a rule returned for operands that move is finite.

    ``given`` are those that it got: what is handed on has been checked before.
    """
    if is_linear(PRIMITIVES[op.name]):
        return
    known = {x.atom for x in given if x is not None}
    for slot, x in enumerate(found):
        if isinstance(x, Handle) and moves(slot) and _source(x) not in known:
            check_number(x, op.span)


def check_number(x: Handle, span: Span | None) -> None:
    """Have it checked that a derivative is finite; one in a container counts later."""
    atom = x.atom
    numeric = isinstance(atom.type, Scalar | Array) and is_floating(atom.type)
    if isinstance(atom, Value) and numeric:
        check_finite(x, span)


def check_once(x: Handle, span: Span | None) -> None:
    """Have it checked that a derivative is finite, unless its last op did that."""
    checked = (op.operands for op in x.builder.ops if op.name == "check_finite")
    if (x.atom,) not in checked:
        check_number(x, span)


def _source(x: Handle) -> Atom:
    """Return what ``x`` is, up to its sign."""
    maker = x.builder.makers.get(x.atom) if isinstance(x.atom, Value) else None
    return maker.operands[0] if maker and maker.name == "negative" else x.atom


def _kinks(near: Handle, op: Op, moves: Moves) -> Iterator[Any]:
    """Yield, once each, where the operands that move make an op have a kink."""
    builder = near.builder
    xs = [Handle(builder, x) for x in op.operands]
    ys = [Handle(builder, y) for y in op.results]
    found = KINKS.get(op.name, ())
    kinks = found if isinstance(found, tuple) else (found,)
    kinks = (*kinks, *kinks[-1:] * (len(xs) - len(kinks)))
    moving = [kink for k, kink in enumerate(kinks) if kink is not None and moves(k)]
    for kink in dict.fromkeys(moving):
        where = kink(ys[0], *xs, **op.attrs)
        if where is not None:
            yield where
