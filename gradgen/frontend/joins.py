"""What holds after paths that meet: one value for what each path left behind.

A ``choose`` function makes of two atoms the one that stands for both: the result of an
``if``, or the slot of a loop. The rest is structure. Two lists of one length become a
list of joined elements; a list that both paths changed stays the object that it is; two
arrays become one that may be either.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrayjoins import ArrayJoiner, then
from gradgen.frontend.arrays import ArrayObject, Buffer, graver
from gradgen.frontend.forms import form_within
from gradgen.frontend.frame import Frame
from gradgen.frontend.heap import State, is_same
from gradgen.frontend.likeness import (
    UNBOUND,
    OneOf,
    Unbound,
    Unlike,
    atom_of,
    flag_of,
    is_absent,
    is_equal,
    is_none,
    is_number,
    is_tensor,
    one_of,
    rewrite_of,
)
from gradgen.frontend.listjoins import differs, join_lists, wish_for
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import (
    Closure,
    Conflict,
    Foreign,
    KnownSet,
    Maybe,
    Partial,
    Record,
    Static,
    Stream,
    describe,
)
from gradgen.ir.core import Atom, Literal
from gradgen.primitives.registry import Handle
from gradgen.structs import replace

FLAGS = "an array of flags, as in seen[k] = True, or a dict with all keys at first"


def _is_unbound(value: Any) -> bool:
    return isinstance(value, Maybe) and not value.none


class Joiner(ArrayJoiner):
    """Joins two states that both came from ``base``.

    ``own`` are objects that stand for pairs already, ``made`` those made for pairs
    here. ``lifting`` says that one and the same state is joined with itself, to be
    taken out of the region that it was reached in. ``listing`` makes, where the first
    or second state was reached, a run-time list of a list that is new there.
    """

    def states(self, first: State, second: State) -> State:
        """Return the state in which both have met."""
        self.first, self.second = first, second
        joined = State()
        for key, thing in first.objects.items():
            contents = first.contents[key]
            if key in second.contents and key not in self.own.objects:
                contents = self._contents(thing, contents, second.contents[key])
            joined.note(thing, contents)
        if self.chooses:
            self._join_lost(joined)
        for key, thing in self.made.objects.items():
            joined.note(thing, self.made.contents[key])
        self.part_shared()
        return joined

    def _join_lost(self, joined: State) -> None:
        """Join what one state has lost: a name may stand for it in the other one."""
        pair = (self.first, self.second)
        for has, lacks in (pair, pair[::-1]):
            for key, thing in has.objects.items():
                if key in lacks.lost:
                    both = ({**s.lost, **s.contents}[key] for s in pair)
                    joined.note(thing, self._contents(thing, *both))

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
            return self.choose(one[0], other[0]), graver(one[1], other[1])
        if isinstance(thing, Stream):
            if one != other:
                raise Unlike("an iterator is advanced on some paths only")
            return one
        if isinstance(thing, KnownSet):
            if not is_same(one, other):
                raise Unlike("a set is changed on some paths only", FLAGS)
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
            return self.join_arrays(one, other)
        if is_number(one) and is_number(other):
            return self._numbers(one, other)
        if is_tensor(one) and is_tensor(other):
            return self.spread(one, other)
        choice = self._objects(one, other)
        if choice is not None:
            return choice
        if isinstance(one, RunList) or isinstance(other, RunList):
            return join_lists(self, one, other)
        if isinstance(one, list | tuple | dict | Record):
            return self._containers(one, other)
        if isinstance(one, KnownSet) and one is other and id(one) in self.base.objects:
            return one
        return self._others(one, other)

    def _maybe(self, one: Any, other: Any, bare: bool) -> Any:
        none = any(is_none(v) or getattr(v, "none", False) for v in (one, other))
        unbound = any(v is UNBOUND or _is_unbound(v) for v in (one, other))
        if none and unbound and not bare:
            raise Unlike("is None on some paths and unbound on others", "bind it first")
        values = [v.value if isinstance(v, Maybe) else v for v in (one, other)]
        present = [v for v in values if v is not UNBOUND and not is_none(v)]
        if not present:
            return Static(None)
        if len(present) == 1:
            value = self._undefined_or(present[0], first=values[0] is not present[0])
        else:
            value = self.join(*values)
        if bare and not none:
            return value
        flags = [flag_of(v) for v in (one, other)]
        return Maybe(value, self._numbers(*flags), none)

    def _undefined_or(self, value: Any, first: bool) -> Any:
        """Join a value with nothing, which is defined only if the value is."""
        choose = self.choose

        def one_sided(a: Any, b: Any) -> Atom:
            gap = Literal.undefined(a.type)
            return choose(gap, a) if first else choose(a, gap)

        own = State() if first else self._unpaired()
        inner = Joiner(self.context, one_sided, self.base, own, lifting=True)
        inner.first = inner.second = self.second if first else self.first
        joined = inner.join(value, value)
        self.adopt(inner)
        return joined

    def _unpaired(self) -> State:
        """Return our own objects without those that stand for a pair already."""
        found, taken = State(), {first for first, _ in self.pairs}
        for key, thing in self.own.objects.items():
            if key not in taken:
                found.note(thing, self.own.contents[key])
        return found

    def adopt(self, inner: Joiner) -> None:
        """Take over what another joiner has made."""
        self.pairs.update({k: thing for k, thing in inner.pairs.items() if k[1] == -1})
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

    def _frozen(self, one: Record, other: Record) -> Record:
        """Join instances that nobody can change, so that it is all one which it is."""
        fields = self._items(one.fields, other.fields)
        same = all(fields[name] is one.fields[name] for name in fields)
        return one if same else Record(one.cls, fields)

    def _containers(self, one: Any, other: Any) -> Any:
        if isinstance(one, Record) and one.is_frozen and type(other) is Record:
            if one.cls is other.cls:
                return self._frozen(one, other)
            raise Unlike("is bound to objects of unlike classes")
        if one is other and id(one) in self.base.objects:
            self.check_alone(one, one)
            self.reach(one)
            self.pairs.setdefault((id(one), id(one)), one)
            return one
        if type(one) is not type(other):
            raise Unlike("is bound to values of unlike kinds")
        if isinstance(one, tuple):
            return tuple(self._items(one, other))
        key = (id(one), id(other))
        lengths = [len(then(one, self.first)), len(then(other, self.second))]
        if isinstance(one, list) and lengths[0] != lengths[1]:
            return join_lists(self, one, other)
        if key not in self.pairs:
            self.check_alone(one, other)
            self.pairs[key] = self._container(one, other)
            self.kept.extend((one, other))
        return self.pairs[key]

    def _objects(self, one: Any, other: Any) -> OneOf | None:
        """Return which of two lists, dicts or instances, both there before."""
        keys = [id(x.columns[0] if isinstance(x, RunList) else x) for x in (one, other)]
        there = keys[0] != keys[1] and all(key in self.base.objects for key in keys)
        if self.turning is not None or self.lifting or not there:
            return None
        flags = (self._numbers(*map(Static, x)) for x in ((True, False), (False, True)))
        choice = OneOf((one, other), tuple(flags))
        self._check_options(choice)
        return choice

    def _wish(self, thing: Any, one: Any, other: Any) -> Exception:
        try:
            form = form_within(self.builder, one, other)
        except Unlike as unlike:
            reason = f"this {type(thing).__name__} {unlike.reason}"
            return Refusal(reason, unlike.hint)
        return wish_for(self, [thing], form)

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
            made: Any = self.own_one(one) or Record(one.cls, {})
        else:
            made = self.own_one(one)
            made = type(one)() if made is None else made
        contents = self._items(then(one, self.first), then(other, self.second))
        if isinstance(made, list):
            made[:] = contents
        elif isinstance(made, Record):
            made.fields.update(contents)
        else:
            made.update(contents)
        self.made.note(made, contents)
        return made

    def _items(self, one: Any, other: Any) -> Any:
        if isinstance(one, dict):
            if list(one) != list(other):
                raise Unlike(
                    "has other keys on other paths",
                    "all keys on every path, set before to what they start with",
                )
            return {key: self.join(one[key], other[key]) for key in one}
        if len(one) != len(other):
            raise Unlike("has another length on other paths", "one length, or an array")
        return [self.join(a, b) for a, b in zip(one, other, strict=True)]

    def _others(self, one: Any, other: Any) -> Any:
        if isinstance(one, Static | Foreign) and (one is other or is_equal(one, other)):
            return one
        if isinstance(one, Partial) and isinstance(other, Partial):
            return self._partials(one, other)
        held = not isinstance(one, OneOf)
        if held and one is other and not (self.lifting and self._is_inner(one)):
            return one
        if isinstance(one, Closure) and isinstance(other, Closure):
            same = one.node is other.node and one.frame is other.frame
            plain = not one.defaults and not other.defaults
            if same and plain and not self._is_inner(one):
                return one
        choice = one_of(one, other, self._numbers)
        if choice is not None:
            self._check_options(choice)
            return one if is_same(one, choice) else choice
        raise Unlike(
            "is bound to values of unlike kinds on the paths that lead here",
            rewrite_of(one, other),
        )

    def _check_options(self, choice: OneOf) -> None:
        """Refuse to choose among objects that are others after the paths meet."""
        for value in choice.values:
            if isinstance(value, Closure):
                others = self._is_inner(value)
            else:
                others = self.join(value, value) is not value
                self.chooses |= isinstance(value, list | dict | Record)
            if others:
                raise Unlike(
                    "is one of several objects made on the paths that lead here",
                    "the calls in the branches, such as f(x) if c else g(x)",
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
