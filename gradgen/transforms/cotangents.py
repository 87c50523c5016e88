"""What the reverse sweep knows while it runs: cotangents, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.flow import note_lengths
from gradgen.ir.types import Scalar, Seq, Tape
from gradgen.primitives.families import zeros_like
from gradgen.primitives.paths import Step
from gradgen.primitives.registry import Handle, Into, Unknown, apply
from gradgen.structs import field, frozen, replace
from gradgen.transforms.fit import cotangent_for, name_after
from gradgen.transforms.helpers import Derived


class Cotangents:
    """The cotangents collected so far. A value without an entry has a zero one.

    ``views`` holds the ops that make views: what is read through one is added to the
    cotangent of its base, if there is one, so that no array of zeros is made for it.
    """

    def __init__(
        self, builder: Builder, active: set[Value], views: Mapping[Value, Op]
    ) -> None:
        self.builder = builder
        self.active = active
        self.views = views
        self.bars: dict[Value, Handle] = {}

    def add(self, x: Atom, contribution: Handle | Into | Unknown | None) -> None:
        """Add what one use of ``x`` contributes to its cotangent."""
        if contribution is None or not isinstance(x, Value) or x not in self.active:
            return
        if isinstance(contribution, Unknown):
            raise Refusal(contribution.reason, contribution.hint)
        collected = self.bars.get(x)
        if isinstance(contribution, Into):
            if collected is None and contribution.operands:
                base, views = base_of(x, self.views, self.bars)
                if views:
                    self._add_through(base, views, contribution)
                    return
            total = contribution.add(collected or self._zero(x))
        else:
            part = cotangent_for(contribution, Handle(self.builder, x))
            total = part if collected is None else _sum(collected, part)
        name_after(total, x, "_bar")
        self.bars[x] = total

    def _add_through(
        self, base: Value, views: Sequence[Op], contribution: Into
    ) -> None:
        """Add to a part of the cotangent of the array that views belong to."""
        more: list[Handle] = []
        steps = []
        for op in views:
            first = contribution.operands + len(more)
            more.extend(Handle(self.builder, x) for x in op.operands[1:])
            slots = tuple(range(first, contribution.operands + len(more)))
            steps.append(Step(op.name, tuple(sorted(op.attrs.items())), slots))
        total = contribution.add(self.bars[base], *more, path=tuple(steps))
        name_after(total, base, "_bar")
        self.bars[base] = total

    def _zero(self, x: Value) -> Handle:
        zero = zeros_like(Handle(self.builder, x))
        name_after(zero, x, "_bar")
        return zero

    def take(self, y: Value) -> Handle | None:
        """Remove and return the cotangent of ``y``."""
        return self.bars.pop(y, None)

    def moves(self, op: Op) -> Callable[[int], bool]:
        """Return what tells whether an operand of ``op``, by number, moves."""
        return lambda slot: op.operands[slot] in self.active

    def within(self, *, keep: bool = True) -> Cotangents:
        """Return the cotangents that a region starts from: those of now, or none."""
        inner = Cotangents(self.builder, self.active, self.views)
        inner.bars = dict(self.bars) if keep else {}
        return inner


VIEWS = ("transpose", "expand_dims", "flip", "getitem")


def views_in(ops: Sequence[Op]) -> dict[Value, Op]:
    """Return the ops, in regions too, that make a view of an array."""
    found = {}
    for op in ops:
        if op.name in VIEWS and all(
            isinstance(x.type, Scalar) for x in op.operands[1:]
        ):
            found.update(dict.fromkeys(op.results, op))
        for region in op.regions:
            found.update(views_in(region.ops))
    return found


def look_inside(builder: Builder, body: Block) -> None:
    """Tell ``builder`` of the regions of ``body``: their choices, and their lengths."""
    builder.choices = choices_in(body.ops)
    note_lengths(builder.dims, body)


def choices_in(ops: Sequence[Op]) -> dict[Value, Op]:
    """Return which ``if``, in regions too, has which results."""
    found = {}
    for op in ops:
        if op.name == "if":
            found.update(dict.fromkeys(op.results, op))
        for region in op.regions:
            found.update(choices_in(region.ops))
    return found


def base_of(
    x: Value, views: Mapping[Value, Op], bars: Mapping[Value, Handle]
) -> tuple[Value, list[Op]]:
    """Return the array in ``bars`` that ``x`` is a view of, and the views in between.

    There are none if no such array is found.
    """
    path: list[Op] = []
    base = x
    while base not in bars:
        op = views.get(base)
        if op is None or not isinstance(op.operands[0], Value):
            return x, []
        path.insert(0, op)
        base = op.operands[0]
    return base, path


def _sum(collected: Handle, part: Handle) -> Handle:
    """Return the sum of two cotangents; those of lists are added by element."""
    if isinstance(part.atom.type, Seq):
        return apply("seq_add", collected, part)
    if isinstance(part.atom.type, Tape):
        return apply("tape_add", collected, part)
    return collected + part


@frozen
class Sweep:
    """What holds for the reverse sweep of a block.

    ``reverse`` appends the adjoint of ops in opposite order; it gets the list of the
    forward ops too, in which it replaces those that have to record something.
    ``strong`` holds the Python numbers whose cotangents are NumPy scalars where a slot
    needs one type. ``distant`` holds what enclosing loops compute anew each iteration,
    so that their reverse sweep has it only if it is taped. ``derived`` says which
    helpers have derivatives.
    """

    builder: Builder
    active: set[Value]
    reverse: Callable[[Sweep, Sequence[Op], Cotangents, list[Op]], None]
    strong: set[Value] = field(default_factory=set)
    distant: frozenset[Value] = frozenset()
    in_loop: bool = False
    derived: Derived = field(default_factory=Derived)


def recheck_lengths(builder: Builder, ops: Sequence[Op]) -> None:
    """Append the checks of lengths of a forward region, for what they prove."""
    for op in ops:
        if op.name == "check_dims" and not builder.dims.equal(*op.attrs["dims"]):
            builder.append(replace(op, origin=builder.origin))


def current_op(forward: Sequence[Op], op: Op) -> Op:
    """Return the op that defines the results of ``op`` now, replaced or not."""
    for candidate in forward:
        if op.results[0] in candidate.results:
            return candidate
    raise Refusal(
        "a pullback that runs in another branch or loop than its forward sweep",
        "call vjp there, right before the pullback",
    )


def replace_op(forward: list[Op], old: Op, new: Op) -> None:
    """Put ``new``, which defines what ``old`` does and more, in its place."""
    place = next(k for k, op in enumerate(forward) if op is old)
    forward[place] = new
