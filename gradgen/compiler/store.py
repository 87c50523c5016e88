"""Programs on the disk: found for a request, and kept after compiling."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradgen.compiler.build import build
from gradgen.compiler.request import Request
from gradgen.errors import UnsupportedError
from gradgen.runtime import cache
from gradgen.runtime.digests import (
    Uncacheable,
    digest,
    function_digest,
    key_text,
    versions,
)
from gradgen.runtime.dispatch import Program
from gradgen.runtime.keys import Key
from gradgen.runtime.parts import Parts
from gradgen.runtime.records import Damaged, decode, encode


def obtain(
    request: Request, key: Key, promoted: tuple[int, ...]
) -> tuple[Program, bool]:
    """Return the program for a request, and whether it was read from the disk."""
    root = cache.open_directory()
    folder = None if root is None else folder_of(request, key)
    if root is not None and folder is not None:
        program = _find(root, folder, request, promoted)
        if program is not None:
            return program, True
    parts = _compile(request, promoted)
    if root is not None and folder is not None:
        _keep(root, folder, request, parts)
    return build(request, parts), False


def _compile(request: Request, promoted: tuple[int, ...] = ()) -> Parts:
    with refused_if_deep(request):
        parts: Parts = pipeline().compile_parts(request, promoted)
    return parts


@contextmanager
def refused_if_deep(request: Request) -> Iterator[None]:
    """Refuse what is nested deeper than Python's stack."""
    try:
        yield
    except RecursionError:
        raise UnsupportedError(
            f"{request.name} is nested too deeply to be compiled; split long "
            "expressions and unrolled loops, or raise sys.setrecursionlimit"
        ) from None


def pipeline() -> Any:
    """Return the module of the pipeline, loaded when something is first compiled.

    A program that is found on the disk needs no compiler, and no time to import it.
    """
    return importlib.import_module("gradgen.compiler.pipeline")


def show_ir(request: Request) -> str:
    """Return the optimised IR for a request as text."""
    text: str = pipeline().show_ir(request)
    return text


def show_source(request: Request) -> str:
    """Return the generated source for a request; its arguments may be types."""
    listings = _compile(request).listings
    return "\n\n".join(listing.source for listing in listings)


def folder_of(request: Request, key: Key) -> str | None:
    """Return the name of the folder for a request; None if it has no stable name."""
    function = request.target.function
    prefix = request.target.parameters.prefix
    try:
        types = key_text(key)
    except Uncacheable:
        return None
    parts = [versions(), function_digest(function), str(prefix), repr(request.steps)]
    name = "".join(c for c in request.name if c.isalnum() or c == "_")
    return f"{name or 'f'}-{digest(' '.join([*parts, types]))}"


def _find(
    root: str, folder: str, request: Request, promoted: tuple[int, ...]
) -> Program | None:
    """Return a program on the disk that fits the present state of everything."""
    function = request.target.function
    readers = request.target.parameters.readers(len(request.args))
    for path, text in cache.read(root, folder):
        try:
            parts = decode(text, function, readers, request.args)
        except (Damaged, LookupError, TypeError, ValueError):
            cache.remove(path)
            continue
        if parts is not None and set(promoted) <= set(parts.promoted):
            return build(request, parts)
    return None


def _keep(root: str, folder: str, request: Request, parts: Parts) -> None:
    function = request.target.function
    readers = request.target.parameters.readers(len(request.args))
    try:
        text = encode(parts, function, readers, request.args)
    except Uncacheable:
        return
    cache.write(root, folder, digest(text), text)
