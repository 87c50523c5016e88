"""Trees: the nesting of dict, list, tuple, NamedTuple and dataclass round leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradgen.structs import frozen, replace


@frozen
class Tree:
    """A leaf, or a container of trees.

    ``kind`` is ``leaf``, ``none``, ``static``, ``tuple``, ``list``, ``dict`` or
    ``record`` (NamedTuple or dataclass; ``cls`` says which). ``keys`` holds the keys
    of a dict or the field names of a record, ``leaf`` a leaf or a static value.
    """

    kind: str
    children: tuple[Tree, ...] = ()
    keys: tuple[Any, ...] = ()
    cls: type | None = None
    leaf: Any = None

    def leaves(self) -> Iterator[Any]:
        """Yield the leaves from left to right."""
        if self.kind == "leaf":
            yield self.leaf
        for child in self.children:
            yield from child.leaves()

    def map(self, function: Callable[[Any], Any]) -> Tree:
        """Return the tree with ``function`` applied to every leaf."""
        if self.kind == "leaf":
            return replace(self, leaf=function(self.leaf))
        if not self.children:
            return self
        children = tuple(child.map(function) for child in self.children)
        return replace(self, children=children)

    def fill(self, leaves: Sequence[Any]) -> Tree:
        """Return the tree with its leaves replaced in order."""
        supply = iter(leaves)
        return self.map(lambda _: next(supply))

    def paths(self, prefix: str = "") -> Iterator[str]:
        """Yield for every leaf the expression that reaches it from ``prefix``."""
        if self.kind == "leaf":
            yield prefix
        for key, child in zip(self.steps(), self.children, strict=True):
            yield from child.paths(prefix + key)

    def steps(self) -> tuple[str, ...]:
        """Return the text that selects each child: ``[0]``, ``['w']``, ``.w``."""
        if self.kind == "record":
            return tuple(f".{key}" for key in self.keys)
        if self.kind == "dict":
            return tuple(f"[{key!r}]" for key in self.keys)
        return tuple(f"[{index}]" for index in range(len(self.children)))

    def build(self) -> Any:
        """Return the Python object that the tree describes, leaves as they are."""
        if self.kind == "leaf" or self.kind == "static":
            return self.leaf
        if self.kind == "none":
            return None
        parts = [child.build() for child in self.children]
        if self.kind == "dict":
            return dict(zip(self.keys, parts, strict=True))
        if self.kind == "record":
            assert self.cls is not None
            return self.cls(**dict(zip(self.keys, parts, strict=True)))
        return parts if self.kind == "list" else tuple(parts)


NONE = Tree("none")


def leaf(value: Any) -> Tree:
    """Return the tree of a single leaf."""
    return Tree("leaf", leaf=value)


def record_fields(value: Any) -> tuple[str, ...] | None:
    """Return the field names of a NamedTuple or dataclass instance, else None.

    An instance with attributes besides its fields is an object, not a record: they
    may stand before what its class defines.
    """
    cls = type(value)
    if isinstance(value, tuple) and hasattr(cls, "_fields"):
        return None if getattr(value, "__dict__", None) else tuple(cls._fields)
    if dataclasses.is_dataclass(cls):
        fields = dataclasses.fields(cls)
        if len(getattr(value, "__dict__", ())) > len(fields):
            return None
        return tuple(f.name for f in fields if f.init)
    return None


def tree_of(value: Any) -> Tree:
    """Return the tree of a Python object; whatever is no container is a leaf.

    Examples
    --------
    >>> list(tree_of({"w": [1.0, 2.0], "b": None}).paths("p"))
    ["p['w'][0]", "p['w'][1]"]
    """
    if value is None:
        return NONE
    fields = record_fields(value)
    if fields is not None:
        children = tuple(tree_of(getattr(value, name)) for name in fields)
        return Tree("record", children, fields, type(value))
    if type(value) is dict:
        return Tree("dict", tuple(map(tree_of, value.values())), tuple(value))
    if type(value) in (list, tuple):
        return Tree(type(value).__name__, tuple(map(tree_of, value)))
    return leaf(value)
