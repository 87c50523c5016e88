"""Runs bufferized IR as generated code would: in place, by reference, late.

Updates and ``into`` write to real arrays, views are views, slots are bound to what they
get, lists hold references, and an inline op is computed where it is printed. A tape of
unknown size is a list even where it stands for an array.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.ir.core import UNDEFINED, Atom, Block, Function, Literal, Op, Value
from gradgen.ir.regions import LoopParts, loop_parts
from gradgen.ir.types import Array
from gradgen.primitives.registry import PRIMITIVES
from tests.emission import leaves

OUTSIDE = {"np": np, "math": math, **vars(kernels)}


def execute(function: Function, args: Sequence[Any]) -> Any:
    """Run a bufferized function and return the leaves of its result."""
    machine = Executor()
    machine.helpers = function.helpers
    for value, content in zip(function.inputs, leaves(args), strict=True):
        machine.values[value] = content
        names = zip(getattr(value.type, "shape", ()), np.shape(content), strict=True)
        machine.lengths.update((str(dim), length) for dim, length in names)
    return tuple(machine.run(function.body))


class Executor:
    """Values by name, and the ops that are computed where they are read."""

    def __init__(self) -> None:
        self.values: dict[Value, Any] = {}
        self.inlined: dict[Value, Op] = {}
        self.lengths: dict[str, int] = {}
        self.helpers: Mapping[str, Function] = {}

    def read(self, atom: Atom) -> Any:
        if isinstance(atom, Literal):
            return atom.value
        if atom in self.inlined:
            return self.evaluate(self.inlined[atom])
        content = self.values[atom]
        if isinstance(atom.type, Array) and isinstance(content, list):
            return self.as_array(content, atom.type)
        return content

    def read_all(self, atoms: Sequence[Atom]) -> list[Any]:
        return [self.read(x) for x in atoms]

    def run(self, block: Block) -> list[Any]:
        for op in block.ops:
            if op.inline:
                self.inlined[op.results[0]] = op
            else:
                found = self.results(op)
                self.values.update(zip(op.results, found, strict=True))
        return self.read_all(block.results)

    def results(self, op: Op) -> Sequence[Any]:
        if op.name == "if":
            return self.run(op.regions[0 if self.read(op.operands[0]) else 1])
        if op.name == "for":
            return self.run_for(op)
        if op.name == "while":
            return self.run_while(op)
        if op.name == "call":
            return self.call(op)
        if PRIMITIVES[op.name].mutates:
            return [self.overwrite(op)]
        if op.into is not None:
            return [self.compute_into(op)]
        result = self.evaluate(op)
        if len(op.results) > 1:
            return list(result)
        return [result] if op.results else []

    def call(self, op: Op) -> Sequence[Any]:
        """Run the function that ``op`` calls, on its leaves."""
        inner = Executor()
        callee = self.helpers[op.attrs["callee"]]
        inner.lengths, inner.helpers = self.lengths, self.helpers
        operands = self.read_all(op.operands)
        inner.values.update(zip(callee.inputs, operands, strict=True))
        return inner.run(callee.body)

    def evaluate(self, op: Op) -> Any:
        operands = self.read_all(op.operands)
        assert not any(x is UNDEFINED for x in operands), f"{op.name} of undefined"
        result = PRIMITIVES[op.name].evaluate(*operands, **op.attrs)
        one_of_several = PRIMITIVES[op.name].several and len(op.results) == 1
        return result[0] if one_of_several else result

    def overwrite(self, op: Op) -> Any:
        """Run the statement that an update is printed as."""
        assert op.into == 0
        operands = self.read_all(op.operands)
        types = [x.type for x in op.operands]
        template = PRIMITIVES[op.name].print_as(types, op.attrs)
        names = [f"operand_{k}" for k in range(len(operands))]
        scope = {**OUTSIDE, **dict(zip(names, operands, strict=True))}
        exec(compiled(template.format(*names)), scope)
        return operands[0]

    def compute_into(self, op: Op) -> Any:
        assert op.into is not None
        operands = self.read_all(op.operands)
        ufunc = eval(PRIMITIVES[op.name].ufunc, OUTSIDE)
        return ufunc(*operands, out=operands[op.into])

    def run_for(self, op: Op) -> list[Any]:
        parts = loop_parts(op)
        lo, hi, step = self.read_all(parts.range)
        state = self.read_all(parts.initial)
        indices = list(enumerate(range(lo, hi, step)))
        if op.attrs["reverse"]:
            indices.reverse()
        rows: dict[int, list[Any]] = {}
        for k, i in indices:
            left, state, rows[k] = self.iterate(op, parts, k, i, state)
            if left:
                return [*state, *tapes(parts, rows), i + step, True]
        return [*state, *tapes(parts, rows), hi, False]

    def run_while(self, op: Op) -> list[Any]:
        parts = loop_parts(op)
        state = self.read_all(parts.initial)
        rows: dict[int, list[Any]] = {}
        left = False
        while not left:
            test = op.regions[0]
            self.values.update(zip(test.params, state, strict=True))
            if not self.run(test)[0]:
                break
            k = len(rows)
            left, state, rows[k] = self.iterate(op, parts, k, k, state)
        return [*state, *tapes(parts, rows), len(rows), left]

    def iterate(
        self, op: Op, parts: LoopParts, k: int, i: int, state: list[Any]
    ) -> tuple[bool, list[Any], list[Any]]:
        elements = [self.values[xs][k] for xs in parts.scanned]
        body = op.regions[-1]
        self.values.update(zip(body.params, [i, *state, *elements], strict=True))
        found = self.run(body)
        first = len(parts.exit)
        split = first + len(parts.next)
        sized = op.name == "for" and not op.attrs["exits"]
        kept = [
            np.array(x)[()] if sized and isinstance(y.type, Array) else x
            for x, y in zip(found[split:], parts.stacked, strict=True)
        ]
        return bool(found[0]) if first else False, found[first:split], kept

    def as_array(self, rows: list[Any], type_: Array) -> Any:
        """Return what a tape that grew as a list is as an array."""
        if rows:
            return np.array(rows, type_.dtype)
        shape = [self.lengths.get(str(d), 0) for d in type_.shape[1:]]
        return np.empty((0, *shape), type_.dtype)


def tapes(parts: LoopParts, rows: dict[int, list[Any]]) -> list[Any]:
    """Return what the iterations stored, as lists."""
    return [[rows[k][j] for k in sorted(rows)] for j in range(len(parts.items))]


@functools.lru_cache(maxsize=4096)
def compiled(statement: str) -> Any:
    return compile(statement, "statement", "exec")
