"""Abstract values: what the frontend knows of a Python object while compiling.

Run-time numbers and arrays are :class:`~gradgen.primitives.registry.Handle`. Lists,
tuples and dicts are Python's own, holding abstract values. The rest is here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from gradgen.ir.core import Value
from gradgen.ir.tree import NONE, Tree, leaf
from gradgen.primitives.registry import Handle


@dataclass(frozen=True, slots=True)
class Static:
    """An object known while compiling: a constant, a function, a module, a dtype."""

    value: Any


@dataclass(eq=False, slots=True)
class Record:
    """A NamedTuple or dataclass instance, by its fields."""

    cls: type
    fields: dict[str, Any]


@dataclass(eq=False, slots=True)
class Closure:
    """A function defined inside the compiled one, with the scope it sees."""

    node: ast.FunctionDef | ast.Lambda
    scope: Any
    defaults: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Method:
    """A method of an abstract value, not called yet."""

    owner: Any
    name: str


@dataclass(frozen=True, slots=True)
class Root:
    """Where something outside the function is found, and the attributes to follow.

    ``kind`` is ``"global"``, ``"closure"`` or ``"argument"``; ``owner`` is the function
    whose namespace or cells are meant, or the parameter's name.
    """

    kind: str
    owner: Any
    name: str
    attributes: tuple[str, ...] = ()

    def child(self, name: str) -> Root:
        """Return the place of an attribute."""
        return Root(self.kind, self.owner, self.name, (*self.attributes, name))

    @property
    def text(self) -> str:
        """Return the expression that a reader would write."""
        return ".".join((self.name, *self.attributes))


@dataclass(frozen=True, slots=True)
class Foreign:
    """An object of a class of the user's: its attributes are read when it runs."""

    value: Any
    root: Root


@dataclass(frozen=True, slots=True)
class Capture:
    """A number, array or container that the function reads from outside."""

    root: Root
    param: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Something folded into the program: it must still be ``value`` at ``root``."""

    root: Root
    value: Any


def map_leaves(value: Any, function: Callable[[Any], Any]) -> Any:
    """Rebuild a container of abstract values with ``function`` applied to the rest."""
    if isinstance(value, list | tuple):
        return type(value)(map_leaves(v, function) for v in value)
    if isinstance(value, dict):
        return {k: map_leaves(v, function) for k, v in value.items()}
    if isinstance(value, Record):
        fields = {k: map_leaves(v, function) for k, v in value.fields.items()}
        return Record(value.cls, fields)
    return function(value)


def from_tree(tree: Tree, wrap: Callable[[Value], Handle]) -> Any:
    """Return the abstract value that a parameter's tree describes."""
    if tree.kind == "leaf":
        return wrap(tree.leaf)
    if tree.kind in ("static", "none"):
        return Static(tree.leaf)
    parts = [from_tree(child, wrap) for child in tree.children]
    if tree.kind == "record":
        assert tree.cls is not None
        return Record(tree.cls, dict(zip(tree.keys, parts, strict=True)))
    if tree.kind == "dict":
        return dict(zip(tree.keys, parts, strict=True))
    return parts if tree.kind == "list" else tuple(parts)


def to_tree(value: Any, atom_of: Callable[[Any], Any]) -> Tree:
    """Return the tree of an abstract value; ``atom_of`` gives the atom of a leaf."""
    if isinstance(value, Static) and value.value is None:
        return NONE
    if isinstance(value, list | tuple):
        return Tree(type(value).__name__, tuple(to_tree(v, atom_of) for v in value))
    if isinstance(value, dict):
        children = tuple(to_tree(v, atom_of) for v in value.values())
        return Tree("dict", children, tuple(value))
    if isinstance(value, Record):
        children = tuple(to_tree(v, atom_of) for v in value.fields.values())
        return Tree("record", children, tuple(value.fields), value.cls)
    return leaf(atom_of(value))


def handles_in(value: Any) -> Iterable[Handle]:
    """Yield the run-time values inside an abstract value."""
    if isinstance(value, Handle):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from handles_in(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from handles_in(part)
    elif isinstance(value, Record):
        yield from handles_in(list(value.fields.values()))


def to_python(value: Any) -> Any:
    """Unwrap what is known, for a lowering: handles stay, containers are rebuilt."""
    return map_leaves(value, lambda v: v.value if isinstance(v, Static) else v)


def from_python(value: Any) -> Any:
    """Wrap what a lowering returned."""
    if isinstance(value, list | tuple) and any(True for _ in handles_in(value)):
        return type(value)(from_python(v) for v in value)
    if isinstance(value, Handle | Static | Record | Closure | Method | Foreign):
        return value
    return Static(value)


def is_static(value: Any) -> bool:
    """Tell whether nothing inside ``value`` is known only at run time."""
    if isinstance(value, list | tuple):
        return all(map(is_static, value))
    if isinstance(value, dict):
        return all(map(is_static, value.values()))
    if isinstance(value, Record):
        return all(map(is_static, value.fields.values()))
    return isinstance(value, Static)
