"""Loops that go through arrays: ``for v in x``, ``for x in reversed(x_tape)``."""

from __future__ import annotations

from collections.abc import Mapping

from gradgen.codegen.lengths import is_number
from gradgen.codegen.loops import Loop
from gradgen.codegen.statements import Phrase
from gradgen.codegen.uses import Uses
from gradgen.ir.core import Atom, Block, Op, Value, walk_ops
from gradgen.ir.flow import defined_values
from gradgen.ir.regions import LoopParts, loop_parts
from gradgen.ir.types import Array, Scalar
from gradgen.primitives.indexing import At


def find_scans(block: Block, uses: Uses) -> set[Op]:
    """Return the loops that read their tapes alone, and no longer count their bounds.

    The tapes were made by loops with the same iterations, and the index is not used.
    """
    makers = {y: op for op in walk_ops(block) for y in op.results}
    found = {op for op in walk_ops(block) if _is_scan(op, uses, makers)}
    for op in found:
        for x in loop_parts(op).range:
            if isinstance(x, Value):
                uses.all[x] -= 1
    return found


def _is_scan(op: Op, uses: Uses, makers: Mapping[Value, Op]) -> bool:
    if op.name != "for" or uses.count(op.regions[0].params[0]):
        return False
    parts = loop_parts(op)
    if any(map(uses.count, (*parts.stacked, *op.results[-2:]))):
        return False
    pairs = _scanned(parts, uses)
    return bool(pairs) and all(
        _fills(parts.range, tape, makers) and _is_as_kept(tape, e, uses)
        for tape, e in pairs
    )


def _is_as_kept(tape: Atom, element: Value, uses: Uses) -> bool:
    """Tell whether an element needs no conversion to a Python number."""
    weak = isinstance(element.type, Scalar) and element.type.weak
    return uses.is_list(tape) or not weak


def _scanned(parts: LoopParts, uses: Uses) -> list[tuple[Atom, Value]]:
    """Return the tapes that are read, each with its element."""
    pairs = zip(parts.scanned, parts.elements, strict=True)
    return [(tape, e) for tape, e in pairs if uses.count(e)]


def _fills(bounds: tuple[Atom, ...], tape: Atom, makers: Mapping[Value, Op]) -> bool:
    """Tell whether a loop over just this range made a tape."""
    op = makers.get(tape) if isinstance(tape, Value) else None
    if op is None or op.name not in ("for", "while"):
        return False
    parts = loop_parts(op)
    if tape not in parts.stacked:
        return False
    lo, hi, step = bounds
    if op.name == "while":
        return hi is op.results[-2] and is_number(lo, 0) and is_number(step, 1)
    start, stop, by = parts.range
    return (lo, hi, step) == (start, op.results[-2] if op.attrs["exits"] else stop, by)


def scan_of(op: Op, uses: Uses) -> tuple[tuple[Value, ...], Phrase]:
    """Return the elements, and what a loop over tapes goes through."""
    pairs = _scanned(loop_parts(op), uses)
    text = "reversed({%d})" if op.attrs["reverse"] else "{%d}"
    texts = [text % k for k in range(len(pairs))]
    whole = texts[0] if len(texts) == 1 else f"zip({', '.join(texts)})"
    return tuple(e for _, e in pairs), Phrase(whole, tuple(tape for tape, _ in pairs))


def elements_read(loop: Loop, uses: Uses) -> list[Op]:
    """Return the ops that read an element an iteration, if the index is for that only.

    Nobody writes to the arrays meanwhile, since each iteration reads them.

    Before -> after::

        for i in range(x.shape[0]):   ->   for v in x:
            v = x[i]
    """
    op, body = loop.op, loop.op.regions[-1]
    indexed = any(tape.place is not None for tape, _ in loop.tapes)
    if op.attrs["reverse"] or indexed or loop.opening or uses.count(loop.stop):
        return []
    inside = set(defined_values(body))
    found = [x for x in body.ops if _reads_element(x, loop, inside)]
    return found if 0 < len(found) == uses.count(loop.index) else []


def _reads_element(op: Op, loop: Loop, inside: set[Value]) -> bool:
    """Tell whether an op reads ``x[i]`` where ``i`` goes through all of ``x``."""
    if op.name != "getitem" or op.inline or op.attrs["index"] != (At(1),):
        return False
    x, index = op.operands
    lo, hi, step = loop.parts.range
    if index is not loop.index or x in inside or not isinstance(x.type, Array):
        return False
    length = hi.type.dim if isinstance(hi.type, Scalar) else None
    whole = is_number(lo, 0) and is_number(step, 1)
    return whole and length is not None and length == x.type.shape[0]


def elements_phrase(reads: list[Op]) -> tuple[tuple[Value, ...], Phrase]:
    """Return the elements, and what a loop over arrays goes through."""
    arrays = tuple(op.operands[0] for op in reads)
    places = ", ".join(f"{{{k}}}" for k in range(len(arrays)))
    whole = places if len(arrays) == 1 else f"zip({places}, strict=True)"
    return tuple(op.results[0] for op in reads), Phrase(whole, arrays)
