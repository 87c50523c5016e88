"""What is drawn in a region that is computed again: recorded, and not drawn again.

The draws of a loop are stacked, those of a branch are results of it, and so on
outwards, until they are results of the region. The second computation scans and reads
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradgen.errors import refuse
from gradgen.ir.builder import Builder
from gradgen.ir.checkpoints import CHECKPOINT
from gradgen.ir.core import Atom, Function, Literal, Op, Value, namesake, walk_ops
from gradgen.ir.types import Random, Scalar
from gradgen.primitives.registry import PRIMITIVES
from gradgen.structs import field, struct
from gradgen.transforms.again import Copier
from gradgen.transforms.extending import Additions, extend_if, extend_loop
from gradgen.transforms.residuals import Forward, item_type
from gradgen.transforms.tapes import tape_of

DRAWS_WITHIN = "random numbers are drawn in {0}, which is computed again"
DRAW_BEFORE = "draw them before, with size=, and pass them in"


@struct
class Recording:
    """Lets ops hand outwards what they draw.

    ``inner`` says of a result of a branch, or of a tape of a loop, what it holds.
    """

    builder: Builder
    inner: dict[Value, Value] = field(default_factory=dict)

    def record(self, ops: Sequence[Op]) -> tuple[list[Op], list[Value]]:
        """Return ops that do the same, and values that hold all that they draw.

        Raises
        ------
        UnsupportedError
            Where the number of draws is known only when they have been made, and in
            calls of recursive functions.
        """
        made: list[Op] = []
        drawn: list[Value] = []
        for op in ops:
            if draws(op, self.builder.helpers):
                op, found = self._of(op)
                drawn += found
            made.append(op)
        return made, drawn

    def _of(self, op: Op) -> tuple[Op, list[Value]]:
        if op.name == "if":
            return self._of_branches(op)
        if op.name == "for" and not op.attrs["exits"]:
            return self._of_loop(op)
        if op.regions or op.name == "call":
            what = "a loop that may leave early" if op.regions else "a recursive call"
            raise refuse(DRAWS_WITHIN.format(what), op.span, DRAW_BEFORE)
        return op, [y for y in op.results if not isinstance(y.type, Random)]

    def _of_branches(self, op: Op) -> tuple[Op, list[Value]]:
        recorded = [self.record(region.ops) for region in op.regions]
        values = [x for _, drawn in recorded for x in drawn]
        results = [namesake(x) for x in values]
        for x, y in zip(values, results, strict=True):
            if CHECKPOINT not in op.attrs:
                self._check_lengths(op, x)
            self.inner[y] = x
        yields = [
            [x if x in drawn else _nothing(x) for x in values] for _, drawn in recorded
        ]
        bodies = [body for body, _ in recorded]
        return extend_if(op, bodies, yields, results), results

    def _check_lengths(self, op: Op, x: Value) -> None:
        """Refuse what has lengths that only the branch knows, which may not run."""
        for dim in getattr(x.type, "shape", ()):
            if self.builder.dim_atom(dim) is None:
                what = "a branch, as many as are known there alone"
                raise refuse(DRAWS_WITHIN.format(what), op.span, DRAW_BEFORE)

    def _of_loop(self, op: Op) -> tuple[Op, list[Value]]:
        body, drawn = self.record(op.regions[-1].ops)
        forward = Forward(op.regions[-1].params, body)
        more = Additions()
        tapes = [tape_of(self.builder, op, forward, x, more) for x in drawn]
        self.inner.update(zip(tapes, drawn, strict=True))
        return extend_loop(op, body, more), tapes


def _nothing(x: Value) -> Atom:
    """Return what stands for a draw of the branch that is not taken."""
    if not isinstance(x.type, Scalar):
        return Literal.undefined(x.type)
    number = x.type.dtype.type(0)
    return Literal.of(number.item() if x.type.weak else number)


def draws(op: Op, helpers: Mapping[str, Function]) -> bool:
    """Tell whether an op gives other results when it is carried out again."""
    pending, seen = [op], set[str]()
    while pending:
        inner = pending.pop()
        if inner.name in PRIMITIVES and PRIMITIVES[inner.name].effect:
            if inner.results:
                return True
        elif inner.name == "call" and inner.attrs["callee"] not in seen:
            seen.add(inner.attrs["callee"])
            pending += walk_ops(helpers[inner.attrs["callee"]].body)
        for region in inner.regions:
            pending += region.ops
    return False


class Reader(Copier):
    """Copies ops, reading what they draw from where that was recorded."""

    def __init__(self, known: dict[Value, Atom], inner: Mapping[Value, Value]) -> None:
        super().__init__(known)
        self.inner = inner

    def op(self, op: Op) -> Op:
        """Return a copy of an op, which scans the tapes of what it drew."""
        held = {y: self.known[y] for y in op.results if y in self.inner}
        if not held:
            return super().op(op)
        more = Additions()
        for y, atom in held.items():
            x = self.inner[y]
            if op.name == "if":
                self.known[x] = atom
                continue
            element = namesake(x, item_type(x.type))
            more.scanned.append(atom)
            more.elements.append(element)
            self.known[x] = element
        made = super().op(op)
        self.known.update(held)
        if op.name == "if":
            return made
        return extend_loop(made, made.regions[-1].ops, more)
