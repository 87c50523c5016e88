"""The disk cache: programs as plain Python files in a directory of the user's own."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import stat
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import platformdirs

from gradgen.errors import CacheError

DIRECTORY = "GRADGEN_CACHE_DIR"
SWITCH = "GRADGEN_CACHE"
MAX_VARIANTS = 64
"""How many programs are kept for one function and one key."""

TEMPORARY = ".tmp"

_FOLDER = re.compile(r"\w+-[0-9a-f]{32}")
_FILE = re.compile(r"[0-9a-f]{32}\.py")


class CacheWarning(UserWarning):
    """The disk cache is not used, because its directory is not safe."""


class Usage(NamedTuple):
    """Where the cache is, and how much is in it."""

    directory: str
    programs: int
    size: int


def directory() -> str:
    """Return the directory of the cache, whether it exists or not."""
    named = os.environ.get(DIRECTORY)
    if named:
        return os.path.abspath(os.path.expanduser(named))
    return platformdirs.user_cache_dir("gradgen", appauthor=False)


def is_enabled() -> bool:
    """Tell whether the environment lets gradgen use the disk."""
    return os.environ.get(SWITCH, "1") != "0"


def open_directory() -> str | None:
    """Return the directory, made if need be; None where there can be none.

    A directory that others can write is not used, since what is read from it is run.
    That is said once.
    """
    if not is_enabled():
        return None
    root = directory()
    try:
        if not os.path.isdir(root):
            os.makedirs(os.path.dirname(root), exist_ok=True)
            os.mkdir(root, mode=0o700)
        check_safe(root)
    except CacheError as error:
        _warn(str(error))
        return None
    except FileExistsError:
        return root if os.path.isdir(root) else None
    except OSError:
        return None
    return root


@functools.cache
def _warn(message: str) -> None:
    warnings.warn(message, CacheWarning, stacklevel=2)


def check_safe(root: str) -> None:
    """Raise ``CacheError`` if anybody else can write the directory."""
    if os.name != "posix":
        return
    found = os.stat(root)
    if found.st_uid != os.getuid():
        raise CacheError(f"the cache directory {root} belongs to another user")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CacheError(
            f"the cache directory {root} can be written by others; "
            f"run chmod go-w, or name another one in {DIRECTORY}"
        )


def read(root: str, folder: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a folder, the newest first, and their text."""
    for path in _newest_first(os.path.join(root, folder)):
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError):
            remove(path)
            continue
        yield path, text


def _newest_first(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            found = [
                (e.stat(follow_symlinks=False).st_mtime_ns, e.path)
                for e in entries
                if _FILE.fullmatch(e.name) and e.is_file(follow_symlinks=False)
            ]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]


def write(root: str, folder: str, name: str, text: str) -> None:
    """Write a file so that a reader sees all of it or nothing.

    Where the disk is full or cannot be written, nothing is kept.
    """
    parent = os.path.join(root, folder)
    try:
        os.makedirs(parent, mode=0o700, exist_ok=True)
        _replace(os.path.join(parent, f"{name}.py"), text)
    except OSError:
        return
    for path in _newest_first(parent)[MAX_VARIANTS:]:
        remove(path)


def _replace(target: str, text: str) -> None:
    import tempfile

    folder = os.path.dirname(target)
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=TEMPORARY)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(temporary, target)
    except BaseException:
        remove(temporary)
        raise


def remove(path: str) -> None:
    """Remove a file, if it is still there and may be removed."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def _folders(root: str) -> list[str]:
    try:
        with os.scandir(root) as entries:
            found = [e.path for e in entries if _FOLDER.fullmatch(e.name)]
    except OSError:
        return []
    return [path for path in found if os.path.isdir(path) and not os.path.islink(path)]


def usage() -> Usage:
    """Return where the cache is, and how much is in it."""
    root = directory()
    files = [path for folder in _folders(root) for path in _newest_first(folder)]
    return Usage(root, len(files), sum(map(os.path.getsize, files)))


def clear() -> Usage:
    """Remove all programs, and nothing else; return what was there."""
    before = usage()
    for folder in _folders(before.directory):
        left = [e.path for e in os.scandir(folder) if e.name.endswith(TEMPORARY)]
        for path in [*_newest_first(folder), *left]:
            remove(path)
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    return before
