"""What functions with rules are given and return: leaves, and what holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrays import (
    COPY,
    ArrayObject,
    Buffer,
    fresh,
    is_contiguous,
    related,
)
from gradgen.frontend.frame import Context
from gradgen.frontend.values import (
    Closure,
    Foreign,
    Method,
    Native,
    Partial,
    Record,
    Static,
    describe,
)
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.types import Array, Type, is_floating
from gradgen.primitives.registry import PRIMITIVES, Handle
from gradgen.structs import struct

WRITES = "a function with a rule must not write to its arguments"
PASSED = (Handle, Static, Foreign, Closure, Method, Native, Partial)
CALLABLE = (Closure, Method, Native, Partial)
"""What is passed to a function with a rule as it is."""


def mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """Rebuild containers and records, with ``function`` applied to what they hold."""
    if isinstance(value, list | tuple):
        return type(value)(mapped(x, function) for x in value)
    if isinstance(value, dict):
        return {key: mapped(x, function) for key, x in value.items()}
    if isinstance(value, Record):
        fields = {key: mapped(x, function) for key, x in value.fields.items()}
        return Record(value.cls, fields)
    return function(value)


def leaves_of(value: Any) -> list[Any]:
    """Return what containers and records hold, from left to right."""
    found: list[Any] = []
    mapped(value, found.append)
    return found


def cells_of(value: Any) -> list[Handle]:
    """Return the floating run-time numbers and arrays in ``value``."""
    return [x for x in leaves_of(value) if moves(x)]


def moves(x: Any) -> bool:
    """Tell whether a leaf is a number or array that can carry a derivative."""
    return isinstance(x, Handle) and is_floating(x.atom.type)


def guest(builder: Builder, atom: Atom, like: Any = None) -> Handle:
    """Return a number, or an array that must not be written to."""
    contiguous = isinstance(like, ArrayObject) and is_contiguous(like)
    found = fresh(Handle(builder, atom), contiguous=contiguous)
    if isinstance(found, ArrayObject):
        found.buffer.guest = WRITES
    return found


def entered(context: Context, value: Any, owners: dict[int, Buffer]) -> Any:
    """Return an argument with each leaf as an object of its own, not to be changed.

    Whose memory that is, is entered in ``owners``.
    """

    def enter(x: Any) -> Any:
        if not isinstance(x, PASSED):
            raise Refusal(
                f"{describe(x)} cannot be passed to a function with a rule",
                "numbers, arrays, and tuples, lists or dicts of them",
            )
        if not isinstance(x, Handle):
            return x
        atom = x.atom
        if isinstance(atom, Literal):
            return Static(atom.value)
        made = guest(context.builder, atom, x)
        if isinstance(x, ArrayObject):
            owners[id(made)] = x.buffer
        return made

    found = mapped(value, enter)
    context.borrow(found)
    return found


@struct
class Returned:
    """A leaf of what a helper returns.

    ``shared`` numbers the leaves of the arguments whose memory it may be, ``guest``
    says why it must not be written to.
    """

    atom: Atom
    shared: tuple[int, ...] = ()
    guest: str = ""


def returned_leaves(value: Any, arguments: Sequence[Any], name: str) -> Any:
    """Return a result with what is known of its leaves in their place."""
    lenders = {
        x.buffer: k for k, x in enumerate(arguments) if isinstance(x, ArrayObject)
    }
    seen: set[Buffer] = set()

    def describe_leaf(x: Any) -> Any:
        if isinstance(x, Static):
            return x
        if not isinstance(x, Handle):
            raise Refusal(
                f"'{name}' has a rule, and returns {describe(x)}",
                "numbers, arrays, and tuples, lists or dicts of them",
            )
        if not isinstance(x, ArrayObject):
            return Returned(x.atom)
        if x.buffer in seen:
            raise Refusal(f"'{name}' has a rule, and returns an array twice", COPY)
        seen.add(x.buffer)
        buffers = related(x.buffer)
        shared = tuple(lenders[b] for b in buffers if b in lenders)
        guests = [b.guest for b in buffers if b not in lenders and b.guest]
        return Returned(x.atom, tuple(sorted(shared)), guests[0] if guests else "")

    return mapped(value, describe_leaf)


def form_of(value: Any, builder: Builder) -> Any:
    """Return what tells a value from others of other types or with other constants."""
    if isinstance(value, list | tuple):
        return type(value), tuple(form_of(x, builder) for x in value)
    if isinstance(value, dict):
        items = ((key, form_of(x, builder)) for key, x in value.items())
        return dict, tuple(items)
    if isinstance(value, Record):
        return value.cls, form_of(value.fields, builder)
    if isinstance(value, Static):
        plain = isinstance(value.value, bool | int | float | str | type(None))
        return type(value.value), repr(value.value) if plain else id(value.value)
    if moves(value):
        return "floating", type_of(value)
    return (id(value.atom),) if isinstance(value, Handle) else id(value)


def type_of(x: Handle) -> Type:
    """Return the type of a number or array, with its lengths by one name each."""
    return Array(x.dtype, x.shape) if isinstance(x.type, Array) else x.type


def live_ops(
    ops: Sequence[Op], results: Iterable[Atom], *, effects: bool = True
) -> tuple[list[Op], set[Value]]:
    """Return the ops that results depend on, or that have effects, and all reads."""
    live = {x for x in results if isinstance(x, Value)}
    kept = []
    for op in reversed(ops):
        if (effects and _has_effect(op)) or any(y in live for y in op.results):
            kept.append(op)
            live.update(_reads(op))
    return kept[::-1], live


def _has_effect(op: Op) -> bool:
    if op.name == "call":
        return bool(op.attrs["effect"])
    inner = (x for region in op.regions for x in region.ops)
    known = op.name in PRIMITIVES and PRIMITIVES[op.name].effect
    return known or any(map(_has_effect, inner))


def _reads(op: Op) -> Iterator[Value]:
    yield from (x for x in op.operands if isinstance(x, Value))
    for region in op.regions:
        yield from (x for x in region.results if isinstance(x, Value))
        for inner in region.ops:
            yield from _reads(inner)
