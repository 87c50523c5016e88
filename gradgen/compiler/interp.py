"""An interpreter of the IR over NumPy values: an oracle to compare with.

Values are never changed, and each is compared with the type that the IR gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradgen.errors import VerifyError, errstate_of
from gradgen.ir.core import UNDEFINED, Atom, Block, Function, Literal, Op, Value
from gradgen.ir.flow import is_assumed
from gradgen.ir.regions import LoopParts, loop_parts
from gradgen.ir.tree import Tree, tree_of
from gradgen.ir.types import (
    Array,
    Curve,
    Dim,
    Random,
    Scalar,
    Seq,
    Sparse,
    Sym,
    Tape,
    Type,
    short_dtype,
)
from gradgen.primitives import PRIMITIVES

MAY_BE_NOTHING = (
    "copy_if_bound",
    "seq_zeros_like",
    "tape_copy",
    "tape_zeros_like",
    "zeros_if_bound",
)
HANDS_ON = ("call", "pack", "tape_add")
"""Ops that may be given what is undefined, and do not compute with it."""

WEAK = {"b": bool, "i": int, "f": float, "c": complex}


def interpret(function: Function, args: Sequence[Any]) -> Any:
    """Run ``function`` on Python objects, one a parameter, and build its result."""
    trees = [param.tree for param in function.params]
    given = [
        x for tree, arg in zip(trees, args, strict=True) for x in leaves_at(tree, arg)
    ]
    results = run_function(function, given, function.helpers)
    return function.result.fill([_released(x) for x in results]).build()


def leaves_at(tree: Tree, value: Any) -> Iterator[Any]:
    """Yield what stands in ``value`` at the leaves of ``tree``."""
    if tree.kind == "leaf":
        yield value
    elif tree.kind not in ("none", "static"):
        children = tree_of(value).children
        for child, part in zip(tree.children, children, strict=True):
            yield from leaves_at(child, part.build())


def _released(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray) else value


def run_function(
    function: Function, given: Sequence[Any], helpers: Mapping[str, Function]
) -> list[Any]:
    """Run ``function`` on the leaves of its parameters; return those of its result."""
    machine = Machine()
    machine.helpers = helpers
    for param, value in zip(function.inputs, given, strict=True):
        machine.define(param, converted(value, param.type))
    return machine.run(function.body)


def converted(value: Any, type_: Type) -> Any:
    """Return ``value`` in the Python type that stands for ``type_``, read-only."""
    if value is UNDEFINED:
        return value
    if isinstance(type_, Array):
        view = np.asarray(value).view()
        view.flags.writeable = False
        return view
    if isinstance(type_, Scalar) and type_.weak:
        return WEAK[type_.dtype.kind](value)
    if isinstance(type_, Scalar):
        return np.asarray(value)[()]
    return value


def _class_of(type_: Type) -> type:
    if isinstance(type_, Tape):
        return tuple
    if isinstance(type_, Seq):
        return list if type_.key is None else dict
    return np.random.Generator if isinstance(type_, Random) else str


class Machine:
    """Values by name, and the lengths that symbols were found to stand for."""

    def __init__(self, outer: Machine | None = None) -> None:
        self.values: dict[Value, Any] = dict(outer.values) if outer else {}
        self.lengths: dict[str, int] = dict(outer.lengths) if outer else {}
        self.helpers: Mapping[str, Function] = outer.helpers if outer else {}

    def read(self, atom: Atom) -> Any:
        """Return what an operand holds."""
        return atom.value if isinstance(atom, Literal) else self.values[atom]

    def read_all(self, atoms: Sequence[Atom]) -> list[Any]:
        """Return what operands hold."""
        return [self.read(x) for x in atoms]

    def define(self, value: Value, content: Any) -> None:
        """Give ``value`` its content, which must fit its type."""
        if isinstance(content, np.ndarray):
            content = converted(content, value.type)
        fault = self._misfit(content, value.type)
        if fault:
            raise VerifyError(f"'{value.hint}' of type {value.type} holds {fault}")
        self.values[value] = content

    def run(self, block: Block) -> list[Any]:
        """Run the ops of ``block`` and return what it yields."""
        for op in block.ops:
            for result, content in zip(op.results, self.results(op), strict=True):
                self.define(result, content)
        return self.read_all(block.results)

    def run_region(self, block: Block, params: Sequence[Any]) -> list[Any]:
        """Run a region, which sees the values outside."""
        inner = type(self)(self)
        for value, content in zip(block.params, params, strict=True):
            inner.define(value, content)
        return inner.run(block)

    def element(self, xs: Any, position: int, type_: Type) -> Any:
        """Return what an iteration gets of a scanned operand."""
        return converted(xs[position], type_)

    def results(self, op: Op) -> Sequence[Any]:
        """Return what the results of an op hold."""
        if op.name == "if":
            taken = op.regions[0 if self.read(op.operands[0]) else 1]
            return self.run_region(taken, [])
        if op.name == "for":
            return self._run_for(op)
        if op.name == "while":
            return self._run_while(op)
        if is_assumed(op):
            self._check_equal(*op.attrs["dims"])
            return []
        operands = self.read_all(op.operands)
        if op.name in MAY_BE_NOTHING and operands[0] is UNDEFINED:
            return [UNDEFINED]
        if any(x is UNDEFINED for x in operands) and op.name not in HANDS_ON:
            raise VerifyError(f"'{op.name}' reads what is undefined")
        if op.name == "call":
            callee = self.helpers[op.attrs["callee"]]
            return run_function(callee, operands, self.helpers)
        with np.errstate(all="ignore" if errstate_of(op.span) else None):
            result = PRIMITIVES[op.name].evaluate(*operands, **op.attrs)
        if PRIMITIVES[op.name].several:
            return list(result)
        return [result] if op.results else []

    def _run_for(self, op: Op) -> list[Any]:
        parts = loop_parts(op)
        lo, hi, step = self.read_all(parts.range)
        indices = list(enumerate(range(lo, hi, step)))
        if op.attrs["reverse"]:
            indices.reverse()
        state = self.read_all(parts.initial)
        rows: dict[int, list[Any]] = {}
        for position, i in indices:
            left, state, rows[position] = self._iterate(op, parts, position, i, state)
            if left:
                return [*state, *self._stacked(parts, rows), i + step, True]
        return [*state, *self._stacked(parts, rows), hi, False]

    def _run_while(self, op: Op) -> list[Any]:
        parts = loop_parts(op)
        state = self.read_all(parts.initial)
        rows: dict[int, list[Any]] = {}
        left = False
        while not left and self.run_region(op.regions[0], state)[0]:
            i = len(rows)
            left, state, rows[i] = self._iterate(op, parts, i, i, state)
        return [*state, *self._stacked(parts, rows), len(rows), left]

    def _iterate(
        self, op: Op, parts: LoopParts, position: int, i: int, state: list[Any]
    ) -> tuple[bool, list[Any], list[Any]]:
        scanned = self.read_all(parts.scanned)
        elements = [
            self.element(xs, position, e.type)
            for xs, e in zip(scanned, parts.elements, strict=True)
        ]
        yields = self.run_region(op.regions[-1], [i, *state, *elements])
        first = len(parts.exit)
        split = first + len(parts.next)
        left = bool(yields[0]) if first else False
        return left, yields[first:split], yields[split:]

    def _stacked(self, parts: LoopParts, rows: dict[int, list[Any]]) -> list[Any]:
        """Return the stacked results of a loop from what each iteration yielded."""
        columns = [[rows[k][j] for k in sorted(rows)] for j in range(len(parts.items))]
        return [
            self.stack(column, y.type)
            for column, y in zip(columns, parts.stacked, strict=True)
        ]

    def stack(self, column: list[Any], type_: Type) -> Any:
        """Return a stacked result from what each iteration yielded."""
        if not isinstance(type_, Array):
            return column
        defined = [x for x in column if x is not UNDEFINED]
        if defined:
            blank = np.zeros_like(defined[0])
            rows = [blank if x is UNDEFINED else x for x in column]
            return np.array(rows, type_.dtype)
        shape = [self._length(d) for d in type_.shape[1:]]
        return np.zeros((len(column), *shape), type_.dtype)

    def _length(self, dim: Dim) -> int:
        """Return a length that is known, or 0."""
        if isinstance(dim, int):
            return dim
        return max(self.lengths.get(dim.name, 0) + dim.offset, 0)

    def _misfit(self, content: Any, type_: Type) -> str:
        """Return what is wrong with ``content`` as a ``type_``, or nothing."""
        if content is UNDEFINED:
            return ""
        if isinstance(type_, Array):
            return self._array_misfit(content, type_)
        if isinstance(type_, Curve):
            return "" if type(content).__name__ == type_.name else f"{content!r}"
        if isinstance(type_, Sparse):
            return self._sparse_misfit(content, type_)
        if isinstance(type_, Scalar):
            wanted = WEAK[type_.dtype.kind] if type_.weak else type_.dtype.type
            return "" if type(content) is wanted else f"{content!r}"
        wanted = _class_of(type_)
        return "" if isinstance(content, wanted) else f"{content!r}"

    def _sparse_misfit(self, content: Any, type_: Sparse) -> str:
        same = (type(content).__name__, content.dtype) == (type_.name, type_.entries)
        fits = same and all(map(self._is_length, type_.shape, content.shape))
        return "" if fits else f"{content!r}"

    def _array_misfit(self, content: Any, type_: Array) -> str:
        if not isinstance(content, np.ndarray):
            return f"{content!r}"
        same_rank = content.ndim == len(type_.shape)
        fits = same_rank and all(map(self._is_length, type_.shape, content.shape))
        if fits and content.dtype == type_.dtype:
            return ""
        return f"{short_dtype(content.dtype)}{list(content.shape)}"

    def _check_equal(self, left: Dim, right: Dim) -> None:
        """Check what is assumed of two lengths, where both are known by now."""
        if isinstance(left, Sym):
            left, right = right, left
        known = left if isinstance(left, int) else self.lengths.get(left.name)
        if known is None:
            return
        length = known if isinstance(left, int) else max(known + left.offset, 0)
        if not self._is_length(right, length):
            raise VerifyError(f"length {right} is assumed to be {left}, and is not")

    def _is_length(self, dim: int | Sym, length: int) -> bool:
        if isinstance(dim, int):
            return dim == length
        if dim.proper and length == 1:
            return False
        if dim.offset == 0:
            return self.lengths.setdefault(dim.name, length) == length
        known = self.lengths.get(dim.name)
        return known is None or max(known + dim.offset, 0) == length
