"""What the ops of a block prove about lengths, by not raising."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from gradgen.ir.core import Atom, Block, Op, Value
from gradgen.ir.dims import Dims
from gradgen.ir.regions import REGION_OPS
from gradgen.ir.types import Array, Dim, Scalar, Sym, Type

Infer: TypeAlias = Callable[[Op, Dims], Sequence[Type] | None]
"""Returns the result types that an op must have, or None if anything goes."""


def proven_dims(block: Block, infer: Infer, *, checks: bool = True) -> Dims:
    """Return which lengths are equal wherever ``block`` raises nothing.

    Types are inferred anew from those of the parameters: the recorded ones may hold
    equalities that only a check establishes. Without ``checks`` those do not count.
    """
    dims = Dims()
    for value in block.params:
        dims.note(value.type)
    types: dict[Value, Type] = {}
    for op in block.ops:
        if op.name == "check_dims":
            if checks:
                dims.merge(*op.attrs["dims"])
        elif op.name not in REGION_OPS:
            _infer_results(op, infer, dims, types)
    return dims


def _infer_results(op: Op, infer: Infer, dims: Dims, types: dict[Value, Type]) -> None:
    known = set(dims.names)
    operands = tuple(_retyped(x, types) for x in op.operands)
    inferred = infer(replace(op, operands=operands), dims)
    for result, type_ in zip(op.results, inferred or (), strict=bool(inferred)):
        types[result] = _with_recorded_names(type_, result.type, known)
        dims.note(types[result])


def _retyped(atom: Atom, types: dict[Value, Type]) -> Atom:
    return Value(types[atom]) if isinstance(atom, Value) and atom in types else atom


def _with_recorded_names(inferred: Type, recorded: Type, known: set[str]) -> Type:
    """Use recorded names of lengths where inference could only make up new ones."""
    if isinstance(inferred, Array) and isinstance(recorded, Array):
        pairs = zip(inferred.shape, recorded.shape, strict=True)
        shape = tuple(_older(new, old, known) for new, old in pairs)
        return Array(inferred.dtype, shape)
    if isinstance(inferred, Scalar) and isinstance(recorded, Scalar):
        dim = recorded.dim if inferred.dim is None else inferred.dim
        return replace(inferred, dim=dim)
    return inferred


def _older(new: Dim, old: Dim, known: set[str]) -> Dim:
    return old if isinstance(new, Sym) and new.name not in known else new
