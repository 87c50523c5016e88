"""Names of variables: the user's own, as far as two of them do not meet."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count

from gradgen.codegen.liveness import Interval
from gradgen.codegen.statements import named_by, walk
from gradgen.codegen.webs import Webs, name_key, overlap
from gradgen.ir.core import Atom, Function, Op, Param, Value, walk_ops
from gradgen.ir.regions import loop_parts
from gradgen.ir.rules import CALL_OUTSIDE, RULE
from gradgen.ir.types import BOOL, Array, Scalar
from gradgen.structs import field, struct

RESERVED = frozenset(
    {"np", "cmath", "math", *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    - {"_"}
)
ALWAYS = (-(1 << 60), 1 << 60)
ANY_TAPE = "tape"
"""The hint of a tape that is better named after what it holds."""

LONGEST = 12
"""How long the name of an operand may be to become part of another name."""

BY_OP = {
    "add": "total",
    "array": "numbers",
    "band_outer": "band",
    "band_transpose": "turned",
    "concatenate": "joined",
    "divide": "ratio",
    "equal": "chosen",
    "getitem": "part",
    "masked_divide": "ratio",
    "masked_multiply": "prod",
    "larger": "mask",
    "math_gamma": "gamma",
    "math_lgamma": "lgamma",
    "matmul": "prod",
    "maximum": "upper",
    "minimum": "lower",
    "multiply": "prod",
    "normal_hazard": "hazard",
    "numpy_i0": "i0",
    "permutation_of": "order",
    "python_max": "largest",
    "python_min": "least",
    "seq_append": "items",
    "seq_concat": "items",
    "seq_empty": "items",
    "seq_extend": "items",
    "seq_from": "items",
    "seq_get": "item",
    "seq_insert": "items",
    "seq_len": "count",
    "seq_pop": "items",
    "seq_set": "items",
    "seq_slice": "items",
    "seq_stack": "stacked",
    "seq_unstack": "items",
    "seq_zeros_like": "items",
    "special_erf": "erf",
    "special_erfc": "erfc",
    "special_expm1": "expm1",
    "special_log1p": "log1p",
    "subtract": "diff",
    "where": "picked",
}
MASKS = frozenset(
    {
        "bitwise_and",
        "bitwise_or",
        "bool",
        "cast",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "logical_and",
        "logical_not",
        "logical_or",
        "not",
        "not_equal",
    }
)
"""Ops that are called a mask if they make flags."""

OF_OPERAND = frozenset(
    {
        "absolute",
        "all",
        "any",
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


@struct
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


def choose_names(function: Function, webs: Webs, taken: Iterable[str]) -> Names:
    """Return a name for every value that is printed as a variable.

    A name is used again as soon as the value that had it is not needed any more, as a
    programmer does who writes ``x = f(x)``.
    """
    namer = _Namer(function, webs, frozenset(taken) | RESERVED)
    params = namer.name_params()
    for node in walk(webs.program.nodes):
        for value in named_by(node):
            namer.name_result(value)
    unused = namer.free(["_"], [(namer.start, namer.start)])
    return Names(namer.values, params, unused)


@struct
class _Namer:
    """``names`` belong to webs, ``busy`` tells when names are in use, latest first."""

    function: Function
    webs: Webs
    taken: frozenset[str]
    names: dict[Value, str] = field(default_factory=dict)
    busy: dict[str, list[Interval]] = field(default_factory=dict)
    makers: dict[Value, Op] = field(default_factory=dict)
    roles: dict[Value, Value | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for op in walk_ops(self.function.body):
            self.makers.update(dict.fromkeys(op.results, op))
            if op.name in ("for", "while"):
                self._note_roles(op)

    def _note_roles(self, op: Op) -> None:
        parts = loop_parts(op)
        self.roles[op.regions[-1].params[0]] = "i" if op.name == "for" else "k"
        pairs = zip(parts.elements, parts.scanned, strict=True)
        self.roles.update((e, x) for e, x in pairs if isinstance(x, Value))

    @property
    def start(self) -> int:
        """Return the time at which the function begins."""
        return self.webs.lives.start

    @property
    def values(self) -> dict[Value, str]:
        """Return the name of every value that has one."""
        program = self.webs.program
        named = {x: self.names.get(self.webs.find(x)) for x in self.webs.lives.ranges}
        found = {x: name for x, name in named.items() if name is not None}
        aliases = {x: found[y] for x, y in program.aliases.items() if y in found}
        return found | aliases

    def name_params(self) -> list[str]:
        """Name the parameters, then the leaves of those that are containers."""
        params = self.function.params
        found = []
        for param in params:
            leaf = param.tree.leaf if param.tree.kind == "leaf" else None
            lives = self.webs.intervals(leaf) if isinstance(leaf, Value) else [ALWAYS]
            name = self.free([identifier(param.name)], [(self.start, self.start)])
            self._occupy(name, [*lives, (self.start, self.start)])
            found.append(name)
            if isinstance(leaf, Value):
                self.names[self.webs.find(leaf)] = name
        for param in params:
            if param.tree.kind != "leaf":
                self._name_leaves(param)
        return found

    def _name_leaves(self, param: Param) -> None:
        pairs = zip(param.tree.leaves(), param.tree.paths(param.name), strict=True)
        named = [(x, path) for x, path in pairs if x in self.webs.lives.entering]
        leaves = [x for x, _ in named]
        wishes = [_leaf_wishes(x, path, param) for x, path in named]
        for x, wish in zip(leaves, wishes, strict=True):
            alone = [w for w in wish if _is_unique(w, wishes)]
            self._give(x, alone or wish[-1:], first=0 if alone else 1)

    def name_result(self, value: Value) -> None:
        """Name what a statement binds, unless what shares its name has one."""
        if self.webs.find(value) not in self.names:
            self._give(value, [self._wish_of_web(value)])

    def _wish_of_web(self, value: Value) -> str:
        """Name a value after the one of those it shares a name with that has it."""
        key = self.webs.key(value)
        alike = (x for x in self.webs.of(value) if name_key(x) == key)
        return self._wish(next(alike, value) if key else value)

    def _wish(self, value: Value) -> str:
        stem = self._wish_for_element(value)
        if stem:
            return stem
        if value.base is not None and self._is_known(_root(value)):
            base = self.names.get(self.webs.find(value.base))
            return (base or self._wish_of_web(value.base)) + value.suffix
        if value in self.roles and not self._is_read(value):
            return "_"
        if value.hint == "_" and self._is_read(value):
            return "i"
        if value.hint not in ("", ANY_TAPE):
            return last_step(value.hint) or identifier(value.hint)
        members = self.webs.of(value)
        hinted = (x for x in members[::-1] if _root(x).hint not in ("", ANY_TAPE))
        named = next(hinted, None)
        if named is not None and named is not value:
            return self._wish(named)
        last = members[-1] if len(members) > 1 else value
        op = self._maker([value] if last.base is not None else members[::-1])
        if op is not None:
            return self._wish_for_op(op)
        return self._wish_for_region(value)

    def _is_read(self, value: Value) -> bool:
        return any(start != end for start, end in self.webs.intervals(value))

    def _is_known(self, value: Value) -> bool:
        """Tell whether a value that others are named after is still there."""
        return bool(value.hint) or value in self.makers or value in self.names

    def _maker(self, values: Iterable[Atom]) -> Op | None:
        """Return the first op without regions that makes one of ``values``."""
        made = (self.makers.get(x) for x in values if isinstance(x, Value))
        return next((op for op in made if op is not None and not op.regions), None)

    def _wish_for_region(self, value: Value) -> str:
        """Name the result of a region op after what its regions yield."""
        op = self.makers.get(value)
        if op is None:
            return self._wish_for_param(value)
        if op.name == "if":
            k = op.results.index(value)
            maker = self._maker(region.results[k] for region in op.regions)
            return _plain(value) if maker is None else self._wish_for_op(maker)
        parts = loop_parts(op)
        if value not in parts.stacked:
            return _plain(value)
        item = parts.items[parts.stacked.index(value)]
        return f"{self._wish(item)}_tape" if isinstance(item, Value) else "tape"

    def _wish_for_param(self, value: Value) -> str:
        role = self.roles.get(value)
        return role if isinstance(role, str) else _plain(value)

    def _wish_for_element(self, value: Value) -> str:
        """Name an element after the tape that it comes from."""
        role = self.roles.get(value)
        if not isinstance(role, Value):
            return ""
        tape = self.names.get(self.webs.find(role), "")
        found = re.fullmatch(r"(\w+)_tape(\d*)", tape)
        return found[1] + found[2] if found else ""

    def _wish_for_op(self, op: Op) -> str:
        if op.name == "dim":
            dim = getattr(op.results[0].type, "dim", None)
            return getattr(dim, "name", "n")
        if op.name == "power" and getattr(op.operands[1], "value", None) == 2:
            return "squared"
        operand = self._short_name(op.operands[0]) if op.operands else ""
        if op.name == "getitem" and operand:
            return operand + _index_suffix(op)
        if op.name == CALL_OUTSIDE or RULE in op.attrs:
            return f"{_callee(op)}_{operand or 'value'}"
        if op.name in MASKS and _is_boolean(op.results[0]):
            return "mask"
        if op.name in OF_OPERAND and operand and len(op.operands) == 1:
            return f"{op.name.removesuffix('olute')}_{operand}"
        own = op.name.removeprefix("scipy_")
        return BY_OP.get(op.name, "total" if op.name == "sum" else own)

    def _short_name(self, atom: object) -> str:
        found = self.webs.find(atom) if isinstance(atom, Value) else None
        name = self.names.get(found, "") if found is not None else ""
        return name if len(name) <= LONGEST else ""

    def _give(self, value: Value, wishes: Sequence[str], first: int = 0) -> None:
        lives = self.webs.intervals(value)
        name = self.free(wishes, lives, first)
        self.names[self.webs.find(value)] = name
        self._occupy(name, lives)

    def _occupy(self, name: str, lives: Sequence[Interval]) -> None:
        """Enter when a name is in use."""
        before = self.busy.get(name, [])
        self.busy[name] = sorted([*before, *lives], reverse=True)

    def free(
        self, wishes: Sequence[str], lives: Sequence[Interval], first: int = 0
    ) -> str:
        """Return the first of ``wishes`` that is free, or a numbered one."""
        plain = () if first else wishes
        spellings = chain(plain, _numbered(wishes[-1]))
        return next(name for name in spellings if self._is_free(name, lives))

    def _is_free(self, name: str, lives: Sequence[Interval]) -> bool:
        return name not in self.taken and not overlap(self.busy.get(name, []), lives)


def _is_boolean(value: Value) -> bool:
    return isinstance(value.type, Scalar | Array) and value.type.dtype == BOOL


def _plain(value: Value) -> str:
    """Return a name for what nothing is known of: a flag, or a temporary."""
    flag = isinstance(value.type, Scalar) and _is_boolean(value)
    return "done" if flag else "t"


def _numbered(wish: str) -> Iterator[str]:
    """Yield ``x1``, ``x2`` …; what ends in a digit gets ``_`` in between."""
    stem = f"{wish}_" if wish[-1].isdigit() else wish
    return (f"{stem}{number}" for number in count(1))


def _callee(op: Op) -> str:
    """Return the name of the function that an op calls."""
    return str(op.attrs["callee" if op.name == "call" else "function"])


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
