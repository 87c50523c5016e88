"""Where the values that region ops define come from, and what decides what runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value, walk_ops
from gradgen.ir.dims import Dims
from gradgen.ir.regions import LoopParts, loop_parts
from gradgen.ir.rules import callees
from gradgen.structs import replace

LOOPS = ("for", "while")

Part = TypeVar("Part")


def flow(op: Op) -> dict[Value, tuple[Atom, ...]]:
    """Return the atoms that each result and region parameter of ``op`` may equal.

    For a stacked result these are its items, for an element the scanned operand.
    """
    if op.name == "if":
        pairs = zip(*(region.results for region in op.regions), strict=True)
        return dict(zip(op.results, pairs, strict=True))
    return _loop_flow(op) if op.name in LOOPS else {}


def _loop_flow(op: Op) -> dict[Value, tuple[Atom, ...]]:
    parts = loop_parts(op)
    sources = list(zip(parts.initial, parts.next, strict=True))
    known: dict[Value, tuple[Atom, ...]] = dict.fromkeys(op.results[-2:], ())
    known[op.regions[-1].params[0]] = ()
    for values in (parts.carried, parts.final, *_test_params(op)):
        known.update(zip(values, sources, strict=True))
    known.update((e, (x,)) for e, x in zip(parts.elements, parts.scanned, strict=True))
    known.update((y, (x,)) for y, x in zip(parts.stacked, parts.items, strict=True))
    return known


def _test_params(op: Op) -> list[tuple[Value, ...]]:
    return [test.params for test in op.regions[:-1]]


def is_assumed(op: Op) -> bool:
    """Tell whether ``op`` says which lengths are equal, and has nothing to check.

    That is a ``check_dims`` without operands.
    """
    return op.name == "check_dims" and not op.operands


def control(op: Op) -> tuple[Atom, ...]:
    """Return the atoms that decide which regions of ``op`` run, and how often."""
    if op.name == "if":
        return op.operands
    if op.name not in LOOPS:
        return ()
    parts = loop_parts(op)
    tests = [atom for test in op.regions[:-1] for atom in test.results]
    return (*parts.range, *parts.exit, *tests)


def defined_values(block: Block) -> Iterator[Value]:
    """Yield the parameters of ``block``, and what is defined in it and its regions."""
    yield from block.params
    for op in block.ops:
        yield from op.results
        for region in op.regions:
            yield from defined_values(region)


def note_lengths(dims: Dims, block: Block) -> None:
    """Have ``dims`` remember what ``block`` and its regions call lengths."""
    for value in defined_values(block):
        dims.note(value.type)
    for op in walk_ops(block):
        if is_assumed(op):
            dims.remember(op.attrs["dims"])


def free_values(block: Block) -> list[Value]:
    """Return the values from outside that ``block`` reads, in order of their use."""
    found: dict[Value, None] = {}
    _collect_free(block, set(), found)
    return list(found)


def _collect_free(block: Block, outer: set[Value], found: dict[Value, None]) -> None:
    inner = {*outer, *block.params}

    def use(atoms: Iterable[Atom]) -> None:
        values = (x for x in atoms if isinstance(x, Value))
        found.update(dict.fromkeys(x for x in values if x not in inner))

    for op in block.ops:
        use(op.operands)
        for region in op.regions:
            _collect_free(region, inner, found)
        inner.update(op.results)
    use(block.results)


def keep_branch_results(op: Op, kept: Sequence[int]) -> Op:
    """Return an ``if`` with only the results numbered ``kept``."""
    if len(kept) == len(op.results):
        return op
    regions = tuple(
        replace(region, results=_pick(region.results, kept)) for region in op.regions
    )
    return replace(op, results=_pick(op.results, kept), regions=regions)


def keep_loop_parts(
    op: Op, slots: Sequence[int], scanned: Sequence[int], stacked: Sequence[int]
) -> Op:
    """Return a loop with only some of its carried, scanned and stacked values.

    Nothing else may read the parameters and results of the others.
    """
    parts = loop_parts(op)
    if (len(slots), len(scanned), len(stacked)) == _part_counts(parts):
        return op
    initial, carried = _pick(parts.initial, slots), _pick(parts.carried, slots)
    elements = _pick(parts.elements, scanned)
    *tests, body = op.regions
    yields = (*parts.exit, *_pick(parts.next, slots), *_pick(parts.items, stacked))
    body = replace(body, params=(body.params[0], *carried, *elements), results=yields)
    tests = [replace(test, params=_pick(test.params, slots)) for test in tests]
    final, columns = _pick(parts.final, slots), _pick(parts.stacked, stacked)
    return replace(
        op,
        operands=(*parts.range, *initial, *_pick(parts.scanned, scanned)),
        results=(*final, *columns, *op.results[-2:]),
        attrs={**op.attrs, "carried": len(slots)},
        regions=(*tests, body),
    )


def _part_counts(parts: LoopParts) -> tuple[int, int, int]:
    return len(parts.carried), len(parts.scanned), len(parts.stacked)


def _pick(items: Sequence[Part], kept: Sequence[int]) -> tuple[Part, ...]:
    return tuple(items[k] for k in kept)


def gaps_in(block: Block, given: Iterable[Value] = ()) -> set[Value]:
    """Return the values that are undefined on some way through branches and loops.

    Those ``given`` may be, too.
    """
    sources: dict[Value, tuple[Atom, ...]] = {}
    for op in walk_ops(block):
        sources.update(flow(op))
    gaps = set(given)
    found = True
    while found:
        more = {y for y, xs in sources.items() if any(is_gap(x, gaps) for x in xs)}
        more.update(given)
        found, gaps = more > gaps, more
    return gaps


def is_gap(atom: Atom, gaps: set[Value]) -> bool:
    """Tell whether an atom may stand for nothing."""
    return atom.is_undefined if isinstance(atom, Literal) else atom in gaps


def reachable(function: Function, *, rules: bool = True) -> Function:
    """Return ``function`` without the helpers that nothing calls.

    ``rules`` says that those count which compute derivatives of calls.
    """
    if not function.helpers:
        return function
    kept: dict[str, Function] = {}
    pending = [function]
    while pending:
        for op in walk_ops(pending.pop().body):
            for name in callees(op, rules=rules):
                if name not in kept:
                    kept[name] = function.helpers[name]
                    pending.append(kept[name])
    if len(kept) == len(function.helpers):
        return function
    return replace(function, helpers=kept)
