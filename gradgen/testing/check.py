"""Checks of IR against the primitives' type rules."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.errors import Refusal, VerifyError
from gradgen.ir.core import Function, Op
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type
from gradgen.ir.verify import verify
from gradgen.primitives import PRIMITIVES
from gradgen.primitives.facts import infer


def check_ir(function: Function) -> None:
    """Raise :class:`~gradgen.errors.VerifyError` unless ``function`` is valid IR."""
    verify(function, checked_infer)


def checked_infer(op: Op, dims: Dims) -> Sequence[Type]:
    """Return the result types of a primitive op, with errors as a verifier has them."""
    if op.name not in PRIMITIVES:
        raise VerifyError(f"no primitive '{op.name}'")
    try:
        return infer(op, dims)
    except Refusal as refusal:
        raise VerifyError(f"'{op.name}': {refusal.reason}") from refusal
