"""Programs as text: what the disk cache keeps, and how it is checked on reading."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

from gradgen.errors import Span
from gradgen.ir.tree import tree_of
from gradgen.rules import find_rule
from gradgen.runtime.digests import Uncacheable, digest, key_text, value_text
from gradgen.runtime.dispatch import key_of
from gradgen.runtime.keys import describe
from gradgen.runtime.load import Listing
from gradgen.runtime.parts import Parts
from gradgen.runtime.places import ABSENT, Params, Pin, Place, compile_fetch

Args = tuple[Any, ...]
MARK = "# gradgen "
PLAIN = (bool, int, float, complex, str, bytes)


class Owners:
    """The functions, classes and modules whose names a program refers to.

    They are numbered as they are found: the function itself, what the arguments
    bring, then whatever a pin reaches. Another process that follows the same steps
    finds the same.
    """

    def __init__(self, function: types.FunctionType, args: Args) -> None:
        self.found: list[Any] = []
        self.add(function)
        for x in _objects_in(args):
            self.add(x if isinstance(x, types.FunctionType | type) else type(x))

    def add(self, value: Any) -> None:
        """Number ``value`` if names can be looked up in it, and its rule."""
        if isinstance(value, types.FunctionType | type | types.ModuleType):
            self.found.append(value)
        rule = find_rule(value) if callable(value) else None
        if rule is not None:
            self.found.append(rule)

    def number(self, owner: Any) -> int | list[Any]:
        """Return how to find an owner again: its number, or that of a class and a name.

        Raises
        ------
        Uncacheable
            For an object that is reached otherwise.
        """
        for number, found in enumerate(self.found):
            if found is owner:
                return number
        for number, found in enumerate(self.found):
            if isinstance(found, type):
                for name in _all_names(found):
                    if _member(found, name) is owner:
                        return [number, name]
        raise Uncacheable(repr(owner))

    def owner(self, number: int | list[Any]) -> Any:
        """Return the owner that :meth:`number` describes."""
        if isinstance(number, int):
            return self.found[number]
        return _member(self.found[number[0]], number[1])


def _objects_in(args: Args) -> Iterator[Any]:
    """Yield the leaves that are no numbers, and the classes of records."""
    for arg in args:
        tree = tree_of(arg)
        pending = [tree]
        while pending:
            node = pending.pop(0)
            if node.cls is not None:
                yield node.cls
            elif node.kind == "leaf" and not _is_plain(node.leaf):
                yield node.leaf
            pending.extend(node.children)


def _is_plain(value: Any) -> bool:
    return isinstance(value, PLAIN) or hasattr(value, "dtype")


def _all_names(cls: type) -> Iterator[str]:
    for base in cls.__mro__:
        yield from vars(base)


def _member(cls: type, name: str) -> Any:
    for base in cls.__mro__:
        if name in vars(base):
            value = vars(base)[name]
            return getattr(value, "__func__", value)
    return None


def encode(
    parts: Parts, function: types.FunctionType, params: Params, args: Args
) -> str:
    """Return a program as the text of a Python file with a header.

    Raises
    ------
    Uncacheable
        If it relies on something that another process could not check.
    """
    owners = Owners(function, args)
    pins = []
    for pin in parts.pins:
        text = value_text(pin.value), rule_text(pin.value)
        pins.append([_place_data(pin.place, owners), *text])
        owners.add(pin.value)
    files = sorted({span.file for x in parts.listings for span in x.spans.values()})
    known = _files_of(owners)
    if not set(files) <= set(known):
        raise Uncacheable(str(files))
    header = {
        "promoted": [[i, _integers(args)[i]] for i in parts.promoted],
        "classes": {
            n: [c.__module__, c.__qualname__] for n, c in parts.classes.items()
        },
        "pins": pins,
        "places": [_place_data(place, owners) for place in parts.places],
        "read": _read_text(parts.places, params, args),
        "listings": [_listing_data(x, known) for x in parts.listings],
        "written": parts.written,
        "rule": rule_text(function),
        "outside": {n: _number_of_pin(x, parts) for n, x in parts.outside.items()},
    }
    head = json.dumps(header, separators=(",", ":"))
    body = "".join(listing.source for listing in parts.listings)
    return f"{MARK}{digest(head + body)} {head}\n{body}"


def rule_text(value: Any) -> str:
    """Return which rules a function has; what they are is pinned where it matters."""
    rule = find_rule(value) if callable(value) else None
    return "" if rule is None else rule.text


def _number_of_pin(value: Any, parts: Parts) -> int:
    """Return which pin holds an object that the program names."""
    for number, pin in enumerate(parts.pins):
        if pin.value is value:
            return number
    raise Uncacheable(type(value).__name__)


class Damaged(ValueError):
    """A file that is not what was written."""


def decode(
    text: str, function: types.FunctionType, params: Params, args: Args
) -> Parts | None:
    """Return the program that ``text`` holds; None if it is for another state.

    Raises
    ------
    Damaged
        If the text is not what :func:`encode` returned.
    """
    head, body = _open(text)
    if "outside" not in head or head["rule"] != rule_text(function):
        return None
    integers = _integers(args)
    if any(integers[i] != value for i, value in head["promoted"]):
        return None
    owners = Owners(function, args)
    try:
        pins = [_pin(data, owners, params, args) for data in head["pins"]]
        places = tuple(_place(data, owners) for data in head["places"])
        if head["read"] != _read_text(places, params, args):
            return None
        classes = {name: _class(*path) for name, path in head["classes"].items()}
    except (_Changed, Uncacheable, *ABSENT):
        return None
    listings = _listings(head["listings"], body, _files_of(owners))
    promoted = tuple(i for i, _ in head["promoted"])
    written = tuple((i, leaf) for i, leaf in head["written"])
    outside = {name: pins[number].value for name, number in head["outside"].items()}
    return Parts(listings, classes, promoted, places, tuple(pins), written, outside)


class _Changed(Exception):
    """Something that was folded into the program is not the same any more."""


def _open(text: str) -> tuple[dict[str, Any], str]:
    """Return header and body of a file that is undamaged."""
    first, _, body = text.partition("\n")
    mark, _, rest = first.removeprefix(MARK).partition(" ")
    if not first.startswith(MARK) or mark != digest(rest + body):
        raise Damaged("the digest does not agree")
    header: dict[str, Any] = json.loads(rest)
    return header, body


def _pin(data: Any, owners: Owners, params: Params, args: Args) -> Pin:
    place = _place(data[0], owners)
    fetch = compile_fetch([place], params)
    assert fetch is not None
    (value,) = fetch(args)
    if value_text(value) != data[1] or rule_text(value) != data[2]:
        raise _Changed
    owners.add(value)
    return Pin(place, value)


def _place(data: Any, owners: Owners) -> Place:
    kind, owner, name, steps = data
    return Place(kind, owners.owner(owner), name, tuple(steps))


def _class(module: str, qualname: str) -> type:
    found: Any = sys.modules[module]
    for name in qualname.split("."):
        found = getattr(found, name)
    if not isinstance(found, type):
        raise _Changed
    return found


def _listings(data: Any, body: str, files: Sequence[str]) -> tuple[Listing, ...]:
    lines = body.splitlines(keepends=True)
    listings, start = [], 0
    for name, count, spans in data:
        source = "".join(lines[start : start + count])
        start += count
        found = {int(n): Span(files[file], line) for n, (file, line) in spans.items()}
        listings.append(Listing(name, source, found))
    return tuple(listings)


def _files_of(owners: Owners) -> list[str]:
    functions = [x for x in owners.found if isinstance(x, types.FunctionType)]
    return list(dict.fromkeys(f.__code__.co_filename for f in functions))


def _integers(args: Args) -> list[int]:
    integers: list[int] = []
    for arg in args:
        describe(arg, [], integers)
    return integers


def _place_data(place: Place, owners: Owners) -> list[Any]:
    owner = 0 if place.kind == "argument" else owners.number(place.owner)
    return [place.kind, owner, place.name, list(place.steps)]


def _read_text(places: Sequence[Place], params: Params, args: Args) -> str:
    fetch = compile_fetch(places, params)
    return "" if fetch is None else key_text(key_of(fetch(args)))


def _listing_data(listing: Listing, files: Sequence[str]) -> list[Any]:
    spans = {n: [files.index(s.file), s.line] for n, s in listing.spans.items()}
    return [listing.name, listing.source.count("\n"), spans]
