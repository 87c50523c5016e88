"""Puts arrays in the order of C, if parts of them are written to that are views then.

``y.reshape(2, 12)[0] = v`` writes to ``y`` if its elements lie in the order of C. The
frontend takes only such arrays of the user's for that. In derivatives, what an array is
computed from may have another order, and with it the array.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gradgen.ir.core import Atom, Block, Op, Value, map_operands, namesake, walk_ops
from gradgen.ir.flow import LOOPS
from gradgen.ir.regions import loop_parts
from gradgen.ir.types import Array
from gradgen.passes.memory import overwritten_slots
from gradgen.primitives.paths import makes_vector
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import field, replace, struct

FRESH = ("copy", "empty", "eye", "full", "ones", "zeros")
"""Ops whose results lie in the order of C."""
LINED_UP = ("flat", "reshape")


@struct
class Orders:
    """Which values ``must`` lie in the order of C, and which of these to ``put`` so.

    ``may_be`` says which other values a value may be: slots of loops, and results of
    branches and loops. ``sources`` says what has to lie in order so that a value does.
    """

    makers: dict[Value, Op]
    may_be: dict[Value, Sequence[Atom]]
    must: set[Value] = field(default_factory=set)
    put: set[Value] = field(default_factory=set)
    sources: dict[Value, Sequence[Atom] | None] = field(default_factory=dict)

    def demand(self, x: Atom) -> None:
        """Let ``x`` lie in the order of C, and so what it was before it was changed."""
        if not isinstance(x, Value) or x in self.must:
            return
        self.must.add(x)
        sources = self.may_be[x] if x in self.may_be else self.sources_of(x)
        if sources is None:
            self.put.add(x)
        for other in sources or ():
            self.demand(other)

    def sources_of(self, x: Value) -> Sequence[Atom] | None:
        """Return what has to lie in order so that ``x`` does, None if that is too much.

        It is too much where one of these is not made here, or not in order as well.
        """
        if x not in self.sources:
            self.sources[x] = self._found_sources(x)
        return self.sources[x]

    def _found_sources(self, x: Value) -> Sequence[Atom] | None:
        op = self.makers.get(x)
        if op is None or op.regions or op.name == "call":
            return None
        if op.name in FRESH:
            return ()
        if not (overwritten_slots(op) or op.name in LINED_UP or _is_elementwise(op)):
            return None
        sources = _sources(op)
        near = (y in self.must or self.sources_of(y) is not None for y in sources)
        return sources if all(near) else None


def _is_elementwise(op: Op) -> bool:
    return PRIMITIVES[op.name].elementwise


def _sources(op: Op) -> Sequence[Value]:
    """Return the arrays whose order the result of ``op`` takes."""
    operands = op.operands if _is_elementwise(op) else op.operands[:1]
    return [x for x in operands if isinstance(x, Value) and isinstance(x.type, Array)]


def put_in_order(block: Block) -> tuple[Block, set[Value]]:
    """Return a block that may write to its arrays, and those that have to keep order.

    Before -> after::

        y = 2 * x                      ->   y = np.array(2 * x, order="C")
        y.reshape(2, 12)[0] = 1.0           y.reshape(2, 12)[0] = 1.0
    """
    written = [op.operands[0] for op in walk_ops(block) if _needs_order(op)]
    if not written:
        return block, set()
    makers = {y: op for op in walk_ops(block) for y in op.results}
    orders = Orders(makers, _alternatives(block))
    for x in written:
        orders.demand(x)
    return (_put(block, orders.put) if orders.put else block), orders.must


def _needs_order(op: Op) -> bool:
    """Tell whether ``op`` writes to a view that reshapes more than a vector.

    All elements in one line are written to by ``.flat``, in whatever order they lie.
    """
    type_ = getattr(op.operands[0], "type", None) if op.operands else None
    if not isinstance(type_, Array) or len(type_.shape) < 2:
        return False
    path = op.attrs.get("path", ())
    if len(path) == 1 and makes_vector(path[0]):
        return False
    return any(step.name in LINED_UP for step in path)


def _alternatives(block: Block) -> dict[Value, Sequence[Atom]]:
    found: dict[Value, Sequence[Atom]] = {}
    for op in walk_ops(block):
        if op.name == "if":
            for k, y in enumerate(op.results):
                found[y] = [region.results[k] for region in op.regions]
        elif op.name in LOOPS:
            parts = loop_parts(op)
            for k, slot in enumerate(parts.carried):
                found[slot] = [parts.initial[k], parts.next[k]]
                found[parts.final[k]] = [parts.initial[k], parts.next[k]]
                for test in op.regions[:-1]:
                    found[test.params[k]] = [slot]
    return found


def _put(block: Block, values: Collection[Value]) -> Block:
    """Return the block with the values ``put`` in order as soon as there are any."""
    given = [x for x in block.params if x in values]
    ops = []
    for op in block.ops:
        regions = tuple(_put(region, values) for region in op.regions)
        results, after = list(op.results), []
        for k, y in enumerate(op.results):
            if y in values:
                results[k] = namesake(y)
                after.append(_in_order(results[k], y, op))
        ops += [replace(op, results=tuple(results), regions=regions), *after]
    if not given:
        return replace(block, ops=tuple(ops))
    ordered: dict[Atom, Atom] = {x: namesake(x) for x in given}
    found = map_operands(replace(block, ops=tuple(ops)), lambda x: ordered.get(x, x))
    first = [_in_order(x, ordered[x], None) for x in given]
    return replace(found, ops=(*first, *found.ops))


def _in_order(x: Atom, y: Atom, after: Op | None) -> Op:
    assert isinstance(y, Value)
    op = Op("in_c_order", (x,), (y,), {})
    return op if after is None else replace(op, span=after.span, origin=after.origin)
