"""What holds after paths that meet: one value for what each path left behind.

A ``choose`` function makes of two atoms the one that stands for both: the result of an
``if``, or the slot of a loop. The rest is structure. Two lists of one length become a
list of joined elements; a list that both paths changed stays the object that it is; two
arrays become one that may be either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrays import COPY, ArrayObject, Buffer, ViewStep
from gradgen.frontend.forms import form_within
from gradgen.frontend.frame import Context, Frame
from gradgen.frontend.heap import State, contents_of, is_same
from gradgen.frontend.likeness import (
    UNBOUND,
    Unbound,
    Unlike,
    atom_of,
    either_function,
    flag_of,
    is_absent,
    is_equal,
    is_none,
    is_number,
    is_tensor,
    rewrite_of,
)
from gradgen.frontend.listjoins import Listing, differs, join_lists, wish_for
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import (
    Closure,
    Conflict,
    Foreign,
    Maybe,
    Partial,
    Record,
    Static,
    Stream,
    describe,
)
from gradgen.ir.core import Atom, Literal
from gradgen.primitives.registry import Handle

Choose = Callable[[Any, Any], Atom]
Reading = Callable[[int, ArrayObject], Atom]
"""Reads an array where the first (0) or second (1) state was reached."""


@dataclass(slots=True)
class Naming:
    """The variable whose values are being joined, if any."""

    name: str = ""


def _is_unbound(value: Any) -> bool:
    return isinstance(value, Maybe) and not value.none


class Joiner:
    """Joins two states that both came from ``base``.

    ``own`` are objects that stand for pairs already, ``made`` those made for pairs
    here. ``lifting`` says that one and the same state is joined with itself, to be
    taken out of the region that it was reached in. ``listing`` makes, where the first
    or second state was reached, a run-time list of a list that is new there.
    """

    def __init__(
        self,
        context: Context,
        choose: Choose,
        base: State,
        own: State | None = None,
        *,
        lifting: bool = False,
        naming: Naming | None = None,
        listing: Listing | None = None,
        reading: Reading = lambda side, array: array.atom,
        turning: Any = None,
    ) -> None:
        self.turning = turning
        self.listing = listing
        self.reading = reading
        self.naming = naming or Naming()
        self.context = context
        self.builder = context.builder
        self.choose = choose
        self.base = base
        self.own = own or State()
        self.lifting = lifting
        self.pairs: dict[tuple[int, int], Any] = {}
        self.made = State()
        self.kept: list[Any] = []
        self.first = self.second = State()

    def states(self, first: State, second: State) -> State:
        """Return the state in which both have met."""
        self.first, self.second = first, second
        joined = State()
        for key, thing in first.objects.items():
            contents = first.contents[key]
            if key in second.contents and key not in self.own.objects:
                contents = self._contents(thing, contents, second.contents[key])
            joined.note(thing, contents)
        for key, thing in self.made.objects.items():
            joined.note(thing, self.made.contents[key])
        return joined

    def _reach(self, thing: Any) -> None:
        """Join the contents of an object of our own that stays in its place.

        One that another object takes the place of gets the contents of that.
        """
        key = id(thing)
        if key in self.own.objects and (key, key) not in self.pairs:
            if (key, -1) in self.pairs:
                raise Unlike("may be one of several objects", COPY)
            self.pairs[key, key] = thing
            one, other = self.first.contents[key], self.second.contents[key]
            self.made.note(thing, self._contents(thing, one, other))

    def lifted(self, before: State, after: State) -> State:
        """Return ``after`` with what is new in it taken out of its region."""
        self.first = self.second = after
        joined = State()
        for key, thing in before.objects.items():
            old = before.contents[key]
            joined.note(thing, self._lift(thing, old, after.contents.get(key, old)))
        for key, thing in self.made.objects.items():
            joined.note(thing, self.made.contents[key])
        return joined

    def _lift(self, thing: Any, old: Any, new: Any) -> Any:
        if isinstance(thing, Buffer):
            return self.choose(new[0], new[0]), new[1]
        if isinstance(thing, Frame):
            return {
                name: v if v is old.get(name) else self.lazily(v, v, name)
                for name, v in new.items()
            }
        if isinstance(new, dict):
            return {key: self.join(v, v) for key, v in new.items()}
        return [self.join(v, v) for v in new] if isinstance(new, list) else new

    def _contents(self, thing: Any, one: Any, other: Any) -> Any:
        if isinstance(thing, Frame):
            names = dict.fromkeys((*one, *other))
            return dict(self._names(names, one, other))
        if isinstance(thing, Buffer):
            return self.choose(one[0], other[0]), one[1] or other[1]
        if isinstance(thing, Stream):
            if one != other:
                raise Unlike("an iterator is advanced on some paths only")
            return one
        if isinstance(thing, list | dict) and differs(one, other):
            raise self._wish(thing, one, other)
        try:
            return self._items(one, other)
        except Unlike as unlike:
            kind = describe(thing)
            reason = f"{kind} is changed on some paths: it {unlike.reason}"
            raise Unlike(reason, unlike.hint) from None

    def _names(self, names: Iterable[str], one: Any, other: Any) -> Any:
        for name in names:
            missing = Static(False) if name.startswith("<") else UNBOUND
            if name == "<value>":
                missing = UNBOUND
            found = self.lazily(one.get(name, missing), other.get(name, missing), name)
            if found is not UNBOUND:
                yield name, found

    def lazily(self, one: Any, other: Any, name: str) -> Any:
        """Join what a name holds; what cannot be joined is refused when it is read."""
        self.naming.name = "" if name.startswith("<") else name
        try:
            return self.join(one, other, bare=name == "<value>")
        except Unlike as unlike:
            what = "what is returned" if name == "<value>" else f"'{name}'"
            what = "this value" if name == "<result>" else what
            after = self._after(one, other)
            reason = f"{what} {unlike.reason}"
            return Conflict(reason, unlike.hint, after, self.turning)
        finally:
            self.naming.name = ""

    def _conflicts(self, one: Any, other: Any) -> Conflict:
        """Join what cannot be joined: it stays so, but may be known after a turn."""
        if isinstance(other, Conflict) and one is not other:
            return replace(other, after=None, loop=None)
        if one is other and one.after is not None:
            after = self.join(one.after, one.after)
        elif self.turning is None or one.loop is not self.turning:
            after = None
        else:
            after = self._after(one, other)
        if is_same(after, one.after):
            return one  # type: ignore[no-any-return]
        return replace(one, after=after)  # type: ignore[no-any-return]

    def _after(self, one: Any, other: Any) -> Any:
        """Return what a name holds after the second state, if that can be said."""
        if self.turning is None or isinstance(other, Maybe | Conflict | Unbound):
            return None
        try:
            if isinstance(one, Conflict) and one.after is not None:
                return self.join(one.after, other)
            return self._undefined_or(other, first=True)
        except Unlike:
            return None

    def join(self, one: Any, other: Any, *, bare: bool = False) -> Any:
        """Return what stands for either value.

        ``bare`` says that nobody reads a value that was never bound.
        """
        if one is UNBOUND and other is UNBOUND:
            return UNBOUND
        if isinstance(one, Conflict) or isinstance(other, Conflict):
            return self._conflicts(one, other)
        if is_absent(one, other) or is_absent(other, one):
            return self._maybe(one, other, bare)
        if isinstance(one, ArrayObject) and isinstance(other, ArrayObject):
            return self._arrays(one, other)
        if is_number(one) and is_number(other):
            return self._numbers(one, other)
        if is_tensor(one) and is_tensor(other):
            return self._spread(one, other)
        if isinstance(one, RunList) or isinstance(other, RunList):
            return join_lists(self, one, other)
        if isinstance(one, list | tuple | dict | Record):
            return self._containers(one, other)
        return self._others(one, other)

    def _maybe(self, one: Any, other: Any, bare: bool) -> Any:
        none = any(is_none(v) or getattr(v, "none", False) for v in (one, other))
        if none and any(v is UNBOUND or _is_unbound(v) for v in (one, other)):
            raise Unlike("is None on some paths and unbound on others", "bind it first")
        values = [v.value if isinstance(v, Maybe) else v for v in (one, other)]
        present = [v for v in values if v is not UNBOUND and not is_none(v)]
        if len(present) == 1:
            value = self._undefined_or(present[0], first=values[0] is not present[0])
        else:
            value = self.join(*values)
        if bare:
            return value
        flags = [flag_of(v) for v in (one, other)]
        return Maybe(value, self._numbers(*flags), none)

    def _undefined_or(self, value: Any, first: bool) -> Any:
        """Join a value with nothing, which is defined only if the value is."""
        choose = self.choose

        def one_sided(a: Any, b: Any) -> Atom:
            gap = Literal.undefined(a.type)
            return choose(gap, a) if first else choose(a, gap)

        inner = Joiner(self.context, one_sided, self.base, self.own, lifting=True)
        inner.first = inner.second = self.second if first else self.first
        joined = inner.join(value, value)
        self.adopt(inner)
        return joined

    def adopt(self, inner: Joiner) -> None:
        """Take over what another joiner has made."""
        for key, thing in inner.made.objects.items():
            self.made.note(thing, inner.made.contents[key])
        self.kept.extend(inner.kept)

    def _numbers(self, one: Any, other: Any) -> Any:
        if (
            isinstance(one, Static)
            and isinstance(other, Static)
            and is_equal(one, other)
        ):
            return one
        atom = self.choose(atom_of(one), atom_of(other))
        if isinstance(one, Handle) and one.atom is atom:
            return one
        return Handle(self.builder, atom)

    def _arrays(self, one: ArrayObject, other: ArrayObject) -> ArrayObject:
        steps = self._steps(one.steps, other.steps)
        if one.buffer is other.buffer and id(one.buffer) in self.base.objects:
            return self._view(one, steps)
        if steps is None:
            return self._copies(one, other)
        buffer = self._buffers(one.buffer, other.buffer)
        if buffer is one.buffer and steps == one.steps:
            return one
        return ArrayObject(buffer, steps)

    def _view(
        self, one: ArrayObject, steps: tuple[ViewStep, ...] | None
    ) -> ArrayObject:
        self._reach(one.buffer)
        if steps is None:
            raise Unlike("is one of several views of an array", COPY)
        return one if steps == one.steps else ArrayObject(one.buffer, steps)

    def _copies(self, one: ArrayObject, other: ArrayObject) -> ArrayObject:
        """Join unlike views of unlike arrays, through which nothing can be written."""
        for array, state in ((one, self.first), (other, self.second)):
            if _then(array.buffer, state)[0] is not array.buffer.version:
                raise Unlike("may be a view of one of several arrays", COPY)
        atoms = self.reading(0, one), self.reading(1, other)
        buffer = Buffer(self.builder, self.choose(*atoms))
        buffer.either = (one.buffer, other.buffer)
        buffer.guest = "this may be a view of one of several arrays"
        self._enter(buffer, (buffer.version, ""))
        return ArrayObject(buffer)

    def _buffers(self, one: Buffer, other: Buffer) -> Buffer:
        key = (id(one), id(other))
        if key in self.pairs:
            return self.pairs[key]  # type: ignore[no-any-return]
        first, second = _then(one, self.first), _then(other, self.second)
        version = self.choose(first[0], second[0])
        buffer = self._own(one) or Buffer(self.builder, version)
        either = dict.fromkeys((*buffer.either, one, other))
        buffer.either = tuple(b for b in either if b is not buffer)
        buffer.guest = one.guest or other.guest
        buffer.contiguous = one.contiguous and other.contiguous
        self._enter(buffer, (version, first[1] or second[1]))
        self.pairs[key] = buffer
        self.kept.extend((one, other))
        return buffer

    def _enter(self, buffer: Buffer, contents: Any) -> None:
        self.made.note(buffer, contents)
        self.context.buffers.append(buffer)

    def _steps(
        self, one: tuple[ViewStep, ...], other: tuple[ViewStep, ...]
    ) -> tuple[ViewStep, ...] | None:
        if len(one) != len(other):
            return None
        steps = []
        for a, b in zip(one, other, strict=True):
            if a.name != b.name or dict(a.attrs) != dict(b.attrs):
                return None
            parts = tuple(map(self.choose, a.parts, b.parts))
            shape = a.shape if parts == a.parts else None
            steps.append(ViewStep(a.name, a.attrs, parts, shape))
        return tuple(steps)

    def _spread(self, one: Any, other: Any) -> Any:
        """Join a number with an array, which it is spread over."""
        version = self.choose(atom_of(one), atom_of(other))
        buffer = Buffer(self.builder, version)
        self._enter(buffer, (version, ""))
        return ArrayObject(buffer)

    def _containers(self, one: Any, other: Any) -> Any:
        if one is other and id(one) in self.base.objects:
            self.check_alone(one, one)
            self._reach(one)
            self.pairs.setdefault((id(one), id(one)), one)
            return one
        if type(one) is not type(other):
            raise Unlike("is bound to values of unlike kinds")
        if isinstance(one, tuple):
            return tuple(self._items(one, other))
        key = (id(one), id(other))
        lengths = [len(_then(one, self.first)), len(_then(other, self.second))]
        if isinstance(one, list) and lengths[0] != lengths[1]:
            return join_lists(self, one, other)
        if key not in self.pairs:
            self.check_alone(one, other)
            self.pairs[key] = self._container(one, other)
            self.kept.extend((one, other))
        return self.pairs[key]

    def _wish(self, thing: Any, one: Any, other: Any) -> Exception:
        try:
            form = form_within(self.builder, one, other)
        except Unlike as unlike:
            reason = f"this {type(thing).__name__} {unlike.reason}"
            return Refusal(reason, unlike.hint)
        return wish_for(self, [thing], form)

    def column(self, one: Buffer, other: Buffer) -> Buffer:
        """Return the buffer that stands for either, a column of a list."""
        if one is other and id(one) in self.base.objects:
            self._reach(one)
            return one
        return self._buffers(one, other)

    def check_alone(self, one: Any, other: Any) -> None:
        """Refuse lists that are one object on a path and two on the other."""
        for first, second in self.pairs:
            if (first == id(one)) is not (second == id(other)):
                raise Unlike(
                    "is one object on some paths and another one elsewhere",
                    "what is done with it in the branches, or a copy",
                )

    def _container(self, one: Any, other: Any) -> Any:
        if isinstance(one, Record):
            if one.cls is not other.cls:
                raise Unlike("is bound to objects of unlike classes")
            made: Any = self._own(one) or Record(one.cls, {})
        else:
            made = self._own(one)
            made = type(one)() if made is None else made
        contents = self._items(_then(one, self.first), _then(other, self.second))
        if isinstance(made, list):
            made[:] = contents
        elif isinstance(made, Record):
            made.fields.update(contents)
        else:
            made.update(contents)
        self.made.note(made, contents)
        return made

    def _own(self, one: Any) -> Any:
        """Return an object of our own, to stand for a pair, unless it does already."""
        if id(one) not in self.own.objects:
            return None
        if any(first == id(one) for first, _ in self.pairs):
            return None
        self.pairs[id(one), -1] = one
        return one

    def _items(self, one: Any, other: Any) -> Any:
        if isinstance(one, dict):
            if list(one) != list(other):
                raise Unlike("has other keys on other paths")
            return {key: self.join(one[key], other[key]) for key in one}
        if len(one) != len(other):
            raise Unlike("has another length on other paths")
        return [self.join(a, b) for a, b in zip(one, other, strict=True)]

    def _others(self, one: Any, other: Any) -> Any:
        if isinstance(one, Static | Foreign) and (one is other or is_equal(one, other)):
            return one
        if one is other and not (self.lifting and self._is_inner(one)):
            return one
        if isinstance(one, Closure) and isinstance(other, Closure):
            same = one.node is other.node and one.frame is other.frame
            plain = not one.defaults and not other.defaults
            if same and plain and not self._is_inner(one):
                return one
        if isinstance(one, Partial) and isinstance(other, Partial):
            return self._partials(one, other)
        function = either_function(one, other, self._numbers)
        if function is not None:
            return function
        raise Unlike(
            "is bound to values of unlike kinds on the paths that lead here",
            rewrite_of(one, other),
        )

    def _is_inner(self, value: Any) -> bool:
        """Tell whether a value may hold what exists in its region only."""
        if isinstance(value, Closure):
            return id(value.frame) not in self.base.objects or bool(value.defaults)
        return True

    def _partials(self, one: Partial, other: Partial) -> Partial:
        function = self.join(one.function, other.function)
        args = tuple(self._items(list(one.args), list(other.args)))
        return Partial(function, args, self._items(one.kwargs, other.kwargs))


def _then(thing: Any, state: State) -> Any:
    """Return what a mutable object held in a state, now if it was not part of that."""
    found = state.contents.get(id(thing))
    return contents_of(thing) if found is None else found
