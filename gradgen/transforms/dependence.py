"""Which elements of a result depend on which elements of an argument.

The ops of a function are gone through for arguments of known sizes, and for each value
it is kept on which elements of the argument its elements may depend. What has no rule
depends on all of its operands, so that the result holds whatever the arguments are: a
pattern found so is proved. Only integers and shapes may steer where elements go; they
are the same in every call that the pattern is used for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.ir.core import UNDEFINED, Atom, Block, Function, Literal, Op, Value
from gradgen.ir.flow import is_assumed
from gradgen.ir.regions import loop_parts
from gradgen.ir.rules import CALL_OUTSIDE, RULE
from gradgen.ir.types import Array, Random, Scalar, Sparse, Sym
from gradgen.primitives import PRIMITIVES
from gradgen.structs import struct

if TYPE_CHECKING:
    from gradgen.transforms import dependencerules
else:
    dependencerules = Deferred("gradgen.transforms.dependencerules")

MAX_OPS = 20_000
"""How many ops, those of each turn of a loop counted anew, are gone through."""

SEARCHES = ("arange", "nonzero")
"""Ops with results whose lengths depend on floating numbers."""


class Unproved(Exception):
    """A pattern that cannot be read from the program."""


@struct
class Content:
    """What a value holds in one call, and what that depends on.

    ``sources`` has a row for each element, an entry for each element of the argument
    that it may depend on smoothly; None for no entry. ``varies`` says that a call for
    which the same pattern is used may hold something else here.
    """

    value: Any
    sources: Any = None
    varies: bool = False


def dependence(function: Function, contents: Sequence[Content]) -> Content:
    """Return the only result of ``function``.

    Raises
    ------
    Unproved
        Where sizes, or the way through the program, depend on what varies.
    """
    walker = Walker(function.helpers)
    try:
        with np.errstate(all="ignore"):
            (result,) = walker.run_function(function, contents)
    except (ArithmeticError, ValueError, IndexError, TypeError) as error:
        raise Unproved("it raises at these arguments") from error
    except RecursionError:
        raise Unproved("it calls itself") from None
    return result


class Walker:
    """Goes through the ops of a function and its helpers."""

    def __init__(self, helpers: Mapping[str, Function]) -> None:
        self.helpers = helpers
        self._left = MAX_OPS
        self._found: dict[Value, Content] = {}

    def run_function(
        self, function: Function, contents: Sequence[Content]
    ) -> list[Content]:
        """Return the results of a function, which sees nothing from outside."""
        outer, self._found = self._found, {}
        try:
            self._found.update(zip(function.inputs, contents, strict=True))
            return self.run(function.body)
        finally:
            self._found = outer

    def run(self, block: Block) -> list[Content]:
        """Go through the ops of a block and return what it yields."""
        for op in block.ops:
            self._left -= 1
            if not self._left:
                raise Unproved("its loops take too many turns")
            self._append(op)
        return [self.read(x) for x in block.results]

    def read(self, x: Atom) -> Content:
        """Return what an operand holds."""
        return Content(x.value) if isinstance(x, Literal) else self._found[x]

    def _append(self, op: Op) -> None:
        if is_assumed(op) or not op.results:
            return
        if op.name == "if":
            results = self._branch(op)
        elif op.name == "for":
            results = self._loop(op)
        elif op.name in ("while", CALL_OUTSIDE):
            raise Unproved(f"{op.name} is not looked into")
        elif op.name == "call":
            results = self._call(op)
        else:
            results = self._primitive(op)
        for y, result in zip(op.results, results, strict=True):
            _check_type(y)
            self._found[y] = result

    def _call(self, op: Op) -> list[Content]:
        operands = [self.read(x) for x in op.operands]
        results = self.run_function(self.helpers[op.attrs["callee"]], operands)
        if RULE not in op.attrs:
            return results
        return [dependencerules.dense(y.value, operands) for y in results]

    def _primitive(self, op: Op) -> list[Content]:
        operands = [self.read(x) for x in op.operands]
        primitive = PRIMITIVES[op.name]
        if any(x.value is UNDEFINED for x in operands):
            raise Unproved(f"{op.name} may read what is undefined")
        if any(isinstance(x.type, Random) for x in op.operands):
            raise Unproved("random numbers are drawn")
        if _is_open(op, operands):
            raise Unproved(f"the size of the result of {op.name} is not known before")
        found: Any = primitive.evaluate(*(x.value for x in operands), **op.attrs)
        values = list(found) if primitive.several else [found]
        read = [i for i in range(len(operands)) if i not in primitive.shape_only]
        varies = any(operands[i].varies for i in read)
        moving = any(operands[i].sources is not None for i in read)
        return [
            Content(
                value,
                self._sources(op, operands, value) if moving else None,
                varies,
            )
            for value in values
        ]

    def _sources(self, op: Op, operands: Sequence[Content], value: Any) -> Any:
        if np.asarray(value).dtype.kind not in "fc":
            return None
        return dependencerules.sources(op, operands, value)

    def _branch(self, op: Op) -> list[Content]:
        condition = self.read(op.operands[0])
        if not condition.varies:
            return self.run(op.regions[0 if condition.value else 1])
        pairs = zip(*(self.run(region) for region in op.regions), strict=True)
        return [_either(a, b) for a, b in pairs]

    def _loop(self, op: Op) -> list[Content]:
        parts = loop_parts(op)
        bounds = [self.read(x) for x in parts.range]
        if parts.exit or any(x.varies for x in bounds):
            raise Unproved("how often a loop turns is not known before")
        state = [self.read(x) for x in parts.initial]
        scanned = [self.read(x) for x in parts.scanned]
        rows: dict[int, list[Content]] = {}
        turns = list(enumerate(range(*(x.value for x in bounds))))
        for k, i in reversed(turns) if op.attrs["reverse"] else turns:
            items = [dependencerules.row(xs, k) for xs in scanned]
            params = op.regions[-1].params
            self._found.update(zip(params, [Content(i), *state, *items], strict=True))
            yields = self.run(op.regions[-1])
            state, rows[k] = yields[: len(state)], yields[len(state) :]
        columns = [[rows[k][j] for k in sorted(rows)] for j in range(len(parts.items))]
        stacked = list(map(dependencerules.stacked, columns))
        return [*state, *stacked, Content(bounds[1].value), Content(False)]


def _check_type(y: Value) -> None:
    if not isinstance(y.type, Scalar | Array | Sparse):
        raise Unproved(f"a value of type {y.type} is not looked into")


def _is_open(op: Op, operands: Sequence[Content]) -> bool:
    """Tell whether a length of a result is told by what may vary."""
    varying = [
        x for x, content in zip(op.operands, operands, strict=True) if content.varies
    ]
    if op.name not in SEARCHES and all(map(_is_floats, varying)):
        return False
    told = {d.name for x in op.operands for d in _dims(x)}
    return bool(varying) and any(
        d.name not in told for y in op.results for d in _dims(y)
    )


def _is_floats(x: Atom) -> bool:
    return isinstance(x.type, Scalar | Array) and x.type.dtype.kind in "fc"


def _dims(x: Atom) -> list[Sym]:
    type_ = x.type
    found: Sequence[Any] = ()
    if isinstance(type_, Scalar):
        found = [type_.dim]
    elif isinstance(type_, Array | Sparse):
        found = type_.shape
    return [d for d in found if isinstance(d, Sym)]


def _either(a: Content, b: Content) -> Content:
    """Return what may be the one or the other."""
    if a.value is UNDEFINED or b.value is UNDEFINED:
        raise Unproved("a value is bound in one branch only")
    if np.shape(a.value) != np.shape(b.value):
        raise Unproved("the branches differ in their sizes")
    return Content(a.value, dependencerules.union(a.sources, b.sources), True)
