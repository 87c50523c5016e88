"""Calls of functions of the user's as they are, without their source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradgen.ir.dims import Dims
from gradgen.ir.rules import CALL_OUTSIDE, Arguments, Outside, objects_of
from gradgen.ir.tree import Tree
from gradgen.ir.types import Array, DType, Scalar, Type, tensor
from gradgen.kernels.returns import returned
from gradgen.primitives.registry import Attrs, Primitive, register
from gradgen.primitives.shaping import dims_from
from gradgen.structs import frozen

NUMBERS: dict[str, type] = {"b": bool, "i": int, "f": float, "c": complex}


@frozen
class Kind:
    """The type of a result; ``lengths`` number the operands that hold its shape."""

    dtype: DType
    weak: bool = False
    lengths: tuple[int, ...] = ()


def _types(dims: Dims, types: Sequence[Any], attrs: Attrs) -> list[Type]:
    return [_type(dims, types, kind) for kind in attrs["result"].leaves()]


def _type(dims: Dims, types: Sequence[Any], kind: Kind) -> Type:
    if not kind.lengths:
        return Scalar(kind.dtype, kind.weak)
    return tensor(kind.dtype, dims_from(dims, [types[k] for k in kind.lengths]))


def _evaluate(
    *operands: Any, function: Outside, arguments: Arguments, result: Tree, **_: Any
) -> list[Any]:
    def read(tree: Tree) -> Any:
        filled = tree.map(lambda x: x.value if isinstance(x, Outside) else operands[x])
        return filled.build()

    args = list(map(read, arguments.positional))
    kwargs = {name: read(tree) for name, tree in arguments.keywords}
    value = function.value(*args, **kwargs)
    found = returned(value, function.name, _kind(result, operands))
    return [found] if len(list(result.leaves())) == 1 else list(found)


def _kind(tree: Tree, operands: Sequence[Any]) -> Any:
    """Return what ``returned`` is told of a result."""
    if tree.kind == "leaf":
        lengths = [operands[k] for k in tree.leaf.lengths]
        name = tree.leaf.dtype.name
        if tree.leaf.weak:
            return NUMBERS[tree.leaf.dtype.kind]
        return (name, *lengths) if lengths else name
    if tree.kind == "none":
        return None
    parts = [_kind(child, operands) for child in tree.children]
    return dict(zip(tree.keys, parts, strict=True)) if tree.kind == "dict" else parts


def _kind_text(tree: Tree) -> str:
    if tree.kind == "leaf":
        if tree.leaf.weak:
            return NUMBERS[tree.leaf.dtype.kind].__name__
        lengths = ", ".join(f"{{{k}}}" for k in tree.leaf.lengths)
        name = repr(tree.leaf.dtype.name)
        return f"({name}, {lengths})" if lengths else name
    return _text(tree, _kind_text, as_list=True)


def _text(tree: Tree, inner: Callable[[Tree], str], *, as_list: bool = False) -> str:
    """Return the display of a container."""
    if not tree.children and tree.kind in ("none", "static"):
        return repr(tree.leaf)
    parts = list(map(inner, tree.children))
    if tree.kind == "dict":
        pairs = (f"{k!r}: {p}" for k, p in zip(tree.keys, parts, strict=True))
        return "{" + ", ".join(pairs) + "}"
    if tree.kind == "tuple" and not as_list:
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return f"[{', '.join(parts)}]"


def _template(types: Sequence[Any], attrs: Attrs) -> str:
    """Return ``returned(f(x), 'f', float, x)``; the objects are the last operands."""
    arguments: Arguments = attrs["arguments"]
    places = {x: len(types) + k for k, x in enumerate(objects_of(attrs))}

    held = {k for k in attrs.get("held", ()) if isinstance(types[k], Array)}

    def argument(tree: Tree) -> str:
        if tree.kind != "leaf":
            return _text(tree, argument)
        if tree.leaf in held:
            return f"read_only({{{tree.leaf}}})"
        slot = places[tree.leaf] if isinstance(tree.leaf, Outside) else tree.leaf
        return f"{{{slot}}}"

    given = [argument(tree) for tree in arguments.positional]
    given += [f"{name}={argument(tree)}" for name, tree in arguments.keywords]
    call = f"{{{places[attrs['function']]}}}({', '.join(given)})"
    checked = [f"{{{k}}}" for k in arguments.arrays() if getattr(types[k], "shape", ())]
    name = attrs["function"].name
    rest = ", ".join([repr(name), _kind_text(attrs["result"]), *checked])
    return f"returned({call}, {rest})"


register(
    Primitive(
        name=CALL_OUTSIDE,
        type_rule=_types,
        evaluate=_evaluate,
        template=_template,
        several=True,
    )
)
