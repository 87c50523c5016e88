"""From the arguments of a call to the compiled program for their types."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from gradgen.errors import GradgenError, VerifyError
from gradgen.rules import FORGET
from gradgen.runtime.keys import Key, describe, generalise
from gradgen.runtime.load import Listing, add_note
from gradgen.runtime.matching import Likeness, compile_match
from gradgen.runtime.places import ABSENT, Check, Fetch
from gradgen.structs import field, frozen, struct

Args = tuple[Any, ...]
MAX_EXACT = 1024
"""How many keys with lengths are remembered; others take a longer way."""

MAX_ROUTES = 256
"""How many calls are recognised by an expression of their own."""

MAX_PROGRAMS = 64
"""How many programs are kept that differ only in what is folded into them."""


@struct
class Program:
    """Compiled code for arguments of certain types, and what it relies on.

    ``functions`` is one function, or forward sweep and pullback. ``prepare`` converts
    arguments that the code takes in another form, ``finish`` its results. ``check``
    tells whether what is folded into the code is unchanged; ``fetch`` reads what it
    takes from outside the function, and ``fetched`` is the key of what it read.
    ``likeness`` is what the expression is written from that recognises a call.
    """

    functions: tuple[Callable[..., Any], ...]
    listings: tuple[Listing, ...]
    promoted: tuple[int, ...] = ()
    prepare: Callable[[Args, Args], Args] | None = None
    finish: Callable[[Any, Args], Any] | None = None
    check: Check | None = None
    fetch: Fetch | None = None
    fetched: Key = ()
    likeness: Likeness | None = None

    def holds(self, args: Args) -> bool:
        """Tell whether the program still fits what stands outside its function."""
        try:
            if self.check is not None and not self.check(args):
                return False
            return self.fetch is None or key_of(self.fetch(args)) == self.fetched
        except ABSENT:
            return False

    def inputs(self, args: Args) -> Args:
        """Return what the function is called with."""
        outside = () if self.fetch is None else self.fetch(args)
        if self.prepare is None:
            return args + outside
        return self.prepare(args, outside)

    @property
    def is_direct(self) -> bool:
        """Tell whether calls go to the function just as they come."""
        return not self.promoted and (
            self.prepare is None and self.finish is None and self.fetch is None
        )

    def __call__(self, args: Args) -> Any:
        """Run the function on the arguments of a call."""
        result = guarded_call(self, 0, self.inputs(args))
        return result if self.finish is None else self.finish(result, args)

    def annotate(self, error: BaseException) -> None:
        """Name the user's line in an error raised by generated code."""
        for function, listing in zip(self.functions, self.listings, strict=True):
            add_note(error, function.__code__, listing)


def guarded_call(program: Program, index: int, inputs: Args) -> Any:
    """Call a function of ``program``; an error gets the user's line."""
    try:
        return program.functions[index](*inputs)
    except Exception as error:
        program.annotate(error)
        raise


def key_of(values: Args) -> Key:
    """Return the key of values, whatever their lengths and the integers among them."""
    parts: list[Any] = []
    for value in values:
        describe(value, parts, [])
    return generalise(tuple(parts))


@struct
class Site:
    """The programs for arguments of the same types.

    ``promoted`` lists the integers, in order, by whose value they are told apart.
    """

    promoted: tuple[int, ...] = ()
    programs: OrderedDict[tuple[int, ...], list[Program]] = field(
        default_factory=OrderedDict
    )

    def find(self, args: Args, integers: Sequence[int]) -> Program | None:
        """Return a program that fits a call."""
        folded = tuple(integers[i] for i in self.promoted) if self.promoted else ()
        for program in self.programs.get(folded, ()):
            if program.holds(args):
                return program
        return None

    def add(self, program: Program, integers: Sequence[int]) -> None:
        """Keep ``program``, the newest first; drop the oldest if there are many."""
        promoted = tuple(sorted({*self.promoted, *program.promoted}))
        if promoted != self.promoted:
            self.promoted = promoted
            self.programs.clear()
        folded = tuple(integers[i] for i in self.promoted)
        older = self.programs.get(folded, [])
        self.programs[folded] = [program, *older][:MAX_PROGRAMS]
        while len(self.programs) > MAX_PROGRAMS:
            self.programs.popitem(last=False)


@frozen
class Route:
    """A program, and what tells that a call is exactly like one before."""

    matches: Check
    program: Program


class CacheInfo(NamedTuple):
    """How often a compiled program was at hand, on disk, or had to be made."""

    hits: int
    misses: int
    disk_hits: int
    currsize: int


Compile = Callable[[Args, Key, tuple[int, ...]], tuple[Program, bool]]
"""Makes a program for arguments, their key, and the integers known to be folded;
tells whether it came from the disk."""


_dispatchers: weakref.WeakSet[Dispatcher] = weakref.WeakSet()


def _forget_programs() -> None:
    """Drop all programs, which rely on a function not to have a rule."""
    for dispatcher in list(_dispatchers):
        dispatcher.forget()


FORGET.append(_forget_programs)


class Dispatcher:
    """Finds or makes the program for the arguments of each call.

    Looking up takes no lock: tables are only ever replaced entry by entry. Compiling
    takes one, so that each program is made once.
    """

    def __init__(self, compile: Compile) -> None:
        self._compile = compile
        self._lock = threading.RLock()
        self._exact: dict[Key, Site] = {}
        self._sites: dict[Key, Site] = {}
        self._routes: dict[Key, Route] = {}
        self.route: Route | None = None
        self.hits = 0
        self.misses = 0
        self.disk_hits = 0
        _dispatchers.add(self)

    def forget(self) -> None:
        """Drop all programs."""
        with self._lock:
            self.route = None
            for table in (self._exact, self._sites, self._routes):
                table.clear()

    def find(self, args: Args) -> Program:
        """Return the program for ``args``, compiled if need be."""
        parts: list[Any] = []
        integers: list[int] = []
        for value in args:
            describe(value, parts, integers)
        key = tuple(parts)
        site = self._exact.get(key)
        program = site.find(args, integers) if site is not None else None
        if program is None:
            return self._find_general(args, key, integers)
        self.hits += 1
        if program.is_direct and program.likeness is not None:
            self.route = self._route(key, args, program, program.likeness)
        return program

    def _route(
        self, key: Key, args: Args, program: Program, likeness: Likeness
    ) -> Route | None:
        """Return the quick way to ``program``, written when a key comes again."""
        route = self._routes.get(key)
        if route is None or route.program is not program:
            matches = compile_match(likeness, args)
            if matches is None:
                return None
            if len(self._routes) >= MAX_ROUTES:
                self._routes.clear()
            route = self._routes[key] = Route(matches, program)
        return route

    def _find_general(self, args: Args, exact: Key, integers: list[int]) -> Program:
        key = generalise(exact)
        with self._lock:
            site = self._sites.setdefault(key, Site())
            program = site.find(args, integers)
            if program is None:
                program = self._make(args, key, site, integers)
            else:
                self.hits += 1
            if len(self._exact) >= MAX_EXACT:
                self._exact.clear()
            self._exact[exact] = site
        return program

    def _make(self, args: Args, key: Key, site: Site, integers: list[int]) -> Program:
        try:
            program, from_disk = self._compile(args, key, site.promoted)
        except VerifyError:
            raise
        except GradgenError as error:
            # The user's mistake, not that of the code that found it.
            raise error.with_traceback(None) from error.__cause__
        if from_disk:
            self.disk_hits += 1
        else:
            self.misses += 1
        site.add(program, integers)
        return program

    def programs(self) -> Iterator[Program]:
        """Yield all compiled programs."""
        for site in list(self._sites.values()):
            for programs in list(site.programs.values()):
                yield from list(programs)

    def info(self) -> CacheInfo:
        """Return how the programs were found."""
        size = sum(1 for _ in self.programs())
        return CacheInfo(self.hits, self.misses, self.disk_hits, size)
