"""Dicts whose keys are known only when the program runs.

A dict is a value like a list, of a type that has a key. The cotangent of a dict has
all of its keys, perhaps with some more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen.ir.core import Literal
from gradgen.ir.dims import Dims
from gradgen.ir.types import PY_BOOL, Array, Scalar, Seq, Type, is_floating
from gradgen.primitives.families import zeros_like
from gradgen.primitives.lists import element_of, item_for
from gradgen.primitives.registry import Attrs, Handle, Into, apply
from gradgen.primitives.sequences import declare


def at(xs: Handle, key: Any) -> Handle:
    """Return ``xs[key]``."""
    return apply("map_get", xs, key)


def put(xs: Handle, key: Any, value: Handle) -> Handle:
    """Return the dict after ``xs[key] = value``."""
    return apply("map_set", xs, key, item_for(value, element_of(xs)))


def _zero_at(xs: Handle, key: Handle) -> Handle:
    """Return the zero of an element, which is not read for it if possible."""
    element = element_of(xs)
    if isinstance(element, Scalar):
        return Handle(xs.builder, Literal.zero(element))
    lengths = [xs.builder.dim_atom(dim) for dim in getattr(element, "shape", ())]
    if None in lengths or not isinstance(element, Array):
        return zeros_like(at(xs, key))
    known = [Handle(xs.builder, atom) for atom in lengths if atom is not None]
    return apply("zeros", *known, builder=xs.builder, dtype=element.dtype)


def _first(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return types[0]  # type: ignore[no-any-return]


def _made(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return Seq(attrs["element"], attrs["key"])


def _from_text(types: Sequence[Any], attrs: Attrs) -> str:
    places = range(0, len(types), 2)
    return "{" + ", ".join(f"{{{k}}}: {{{k + 1}}}" for k in places) + "}"


def _from_tangent(
    y: Handle, dots: Sequence[Handle | None], *parts: Handle, element: Type, key: Type
) -> Handle:
    values = [
        item_for(zeros_like(x) if dot is None else dot, element)
        for x, dot in zip(parts[1::2], dots[1::2], strict=True)
    ]
    pairs = [x for pair in zip(parts[::2], values, strict=True) for x in pair]
    return apply("map_from", *pairs, builder=y.builder, element=element, key=key)


declare(
    "map_from",
    _made,
    lambda *parts, element, key: dict(zip(parts[::2], parts[1::2], strict=True)),
    _from_text,
    tangent=_from_tangent,
    adjoint=lambda y_bar, y, *parts, element, key: [
        at(y_bar, parts[k - 1]) if k % 2 and is_floating(x.atom.type) else None
        for k, x in enumerate(parts)
    ],
)
declare(
    "map_get",
    lambda dims, types, attrs: types[0].element,
    lambda xs, key: xs[key],
    "{0}[{1}]",
    shares=(0,),
    adjoint=lambda y_bar, y, xs, key: [
        Into(
            lambda xs_bar: apply(
                "map_add_at", xs_bar, key, item_for(y_bar, element_of(xs_bar))
            )
        )
    ],
)


def _set_adjoint(ys_bar: Handle, key: Handle) -> list[Handle | None]:
    """Return the dict with a zero for an item, and the item, which is read before."""
    item = at(ys_bar, key)
    return [apply("map_set", ys_bar, key, _zero_at(ys_bar, key)), None, item]


declare(
    "map_set",
    _first,
    lambda xs, key, value: {**xs, key: value},
    "{0}[{1}] = {2}",
    moving=(0, 2),
    mutates=True,
    adjoint=lambda ys_bar, ys, xs, key, value: _set_adjoint(ys_bar, key),
)


def _add_at_text(types: Sequence[Any], attrs: Attrs) -> str:
    """Template that leaves an array as it was, which others may hold."""
    if types and isinstance(types[2], Scalar):
        return "{0}[{1}] += {2}"
    return "{0}[{1}] = {0}[{1}] + {2}"


declare(
    "map_add_at",
    _first,
    lambda xs, key, value: {**xs, key: xs[key] + value},
    _add_at_text,
    moving=(0, 2),
    mutates=True,
    adjoint=lambda ys_bar, ys, xs, key, value: [ys_bar, None, at(ys_bar, key)],
)


def _without(xs: dict[Any, Any], key: Any) -> dict[Any, Any]:
    rest = dict(xs)
    del rest[key]
    return rest


declare(
    "map_remove",
    _first,
    lambda xs, key: _without(xs, key),
    "del {0}[{1}]",
    mutates=True,
    adjoint=lambda rest_bar, rest, xs, key: [
        apply("map_set", rest_bar, key, _zero_at(rest_bar, key)),
        None,
    ],
)
declare(
    "map_contains",
    lambda dims, types, attrs: PY_BOOL,
    lambda xs, key: key in xs,
    "{1} in {0}",
)
declare(
    "map_keys",
    lambda dims, types, attrs: Seq(types[0].key),
    list,
    "list({0})",
)
