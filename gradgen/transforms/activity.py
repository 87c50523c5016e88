"""Activity: which values depend on a differentiated input and reach an output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gradgen.deferred import Deferred
from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.regions import loop_parts
from gradgen.ir.rules import RULE
from gradgen.ir.types import is_floating
from gradgen.primitives.registry import PRIMITIVES

if TYPE_CHECKING:
    from gradgen.primitives import kinks
else:
    kinks = Deferred("gradgen.primitives.kinks")


def active_values(
    block: Block,
    inputs: Iterable[Value],
    outputs: Iterable[Atom],
    strict: bool = False,
) -> set[Value]:
    """Return the values, in regions too, that are both varied and useful.

    A value is varied if it depends on ``inputs`` through differentiable operands, and
    useful if one of ``outputs`` depends on it so (Griewank and Walther, section 6.2).
    Round the back edge of a loop, both are fixpoints. With ``strict``, what has jumps
    counts as differentiable.
    """
    varied = varied_values(block, inputs, strict)
    useful = {atom for atom in outputs if isinstance(atom, Value) and atom in varied}
    _use(block.ops, varied, useful)
    return varied & useful


def varied_values(
    block: Block, inputs: Iterable[Value], strict: bool = False
) -> set[Value]:
    """Return the values that depend on ``inputs`` through differentiable operands."""
    varied = set(inputs)
    _vary(block.ops, varied, strict)
    return varied


def _vary(ops: Sequence[Op], varied: set[Value], strict: bool) -> None:
    """Add to ``varied`` what depends on it."""
    for op in ops:
        if op.name == "if":
            _vary_branches(op, varied, strict)
        elif op.name in ("for", "while"):
            _vary_loop(op, varied, strict)
        elif carries(op, strict) and any(x in varied for x in moving_operands(op)):
            varied.update(y for y in op.results if is_floating(y.type))


def _vary_branches(op: Op, varied: set[Value], strict: bool) -> None:
    for region in op.regions:
        _vary(region.ops, varied, strict)
        _hand_on(region.results, op.results, varied)


def _vary_loop(op: Op, varied: set[Value], strict: bool) -> None:
    parts = loop_parts(op)
    _hand_on(parts.scanned, parts.elements, varied)
    _hand_on(parts.initial, parts.carried, varied)
    before = -1
    while len(varied) > before:
        before = len(varied)
        _vary(op.regions[-1].ops, varied, strict)
        _hand_on(parts.next, parts.carried, varied)
    _hand_on(parts.carried, parts.final, varied)
    _hand_on(parts.items, parts.stacked, varied)


def _hand_on(given: Sequence[Atom], taken: Sequence[Atom], found: set[Value]) -> None:
    """Add each value of ``taken`` whose counterpart in ``given`` is in ``found``."""
    for x, y in zip(given, taken, strict=True):
        if x in found and isinstance(y, Value) and is_floating(y.type):
            found.add(y)


def _use(ops: Sequence[Op], varied: set[Value], useful: set[Value]) -> None:
    """Add to ``useful`` the varied values that it depends on."""
    for op in reversed(ops):
        if op.name == "if":
            _use_branches(op, varied, useful)
        elif op.name in ("for", "while"):
            _use_loop(op, varied, useful)
        elif any(y in useful for y in op.results):
            useful.update(x for x in moving_operands(op) if x in varied)


def _use_branches(op: Op, varied: set[Value], useful: set[Value]) -> None:
    for region in op.regions:
        _hand_back(op.results, region.results, varied, useful)
        _use(region.ops, varied, useful)


def _use_loop(op: Op, varied: set[Value], useful: set[Value]) -> None:
    parts = loop_parts(op)
    _hand_back(parts.final, parts.carried, varied, useful)
    _hand_back(parts.stacked, parts.items, varied, useful)
    before = -1
    while len(useful) > before:
        before = len(useful)
        _hand_back(parts.carried, parts.next, varied, useful)
        _use(op.regions[-1].ops, varied, useful)
    _hand_back(parts.carried, parts.initial, varied, useful)
    _hand_back(parts.elements, parts.scanned, varied, useful)


def _hand_back(
    taken: Sequence[Atom],
    given: Sequence[Atom],
    varied: set[Value],
    useful: set[Value],
) -> None:
    """Add each varied value of ``given`` whose counterpart in ``taken`` is useful."""
    for y, x in zip(taken, given, strict=True):
        if y in useful and isinstance(x, Value) and x in varied:
            useful.add(x)


def carries(op: Op, strict: bool = False) -> bool:
    """Tell whether a derivative can pass through ``op``, or is none at its jumps."""
    if op.name == "call" or RULE in op.attrs:
        return True
    if strict and op.name in kinks.KINKS:
        return True
    return op.name in PRIMITIVES and PRIMITIVES[op.name].differentiable


def moving_operands(op: Op) -> list[Value]:
    """Return the operands through whose contents a derivative can pass."""
    shape_only = () if op.name == "call" else PRIMITIVES[op.name].shape_only
    return [
        x
        for slot, x in enumerate(op.operands)
        if isinstance(x, Value) and is_floating(x.type) and slot not in shape_only
    ]
