"""Which values share a variable: what is handed on gets no second name if possible.

A slot of a loop, its initial value, what an iteration yields and the result of the loop
are one variable, unless two of them are needed at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.codegen.liveness import Interval, Lives, reads_by
from gradgen.codegen.statements import (
    Bind,
    Compute,
    Nodes,
    Program,
    inner_nodes,
    is_undefined,
    walk,
)
from gradgen.ir.core import Op, Value
from gradgen.ir.types import Array, Scalar
from gradgen.structs import field, struct


@struct
class Webs:
    """Sets of values with one name. ``parent`` leads to the one that stands for all."""

    program: Program
    lives: Lives
    parent: dict[Value, Value] = field(default_factory=dict)
    members: dict[Value, list[Value]] = field(default_factory=dict)
    keys: dict[Value, str] = field(default_factory=dict)
    merged: dict[Value, list[Interval]] = field(default_factory=dict)

    def find(self, value: Value) -> Value:
        """Return the value that stands for all that share a name with ``value``."""
        value = self.program.variable(value)
        while value in self.parent:
            value = self.parent[value]
        return value

    def of(self, value: Value) -> list[Value]:
        """Return the values that share a name with ``value``."""
        found = self.find(value)
        return self.members.get(found) or [found]

    def intervals(self, value: Value) -> list[Interval]:
        """Return when a variable is needed, latest first."""
        found = self.find(value)
        if found in self.merged:
            return self.merged[found]
        return self.lives.ranges.get(found, [])

    def key(self, value: Value) -> str:
        """Return the user's name that a variable has, with what is added to it."""
        found = self.find(value)
        return self.keys[found] if found in self.keys else name_key(found)

    def unite(self, first: Value, second: Value) -> None:
        """Let two values share a name."""
        first, second = self.find(first), self.find(second)
        if first is second:
            return
        both = [*self.intervals(first), *self.intervals(second)]
        self.keys[first] = self.key(first) or self.key(second)
        self.members[first] = [*self.of(first), *self.of(second)]
        self.merged[first] = sorted(both, reverse=True)
        self.parent[second] = first

    def may_unite(self, first: Value, second: Value) -> bool:
        """Tell whether two values can share a name, and would be called the same."""
        first, second = self.find(first), self.find(second)
        if first is second:
            return True
        keys = {self.key(first), self.key(second)} - {""}
        return len(keys) < 2 and not overlap(
            self.intervals(first), self.intervals(second)
        )


def name_key(value: Value) -> str:
    """Return the user's name that a value or its derivative has, with the suffix."""
    suffix = ""
    while value.base is not None:
        suffix = value.suffix + suffix
        value = value.base
    return value.hint + suffix if value.hint else ""


def overlap(first: Sequence[Interval], second: Sequence[Interval]) -> bool:
    """Tell whether two variables are needed at the same time.

    Examples
    --------
    >>> overlap([(-3, -2), (-9, -8)], [(-7, -4)]), overlap([(-9, -4)], [(-5, -2)])
    (False, True)
    """
    i = j = 0
    while i < len(first) and j < len(second):
        (start, end), (other_start, other_end) = first[i], second[j]
        if start <= other_end and other_start <= end:
            return True
        if start > other_end:
            i += 1
        else:
            j += 1
    return False


def webs_of(program: Program, lives: Lives) -> Webs:
    """Return which values share a name: those that must, then those that can."""
    webs = Webs(program, lives, keys=dict(program.given))
    binds: list[tuple[int, Bind]] = []
    _unite_in_place(webs, program.nodes, binds, 0)
    pairs = [pair for _, bind in binds for pair in bind.pairs]
    _tell_apart(webs, [(y, x) for y, x in pairs if isinstance(x, Value)])
    for _, bind in sorted(binds, key=lambda found: -found[0]):
        for target, source in bind.pairs:
            if not isinstance(source, Value) or source in program.inlined:
                continue
            if webs.may_unite(source, target):
                webs.unite(source, target)
    return webs


def _tell_apart(webs: Webs, pairs: list[tuple[Value, Value]]) -> None:
    """Name a variable after what else it is bound to, if its first value lives on.

    Of ``x = a`` and a loop that goes on with ``x = f(x)`` and reads ``a``, the variable
    may have the name of ``a``.
    """
    first = dict(reversed(pairs))
    for target, source in first.items():
        key = webs.key(target)
        if not key or key != webs.key(source) or webs.may_unite(source, target):
            continue
        keys = [webs.key(x) for y, x in pairs if y is target]
        other = next((k for k in keys if k not in ("", key)), "")
        if other:
            webs.keys[webs.find(target)] = other


def _unite_in_place(
    webs: Webs, nodes: Nodes, binds: list[tuple[int, Bind]], depth: int
) -> None:
    """Name what an op computes in place like its donor; collect binds and depths."""
    for node in nodes:
        if isinstance(node, Compute):
            donor = donor_of(node.op)
            if donor is not None:
                webs.unite(donor, node.op.results[0])
        elif isinstance(node, Bind):
            binds.append((depth, node))
        for inner in inner_nodes(node):
            _unite_in_place(webs, inner, binds, depth + 1)


def donor_of(op: Op) -> Value | None:
    """Return the operand that an op computes into."""
    donor = op.operands[op.into] if op.into is not None else None
    return donor if isinstance(donor, Value) else None


HANDS_ON = (
    "call",
    "copy_if_bound",
    "pack",
    "seq_zeros_like",
    "tape_add",
    "tape_copy",
    "tape_zeros_like",
    "zeros_if_bound",
)
"""Ops that take what was never bound, and give what nobody computes with."""


def to_fill(webs: Webs) -> set[Value]:
    """Return the variables that may be handed on before they are bound.

    Nobody computes with what they hold then, but they have to hold something.
    """
    loose: set[Value] = set()
    handed_on: set[Value] = set()
    for node in walk(webs.program.nodes):
        if isinstance(node, Bind):
            for target, source in node.pairs:
                found = webs.find(target)
                if is_undefined(source):
                    loose.update({found} if target in webs.lives.loose else ())
                else:
                    reads = map(webs.find, webs.program.reads(source))
                    handed_on.update(x for x in reads if x is not found)
        elif not isinstance(node, Compute) or node.op.name in HANDS_ON:
            handed_on.update(map(webs.find, reads_by(webs.program, node)))
    return loose & handed_on


def filler(value: Value) -> object:
    """Return what a variable holds that nobody computes with."""
    type_ = value.type
    if isinstance(type_, Scalar | Array) and type_.dtype.kind in "iub":
        return False if type_.dtype.kind == "b" else 0
    return None
