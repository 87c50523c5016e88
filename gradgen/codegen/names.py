"""Names of variables: the user's own, as far as two of them do not meet."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from gradgen.ir.core import Function, Op, Param, Value

RESERVED = frozenset(
    {"np", "math", *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
)
AFTER_ALL = 1 << 60

BY_OP = {
    "add": "total",
    "sum": "total",
    "subtract": "diff",
    "multiply": "prod",
    "divide": "ratio",
    "matmul": "prod",
    "max": "peak",
    "min": "low",
    "larger": "mask",
    "equal": "chosen",
    "greater": "mask",
    "less": "mask",
    "getitem": "part",
    "maximum": "upper",
    "minimum": "lower",
    "mean": "average",
}


def identifier(hint: str) -> str:
    """Return ``hint`` as an identifier: ``p['w'][0]`` becomes ``p_w_0``.

    Examples
    --------
    >>> identifier("p['w'][0]_bar")
    'p_w_0_bar'
    """
    name = re.sub(r"\W+", "_", hint).strip("_")
    return name if name.isidentifier() else f"v{name}"


def choose_names(function: Function, taken: Iterable[str]) -> dict[Value, str]:
    """Return a name for every value that is printed as a variable.

    A name is used again as soon as the value that had it is not needed any more, as a
    programmer does who writes ``x = f(x)``.
    """
    return _Namer(function, frozenset(taken) | RESERVED).run()


class _Namer:
    def __init__(self, function: Function, taken: frozenset[str]) -> None:
        self.function = function
        self.taken = taken
        self.names: dict[Value, str] = {}
        self.last_use = _last_uses(function)
        self.busy_until: dict[str, int] = {}
        self.makers = {y: op for op in function.body.ops for y in op.results}
        self.heirs = _heirs(function)

    def run(self) -> dict[Value, str]:
        for param in self.function.params:
            self.busy_until[param.name] = AFTER_ALL
        for param in self.function.params:
            self._name_leaves(param)
        for position, op in enumerate(self.function.body.ops):
            if not op.inline:
                for value in op.results:
                    self._name_result(op, value, position)
        return self.names

    def _name_leaves(self, param: Param) -> None:
        if param.tree.kind == "leaf":
            self.names[param.tree.leaf] = param.name
            self.busy_until[param.name] = self.last_use.get(param.tree.leaf, -1)
            return
        leaves = list(param.tree.leaves())
        wishes = [identifier(leaf_name(x, param)) for x in leaves]
        for x, wish in zip(leaves, wishes, strict=True):
            many = wishes.count(wish) > 1 or any(
                re.match(wish + r"\d", w) for w in wishes
            )
            self._give(x, wish, -1, first=1 if many else 0)

    def _name_result(self, op: Op, value: Value, position: int) -> None:
        donor = op.operands[op.into] if op.into is not None else None
        if isinstance(donor, Value):
            self._hand_on(donor, value)
        else:
            self._give(value, self._wish(value), position)

    def _hand_on(self, donor: Value, value: Value) -> None:
        name = self.names[donor]
        self.names[value] = name
        self.busy_until[name] = max(
            self.busy_until.get(name, -1), self.last_use.get(value, -1)
        )

    def _wish(self, value: Value) -> str:
        if value.base is not None:
            base = self.names.get(value.base) or self._wish(value.base)
            return base + value.suffix
        if value.hint:
            return identifier(value.hint)
        heir = self.heirs.get(value)
        if heir is not None:
            return self._wish(heir)
        op = self.makers.get(value)
        return "t" if op is None else self._wish_for_op(op)

    def _wish_for_op(self, op: Op) -> str:
        if op.name == "dim":
            dim = getattr(op.results[0].type, "dim", None)
            return getattr(dim, "name", "n")
        if op.name == "power" and getattr(op.operands[1], "value", None) == 2:
            return "squared"
        if op.name in BY_OP:
            return BY_OP[op.name]
        first = op.operands[0] if len(op.operands) == 1 else None
        if isinstance(first, Value) and first in self.names:
            return f"{op.name}_{self.names[first]}"
        return op.name

    def _give(self, value: Value, wish: str, position: int, first: int = 0) -> None:
        name = self._free(wish, position, first)
        self.names[value] = name
        self.busy_until[name] = self.last_use.get(value, position)

    def _free(self, wish: str, position: int, first: int) -> str:
        name, number = (wish, 0) if not first else (f"{wish}{first}", first)
        while name in self.taken or self.busy_until.get(name, -2) > position:
            number += 1
            name = f"{wish}{number}"
        return name


def leaf_name(value: Value, param: Param) -> str:
    """Return the hint of a leaf of a container, or the name of its parameter."""
    return value.hint or param.name


def _heirs(function: Function) -> dict[Value, Value]:
    """Return for every value whose memory an op takes over the result of that op."""
    heirs = {}
    for op in function.body.ops:
        donor = op.operands[op.into] if op.into is not None else None
        if isinstance(donor, Value):
            heirs[donor] = op.results[0]
    return heirs


def _last_uses(function: Function) -> dict[Value, int]:
    """Return for every value the position of the last statement that reads it."""
    ops = function.body.ops
    users: dict[Value, list[int]] = {}
    for position, op in enumerate(ops):
        for x in op.operands:
            if isinstance(x, Value):
                users.setdefault(x, []).append(position)
    last: dict[Value, int] = {}
    for x in function.body.results:
        if isinstance(x, Value):
            last[x] = AFTER_ALL
    for position in reversed(range(len(ops))):
        op = ops[position]
        for y in op.results:
            uses = [_printed_at(ops, user, last) for user in users.get(y, [])]
            last[y] = max([last.get(y, position), *uses])
    for x in function.inputs:
        uses = [_printed_at(ops, user, last) for user in users.get(x, [])]
        last[x] = max([last.get(x, -1), *uses])
    return last


def _printed_at(ops: tuple[Op, ...], user: int, last: dict[Value, int]) -> int:
    op = ops[user]
    return last[op.results[0]] if op.inline else user
