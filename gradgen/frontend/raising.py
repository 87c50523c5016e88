"""Statements that raise when the program runs."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.frontend.values import Maybe, Static
from gradgen.ir.builder import Builder
from gradgen.ir.core import Block, Literal, Op
from gradgen.ir.regions import make_if
from gradgen.primitives.messages import emit_raise
from gradgen.primitives.registry import Handle


def raise_unless(builder: Builder, cond: Handle, text: str) -> None:
    """Append a ``raise`` statement that is carried out unless ``cond`` is true."""
    with builder.region() as ops:
        emit_raise(builder, [], text)
    nothing = Block((), (), ())
    raising = Block((), tuple(ops), ())
    builder.append(make_if(cond.atom, nothing, raising, builder.span))


def what_is_raised(ops: Sequence[Op]) -> str:
    """Return what is raised after some ops, to be added to a message."""
    texts = [op.attrs["text"] for op in ops if op.name == "raise"]
    return f" {texts[-1].removeprefix('raise ')}" if texts else ""


def require_present(builder: Builder, value: Maybe, what: str) -> None:
    """Raise when run where ``what`` is None."""
    flag = value.flag
    if isinstance(flag, Static):
        flag = Handle(builder, Literal.of(bool(flag.value)))
    if not isinstance(flag.atom, Literal) or not flag.atom.value:
        raise_unless(builder, flag, f"raise TypeError({f'{what} is None here'!r})")
