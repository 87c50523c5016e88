"""Joining arrays, and what joining needs to remember.

Two arrays become one that may be either; a view that both states have stays a view, its
indices joined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradgen.frontend.arrays import COPY, ArrayObject, Buffer, ViewStep, graver
from gradgen.frontend.frame import Context
from gradgen.frontend.heap import State, contents_of
from gradgen.frontend.likeness import Unlike, atom_of
from gradgen.frontend.listjoins import Listing
from gradgen.ir.core import Atom
from gradgen.structs import struct

Choose = Callable[[Any, Any], Atom]
Reading = Callable[[int, ArrayObject], Atom]
"""Reads an array where the first (0) or second (1) state was reached."""


@struct
class Naming:
    """The variable whose values are being joined, if any."""

    name: str = ""


class ArrayJoiner:
    """Remembers what stands for which pair of objects, and joins arrays.

    ``pairs`` maps pairs of objects to what stands for them, ``made`` are the objects
    that were made for that, ``own`` those made earlier.
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
        cond: Atom | None = None,
    ) -> None:
        self.turning = turning
        self.cond = cond
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
        self.chooses = False
        self.first = self.second = State()

    def _contents(self, thing: Any, one: Any, other: Any) -> Any:
        """Join what one object holds in either state."""
        raise NotImplementedError

    def reach(self, thing: Any) -> None:
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

    def own_one(self, one: Any) -> Any:
        """Return an object of our own, to stand for a pair, unless it does already."""
        if id(one) not in self.own.objects:
            return None
        if any(first == id(one) for first, _ in self.pairs):
            return None
        self.pairs[id(one), -1] = one
        return one

    def join_arrays(self, one: ArrayObject, other: ArrayObject) -> ArrayObject:
        steps = self._steps(one.steps, other.steps)
        if one.buffer is other.buffer and id(one.buffer) in self.base.objects:
            return self._view(one, steps)
        if steps is None:
            return self._copies(one, other)
        buffer = self._buffers(one.buffer, other.buffer, self.cond)
        if buffer is one.buffer and steps == one.steps:
            return one
        return ArrayObject(buffer, steps)

    def _view(
        self, one: ArrayObject, steps: tuple[ViewStep, ...] | None
    ) -> ArrayObject:
        self.reach(one.buffer)
        if steps is None:
            raise Unlike("is one of several views of an array", COPY)
        return one if steps == one.steps else ArrayObject(one.buffer, steps)

    def _copies(self, one: ArrayObject, other: ArrayObject) -> ArrayObject:
        """Join unlike views of unlike arrays, through which nothing can be written."""
        for array, state in ((one, self.first), (other, self.second)):
            if then(array.buffer, state)[0] is not array.buffer.version:
                raise Unlike("may be a view of one of several arrays", COPY)
        version = self.choose(self.reading(0, one), self.reading(1, other))
        stays = None if one.steps else self.own_one(one.buffer)
        buffer = stays or Buffer(self.builder, version)
        either = dict.fromkeys((*buffer.either, one.buffer, other.buffer))
        buffer.either = tuple(b for b in either if b is not buffer)
        buffer.guest = "this may be a view of one of several arrays"
        self._enter(buffer, (version, ""))
        if stays is not None:
            return one
        return ArrayObject(buffer)

    def _buffers(self, one: Buffer, other: Buffer, cond: Atom | None = None) -> Buffer:
        key = (id(one), id(other))
        if key in self.pairs:
            return self.pairs[key]  # type: ignore[no-any-return]
        first, second = then(one, self.first), then(other, self.second)
        version = self.choose(first[0], second[0])
        buffer = self.own_one(one) or Buffer(self.builder, version)
        either = dict.fromkeys((*buffer.either, one, other))
        buffer.either = tuple(b for b in either if b is not buffer)
        buffer.guest = one.guest or other.guest
        buffer.contiguous = one.contiguous and other.contiguous
        own = tuple(id(b) not in self.base.objects for b in (one, other))
        if cond is not None and buffer.either == (one, other):
            buffer.own = own
            buffer.chosen = None if self._chosen_within(buffer) else cond
        self._enter(buffer, (version, graver(first[1], second[1])))
        self.pairs[key] = buffer
        self.kept.extend((one, other))
        return buffer

    @staticmethod
    def _chosen_within(buffer: Buffer) -> bool:
        """Tell whether one of two arrays was itself chosen where it was made.

        What is written to it goes to an array that only that branch knows.
        """
        pairs = zip(buffer.either, buffer.own, strict=True)
        return any(own and bool(b.either) for b, own in pairs)

    def part_shared(self) -> None:
        """Forget which array is chosen where a branch made it that others may be, too.

        What is written to one of them goes to that array, which only the branch knows.
        """
        made = [b for b in self.made.objects.values() if isinstance(b, Buffer)]
        for buffer in made:
            new = {b for b, own in zip(buffer.either, buffer.own, strict=False) if own}
            others = (b for b in made if b is not buffer)
            if any(not new.isdisjoint(other.either) for other in others):
                buffer.chosen = None

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

    def spread(self, one: Any, other: Any) -> Any:
        """Join a number with an array, which it is spread over."""
        version = self.choose(atom_of(one), atom_of(other))
        buffer = Buffer(self.builder, version)
        self._enter(buffer, (version, ""))
        return ArrayObject(buffer)

    def column(self, one: Buffer, other: Buffer) -> Buffer:
        """Return the buffer that stands for either, a column of a list."""
        if one is other and id(one) in self.base.objects:
            self.reach(one)
            return one
        return self._buffers(one, other)


def then(thing: Any, state: State) -> Any:
    """Return what a mutable object held in a state, now if it was not part of that."""
    found = state.contents.get(id(thing))
    return contents_of(thing) if found is None else found
