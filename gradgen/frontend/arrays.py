"""Arrays as objects: whoever holds one sees what is written into it.

In the IR arrays are values. A :class:`Buffer` is the object, which knows the newest of
these values; a view is the buffer together with the steps that lead into it. Reading a
view takes the steps on the newest value, writing through it updates the buffer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Value
from gradgen.ir.regions import make_if
from gradgen.ir.types import Array, Shape, Sparse, Tensor, tensor
from gradgen.primitives.indexing import is_basic
from gradgen.primitives.registry import PRIMITIVES, Handle, apply
from gradgen.primitives.sharing import Sharing
from gradgen.structs import frozen, struct

COPY = "bind a copy instead, such as y = x.copy()"
PASSED = (
    "this array may have been written to under the name of an argument of this "
    "recursive function"
)
"""A doubt that ends with the call: then it is known which array was passed."""
READ_ONLY = frozenset(("diagonal", "broadcast_to", "sliding_windows", "read_strided"))
"""Primitives whose results NumPy refuses to write to, or gradgen: ``as_strided``."""


@struct
class Buffer:
    """An array as an object: its newest contents.

    ``doubt`` says why these are not known any more, ``either`` names the buffers one of
    which this one may be, ``open`` why it is not known. ``guest`` says why it must not
    be written to. With ``chosen``, a condition, it is the first of ``either`` where
    that holds, and the second one elsewhere; ``own`` says of each that nobody else
    can hold it. ``home`` is where it was read out of, if of a list.
    """

    builder: Builder
    version: Atom
    doubt: str = ""
    either: tuple[Buffer, ...] = ()
    open: str = ""
    guest: str = ""
    contiguous: bool = False
    chosen: Atom | None = None
    own: tuple[bool, ...] = ()
    home: Any = None


@frozen
class ViewStep:
    """One step into an array: a primitive that gives a view, and its other operands.

    ``shape`` is that of the view, where it is known to be the same at every reading.
    """

    name: str
    attrs: Any
    parts: tuple[Atom, ...] = ()
    shape: Shape | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ViewStep) and self._place == other._place

    def __hash__(self) -> int:
        return hash(self._place)

    @property
    def _place(self) -> tuple[str, Any, tuple[Atom, ...]]:
        return self.name, self.attrs, self.parts


class ArrayObject(Handle):
    """A name's view of a buffer, used as a handle for its newest contents."""

    __slots__ = ("buffer", "frozen", "steps")

    def __init__(
        self,
        buffer: Buffer,
        steps: tuple[ViewStep, ...] = (),
        *,
        frozen: bool = False,
    ) -> None:
        self.builder = buffer.builder
        self.buffer = buffer
        self.steps = steps
        self.frozen = frozen

    @property
    def read_only(self) -> bool:
        """Tell whether NumPy refuses writing through this view."""
        return self.frozen or any(step.name in READ_ONLY for step in self.steps)

    @property
    def atom(self) -> Atom:  # type: ignore[override]
        """Return the newest contents, taking the steps anew after a write."""
        buffer = self.buffer
        if buffer.doubt:
            raise Refusal(buffer.doubt, COPY)
        if not self.steps:
            return buffer.version
        key = (buffer.version, self.steps)
        found = self.builder.views.get(key)
        if found is None:
            found = self._taken()
            self.builder.views[key] = found
        return found

    def _taken(self) -> Atom:
        handle = Handle(self.builder, self.buffer.version)
        for step in self.steps:
            parts = [Handle(self.builder, part) for part in step.parts]
            handle = apply(step.name, handle, *parts, **step.attrs)
            if step.shape is not None and isinstance(handle.atom, Value):
                handle.atom.type = tensor(handle.dtype, step.shape)
        return handle.atom


def is_array(value: Any) -> bool:
    """Tell whether ``value`` is an array, an object that can be written to."""
    return isinstance(value, ArrayObject)


def is_sparse(value: Any) -> bool:
    """Tell whether a value stands for a sparse matrix."""
    return isinstance(value, Handle) and isinstance(value.atom.type, Sparse)


def fresh(value: Handle, *, contiguous: bool = False) -> Handle:
    """Return an array that nobody else holds, with the contents of ``value``."""
    if not isinstance(value.atom.type, Array):
        return Handle(value.builder, value.atom) if is_array(value) else value
    return ArrayObject(Buffer(value.builder, value.atom, contiguous=contiguous))


def traced(result: Handle, sources: Iterable[ArrayObject]) -> ArrayObject | None:
    """Return ``result`` as a view of the source that it was taken from, if of any."""
    known = {source.atom: source for source in sources}
    steps: list[ViewStep] = []
    atom: Any = result.atom
    while atom not in known:
        op = result.builder.makers.get(atom)
        if op is None or op.name not in PRIMITIVES:
            return None
        if PRIMITIVES[op.name].shares != (0,):
            return None
        if op.name == "getitem" and not _takes_view(op):
            return None
        shape = atom.type.shape
        steps.append(ViewStep(op.name, _Attrs(op.attrs), op.operands[1:], shape))
        atom = op.operands[0]
    source = known[atom]
    path = (*source.steps, *reversed(steps))
    if path == source.steps:
        return source
    view = ArrayObject(source.buffer, path, frozen=source.frozen)
    result.builder.views.setdefault((source.buffer.version, path), result.atom)
    return view


def _takes_view(op: Any) -> bool:
    return is_basic(op.attrs["index"], [x.type for x in op.operands])


class _Attrs(dict[str, Any]):
    """Attributes of an op that can be part of a key."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self)))


def is_contiguous(array: ArrayObject) -> bool:
    """Tell whether the elements surely lie side by side, in the order of C."""
    return array.buffer.contiguous and not array.steps


def share(
    result: Handle,
    sources: list[ArrayObject],
    how: Sharing,
    name: str = "",
    everyone: list[Buffer] | None = None,
) -> Handle:
    """Return what the function ``name`` gives that shares memory with its operands.

    Where it may or may not share it, the array made is entered in ``everyone``.
    """
    if how == "never" or not result.shape:
        return fresh(result)
    view = result if is_array(result) else traced(result, sources)
    if view is None:
        return fresh(result)
    assert isinstance(view, ArrayObject)
    source = view_source(view, sources)
    if how == "maybe" and not (is_contiguous(source) or _splits_axis(source, view)):
        made = _ambiguous(result, view.buffer, name)
        made.buffer.contiguous = name == "ascontiguousarray"
        if everyone is not None:
            everyone.append(made.buffer)
        return made
    if how == "readonly":
        return ArrayObject(view.buffer, view.steps, frozen=True)
    return view


def _splits_axis(source: ArrayObject, view: ArrayObject) -> bool:
    """Tell whether a vector is given more axes, for which NumPy needs no copy."""
    return source.rank == 1 and view.rank > 1


def view_source(view: ArrayObject, sources: list[ArrayObject]) -> ArrayObject:
    """Return the source that a view was taken from."""
    return next((s for s in sources if s.buffer is view.buffer), view)


def _ambiguous(result: Handle, source: Buffer, name: str) -> ArrayObject:
    """Return an array that may or may not share memory with another one."""
    why = (
        f"whether '{name}' gives a view or a copy here depends on the layout in memory"
    )
    return ArrayObject(Buffer(result.builder, result.atom, either=(source,), open=why))


def related(buffer: Buffer) -> set[Buffer]:
    """Return all buffers that ``buffer`` may be, itself included."""
    found = {buffer}
    pending = [buffer]
    while pending:
        for other in pending.pop().either:
            if other not in found:
                found.add(other)
                pending.append(other)
    return found


def settle(
    buffer: Buffer,
    version: Atom,
    everyone: Iterable[Buffer],
    why: str,
    followers: Sequence[Buffer] = (),
) -> None:
    """Give a buffer new contents; whoever may or may not be it is in doubt then.

    ``followers`` are known to be it under a condition, which is in view.
    """
    doubt_others(buffer, [b for b in everyone if b not in followers], why)
    buffer.version = version
    for other in followers:
        _follow(other, buffer)


def follows(other: Buffer, buffer: Buffer) -> bool:
    """Tell whether it is known when a buffer is the one that is written to."""
    if other.chosen is None or other.doubt or buffer not in other.either:
        return False
    (rest,) = (b for b in other.either if b is not buffer)
    return not related(rest) & related(buffer)


def _follow(other: Buffer, buffer: Buffer) -> None:
    """Give a buffer the new contents of what it is where its condition holds."""
    builder = other.builder
    versions = [buffer.version, other.version]
    type_ = _either_type(builder, *versions)
    if other.either[0] is not buffer:
        versions.reverse()
    assert other.chosen is not None
    first, second = (Block((), (), (version,)) for version in versions)
    op = make_if(other.chosen, first, second, builder.span)
    op.origin = builder.origin
    op.results = (Value(type_, getattr(other.version, "hint", "")),)
    builder.append(op)
    (other.version,) = op.results


def _either_type(builder: Builder, one: Atom, other: Atom) -> Array:
    """Return a type for two arrays, the lengths of which may differ."""
    assert isinstance(one.type, Array)
    assert isinstance(other.type, Array)
    dims = builder.dims
    pairs = zip(one.type.shape, other.type.shape, strict=True)
    shape = tuple(a if dims.equal(a, b) else dims.fresh() for a, b in pairs)
    type_ = Array(one.type.dtype, shape)
    dims.note(type_)
    return type_


def doubt_others(buffer: Buffer, everyone: Iterable[Buffer], why: str) -> None:
    """Put in doubt whoever may or may not be a buffer that is written to."""
    touched = related(buffer)
    for other in everyone:
        if other is not buffer and related(other) & touched:
            other.doubt = graver(other.doubt, _doubt(buffer, other, why))
    for other in touched - {buffer}:
        other.doubt = graver(other.doubt, _doubt(buffer, other, why))


def _doubt(buffer: Buffer, other: Buffer, why: str) -> str:
    for one, another in ((buffer, other), (other, buffer)):
        if one.open == PASSED and another in one.either:
            return PASSED
    known = [b.open for b in (other, buffer) if b.open not in ("", PASSED)]
    return known[0] if known else why


def graver(one: str, other: str) -> str:
    """Return the doubt that is not settled when a recursive call has returned."""
    return other if one in ("", PASSED) and other else one


def same_layout(a: Tensor, b: Tensor) -> bool:
    """Tell whether two types have the same dtype and as many axes."""
    if not isinstance(a, Array) or not isinstance(b, Array):
        return False
    return a.dtype == b.dtype and len(a.shape) == len(b.shape)


FILLED = ("empty", "full", "ndarray", "ones", "zeros")
CONTIGUOUS = frozenset(("arange", "array", "copy", "eye", "linspace", *FILLED))
"""Functions whose results have their elements side by side, in the order of C.

Of the methods, ``copy`` has; the function ``np.copy`` keeps the order of its operand.
"""
