"""What a call of a recursive function leaves behind: its result, and its changes.

The body of the function ends in a state. Whatever of it was computed in the body is a
result of the call; everything else is as it was, or known. At a call that state is
made anew, over the results of that call and the objects that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrays import (
    PASSED,
    ArrayObject,
    Buffer,
    ViewStep,
    doubt_others,
    graver,
    related,
    settle,
)
from gradgen.frontend.branches import RESULT
from gradgen.frontend.frame import Context, Frame
from gradgen.frontend.heap import State, is_same
from gradgen.frontend.joins import FLAGS, Joiner
from gradgen.frontend.likeness import OneOf, Unlike
from gradgen.frontend.listjoins import differs
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import (
    Closure,
    Conflict,
    KnownSet,
    Maybe,
    Method,
    Partial,
    Record,
    Static,
    Stream,
)
from gradgen.frontend.writing import IN_DOUBT, set_contents
from gradgen.ir.core import Atom, Value
from gradgen.ir.types import Array, Scalar, Sym, Type
from gradgen.primitives.registry import Handle
from gradgen.primitives.updating import write
from gradgen.structs import replace, struct

LENGTH_OF_NOTHING = (
    "after this recursive function something is bound on some paths only, or None, to "
    "an array whose length is known only at run time"
)
MAYBE_GIVEN = "whether this is an array that was passed is known only at run time"


class Leaver(Joiner):
    """Takes what the body of a function leaves behind out of it."""

    def _lift(self, thing: Any, old: Any, new: Any) -> Any:
        if is_same(old, new):
            return old
        if isinstance(thing, Buffer) and old[0] is new[0]:
            return new
        if isinstance(thing, Stream):
            raise Unlike("an iterator that a recursive call advances")
        if isinstance(thing, KnownSet):
            raise Unlike("a set that a recursive call changes", FLAGS)
        if isinstance(thing, list | dict) and differs(old, new):
            raise self._wish(thing, old, new)
        return super()._lift(thing, old, new)

    def _steps(
        self, one: tuple[ViewStep, ...], other: tuple[ViewStep, ...]
    ) -> tuple[ViewStep, ...]:
        """Return the steps of a view, whose shape is told when it is read again."""
        return tuple(
            ViewStep(s.name, s.attrs, tuple(map(self.choose, s.parts, s.parts)))
            for s in one
        )


@struct
class Given:
    """What a call gives for the arrays and containers of a function's own."""

    arrays: dict[int, ArrayObject]
    objects: dict[int, Any]


class Outcome:
    """The state that the body of a function ends in, and what is computed for it.

    ``leaves`` are the values of the body that are needed outside, ``form`` says how
    they are put together: with equal forms, two outcomes are alike. ``rebound`` are
    the names outside that the function may bind.
    """

    def __init__(
        self,
        frame: Frame,
        head: State,
        state: State,
        inner: set[Value],
        rebound: set[str],
        known: Callable[[Sym], bool],
    ) -> None:
        self.frame = frame
        self.rebound = rebound
        self.head = head
        self.state = state
        self.leaves: dict[Atom, int] = {}

        def enter(atom: Atom, _: Atom) -> Atom:
            if atom in inner:
                self.leaves.setdefault(atom, len(self.leaves))
            return atom

        after = self._after(enter)
        self._check(after)
        changes = _Form(frame.context, head, self.leaves, known).of(after)
        doubts = [(id(x) if isinstance(x, Buffer) else x, y) for x, y in self._doubts()]
        self.form = changes, doubts

    def _after(self, choose: Callable[[Atom, Atom], Atom]) -> State:
        joiner = Leaver(self.frame.context, choose, self.head, lifting=True)
        try:
            return joiner.lifted(self.head, self.state)
        except Unlike as unlike:
            reason = f"after this recursive function, {unlike.sentence}"
            raise Refusal(reason, unlike.hint or "return it") from None

    def _check(self, after: State) -> None:
        result = after.contents[id(self.frame)][RESULT]
        if isinstance(result, Conflict):
            raise Refusal(result.reason, result.hint)

    def written(self) -> list[tuple[Atom, Atom]]:
        """Return the contents that arrays begin and end with, where they change."""
        found = []
        for key, thing in self.head.objects.items():
            if isinstance(thing, Buffer):
                old, new = self.head.contents[key][0], self.state.contents[key][0]
                if old is not new and new in self.leaves:
                    found.append((old, new))
        return found

    def _doubts(self) -> Iterator[tuple[Any, str]]:
        """Yield what may have been written to, or bound, in one call or another."""
        for key, thing in self.head.objects.items():
            contents = self.state.contents[key]
            if isinstance(thing, Buffer) and contents[1] not in ("", PASSED):
                yield thing, contents[1]
            if isinstance(thing, Frame) and thing is not self.frame:
                for name, value in contents.items():
                    if isinstance(value, Conflict) and name in self.rebound:
                        yield (thing, name), value.reason

    def _repeat_doubts(self, given: Given) -> None:
        everyone = self.frame.context.buffers
        for thing, why in self._doubts():
            if isinstance(thing, Buffer):
                target = given.arrays.get(id(thing), ArrayObject(thing)).buffer
                target.doubt = graver(target.doubt, why)
                doubt_others(target, everyone, why)
            else:
                frame, name = thing
                frame.names[name] = self.state.contents[id(frame)][name]

    def leave(self, results: Mapping[Atom, Atom], given: Given) -> Any:
        """Carry out the changes of a call, and return what it returns."""
        after = self._after(lambda a, _: results.get(a, a))
        swap = _Swap(self.head, given)
        for key, thing in self.head.objects.items():
            old, new = self.head.contents[key], after.contents[key]
            if thing is self.frame or new is old:
                continue
            if isinstance(thing, Buffer):
                target = given.arrays.get(key, ArrayObject(thing))
                if new[0] is not old[0]:
                    _write_back(self.frame, target, new[0])
            else:
                _change(given.objects.get(key, thing), old, new, swap)
        self._repeat_doubts(given)
        return swap.of(after.contents[id(self.frame)][RESULT])


def _write_back(frame: Frame, target: ArrayObject, atom: Atom) -> None:
    new, builder = atom, frame.builder
    if target.steps or target.read_only or target.buffer.guest:
        contents = Handle(builder, new)
        set_contents(
            frame, target, lambda base, path: write(base, [Ellipsis], contents, path)
        )
    else:
        settle(target.buffer, new, frame.context.buffers, IN_DOUBT)


def _change(thing: Any, old: Any, new: Any, swap: _Swap) -> None:
    if isinstance(thing, list):
        for k, value in enumerate(new):
            if not is_same(old[k], value):
                thing[k] = swap.of(value)
        return
    names = thing
    if isinstance(thing, Frame | Record):
        names = thing.names if isinstance(thing, Frame) else thing.fields
    for name in [name for name in old if name not in new]:
        del names[name]
    for name, value in new.items():
        if name not in old or not is_same(old[name], value):
            names[name] = swap.of(value)


class _Swap:
    """Puts what a call gives in the place of a function's own arrays and containers."""

    def __init__(self, head: State, given: Given) -> None:
        self.head = head
        self.given = given
        self.seen: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """Return what a value is for the caller."""
        if isinstance(value, ArrayObject):
            return self._array(value)
        if isinstance(value, tuple):
            return tuple(map(self.of, value))
        if isinstance(value, Record) and value.is_frozen:
            return Record(value.cls, {k: self.of(x) for k, x in value.fields.items()})
        if isinstance(value, list | dict | Record):
            return self._container(value)
        if isinstance(value, RunList):
            columns = tuple(self._buffer(x) for x in value.columns)
            return replace(value, columns=columns, held=self._buffer(value.held))
        if isinstance(value, Maybe):
            return replace(value, value=self.of(value.value))
        if isinstance(value, Partial):
            kwargs = {key: self.of(x) for key, x in value.kwargs.items()}
            function = self.of(value.function)
            return replace(
                value, function=function, args=self.of(value.args), kwargs=kwargs
            )
        if isinstance(value, Method):
            return replace(value, owner=self.of(value.owner))
        if isinstance(value, OneOf):
            return replace(value, values=self.of(value.values))
        return value

    def _array(self, value: ArrayObject) -> ArrayObject:
        given = self.given.arrays.get(id(value.buffer))
        if given is None:
            return ArrayObject(
                self._buffer(value.buffer), value.steps, frozen=value.frozen
            )
        steps = (*given.steps, *value.steps)
        frozen = given.frozen or value.frozen
        return ArrayObject(given.buffer, steps, frozen=frozen)

    def _buffer(self, buffer: Buffer) -> Buffer:
        key = id(buffer)
        if key in self.given.arrays:
            given = self.given.arrays[key]
            if given.steps:
                raise Refusal(
                    "a list that refers to views of what was passed",
                    "copies of them: row.copy()",
                )
            return given.buffer
        if key not in self.head.objects and key not in self.seen:
            self.seen[key] = buffer
            sources = [x for x in related(buffer) if id(x) in self.head.objects]
            buffer.either = tuple(self._actual(x) for x in sources)
            buffer.open = MAYBE_GIVEN if sources else ""
        return buffer

    def _actual(self, buffer: Buffer) -> Buffer:
        given = self.given.arrays.get(id(buffer))
        return buffer if given is None else given.buffer

    def _container(self, value: Any) -> Any:
        key = id(value)
        if key in self.head.objects:
            return self.given.objects.get(key, value)
        if key in self.seen:
            return value
        self.seen[key] = value
        if isinstance(value, list):
            value[:] = map(self.of, value)
        else:
            names = value.fields if isinstance(value, Record) else value
            names.update({name: self.of(x) for name, x in names.items()})
        return value


class _Form:
    """Describes the state that a function ends in, apart from which values it holds."""

    def __init__(
        self,
        context: Context,
        head: State,
        leaves: Mapping[Atom, int],
        known: Callable[[Sym], bool],
    ) -> None:
        self.context = context
        self.head = head
        self.leaves = leaves
        self.known = known
        self.numbers: dict[Any, int] = {}

    def of(self, after: State) -> Any:
        """Describe what has changed since the function began."""
        return [
            (key, self._contents(after.contents[key]))
            for key in self.head.objects
            if after.contents[key] is not self.head.contents[key]
        ]

    def _contents(self, contents: Any) -> Any:
        if isinstance(contents, dict):
            return {name: self._value(x) for name, x in contents.items()}
        if isinstance(contents, list):
            return [self._value(x) for x in contents]
        if isinstance(contents, tuple):
            return self._atom(contents[0]), contents[1]
        return contents

    def _value(self, value: Any) -> Any:
        if isinstance(value, ArrayObject):
            steps = [(s.name, s.attrs, self._atoms(s.parts)) for s in value.steps]
            return "array", self._buffer(value.buffer), steps, value.frozen
        if isinstance(value, Handle):
            bare = value.atom in self.context.zero_dimensional
            return "number", self._atom(value.atom), bare
        if isinstance(value, Static):
            return "known", type(value.value), repr(value.value)
        if isinstance(value, list | dict | Record | tuple):
            return self._container(value)
        if isinstance(value, RunList):
            columns = [self._buffer(x) for x in (*value.columns, value.held)]
            return "run-time list", columns, value.loose, value.key
        return self._other(value)

    def _other(self, value: Any) -> Any:
        if isinstance(value, Maybe):
            self._check_lengths(value.value)
            return (
                "maybe",
                self._value(value.value),
                self._value(value.flag),
                value.none,
            )
        if isinstance(value, Partial):
            parts = (value.function, value.args, value.kwargs)
            return "partial", [self._value(x) for x in parts]
        if isinstance(value, OneOf):
            return "one of", [self._value(x) for x in (*value.values, *value.flags)]
        if isinstance(value, Conflict):
            return "conflict", value.reason
        if isinstance(value, Closure):
            return "closure", id(value.node), id(value.frame)
        return id(value)

    def _check_lengths(self, value: Any) -> None:
        """Refuse what may be nothing, if only the array itself tells its lengths."""
        if not isinstance(value, ArrayObject):
            return
        shape = ArrayObject(value.buffer).shape
        if any(isinstance(dim, Sym) and not self.known(dim) for dim in shape):
            raise Refusal(LENGTH_OF_NOTHING, "an array in either case")

    def _container(self, value: Any) -> Any:
        if not isinstance(value, tuple) and id(value) in self.head.objects:
            return "same", id(value)
        number = self._number(id(value))
        if isinstance(value, Record):
            return number, value.cls, self._contents(value.fields)
        contents = list(value) if isinstance(value, tuple) else value
        return number, type(value), self._contents(contents)

    def _buffer(self, buffer: Buffer) -> Any:
        if id(buffer) in self.head.objects:
            return "same", id(buffer)
        sources = sorted(id(x) for x in related(buffer) if id(x) in self.head.objects)
        about = (sources, buffer.contiguous, buffer.guest, buffer.doubt)
        return self._number(id(buffer)), self._atom(buffer.version), about

    def _atoms(self, atoms: Sequence[Atom]) -> Any:
        return [self._atom(x) for x in atoms]

    def _atom(self, atom: Atom) -> Any:
        if atom in self.leaves:
            return self.leaves[atom], self._type(atom.type)
        return id(atom) if isinstance(atom, Value) else atom

    def _type(self, type_: Type) -> Any:
        if isinstance(type_, Scalar):
            return type_.dtype, type_.weak
        if not isinstance(type_, Array):
            return type_
        return type_.dtype, [self._dim(dim) for dim in type_.shape]

    def _dim(self, dim: Any) -> Any:
        if isinstance(dim, Sym) and not self.known(dim):
            return self._number(dim.name), dim.offset
        return dim

    def _number(self, key: Any) -> Any:
        """Number what is new each time in the order in which it appears."""
        return "new", self.numbers.setdefault(key, len(self.numbers))
