"""Turns generated source into functions that tracebacks and debuggers can show."""

from __future__ import annotations

import itertools
import linecache
import types
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from gradgen.errors import Span
from gradgen.structs import field, frozen

_numbers = itertools.count(1)
_dropped: deque[str] = deque()
"""Files of functions that are gone. Their lines are forgotten at the next load: to do
so at once would pull entries from under ``linecache.checkcache``, since an object may
go at any moment."""


@frozen
class Listing:
    """The source of one generated function, and where its lines come from."""

    name: str
    source: str
    spans: Mapping[int, Span] = field(default_factory=dict)


def load(listing: Listing, names: Mapping[str, Any]) -> Callable[..., Any]:
    r"""Return the function that ``listing`` defines; ``names`` are globals for it.

    Examples
    --------
    >>> load(Listing("f", "def f(x):\n    return x + one\n"), {"one": 1})(2)
    3
    """
    _forget_dropped()
    file = f"<gradgen {listing.name} {next(_numbers)}>"
    namespace: dict[str, Any] = {"__name__": file, **names}
    exec(compile(listing.source, file, "exec", dont_inherit=True), namespace)
    function: Callable[..., Any] = namespace[listing.name]
    lines = listing.source.splitlines(keepends=True)
    # Without a modification time, linecache.checkcache leaves the entry alone.
    linecache.cache[file] = (len(listing.source), None, lines, file)
    weakref.finalize(function, _dropped.append, file).atexit = False
    return function


def _forget_dropped() -> None:
    while _dropped:
        linecache.cache.pop(_dropped.popleft(), None)


def add_note(error: BaseException, code: types.CodeType, listing: Listing) -> None:
    """Add to ``error`` the user's line that the failing generated line comes from."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            span = listing.spans.get(trace.tb_lineno)
            if span is not None:
                error.add_note(_note(span))
            return
        trace = trace.tb_next


def _note(span: Span) -> str:
    text = linecache.getline(span.file, span.line).strip()
    place = f"in the code generated from {span.file}:{span.line}"
    return f"{place}\n    {text}" if text else place
