"""Names of variables: the user's own, as far as two of them do not meet."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from gradgen.ir.core import Function, Op, Param, Value

RESERVED = frozenset(
    {"np", "math", *keyword.kwlist, *keyword.softkwlist, *dir(builtins)} - {"_"}
)
AFTER_ALL = 1 << 60
LONGEST = 12
"""How long the name of an operand may be to become part of another name."""

BY_OP = {
    "add": "total",
    "array": "numbers",
    "concatenate": "joined",
    "divide": "ratio",
    "equal": "chosen",
    "getitem": "part",
    "greater": "mask",
    "larger": "mask",
    "less": "mask",
    "matmul": "prod",
    "maximum": "upper",
    "minimum": "lower",
    "multiply": "prod",
    "subtract": "diff",
    "where": "picked",
}
OF_OPERAND = frozenset(
    {
        "absolute",
        "cos",
        "exp",
        "log",
        "max",
        "mean",
        "min",
        "sin",
        "sqrt",
        "sum",
        "tanh",
    }
)
"""Ops whose result is named after the operand as well: ``exp_z``."""


@dataclass(slots=True)
class Names:
    """The names of values and, in their order, of parameters."""

    values: dict[Value, str]
    params: list[str]
    unused: str = "_"

    def __getitem__(self, value: Value) -> str:
        """Return the name of a value."""
        return self.values[value]


def identifier(hint: str) -> str:
    """Return ``hint`` as an identifier: ``p['w'][0]`` becomes ``p_w_0``.

    Examples
    --------
    >>> identifier("p['w'][0]_bar")
    'p_w_0_bar'
    """
    if hint.isidentifier():
        return hint
    name = re.sub(r"\W+_?", "_", hint).strip("_")
    return name if name.isidentifier() else f"v{name}"


def last_step(hint: str) -> str:
    """Return the key that a path ends with, where it can be a name of its own.

    Examples
    --------
    >>> last_step("params['layers'][0].weight"), last_step("params[0]")
    ('weight', '')
    """
    found = re.search(r"(?:\['(\w+)'\]|\.(\w+))$", hint)
    step = (found[1] or found[2]) if found else ""
    return step if step.isidentifier() else ""


def choose_names(function: Function, taken: Iterable[str]) -> Names:
    """Return a name for every value that is printed as a variable.

    A name is used again as soon as the value that had it is not needed any more, as a
    programmer does who writes ``x = f(x)``.
    """
    namer = _Namer(function, frozenset(taken) | RESERVED)
    params = namer.name_params()
    for position, op in enumerate(function.body.ops):
        if not op.inline:
            for value in op.results:
                namer.name_result(op, value, position)
    unused = namer.free(["_"], -1)
    return Names(namer.names, params, unused)


@dataclass(slots=True)
class _Namer:
    function: Function
    taken: frozenset[str]
    names: dict[Value, str] = field(default_factory=dict)
    busy_until: dict[str, int] = field(default_factory=dict)
    last_use: dict[Value, int] = field(init=False)
    makers: dict[Value, Op] = field(init=False)
    heirs: dict[Value, Value] = field(init=False)

    def __post_init__(self) -> None:
        self.last_use = _last_uses(self.function)
        self.makers = {y: op for op in self.function.body.ops for y in op.results}
        self.heirs = _heirs(self.function)

    def name_params(self) -> list[str]:
        """Name the parameters, then the leaves of those that are containers."""
        params = self.function.params
        found = []
        for param in params:
            name = self.free([identifier(param.name)], -1)
            self.busy_until[name] = AFTER_ALL
            found.append(name)
        for param, name in zip(params, found, strict=True):
            if param.tree.kind == "leaf":
                self.names[param.tree.leaf] = name
                self.busy_until[name] = self.last_use.get(param.tree.leaf, -1)
            else:
                self._name_leaves(param)
        return found

    def _name_leaves(self, param: Param) -> None:
        pairs = zip(param.tree.leaves(), param.tree.paths(param.name), strict=True)
        named = [(x, path) for x, path in pairs if x in self.last_use]
        leaves = [x for x, _ in named]
        wishes = [_leaf_wishes(x, path, param) for x, path in named]
        for x, wish in zip(leaves, wishes, strict=True):
            alone = [w for w in wish if _is_unique(w, wishes)]
            self._give(x, alone or wish[-1:], -1, first=0 if alone else 1)

    def name_result(self, op: Op, value: Value, position: int) -> None:
        """Name what a statement defines; in place, the name stays what it was."""
        donor = op.operands[op.into] if op.into is not None else None
        if not isinstance(donor, Value):
            self._give(value, [self._wish(value)], position)
            return
        name = self.names[value] = self.names[donor]
        until = self.last_use.get(value, -1)
        self.busy_until[name] = max(self.busy_until.get(name, -1), until)

    def _wish(self, value: Value) -> str:
        if value.base is not None:
            base = self.names.get(value.base) or self._wish(value.base)
            return base + value.suffix
        if value.hint:
            return last_step(value.hint) or identifier(value.hint)
        last = value
        while last in self.heirs:
            last = self.heirs[last]
        if last is not value and _root(last).hint:
            return self._wish(last)
        op = self.makers.get(value if last.base is not None else last)
        return "t" if op is None else self._wish_for_op(op)

    def _wish_for_op(self, op: Op) -> str:
        if op.name == "dim":
            dim = getattr(op.results[0].type, "dim", None)
            return getattr(dim, "name", "n")
        if op.name == "power" and getattr(op.operands[1], "value", None) == 2:
            return "squared"
        operand = self._short_name(op.operands[0]) if op.operands else ""
        if op.name == "getitem" and operand:
            return operand + _index_suffix(op)
        if op.name in OF_OPERAND and operand and len(op.operands) == 1:
            return f"{op.name.removesuffix('olute')}_{operand}"
        return BY_OP.get(op.name, "total" if op.name == "sum" else op.name)

    def _short_name(self, atom: object) -> str:
        name = self.names.get(atom, "") if isinstance(atom, Value) else ""
        return name if len(name) <= LONGEST else ""

    def _give(
        self, value: Value, wishes: Sequence[str], position: int, first: int = 0
    ) -> None:
        name = self.free(wishes, position, first)
        self.names[value] = name
        self.busy_until[name] = self.last_use.get(value, position)

    def free(self, wishes: Sequence[str], position: int, first: int = 0) -> str:
        """Return the first of ``wishes`` that is free, or a numbered one."""
        plain = () if first else wishes
        spellings = chain(plain, _numbered(wishes[-1]))
        return next(name for name in spellings if self._is_free(name, position))

    def _is_free(self, name: str, position: int) -> bool:
        return name not in self.taken and self.busy_until.get(name, -2) <= position


def _numbered(wish: str) -> Iterator[str]:
    """Yield ``x1``, ``x2`` …; what ends in a digit gets ``_`` in between."""
    stem = f"{wish}_" if wish[-1].isdigit() else wish
    return (f"{stem}{number}" for number in count(1))


def _index_suffix(op: Op) -> str:
    """Return how a part of ``x`` is told from others: ``x0`` for ``x[0]``."""
    index = getattr(op.operands[1], "value", None) if len(op.operands) == 2 else None
    if len(op.attrs["index"]) == 1 and isinstance(index, int):
        return str(index) if index >= 0 else "_last" if index == -1 else "_part"
    return "_part"


def _leaf_wishes(value: Value, path: str, param: Param) -> list[str]:
    """Return what a leaf may be called: by the user's name, its key or its path."""
    hint = value.hint if value.hint not in ("", param.name) else path
    short = last_step(hint)
    return [short, identifier(hint)] if short else [identifier(hint)]


def _is_unique(wish: str, wishes: Sequence[Sequence[str]]) -> bool:
    """Tell whether one leaf alone wishes for a name, or for one numbered like it."""
    numbered = re.compile(re.escape(wish) + r"\d+")
    others = [w for ws in wishes for w in ws]
    return others.count(wish) == 1 and not any(map(numbered.fullmatch, others))


def _root(value: Value) -> Value:
    """Return the value that ``value`` is, in the end, named after."""
    while value.base is not None:
        value = value.base
    return value


def _heirs(function: Function) -> dict[Value, Value]:
    """Return for every value whose memory an op takes over the result of that op."""
    heirs = {}
    for op in function.body.ops:
        donor = op.operands[op.into] if op.into is not None else None
        if isinstance(donor, Value):
            heirs[donor] = op.results[0]
    return heirs


def _last_uses(function: Function) -> dict[Value, int]:
    """Return for every value that is read the position of the last statement to do so.

    What is printed inside a later statement reads there.
    """
    last: dict[Value, int] = {
        x: AFTER_ALL for x in function.body.results if isinstance(x, Value)
    }
    for position in reversed(range(len(function.body.ops))):
        op = function.body.ops[position]
        printed = last[op.results[0]] if op.inline else position
        for x in op.operands:
            if isinstance(x, Value):
                last[x] = max(last.get(x, -1), printed)
    return last
