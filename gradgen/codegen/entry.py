"""The function of a shipped module that users call: hints, checks, and one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gradgen.codegen.comments import docstring
from gradgen.codegen.layout import INDENT, WIDTH
from gradgen.errors import ArgumentError
from gradgen.ir.core import Function
from gradgen.ir.naming import unused
from gradgen.ir.tree import Tree
from gradgen.ir.types import Array, Random, Scalar, Sym
from gradgen.structs import frozen, replace

NUMBERS = {"f": "float", "i": "int", "c": "complex", "b": "bool"}
LITERALS = (bool, int, str, type(None))
"""Types of folded arguments that can be compared with what is written in a module."""


@frozen
class Argument:
    """An argument of the generated function.

    ``reader`` is the expression that it is read with where it is not a parameter of
    the public one; it is ``fixed`` if that is a constant. ``kind`` is ``"/"`` or
    ``"*"`` if it is given by position or by name only, ``default`` the text of its
    default. The lengths of a ``cotangent`` are those of the result.
    """

    name: str
    tree: Tree
    reader: str = ""
    kind: str = ""
    default: str = ""
    cotangent: bool = False
    fixed: bool = False


@frozen
class Entry:
    """The public function: what it is called, what it calls, and what it takes.

    ``pins`` are expressions of which the value must be what it was, with that value.
    """

    name: str
    callee: str
    function: Function
    arguments: tuple[Argument, ...]
    written: tuple[tuple[int, int], ...]
    classes: Mapping[type, str]
    pins: tuple[tuple[str, str], ...] = ()

    @property
    def public(self) -> list[Argument]:
        """Return the arguments that a user gives."""
        return [x for x in self.arguments if not x.reader]


def entry_source(entry: Entry, checks: bool) -> str:
    """Return the source of the public function.

    Raises
    ------
    ArgumentError
        For arguments that cannot be checked, whether or not they are.
    """
    taken = {x.name for x in entry.public}
    locals_ = {name: unused(name, taken, "_") for name in ("lengths", "result")}
    lines = _head(entry)
    checked = _checks(entry, locals_["lengths"])
    lines += checked if checks else []
    given = [_converted(x) if checks else x.reader or x.name for x in entry.arguments]
    call = f"{entry.callee}({', '.join(given)})"
    if len(call) + 11 > WIDTH:
        inner = "".join(f"\n{INDENT * 2}{x}," for x in given)
        call = f"{entry.callee}({inner}\n{INDENT})"
    after = list(_shape_checks(entry, locals_["result"])) if checks else []
    if not after:
        return "\n".join([*lines, f"{INDENT}return {call}"])
    lines += [f"{INDENT}{locals_['result']} = {call}", *after]
    return "\n".join([*lines, f"{INDENT}return {locals_['result']}"])


def _defaults(entry: Entry) -> list[str]:
    """Return the text behind each parameter: a default where no other one must follow.

    What is given by name only may have one anywhere.
    """
    texts, allowed = [], True
    for x in reversed(entry.public):
        allowed = allowed and bool(x.default or x.kind == "*")
        texts.append(f" = {x.default}" if allowed and x.default else "")
    return texts[::-1]


def _param_hint(x: Argument, classes: Mapping[type, str]) -> str:
    type_ = x.tree.leaf.type if x.tree.kind == "leaf" else None
    if x.cotangent and isinstance(type_, Scalar):
        return NUMBERS[type_.dtype.kind]
    return hint(x.tree, classes)


def _head(entry: Entry) -> list[str]:
    params, kind = [], ""
    for x, default in zip(entry.public, _defaults(entry), strict=True):
        if kind == "/" != x.kind:
            params.append("/")
        if x.kind == "*" != kind:
            params.append("*")
        kind = x.kind
        params.append(f"{x.name}: {_param_hint(x, entry.classes)}{default}")
    if kind == "/":
        params.append("/")
    result = hint(entry.function.result, entry.classes)
    line = f"def {entry.name}({', '.join(params)}) -> {result}:"
    lines = [line]
    if len(line) > WIDTH:
        inner = (f"{INDENT}{param}," for param in params)
        lines = [f"def {entry.name}(", *inner, f") -> {result}:"]
    function = entry.function
    shown = [
        p for p, x in zip(function.params, entry.arguments, strict=True) if not x.reader
    ]
    public = replace(function, params=tuple(shown))
    return [*lines, *docstring(public, [x.name for x in entry.public])]


def hint(tree: Tree, classes: Mapping[type, str]) -> str:
    """Return the type hint of a parameter or result."""
    if tree.kind == "leaf":
        return _leaf_hint(tree.leaf.type)
    if tree.kind in ("static", "none"):
        return "None" if tree.leaf is None else type(tree.leaf).__name__
    if tree.kind == "record":
        return classes.get(tree.cls, "Any") if tree.cls is not None else "Any"
    parts = [hint(child, classes) for child in tree.children]
    if tree.kind == "tuple":
        return f"tuple[{', '.join(parts) or '()'}]"
    common = parts[0] if len(set(parts)) == 1 else "Any"
    if tree.kind == "list":
        return f"list[{common}]"
    keys = {type(key).__name__ for key in tree.keys}
    return f"dict[{keys.pop() if len(keys) == 1 else 'Any'}, {common}]"


def _leaf_hint(type_: Any) -> str:
    if isinstance(type_, Array):
        return f"NDArray[{_dtype_hint(type_)}]"
    if isinstance(type_, Scalar):
        plain = type_.weak or type_.dtype.name in ("float64", "int64", "complex128")
        return NUMBERS[type_.dtype.kind] if plain else _dtype_hint(type_)
    return "np.random.Generator" if isinstance(type_, Random) else "Any"


def _dtype_hint(type_: Array | Scalar) -> str:
    return "np.bool_" if type_.dtype.kind == "b" else f"np.{type_.dtype.name}"


def _checks(entry: Entry, lengths: str) -> list[str]:
    """Return the statements that refuse what the function is not written for."""
    lines = [
        INDENT + line
        for x in entry.arguments
        if not x.fixed
        for line in _check(x.tree, x.reader or x.name, x, entry.classes, lengths)
    ]
    if any(f", {lengths})" in line for line in lines):
        lines.insert(0, f"{INDENT}{lengths}: dict[str, int] = {{}}")
    pins = (f"check_value({x}, {x!r}, {value})" for x, value in entry.pins)
    return lines + [INDENT + line for line in (*pins, *_apart(entry))]


def _check(
    tree: Tree, path: str, x: Argument, classes: Mapping[type, str], lengths: str
) -> Iterator[str]:
    if tree.kind == "leaf":
        yield from _leaf_check(tree.leaf.type, path, x, lengths)
    elif tree.kind in ("static", "none"):
        if type(tree.leaf) not in LITERALS:
            raise ArgumentError(
                f"{path} is folded into the code: a module cannot tell it from others; "
                "emit a function of your own that uses it, without this parameter"
            )
        yield f"check_value({path}, {path!r}, {tree.leaf!r})"
    else:
        kind, keys = tree.kind, repr(len(tree.children))
        if tree.kind == "record" and tree.cls is not None:
            cls = classes[tree.cls]
            yield f"check_record({path}, {path!r}, {cls}, {len(tree.keys)})"
        elif tree.kind == "dict":
            keys = repr(tree.keys)
        if tree.kind != "record":
            yield f"check_members({path}, {path!r}, {kind}, {keys})"
        for child, step in zip(tree.children, tree.steps(), strict=True):
            yield from _check(child, path + step, x, classes, lengths)


def _leaf_check(type_: Any, path: str, x: Argument, lengths: str) -> Iterator[str]:
    if isinstance(type_, Array):
        shape = tuple(None if x.cotangent else _length(dim) for dim in type_.shape)
        name = type_.dtype.name
        yield f"check_array({path}, {path!r}, {name!r}, {shape!r}, {lengths})"
    elif isinstance(type_, Scalar):
        if not type_.weak:
            if not x.cotangent:
                yield f"check_class({path}, {path!r}, {_dtype_hint(type_)})"
        elif path != x.name:
            yield f"check_class({path}, {path!r}, {NUMBERS[type_.dtype.kind]})"
    elif isinstance(type_, Random):
        yield f"check_class({path}, {path!r}, np.random.Generator)"
    else:
        raise ArgumentError(
            f"{path} is a {type_}, of which a module cannot check the type; emit a "
            "function of arrays and numbers that makes it"
        )


def _length(dim: Any) -> Any:
    if isinstance(dim, int):
        return dim
    return dim.name if isinstance(dim, Sym) and not dim.offset else None


def _converted(x: Argument) -> str:
    """Return the expression of an argument; a number becomes one of Python's."""
    type_ = x.tree.leaf.type if x.tree.kind == "leaf" else None
    if x.reader or not isinstance(type_, Scalar):
        return x.reader or x.name
    if type_.weak:
        return f"number_of({x.name}, {x.name!r}, {NUMBERS[type_.dtype.kind]})"
    if x.cotangent:
        kind = NUMBERS[type_.dtype.kind]
        return f"{_dtype_hint(type_)}(number_of({x.name}, {x.name!r}, {kind}))"
    return x.name


def _arrays(x: Argument) -> list[tuple[int, str]]:
    """Return the number of each leaf that is an array, and its path."""
    paths = list(_all_paths(x.tree, x.reader or x.name))
    return [
        (k, path)
        for k, (path, leaf) in enumerate(paths)
        if leaf is not None and isinstance(leaf.type, Array)
    ]


def _all_paths(tree: Tree, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the path of every leaf, those that are no numbers included."""
    if tree.kind in ("leaf", "static"):
        yield path, tree.leaf if tree.kind == "leaf" else None
    for child, step in zip(tree.children, tree.steps(), strict=True):
        yield from _all_paths(child, path + step)


def _apart(entry: Entry) -> Iterator[str]:
    """Yield the checks that what is written to shares no memory."""
    primal = [x for x in entry.arguments if not x.cotangent]
    arrays = {(i, k): p for i, x in enumerate(primal) for k, p in _arrays(x)}
    for place in entry.written:
        if place in arrays:
            path = arrays[place]
            others = [p for other, p in arrays.items() if other != place]
            texts = ", ".join(f"{p!r}: {p}" for p in others)
            yield f"check_apart({path}, {path!r}, {{{texts}}})"


def _shape_checks(entry: Entry, result: str) -> Iterator[str]:
    """Yield the checks that cotangents have the shape of the value."""
    for x in entry.arguments:
        if x.cotangent:
            for path, leaf in _all_paths(x.tree, x.name):
                if leaf is None or not isinstance(leaf.type, Array | Scalar):
                    continue
                value = f"{result}[0]{path.removeprefix(x.name)}"
                yield f"{INDENT}check_shape({path}, {path!r}, {value})"
