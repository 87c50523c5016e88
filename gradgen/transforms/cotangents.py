"""What the reverse sweep knows while it runs: cotangents, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.types import Seq
from gradgen.primitives.families import zeros_like
from gradgen.primitives.registry import Handle, Into, apply
from gradgen.transforms.fit import cotangent_for, name_after


class Cotangents:
    """The cotangents collected so far. A value without an entry has a zero one."""

    def __init__(self, builder: Builder, active: set[Value]) -> None:
        self.builder = builder
        self.active = active
        self.bars: dict[Value, Handle] = {}

    def add(self, x: Atom, contribution: Handle | Into | None) -> None:
        """Add what one use of ``x`` contributes to its cotangent."""
        if contribution is None or not isinstance(x, Value) or x not in self.active:
            return
        collected = self.bars.get(x)
        if isinstance(contribution, Into):
            total = contribution.add(collected or self._zero(x))
        else:
            part = cotangent_for(contribution, Handle(self.builder, x))
            total = part if collected is None else _sum(collected, part)
        name_after(total, x, "_bar")
        self.bars[x] = total

    def _zero(self, x: Value) -> Handle:
        zero = zeros_like(Handle(self.builder, x))
        name_after(zero, x, "_bar")
        return zero

    def take(self, y: Value) -> Handle | None:
        """Remove and return the cotangent of ``y``."""
        return self.bars.pop(y, None)

    def within(self) -> Cotangents:
        """Return the cotangents that a region starts from, to add to on its own."""
        inner = Cotangents(self.builder, self.active)
        inner.bars = dict(self.bars)
        return inner


def _sum(collected: Handle, part: Handle) -> Handle:
    """Return the sum of two cotangents; those of lists are added by element."""
    if isinstance(part.atom.type, Seq):
        return apply("seq_add", collected, part)
    return collected + part


@dataclass(frozen=True, slots=True)
class Sweep:
    """What holds for the reverse sweep of a block.

    ``reverse`` appends the adjoint of ops in opposite order; it gets the list of the
    forward ops too, in which it replaces those that have to record something.
    ``strong`` holds the Python numbers whose cotangents are NumPy scalars where a slot
    needs one type. ``distant`` holds what enclosing loops compute anew each iteration,
    so that their reverse sweep has it only if it is taped.
    """

    builder: Builder
    active: set[Value]
    reverse: Callable[[Sweep, Sequence[Op], Cotangents, list[Op]], None]
    strong: set[Value] = field(default_factory=set)
    distant: frozenset[Value] = frozenset()
    in_loop: bool = False


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
        "a pullback that runs in another branch or loop than its forward sweep"
    )


def replace_op(forward: list[Op], old: Op, new: Op) -> None:
    """Put ``new``, which defines what ``old`` does and more, in its place."""
    place = next(k for k, op in enumerate(forward) if op is old)
    forward[place] = new
