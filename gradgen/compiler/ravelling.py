"""``ravel_pytree``, and the way back that it returns, called inside of a function."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.compiler.nested import map_parts, parts_in
from gradgen.errors import Refusal
from gradgen.frontend.attributes import attribute_of
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.values import Foreign, Native, Record, Static
from gradgen.ir.tree import Tree
from gradgen.ir.types import Array, Scalar, is_complex, is_floating
from gradgen.primitives.registry import Handle, require_same_shape
from gradgen.structs import struct

KINDS = "floating arrays and numbers in nested containers"


@struct
class Piece:
    """What a leaf is in the vector: how many numbers, of which shape and dtype."""

    size: Any
    shape: Any
    dtype: Any
    number: bool = False
    weak: bool = False


def ravel_pytree(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return a vector of the leaves of a tree, and what makes such a tree of one."""
    if len(args) != 1 or kwargs:
        raise Refusal("ravel_pytree takes one tree")
    tree = map_parts(args[0], lambda x: _as_float(frame, x))
    leaves = [x for x in parts_in(tree) if x != Static(None)]
    if len({_is_complex(x) for x in leaves}) > 1:
        raise Refusal("real and complex numbers in one vector", ".real and .imag")
    vector = _joined(frame, [_numbers(frame, x) for x in leaves])

    def unravel(frame: Frame, given: list[Any], kwargs: dict[str, Any]) -> Any:
        if len(given) != 1 or kwargs:
            raise Refusal("unravel takes one vector")
        _check(given[0], vector)
        pieces = [_piece(frame, x) for x in leaves]
        supply = iter(_taken(frame, given[0], pieces))
        return map_parts(tree, lambda x: x if x == Static(None) else next(supply))

    return vector, Native(unravel)


def unravel(
    frame: Frame, callee: Foreign, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    """Return a tree, by what ``ravel_pytree`` returned outside of the function."""
    if len(args) != 1 or kwargs:
        raise Refusal("unravel takes one vector")
    frame.context.guard(callee.root, callee.value)
    tree, size = callee.value.tree, callee.value.size
    _check(args[0], call(frame, Static(np.zeros), [Static(size)], {}))
    if callee.value.dtype.kind != "c" and is_complex(args[0].type):
        raise Refusal("a complex vector for a tree of real numbers", ".real")
    pieces = [
        Piece(Static(x.size), tuple(map(Static, x.shape)), x.dtype, x.number, x.weak)
        for x in tree.leaves()
    ]
    return _built(tree, iter(_taken(frame, args[0], pieces)))


def _built(tree: Tree, leaves: Any) -> Any:
    """Return a container of abstract values."""
    if tree.kind == "leaf":
        return next(leaves)
    if tree.kind == "none":
        return Static(None)
    parts = [_built(child, leaves) for child in tree.children]
    if tree.cls is not None:
        return Record(tree.cls, dict(zip(tree.keys, parts, strict=True)))
    if tree.kind == "dict":
        return dict(zip(tree.keys, parts, strict=True))
    return parts if tree.kind == "list" else tuple(parts)


def _as_float(frame: Frame, x: Any) -> Any:
    """Return a leaf that can be in a vector: an int counts as a float."""
    if x == Static(None):
        return x
    if isinstance(x, Static) and type(x.value) is int:
        return Static(float(x.value))
    if isinstance(x, Static) and isinstance(x.value, float | complex):
        return x
    if isinstance(x, Handle):
        type_ = x.atom.type
        if is_floating(type_) and isinstance(type_, Array | Scalar):
            return x
        if isinstance(type_, Scalar) and type_.weak and type_.dtype.kind == "i":
            return call(frame, Static(float), [x], {})
    raise Refusal("ravel_pytree of what is no floating array or number", KINDS)


def _is_complex(x: Any) -> bool:
    return isinstance(x.value, complex) if isinstance(x, Static) else is_complex(x.type)


def _numbers(frame: Frame, x: Any) -> Any:
    if isinstance(x, Handle) and x.rank:
        return call(frame, attribute_of(frame, x, "flatten"), [], {})
    return call(frame, Static(np.array), [[x]], {})


def _joined(frame: Frame, numbers: list[Any]) -> Any:
    if not numbers:
        return call(frame, Static(np.zeros), [Static(0)], {})
    if len(numbers) == 1:
        return numbers[0]
    return call(frame, Static(np.concatenate), [numbers], {})


def _piece(frame: Frame, x: Any) -> Piece:
    if not isinstance(x, Handle):
        return Piece(Static(1), (), np.dtype(type(x.value)), True, True)
    if not x.rank:
        return Piece(Static(1), (), x.dtype, True, x.type.weak)
    size, shape = (attribute_of(frame, x, name) for name in ("size", "shape"))
    return Piece(size, shape, x.dtype)


def _check(given: Any, like: Any) -> None:
    """Refuse what is no floating vector; have its length checked."""
    if not isinstance(given, Handle) or not is_floating(given.atom.type):
        raise Refusal("unravel takes a floating vector")
    if not require_same_shape(given, like):
        raise Refusal("unravel takes a vector as long as that of ravel_pytree")


def _taken(frame: Frame, vector: Any, pieces: Sequence[Piece]) -> list[Any]:
    """Return the leaves, in arrays of their own."""
    found, at = [], Static(0)
    for k, piece in enumerate(pieces):
        end = (
            call(frame, Static(operator.add), [at, piece.size], {}) if k else piece.size
        )
        found.append(_leaf(frame, vector, at, end, piece, len(pieces) == 1))
        at = end
    return found


def _leaf(
    frame: Frame, vector: Any, at: Any, end: Any, piece: Piece, whole: bool
) -> Any:
    if piece.number:
        x = call(frame, Static(operator.getitem), [vector, at], {})
        kind = type(piece.dtype.type(0).item()) if piece.weak else piece.dtype.type
        return call(frame, Static(kind), [x], {})
    x = vector
    if not whole:
        part = call(frame, Static(slice), [at, end], {})
        x = call(frame, Static(operator.getitem), [x, part], {})
    x = call(frame, Static(np.reshape), [x, piece.shape], {})
    astype = attribute_of(frame, x, "astype")
    return call(frame, astype, [Static(piece.dtype)], {})
