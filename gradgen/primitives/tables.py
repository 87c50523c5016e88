"""Tables of what primitive modules declare; a module is imported when it is needed.

There are many primitives, and a program uses few of them. Which module declares what
is known beforehand from :mod:`gradgen.primitives.catalog`, by name.
"""

from __future__ import annotations

import functools
import importlib
import sys
import types
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from typing import Any, TypeVar

import numpy as np

from gradgen.primitives.catalog import CATALOG

V = TypeVar("V")


class Table(dict[Any, V]):
    """Declarations by name, or by the function that they are about.

    What is not there when it is asked for is looked up in the catalog, and the module
    imported that declares it. Whoever goes through a table gets all that there is.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def holds(self, key: Any) -> bool:
        """Tell whether ``key`` has been declared by a module imported so far."""
        return dict.__contains__(self, key)

    def __missing__(self, key: Any) -> V:
        if not self._import_for(key):
            raise KeyError(key)
        return dict.__getitem__(self, key)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or self._import_for(key)

    def get(self, key: Any, default: Any = None) -> V | Any:
        """Return the declaration for ``key``, or ``default`` if there is none."""
        return dict.__getitem__(self, key) if key in self else default

    def __iter__(self) -> Iterator[Any]:
        import_all()
        return dict.__iter__(self)

    def __len__(self) -> int:
        import_all()
        return dict.__len__(self)

    def keys(self) -> KeysView[Any]:  # type: ignore[override]
        """Return what is declared anywhere."""
        import_all()
        return dict.keys(self)

    def values(self) -> ValuesView[V]:  # type: ignore[override]
        """Return all declarations."""
        import_all()
        return dict.values(self)

    def items(self) -> ItemsView[Any, V]:  # type: ignore[override]
        """Return what is declared anywhere, with its declaration."""
        import_all()
        return dict.items(self)

    def _import_for(self, key: Any) -> bool:
        name = key if isinstance(key, str) else short_name(key)
        for place, module in _places(self.kind).get(name, ()):
            if isinstance(key, str) or stands_at(place, key):
                importlib.import_module(f"gradgen.primitives.{module}")
        return dict.__contains__(self, key)


def import_all() -> None:
    """Import every module of primitives whose own library is installed."""
    for module in CATALOG:
        try:
            importlib.import_module(f"gradgen.primitives.{module}")
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == "gradgen":
                raise


@functools.cache
def _places(kind: str) -> dict[str, list[tuple[str, str]]]:
    """Return by short name where a function stands, and the module that declares it."""
    places: dict[str, list[tuple[str, str]]] = {}
    for module, declared in CATALOG.items():
        home = ""
        for word in declared.get(kind, "").split():
            if word.endswith(":"):
                home = word
            else:
                places.setdefault(word, []).append((home + word, module))
    return places


def short_name(function: Any) -> str:
    """Return the name of a function as the catalog has it after the colon.

    An object is not asked for it if its class has a say in what its attributes are. A
    distribution of SciPy has the name of its class, which is ``norm_gen``, a method of
    a class that is compiled has it before its own.

    >>> short_name(np.linalg.norm), short_name(np.add.at)
    ('norm', 'add.at')
    >>> short_name(np.random.Generator.normal)
    'Generator.normal'
    """
    if hasattr(type(function), "__getattr__"):
        return ""
    if type(function).__name__ == "cython_function_or_method":
        return str(function.__qualname__)
    name = getattr(function, "__name__", None)
    owner = getattr(function, "__self__", None)
    if isinstance(function, types.MethodType):
        return f"{type(owner).__name__.removesuffix('_gen')}.{name}"
    return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else str(name)


def stands_at(place: str, function: Any) -> bool:
    """Tell whether ``function`` is what is found at a place such as ``"numpy:exp"``.

    Another function of the same name is not. Nothing is imported to find out: whoever
    holds a function of a module has imported it.
    """
    module, _, path = place.partition(":")
    first, *rest = path.split(".")
    found = vars(sys.modules[module]).get(first) if module in sys.modules else None
    for part in rest:
        found = getattr(found, part, None)
    return type(found) is type(function) and bool(found == function)


Callables = Table[Callable[..., Any]]
