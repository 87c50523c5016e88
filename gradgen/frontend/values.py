"""Abstract values: what the frontend knows of a Python object while compiling.

Run-time numbers and arrays are :class:`~gradgen.primitives.registry.Handle`. Lists,
tuples and dicts are Python's own, holding abstract values, so that two names of one
list share it here as they do when the function runs. The rest is here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, fresh
from gradgen.frontend.lists import RunList
from gradgen.ir.core import Literal, Value
from gradgen.ir.tree import Tree, record_fields
from gradgen.primitives.registry import Handle
from gradgen.structs import field, frozen, struct


@frozen
class Static:
    """An object known while compiling: a constant, a function, a module, a dtype."""

    value: Any


@struct
class Record:
    """A NamedTuple or dataclass instance, by its fields."""

    cls: type
    fields: dict[str, Any]

    @property
    def is_tuple(self) -> bool:
        """Tell whether the class is a NamedTuple, which is a tuple as well."""
        return issubclass(self.cls, tuple)

    @property
    def is_frozen(self) -> bool:
        """Tell whether nobody can change a field."""
        params = getattr(self.cls, "__dataclass_params__", None)
        return self.is_tuple or bool(getattr(params, "frozen", False))


class Law:
    """The class of what a distribution of ``scipy.stats`` makes of parameters."""


@struct
class Closure:
    """A function defined inside the compiled one, with the frame that it sees."""

    node: ast.FunctionDef | ast.Lambda
    frame: Any
    defaults: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name of the function."""
        return self.node.name if isinstance(self.node, ast.FunctionDef) else "<lambda>"


@struct
class Method:
    """A method of an abstract value, not called yet."""

    owner: Any
    name: str


@struct
class Partial:
    """A ``functools.partial`` made inside the function."""

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@struct
class Native:
    """A callable of the frontend's own: ``call(frame, args, kwargs)``."""

    call: Callable[..., Any]


@struct
class Stream:
    """An iterator. As in Python, what has been taken from it is gone.

    ``holds`` are the objects it reads from, ``taken`` counts what was taken.
    """

    source: Iterator[Any]
    holds: tuple[Any, ...] = ()
    taken: int = 0

    def put_back(self, taken: int) -> None:
        """Return to where ``taken`` items were taken, which no iterator can."""
        if self.taken != taken:
            self.source = _advanced()
            self.taken = taken

    @property
    def items(self) -> Iterator[Any]:
        """Return what is left, counting what is taken of it."""
        for item in self.source:
            self.taken += 1
            yield item


def _advanced() -> Iterator[Any]:
    reason = "an iterator is advanced on some paths, or in some turns of a loop, only"
    raise Refusal(reason, "a list, and an index into it")
    yield


@struct
class Walk:
    """Something whose length is known only at run time, to be iterated over.

    Its index runs over ``range(*bounds)``, and ``at(index)`` gives the item.
    """

    bounds: tuple[Handle, Handle, Handle]
    at: Callable[[Handle], Any]
    holds: tuple[Any, ...] = ()


@struct
class Flat(Walk):
    """What ``x.flat`` is: a walk over the elements of ``owner``, which a vector has."""

    owner: Any = None
    vector: Any = None
    spent: bool = False


@struct
class Rows(Walk):
    """A tuple of views, as ``np.unstack`` makes it: the rows of ``owner``."""

    owner: Any = None


@struct
class Nest(Stream):
    """The indices of a shape, with the elements of ``array`` if one is given."""

    lengths: tuple[Any, ...] = ()
    array: Any = None


@struct
class Maybe:
    """What a name holds that is bound on some paths only, and whether it is bound.

    ``none`` says that it is None on the others.
    """

    value: Any
    flag: Any
    none: bool = False


@frozen
class Conflict:
    """What a name holds after paths on which it is bound to things of unlike kinds.

    ``after`` is what it holds after a turn of ``loop``.
    """

    reason: str
    hint: str = ""
    after: Any = None
    loop: Any = None


@struct
class View:
    """The keys, values or items of a dict."""

    owner: dict[Any, Any]
    kind: str


@struct
class KnownSet:
    """A set whose members are known while compiling, as an object that changes."""

    members: set[Any]


@struct
class Message:
    """A string made at run time: text, and values with conversion and format."""

    parts: tuple[str | tuple[Any, str, str], ...]


@frozen
class Root:
    """Where something outside the function is found, and the attributes to follow.

    ``kind`` is ``"global"`` or ``"closure"``, with the function that sees the name as
    ``owner``; ``"argument"``; ``"default"``, of a parameter of the function ``owner``;
    or ``"object"`` for an attribute of the module or class ``owner``. An attribute may
    be a key in brackets, such as ``[0]``.
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
        steps = (a if a.startswith("[") else "." + a for a in self.attributes)
        return self.name + "".join(steps)


@frozen
class Foreign:
    """An object of a class of the user's: its attributes are read when it runs."""

    value: Any
    root: Root


@frozen
class Capture:
    """A number, array or container that the function reads from outside."""

    root: Root
    param: str


@frozen
class Guard:
    """Something folded into the program: it must still be ``value`` at ``root``."""

    root: Root
    value: Any


NOTHING = Static(None)


def map_leaves(value: Any, function: Callable[[Any], Any]) -> Any:
    """Rebuild a container of abstract values with ``function`` applied to the rest.

    A NamedTuple, such as a lowering may return, becomes a record.
    """
    if type(value) in (list, tuple):
        return type(value)(map_leaves(v, function) for v in value)
    if isinstance(value, dict):
        return {k: map_leaves(v, function) for k, v in value.items()}
    if isinstance(value, tuple):
        fields = zip(value._fields, value, strict=True)  # type: ignore[attr-defined]
        return Record(type(value), {k: map_leaves(v, function) for k, v in fields})
    return function(value)


def from_tree(
    tree: Tree,
    wrap: Callable[[Any], Any],
    known: Callable[[Any, Root], Any],
    root: Root,
) -> Any:
    """Return the abstract value that the tree of what stands at ``root`` describes.

    ``wrap`` makes the values of leaves, ``known(value, root)`` those of static parts.
    """
    if tree.kind == "leaf":
        return wrap(tree.leaf)
    if tree.kind in ("static", "none"):
        return known(tree.leaf, root)
    parts = [
        from_tree(child, wrap, known, root.child(step.removeprefix(".")))
        for step, child in zip(tree.steps(), tree.children, strict=True)
    ]
    if tree.kind == "record":
        assert tree.cls is not None
        return Record(tree.cls, dict(zip(tree.keys, parts, strict=True)))
    if tree.kind == "dict":
        return dict(zip(tree.keys, parts, strict=True))
    return parts if tree.kind == "list" else tuple(parts)


def children_of(value: Any) -> list[Any]:
    """Return the abstract values that an abstract value refers to directly."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, Record):
        return list(value.fields.values())
    if isinstance(value, Stream | Walk):
        return list(value.holds)
    if isinstance(value, Method | View):
        return [value.owner]
    if isinstance(value, Partial):
        return [value.function, *value.args, *value.kwargs.values()]
    if isinstance(value, Closure):
        return [value.frame, *value.defaults.values()]
    if isinstance(value, Message):
        return [part[0] for part in value.parts if isinstance(part, tuple)]
    return []


def has_handles(value: Any) -> bool:
    """Tell whether a container holds anything known only at run time."""
    if isinstance(value, Handle | Message | RunList):
        return True
    if isinstance(value, list | tuple | dict | Record):
        return any(map(has_handles, children_of(value)))
    return False


def is_static(value: Any) -> bool:
    """Tell whether everything inside ``value`` is known now."""
    if isinstance(value, list | tuple | dict):
        return all(map(is_static, children_of(value)))
    return isinstance(value, Static)


def to_python(value: Any) -> Any:
    """Unwrap what is known, for a lowering: handles stay, containers are rebuilt."""
    return map_leaves(value, _plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Handle):
        return value
    if isinstance(value, RunList):
        return value.as_array()
    if isinstance(value, Static):
        return value.value
    if isinstance(value, Record) and value.is_tuple:
        return tuple(map(to_python, value.fields.values()))
    raise Refusal(
        f"{describe(value)} cannot be used here",
        "the number or array that it stands for",
    )


def from_python(value: Any) -> Any:
    """Wrap a Python object that is known, or what a lowering returned."""
    if isinstance(value, ArrayObject):
        return value
    if isinstance(value, Handle):
        literal = isinstance(value.atom, Literal)
        return Static(value.atom.value) if literal else fresh(value)  # type: ignore[union-attr]
    if type(value) in (list, tuple):
        return type(value)(from_python(v) for v in value)
    if type(value) is dict:
        return {k: from_python(v) for k, v in value.items()}
    if record_fields(value) is not None and not isinstance(value, type):
        names = record_fields(value) or ()
        fields = {name: from_python(getattr(value, name)) for name in names}
        return Record(type(value), fields)
    if isinstance(value, np.ndarray):
        raise Refusal(
            "an array made while compiling cannot be used here",
            "make it outside, and pass it in",
        )
    return Static(value)


KINDS: dict[type, str] = {
    Closure: "a function",
    Native: "a function",
    Partial: "a function",
    Method: "a method",
    Stream: "an iterator",
    RunList: "a list whose length is known only at run time",
    Walk: "an iterable whose length is known at run time",
    Maybe: "a value that is None on some paths",
    Conflict: "something that differs between the paths that lead here",
    View: "a view of a dict",
    KnownSet: "a set",
    Flat: "the 'flat' of an array",
    Nest: "an iterator over indices",
    Message: "a string made at run time",
}


def describe(value: Any) -> str:
    """Return what a value is, for messages."""
    if type(value) in KINDS:
        return KINDS[type(value)]
    if isinstance(value, Handle):
        is_atom = isinstance(value.atom, Value) and value.atom.hint
        return f"'{value.atom.hint}'" if is_atom else "a run-time value"  # type: ignore[union-attr]
    if isinstance(value, Foreign) and isinstance(value.value, set):
        return "a set from outside, which may change"
    if isinstance(value, Foreign):
        return f"an object of class {type(value.value).__name__}"
    if isinstance(value, Record):
        return f"an object of class {value.cls.__name__}"
    known = value.value if isinstance(value, Static) else value
    if known is None:
        return "None"
    if isinstance(known, type):
        return f"the class {known.__name__}"
    if callable(known):
        return f"the function '{getattr(known, '__name__', known)}'"
    kind = type(known).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
