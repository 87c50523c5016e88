"""Digests of functions, classes and keys that mean the same in every process."""

from __future__ import annotations

import enum
import functools
import linecache
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradgen.runtime.keys import Key
from gradgen.runtime.places import is_bound_builtin, is_constant


class Uncacheable(Exception):
    """Something that cannot be recognised in another process."""


def digest(text: str) -> str:
    """Return a short digest of ``text``."""
    import hashlib

    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


@functools.cache
def versions() -> str:
    """Return what generated code depends on besides the function: all versions.

    That of gradgen is told by its files, so that a changed compiler compiles anew.
    """
    python = f"{sys.implementation.cache_tag} {sys.flags.optimize}"
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return digest(f"{python} {np.__version__} {sorted(_files(root))}")


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path)
            elif entry.name.endswith(".py") and entry.is_file():
                found = entry.stat()
                yield entry.name, found.st_size, found.st_mtime_ns


def function_digest(function: types.FunctionType) -> str:
    """Return a digest of a function's text, bytecode, name and line numbers."""
    code = function.__code__
    file = os.path.basename(code.co_filename)
    return digest(f"{file} {code_text(code)} {source_text(code)}")


def source_text(code: types.CodeType) -> str:
    """Return the lines of the source that bytecode was compiled from."""
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    return "".join(lines[code.co_firstlineno - 1 : _last_line(code)])


def _last_line(code: types.CodeType) -> int:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    own = [line for _, _, line in code.co_lines() if line is not None]
    return max([code.co_firstlineno, *own, *map(_last_line, inner)])


def code_text(code: types.CodeType) -> str:
    """Return bytecode as text that is equal for equal code in equal places."""
    parts: list[Any] = [code.co_qualname, code.co_firstlineno, code.co_flags]
    parts += [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount]
    parts += [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    parts += [code.co_code, code.co_linetable, code.co_exceptiontable]
    return f"{parts!r} {[_constant_text(c) for c in code.co_consts]!r}"


def _constant_text(value: Any) -> str:
    if isinstance(value, types.CodeType):
        return code_text(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_constant_text, value))})"
    if isinstance(value, frozenset):
        return f"frozenset({sorted(map(_constant_text, value))})"
    return f"{type(value).__name__} {value!r}"


def class_digest(cls: type) -> str:
    """Return a digest of a class: its names, fields and methods, inherited ones too."""
    parts = []
    for base in cls.__mro__:
        if base.__module__ != "builtins":
            members = sorted(vars(base).items())
            parts += [f"{name} {_member_text(value)}" for name, value in members]
    return digest(f"{cls.__module__}.{cls.__qualname__} {parts}")


def _member_text(value: Any) -> str:
    value = getattr(value, "__func__", value)
    if isinstance(value, property):
        value = value.fget
    if isinstance(value, types.FunctionType):
        return code_text(value.__code__)
    return repr(value) if is_constant(value) else type(value).__name__


def value_text(value: Any) -> str:
    """Return what identifies a folded value in another process.

    Raises
    ------
    Uncacheable
        For objects that have no name of their own.
    """
    if is_constant(value):
        return _constant_text(value)
    if isinstance(value, np.dtype):
        return f"dtype {value.str} {value.descr if value.names else ''}"
    if isinstance(value, types.FunctionType):
        return f"function {function_digest(value)}"
    if isinstance(value, types.CodeType):
        return f"code {digest(code_text(value))}"
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, type):
        return f"class {value.__module__}.{value.__qualname__} {class_digest(value)}"
    if isinstance(value, enum.Enum):
        return f"{value_text(type(value))} {value.name}"
    if is_bound_builtin(value):
        return f"method {value.__name__} of {value_text(value.__self__)}"
    if isinstance(value, types.MethodType):
        return f"method {value_text(value.__func__)} of {value_text(value.__self__)}"
    if isinstance(value, functools._lru_cache_wrapper):
        return f"cached {value_text(value.__wrapped__)}"
    if hasattr(type(value), "cache_text"):
        text: str = value.cache_text()
        return text
    return _named_text(value)


def _named_text(value: Any) -> str:
    """Return the name of what is built in, or is found by its name.

    Other objects may bear the name of a function that they call.
    """
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", getattr(value, "__name__", None))
    if not callable(value) or not isinstance(name, str):
        raise Uncacheable(type(value).__name__)
    if not isinstance(value, np.ufunc | types.BuiltinFunctionType):
        found: Any = sys.modules.get(str(module))
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is not value:
            raise Uncacheable(type(value).__name__)
    return f"{type(value).__name__} {module}.{name}"


def key_text(key: Key) -> str:
    """Return the key of arguments as text."""
    return " ".join(map(_key_part, key))


def _key_part(part: Any) -> str:
    if isinstance(part, tuple):
        return f"({', '.join(map(_key_part, part))})"
    if isinstance(part, type) and part.__module__ in ("builtins", "numpy"):
        return f"type {part.__qualname__}"
    return value_text(part)
