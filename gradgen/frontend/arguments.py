"""What a recursive function is given: what stays the same, and what is a parameter.

The arguments of a recursive call, and all that can be reached from them, are joined
with what the first call began with. What is the very same at every call is read from
outside; whatever differs becomes a parameter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from gradgen.frontend.arrayjoins import Naming, then
from gradgen.frontend.arrays import (
    COPY,
    PASSED,
    ArrayObject,
    Buffer,
    ViewStep,
    is_contiguous,
    related,
)
from gradgen.frontend.choices import common_type, plain
from gradgen.frontend.frame import Context, Frame
from gradgen.frontend.heap import Mutable, State, contents_of, inner_of, reached
from gradgen.frontend.joins import Joiner
from gradgen.frontend.likeness import Unlike
from gradgen.frontend.scope import FunctionNode
from gradgen.frontend.values import Closure, Native, Static, Stream
from gradgen.ir.core import Atom, Literal, Value
from gradgen.ir.types import Array, Dim, Scalar, Sym, Type, same_type, shift_dim
from gradgen.primitives.registry import Handle
from gradgen.structs import struct

READ_ONLY = "this is a read-only view in some of the recursive calls"

Start = tuple[int, tuple[ViewStep, ...]]


@struct
class Parameter:
    """A parameter: what it is in the first call, and its value in the function."""

    initial: Atom
    value: Value


class Parameters:
    """The parameters of a recursive function, and what one call gives for them.

    ``dims`` says what the lengths are in that call which are another in every call.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.builder = context.builder
        self.naming = Naming()
        self.entries: dict[Value, Parameter] = {}
        self.open: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """Forget the last call."""
        self.stable = True
        self.given: dict[Value, Atom] = {}
        self.dims: dict[str, Dim] = {}
        self._made: dict[tuple[Dim, Dim], Sym] = {}

    def choose(self, head: Atom, given: Atom) -> Atom:
        """Return what stands for ``head``, where the call gives ``given`` for it."""
        entry = self.entries.get(head) if isinstance(head, Value) else None
        if entry is None:
            if head == given:
                return head
            return self._new(head, given, self._common(head, given))
        type_ = self._common(entry.value, given)
        same = same_type(type_, entry.value.type)
        if same and self.given.setdefault(entry.value, given) == given:
            self._stands_for(entry.value, given)
            return entry.value
        return self._new(entry.initial, given, type_)

    def _new(self, initial: Atom, given: Atom, type_: Type) -> Value:
        self.stable = False
        for value, other in self.given.items():
            entry = self.entries[value]
            same = entry.initial == initial and same_type(value.type, type_)
            if other == given and same:
                return value
        hints = [x.hint for x in (initial, given) if isinstance(x, Value)]
        wishes = [self.naming.name, *hints]
        value = Value(type_, next(filter(None, wishes), ""))
        self.builder.dims.note(type_)
        self.context.stands_for(value, (initial, given))
        self.entries[value] = Parameter(initial, value)
        self.given[value] = given
        return value

    def _stands_for(self, value: Value, given: Atom) -> None:
        """Note that a number may be an array of no axes after all."""
        known = value in self.context.zero_dimensional
        self.context.stands_for(value, (given,))
        if not known and value in self.context.zero_dimensional:
            self.stable = False

    def _common(self, one: Atom, other: Atom) -> Type:
        bare = map(_without_lengths, (one, other))
        type_ = common_type(self.builder, *bare)
        if not isinstance(type_, Array):
            return plain(type_)
        if isinstance(other, Literal):
            return one.type
        pairs = zip(one.type.shape, other.type.shape, strict=True)  # type: ignore[union-attr]
        return Array(type_.dtype, tuple(self._dim(*pair) for pair in pairs))

    def _dim(self, ours: Dim, given: Dim) -> Dim:
        """Return a length that stands for both, a new one if they are not the same."""
        dims = self.builder.dims
        wanted = ours
        if isinstance(ours, Sym) and ours.name in self.open:
            wanted = self.dims.setdefault(ours.name, given)
        if dims.equal(wanted, given):
            return ours
        key = (ours, dims.resolve(given))
        if key not in self._made:
            self._made[key] = dims.fresh()
            self.open.add(self._made[key].name)
        return self._made[key]

    def keep_used(self, state: State, names: Sequence[str]) -> None:
        """Forget parameters that nothing in ``state`` is bound to any more.

        The others are put in the order of ``names``.
        """
        used = set(_atoms_in(state))
        kept = [e for x, e in self.entries.items() if x in used]
        place = {name: k for k, name in enumerate(names)}
        kept.sort(key=lambda e: place.get(e.value.hint, len(place)))
        self.entries = {e.value: e for e in kept}

    def moved(self, type_: Type, made: dict[str, Sym], known: set[str]) -> Type:
        """Return a type of the function's as it is in the call.

        Lengths that are neither ``known`` outside nor given are entered in ``made``.
        """
        if isinstance(type_, Scalar):
            return plain(type_)
        if not isinstance(type_, Array):
            return type_
        shape = tuple(self._moved_dim(dim, made, known) for dim in type_.shape)
        return Array(type_.dtype, shape)

    def _moved_dim(self, dim: Dim, made: dict[str, Sym], known: set[str]) -> Dim:
        if isinstance(dim, int):
            return dim
        if dim.name in self.dims:
            return shift_dim(self.dims[dim.name], dim.offset)
        if dim.name in known and dim.name not in self.open:
            return dim
        if dim.name not in made:
            made[dim.name] = self.builder.dims.fresh(dim.name)
        return shift_dim(made[dim.name], dim.offset)


def _without_lengths(atom: Atom) -> Atom:
    if isinstance(atom, Value) and isinstance(atom.type, Array):
        return Value(Array(atom.type.dtype, (0,) * len(atom.type.shape)))
    return atom


def _atoms_in(state: State) -> Iterable[Atom]:
    for thing in state.objects.values():
        if isinstance(thing, Buffer):
            yield state.contents[id(thing)][0]
    for handle in handles_in(state):
        if isinstance(handle, ArrayObject):
            yield from (part for step in handle.steps for part in step.parts)
        else:
            yield handle.atom


def handles_in(state: State) -> Iterable[Handle]:
    """Yield the numbers and arrays that the objects of a state refer to."""
    pending: list[Any] = list(state.contents.values())
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Handle):
            yield value
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list | tuple):
            pending.extend(value)
        elif not isinstance(value, Mutable):
            pending.extend(inner_of(value))


class ArgumentJoiner(Joiner):
    """Joins the state that a recursive function begins in with that of a call of it.

    ``starts`` holds the contents of views where the function begins. ``arrays`` and
    ``objects`` are what the call gives for the function's own, ``origins`` what
    these stand for in the state that the function began in.
    """

    def __init__(
        self,
        parameters: Parameters,
        head: State,
        own: State,
        starts: dict[Start, Atom],
    ) -> None:
        super().__init__(
            parameters.context,
            parameters.choose,
            head,
            own,
            naming=parameters.naming,
        )
        self.parameters = parameters
        self.joined = State()
        self.starts = starts
        self.arrays: dict[int, ArrayObject] = {}
        self.objects: dict[int, Any] = {}
        self.origins: list[tuple[Any, Any]] = []
        self.views: dict[Any, Buffer] = {}

    def join_arrays(self, one: ArrayObject, other: ArrayObject) -> ArrayObject:
        """Return an array that stands for either, one of the function's own."""
        same = one.buffer is other.buffer and one.steps == other.steps
        same = same and one.frozen is other.frozen
        if same and self._is_outer(one.buffer):
            return one
        found = self._array(one, other)
        return one if found is one.buffer and not one.steps else ArrayObject(found)

    def column(self, one: Buffer, other: Buffer) -> Buffer:
        """Return the column of a list that stands for either."""
        if one is other and self._is_outer(one):
            return one
        return self._array(ArrayObject(one), ArrayObject(other))

    def _is_outer(self, buffer: Buffer) -> bool:
        return id(buffer) not in self.own.objects and id(buffer) in self.base.objects

    def _array(self, one: ArrayObject, other: ArrayObject) -> Buffer:
        key = (id(one.buffer), one.steps, id(other.buffer), other.steps)
        if key not in self.views:
            self.views[key] = self._made_array(one, other)
            self.kept.extend((one, other))
        return self.views[key]

    def _made_array(self, one: ArrayObject, other: ArrayObject) -> Buffer:
        version = self.choose(self._start(one), other.atom)
        buffer = None if one.steps else self.own_one(one.buffer)
        if buffer is None:
            buffer = Buffer(self.builder, version, contiguous=is_contiguous(one))
            buffer.open = PASSED
            buffer.guest = one.buffer.guest or (READ_ONLY if one.read_only else "")
            self.context.buffers.append(buffer)
            self.origins.append((buffer, one))
        self._agree(buffer, other)
        self.made.note(buffer, (version, ""))
        self.arrays[id(buffer)] = other
        return buffer

    def _agree(self, buffer: Buffer, other: ArrayObject) -> None:
        """Give up what does not hold for an array that is given as well."""
        guest = other.buffer.guest or (READ_ONLY if other.read_only else "")
        if guest and not buffer.guest:
            buffer.guest = guest
            self.parameters.stable = False
        if buffer.contiguous and not is_contiguous(other):
            buffer.contiguous = False
            self.parameters.stable = False

    def _start(self, one: ArrayObject) -> Atom:
        if not one.steps and id(one.buffer) in self.own.objects:
            return then(one.buffer, self.first)[0]  # type: ignore[no-any-return]
        if (id(one.buffer), one.steps) not in self.starts:
            raise Unlike("may have been written to through another name", COPY)
        return self.starts[id(one.buffer), one.steps]

    def _container(self, one: Any, other: Any) -> Any:
        made = super()._container(one, other)
        if id(one) != id(made):
            self.origins.append((made, one))
        self.objects[id(made)] = other
        borrowed = self.context.borrowed
        if id(made) not in borrowed and (id(one) in borrowed or id(other) in borrowed):
            borrowed[id(made)] = made
            self.parameters.stable = False
        return made


def link(given: dict[int, ArrayObject], seen: Sequence[Buffer]) -> bool:
    """Note which of a function's arrays may share memory, by what a call gives.

    ``seen`` are those that it can get at. Return whether there are more than were
    known.
    """
    actual = {
        id(x): related(given[id(x)].buffer if id(x) in given else x) for x in seen
    }
    more = False
    for one in seen:
        if id(one) in given:
            for other in seen:
                shares = other is not one and actual[id(one)] & actual[id(other)]
                if shares and other not in one.either:
                    one.either = (*one.either, other)
                    more = True
    return more


@struct
class Sight:
    """What a function can get at: arrays, and names outside that it binds anew."""

    arrays: list[Buffer]
    rebound: set[str]


def sight_of(frame: Frame, node: FunctionNode) -> Sight:
    """Return what a function can get at by its arguments and by name."""
    pending = [*frame.names.values(), *_named(frame.parent, node)]
    rebound = _rebound(node)
    seen: dict[int, Any] = {}
    while pending:
        value = pending.pop()
        if id(value) in seen or isinstance(value, Static):
            continue
        seen[id(value)] = value
        if isinstance(value, Closure):
            pending += [*value.defaults.values(), *_named(value.frame, value.node)]
            rebound |= _rebound(value.node)
        elif isinstance(value, Stream | Native):
            pending += reached([frame])
        elif not isinstance(value, Frame):
            pending += inner_of(value)
    return Sight([x for x in seen.values() if isinstance(x, Buffer)], rebound)


def _rebound(node: FunctionNode) -> set[str]:
    statements = (n for n in ast.walk(node) if isinstance(n, ast.Nonlocal))
    return {name for statement in statements for name in statement.names}


def _named(frame: Frame | None, node: FunctionNode) -> Iterable[Any]:
    """Yield what the names in a function are bound to in the frames that it sees."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    if frame is not None:
        names -= frame.context.scope(node).local_names
    while frame is not None:
        yield from (frame.names[name] for name in names if name in frame.names)
        frame = frame.parent


def starts_of(state: State) -> dict[Start, Atom]:
    """Read all arrays where a function begins; what is not needed is dead code."""
    buffers = [x for x in state.objects.values() if isinstance(x, Buffer)]
    arrays = [x for x in handles_in(state) if isinstance(x, ArrayObject)]
    return {
        (id(x.buffer), x.steps): x.atom
        for x in (*map(ArrayObject, buffers), *arrays)
        if not x.buffer.doubt
    }


def visible(roots: Iterable[Any]) -> State:
    """Return the contents of all that can be reached from ``roots``."""
    state = State()
    for thing in reached(roots):
        state.note(thing, contents_of(thing))
    return state
