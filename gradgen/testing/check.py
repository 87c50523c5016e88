"""Checks of IR against the primitives' type rules."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.errors import Refusal, VerifyError
from gradgen.ir.core import Function, Op
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type
from gradgen.ir.verify import verify
from gradgen.primitives import PRIMITIVES


def check_ir(function: Function) -> None:
    """Raise :class:`~gradgen.errors.VerifyError` unless ``function`` is valid IR."""
    verify(function, infer)


def infer(op: Op, dims: Dims) -> Sequence[Type]:
    """Return the result types that the primitive of ``op`` gives its operands."""
    if op.name not in PRIMITIVES:
        raise VerifyError(f"no primitive '{op.name}'")
    types = [x.type for x in op.operands]
    try:
        result = PRIMITIVES[op.name].type_rule(dims, types, op.attrs)
    except Refusal as refusal:
        raise VerifyError(f"'{op.name}': {refusal.reason}") from refusal
    return [] if result is None else [result]
