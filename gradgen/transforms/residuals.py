"""Residuals of a region: what its reverse sweep reads is computed again or taped.

The rules of primitives mention values of the forward region freely. Here those that the
reverse region cannot see are found, and the cheapest set of values to tape, from which
all others are recomputed there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from gradgen.ir.core import Atom, Block, Op, Value, map_operands, namesake, walk_ops
from gradgen.ir.types import Array, Scalar, Seq, Sym, Type
from gradgen.primitives.registry import PRIMITIVES, Handle
from gradgen.primitives.unbound import unbound_results
from gradgen.structs import field, replace, struct
from gradgen.transforms.cut import minimum_cut

LARGE = 1000
"""How many numbers an axis is reckoned to have."""

_ANY = """
add subtract multiply negative positive where cast dim size zeros ones full arange
"""
_SCALAR = """
divide floor_divide remainder absolute fabs maximum minimum sign square floor ceil less
less_equal greater greater_equal equal not_equal logical_not logical_and logical_or not
int float bool invert bitwise_and bitwise_or bitwise_xor at_least_one isnan isinf
isfinite
"""
CHEAP = frozenset(_ANY.split())
"""What costs no more to compute again than to store and load, of arrays too."""
CHEAP_FOR_SCALARS = CHEAP | frozenset(_SCALAR.split())


@struct
class Forward:
    """A region of the forward sweep.

    ``given`` maps values to what stands for them in the reverse region at no cost,
    ``formulas`` to functions that append there what computes them from such values.
    ``shifted`` maps values to the slot that holds them in the next iteration.
    """

    params: tuple[Value, ...]
    ops: list[Op]
    given: dict[Value, Atom] = field(default_factory=dict)
    formulas: dict[Value, Callable[[], Handle]] = field(default_factory=dict)
    shifted: dict[Value, Value] = field(default_factory=dict)

    def has(self, value: Value) -> bool:
        """Tell whether the reverse region has a value without a tape."""
        return value in self.given or value in self.formulas

    def makers(self) -> dict[Value, Op]:
        """Return which op defines what."""
        return {y: op for op in self.ops for y in op.results}


@struct
class Plan:
    """What the reverse region reads: taped, handed on by the iteration after, or made.

    ``ops`` is the reverse region so far, ``given`` the values that it reads and that
    are at hand there.
    """

    ops: list[Op]
    given: list[Value]
    taped: list[Value]
    shifted: list[Value]
    recomputed: list[Op]


def plan_residuals(
    forward: Forward,
    ops: Sequence[Op],
    yields: Sequence[Atom],
    distant: frozenset[Value],
) -> Plan:
    """Decide what becomes of the values of ``forward`` that a reverse region reads.

    ``distant`` values lie further out, and are taped there if they are mentioned here.
    """
    live = _move_lengths(forward, live_ops(ops, yields))
    makers = forward.makers()
    defined = {**dict.fromkeys(forward.params), **makers}
    read = values_read(live, yields)

    def is_missing(x: Value) -> bool:
        if x in defined:
            return not forward.has(x)
        return x in distant and x not in read and not isinstance(x.type, Scalar)

    def sources(value: Value) -> list[Value] | None:
        found = _sources(forward, value, makers)
        return None if found is None else [x for x in found if is_missing(x)]

    needed = [x for x in defined if x in read]
    missing = [x for x in needed if is_missing(x)]
    kept = minimum_cut(missing, sources, _weight) if missing else set()
    return _plan(forward, live, needed, kept, makers)


def _sources(
    forward: Forward, value: Value, makers: Mapping[Value, Op]
) -> list[Value] | None:
    """Return what a value can be had from, None if it can only be taped."""
    op = makers.get(value)
    handed_on = value in forward.shifted and not (op is not None and is_cheap(op))
    if handed_on:
        return [forward.shifted[value]]
    if op is not None and can_be_repeated(op):
        return [x for x in op.operands if isinstance(x, Value)]
    return None


def _plan(
    forward: Forward,
    ops: list[Op],
    needed: Sequence[Value],
    kept: set[Value],
    makers: Mapping[Value, Op],
) -> Plan:
    """Follow the needed values back to what is kept or given."""
    plan = Plan(ops, [], [], [], [])
    pending, seen = list(needed), set(needed)
    recomputed = set()
    while pending:
        value = pending.pop()
        further: list[Value] = []
        if forward.has(value):
            plan.given.append(value)
        elif value in kept:
            plan.taped.append(value)
        else:
            further = _sources(forward, value, makers) or []
            if further == [forward.shifted.get(value)]:
                plan.shifted.append(value)
            else:
                recomputed.add(makers[value])
        known = (x for x in further if x in makers or x in forward.params)
        fresh = [x for x in dict.fromkeys(known) if x not in seen]
        seen.update(fresh)
        pending.extend(fresh)
    plan.recomputed = [op for op in forward.ops if op in recomputed]
    order = {x: k for k, x in enumerate([*forward.params, *makers])}
    for values in (plan.given, plan.taped, plan.shifted):
        values.sort(key=order.__getitem__)
    return plan


def carry_out(
    plan: Plan, atoms: Mapping[Value, Atom], yields: Sequence[Atom], origin: str
) -> tuple[list[Op], list[Atom]]:
    """Return the reverse region with all that it reads at hand, and what it yields.

    ``atoms`` says what stands for the values that are given, taped and shifted.
    """
    known = dict(atoms)

    def look_up(x: Atom) -> Atom:
        return known.get(x, x) if isinstance(x, Value) else x

    head = []
    for op in plan.recomputed:
        results = tuple(map(namesake, op.results))
        operands = tuple(map(look_up, op.operands))
        head.append(replace(op, operands=operands, results=results, origin=origin))
        known.update(zip(op.results, results, strict=True))
    block = map_operands(Block((), tuple(plan.ops), tuple(yields)), look_up)
    return [*head, *block.ops], list(block.results)


def _weight(value: Value) -> int:
    """Return about how many numbers a value consists of."""
    if isinstance(value.type, Scalar):
        return 1
    rank = len(value.type.shape) if isinstance(value.type, Array) else 4
    return int(LARGE**rank)


def is_cheap(op: Op) -> bool:
    """Tell whether to compute an op again costs about as little as to load its result.

    Where it makes lengths of its own, these would differ from those of the first time.
    """
    if op.name not in PRIMITIVES or not _keeps_lengths(op):
        return False
    if op.name == "getitem" or PRIMITIVES[op.name].shares:
        return True
    return op.name in (CHEAP_FOR_SCALARS if _is_scalar(op) else CHEAP)


def can_be_repeated(op: Op) -> bool:
    """Tell whether an op may be computed again so that its result is not taped."""
    if is_cheap(op):
        return True
    return op.name in PRIMITIVES and PRIMITIVES[op.name].elementwise and _is_scalar(op)


def _is_scalar(op: Op) -> bool:
    return all(isinstance(x.type, Scalar) for x in (*op.operands, *op.results))


def _keeps_lengths(op: Op) -> bool:
    """Tell whether the lengths of the results are among those of the operands."""
    made = _lengths(y.type for y in op.results)
    return made <= _lengths(x.type for x in op.operands)


def distant_values(
    params: Sequence[Value], ops: Sequence[Op], distant: frozenset[Value]
) -> frozenset[Value]:
    """Return the values of a region that cannot be recomputed from outside of it."""
    found = set(params)
    for op in ops:
        known = not any(x in found or x in distant for x in op.operands)
        if not (known and is_cheap(op)):
            found.update(op.results)
    return frozenset(found)


def _lengths(types: Iterable[Type]) -> set[str]:
    dims = [
        dim
        for type_ in types
        for dim in (*getattr(type_, "shape", ()), getattr(type_, "dim", None))
    ]
    return {dim.name for dim in dims if isinstance(dim, Sym)}


def item_type(type_: Type) -> Type:
    """Return a type without what is known of one value."""
    if isinstance(type_, Scalar):
        return Scalar(type_.dtype, type_.weak)
    if isinstance(type_, Seq):
        return replace(type_, element=item_type(type_.element))
    return type_


def live_ops(ops: Sequence[Op], yields: Sequence[Atom]) -> list[Op]:
    """Return the ops that ``yields`` depend on, or that have an effect."""
    live = {x for x in yields if isinstance(x, Value)}
    kept = []
    for op in reversed(ops):
        if _has_effect(op) or any(y in live for y in op.results):
            kept.append(op)
            live.update(values_read([op]))
    return kept[::-1]


def _has_effect(op: Op) -> bool:
    ops = (op, *(inner for region in op.regions for inner in walk_ops(region)))
    return any(map(_is_effect, ops))


def _is_effect(op: Op) -> bool:
    if op.name == "call":
        return bool(op.attrs["effect"])
    return op.name in PRIMITIVES and PRIMITIVES[op.name].effect


def values_read(ops: Sequence[Op], yields: Sequence[Atom] = ()) -> dict[Value, None]:
    """Return, in order, what ops with their regions and then ``yields`` mention."""
    read: dict[Value, None] = {}
    for op in ops:
        for x in op.operands:
            if isinstance(x, Value):
                read[x] = None
        for region in op.regions:
            read.update(values_read(region.ops, region.results))
    read.update((x, None) for x in yields if isinstance(x, Value))
    return read


def values_made(ops: Sequence[Op]) -> set[Value]:
    """Return what ops define, in their regions too."""
    made: set[Value] = set()
    for op in ops:
        made.update(op.results)
        for region in op.regions:
            made.update(region.params)
            made |= values_made(region.ops)
    return made


def _move_lengths(
    forward: Forward, ops: Sequence[Op], *, inner: bool = False
) -> list[Op]:
    """Have the forward region take the lengths of its values, not the reverse one.

    So a length is recorded, and not the array. What only some paths define has a length
    on these alone, and stays: inside a region, that may be any parameter. Before ->
    after::

        x = ... | n = dim(x); x_bar = zeros(n)   ->   x = ...; n = dim(x) | x_bar = ...
    """
    own = {y for op in forward.ops for y in op.results} - unbound_results(forward.ops)
    if not inner:
        own.update(forward.params)
    kept = []
    for op in ops:
        if op.name == "dim" and op.operands[0] in own:
            forward.ops.append(op)
            own.update(op.results)
            continue
        regions = tuple(
            replace(region, ops=tuple(_move_lengths(forward, region.ops, inner=True)))
            for region in op.regions
        )
        kept.append(replace(op, regions=regions) if regions else op)
    return kept
