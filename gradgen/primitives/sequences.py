"""Primitives over lists whose length is known only when the program runs.

What changes a list returns a new one, and ``bufferize`` sees to it that the old one is
changed where nobody else reads it. The cotangent of a list is a list as long, element
by element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen import kernels
from gradgen.ir.dims import Dims
from gradgen.ir.types import (
    PY_INT,
    Array,
    Scalar,
    Seq,
    Type,
    is_floating,
)
from gradgen.primitives.families import zeros_like
from gradgen.primitives.indexing import Index, build_index, index_text
from gradgen.primitives.lists import (
    element_of,
    get,
    item_for,
    length,
    part,
    zero_item,
)
from gradgen.primitives.registry import (
    AdjointRule,
    Attrs,
    Handle,
    Into,
    Primitive,
    TangentRule,
    TypeRule,
    apply,
    register,
)

Template = str | Callable[[Sequence[Any], Attrs], str]


def _moving(xs: Handle, dot: Handle | None) -> Handle:
    return zeros_like(xs) if dot is None else dot


def _linear_tangent(
    name: str,
    moving: tuple[int, ...],
    y: Handle,
    dots: Sequence[Handle | None],
    *operands: Handle,
    **attrs: Any,
) -> Handle:
    """Apply a primitive to the tangents of what moves, or to zeros."""
    slots = moving or tuple(range(len(operands)))
    given = list(operands)
    for slot in slots:
        given[slot] = _moving(operands[slot], dots[slot])
        if slot and isinstance(given[0].atom.type, Seq):
            given[slot] = _fitted(given[slot], given[0])
    return apply(name, *given, builder=y.builder, **attrs)


def _fitted(x: Handle, xs: Handle) -> Handle:
    return x if isinstance(x.atom.type, Seq) else item_for(x, element_of(xs))


def declare(
    name: str,
    type_rule: TypeRule,
    evaluate: Callable[..., Any],
    template: Template,
    *,
    adjoint: AdjointRule | None = None,
    moving: tuple[int, ...] = (0,),
    tangent: TangentRule | None = None,
    mutates: bool = False,
    shares: tuple[int, ...] = (),
) -> Primitive:
    """Declare a primitive that is linear in the operands ``moving``; () means all."""
    linear = bind(_linear_tangent, name, moving) if adjoint is not None else None
    return register(
        Primitive(
            name=name,
            type_rule=type_rule,
            evaluate=evaluate,
            template=template,
            tangent=tangent or linear,
            adjoint=adjoint,
            mutates=mutates,
            shares=shares,
            takes_complex=True,
        )
    )


def _first(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return types[0]  # type: ignore[no-any-return]


def _element(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return types[0].element  # type: ignore[no-any-return]


def _copied(change: Callable[..., None], xs: list[Any], *rest: Any, **kw: Any) -> Any:
    result = list(xs)
    change(result, *rest, **kw)
    return result


declare(
    "seq_empty",
    lambda dims, types, attrs: Seq(attrs["element"]),
    lambda element: [],
    "[]",
)
declare(
    "seq_from",
    lambda dims, types, attrs: Seq(attrs["element"]),
    lambda *values, element: list(values),
    lambda types, attrs: f"[{', '.join(f'{{{k}}}' for k in range(len(types)))}]",
    moving=(),
    adjoint=lambda y_bar, y, *values, element: [
        get(y_bar, k) if is_floating(x.atom.type) else None
        for k, x in enumerate(values)
    ],
    tangent=lambda y, dots, *values, element: apply(
        "seq_from",
        *(
            item_for(_moving(x, dot), element)
            for x, dot in zip(values, dots, strict=True)
        ),
        builder=y.builder,
        element=element,
    ),
)
declare(
    "seq_append",
    _first,
    lambda xs, value: [*xs, value],
    "{0}.append({1})",
    moving=(0, 1),
    mutates=True,
    adjoint=lambda ys_bar, ys, xs, value: _split_off(ys_bar, -1, ()),
)


def _split_off(ys_bar: Handle, at: Any, place: tuple[Any, ...]) -> list[Any]:
    """Return the list without an element, nothing for its place, and the element."""
    item = get(ys_bar, at)
    return [apply("seq_pop", ys_bar, *place), *[None for _ in place], item]


def _pop_adjoint(
    rest_bar: Handle, rest: Handle, xs: Handle, *place: Handle
) -> list[Handle | None]:
    zero = zero_item(xs, place[0] if place else -1)
    if not place:
        return [apply("seq_append", rest_bar, zero)]
    at = apply("remainder", place[0], length(rest_bar) + 1)
    return [apply("seq_insert", rest_bar, at, zero), None]


declare(
    "seq_pop",
    _first,
    lambda xs, *place: _copied(list.pop, xs, *place),
    lambda types, attrs: "{0}.pop({1})" if len(types) > 1 else "{0}.pop()",
    mutates=True,
    adjoint=_pop_adjoint,
)
declare(
    "seq_insert",
    _first,
    lambda xs, at, value: _copied(list.insert, xs, at, value),
    "{0}.insert({1}, {2})",
    moving=(0, 2),
    mutates=True,
    adjoint=lambda ys_bar, ys, xs, at, value: _split_off(ys_bar, at, (at,)),
)
declare(
    "seq_get",
    _element,
    lambda xs, at: xs[at],
    "{0}[{1}]",
    shares=(0,),
    adjoint=lambda y_bar, y, xs, at: [
        Into(lambda xs_bar: apply("seq_add_at", xs_bar, at, _fitted(y_bar, xs_bar)))
    ],
)


def _set_adjoint(
    ys_bar: Handle, ys: Handle, xs: Handle, at: Handle, value: Handle
) -> list[Handle | None]:
    value_bar = get(ys_bar, at)
    return [apply("seq_set", ys_bar, at, zero_item(xs, at)), None, value_bar]


declare(
    "seq_set",
    _first,
    lambda xs, at, value: _copied(list.__setitem__, xs, at, value),
    "{0}[{1}] = {2}",
    moving=(0, 2),
    mutates=True,
    adjoint=_set_adjoint,
)


def _add_at_text(types: Sequence[Any], attrs: Attrs) -> str:
    """Template that leaves an array as it was, which others may hold."""
    if types and isinstance(types[2], Scalar):
        return "{0}[{1}] += {2}"
    if types and isinstance(types[2], Seq):
        return "{0}[{1}] = add_items({0}[{1}], {2})"
    return "{0}[{1}] = {0}[{1}] + {2}"


def _add_to_item(xs: list[Any], at: int, value: Any) -> None:
    xs[at] = kernels.add_items(xs[at], value)


declare(
    "seq_add_at",
    _first,
    lambda xs, at, value: _copied(_add_to_item, xs, at, value),
    _add_at_text,
    moving=(0, 2),
    mutates=True,
    adjoint=lambda ys_bar, ys, xs, at, value: [ys_bar, None, get(ys_bar, at)],
)
declare(
    "seq_len",
    lambda dims, types, attrs: PY_INT,
    len,
    "len({0})",
)


def _parts_adjoint(ys_bar: Handle, ys: Handle, xs: Handle, other: Handle) -> list[Any]:
    count = length(xs)
    return [part(ys_bar, None, count), part(ys_bar, count, None)]


declare(
    "seq_concat",
    _first,
    lambda xs, other: xs + other,
    "{0} + {1}",
    moving=(0, 1),
    adjoint=_parts_adjoint,
)
declare(
    "seq_extend",
    _first,
    lambda xs, other: xs + other,
    "{0}.extend({1})",
    moving=(0, 1),
    mutates=True,
    adjoint=_parts_adjoint,
)
declare(
    "seq_slice",
    _first,
    lambda xs, *bounds, index: xs[build_index(index, (xs, *bounds))[0]],
    lambda types, attrs: f"{{0}}[{index_text(attrs['index'])}]",
    adjoint=lambda y_bar, y, xs, *bounds, index: [
        Into(lambda xs_bar: apply("seq_add_slice", xs_bar, *bounds, y_bar, index=index))
    ],
)


def _add_slice(xs: list[Any], *rest: Any, index: Index) -> None:
    cut = build_index(index, (xs, *rest))[0]
    xs[cut] = kernels.add_items(xs[cut], rest[-1])


def _add_slice_text(types: Sequence[Any], attrs: Attrs) -> str:
    place = f"{{0}}[{index_text(attrs['index'])}]"
    return f"{place} = add_items({place}, {{{len(types) - 1}}})"


declare(
    "seq_add_slice",
    _first,
    lambda xs, *rest, index: _copied(_add_slice, xs, *rest, index=index),
    _add_slice_text,
    mutates=True,
    tangent=lambda y, dots, xs, *rest, index: apply(
        "seq_add_slice",
        _moving(xs, dots[0]),
        *rest[:-1],
        _moving(rest[-1], dots[-1]),
        index=index,
    ),
    adjoint=lambda ys_bar, ys, xs, *rest, index: [
        ys_bar,
        *[None] * (len(rest) - 1),
        apply("seq_slice", ys_bar, *rest[:-1], index=index),
    ],
)
declare(
    "seq_add",
    _first,
    kernels.add_items,
    "add_items({0}, {1})",
    moving=(0, 1),
    adjoint=lambda ys_bar, ys, xs, other: [ys_bar, ys_bar],
)


def _zero_of(x: Any) -> Any:
    if isinstance(x, list):
        return [_zero_of(item) for item in x]
    if isinstance(x, dict):
        return {key: _zero_of(item) for key, item in x.items()}
    return type(x)(0.0) if np.ndim(x) == 0 else np.zeros_like(x)


def _zero_values_text(element: Type) -> str:
    if isinstance(element, Scalar):
        number = "0.0" if element.weak else f"np.{element.dtype.name}(0.0)"
        return f"dict.fromkeys({{0}} or (), {number})"
    return "{k: np.zeros_like(x) for k, x in ({0} or {}).items()}"


def _zeros_text(types: Sequence[Any], attrs: Attrs) -> str:
    element = types[0].element if types else None
    if types and types[0].key is not None:
        return _zero_values_text(types[0].element)
    if isinstance(element, Seq):
        inner = _zeros_text([element], attrs).replace("{0} or ()", "x")
        return f"[{inner} for x in {{0}} or ()]"
    if isinstance(element, Scalar):
        number = "0.0" if element.weak else f"np.{element.dtype.name}(0.0)"
        return f"[{number}] * len({{0}} or ())"
    return "[np.zeros_like(x) for x in {0} or ()]"


declare(
    "seq_zeros_like",
    _first,
    _zero_of,
    _zeros_text,
)


def _items_copied(xs: Any) -> Any:
    if isinstance(xs, dict):
        return {key: _item_copied(x) for key, x in xs.items()}
    return [_item_copied(x) for x in xs]


def _item_copied(x: Any) -> Any:
    if isinstance(x, list):
        return _items_copied(x)
    return x.copy() if isinstance(x, np.ndarray) else x


def _items_copied_text(types: Sequence[Any], attrs: Attrs) -> str:
    """Template for a list that may be a tape, with None where nothing was defined."""
    element = types[0].element if types else None
    nested = isinstance(element, Seq) and isinstance(element.element, Array | Seq)
    copied = "x if x is None else x.copy()"
    if types and types[0].key is not None:
        return "{k: x.copy() for k, x in {0}.items()}"
    inner = _items_copied_text([element], attrs) if nested else copied
    inner = inner.replace("{0}", "x")
    return f"[{inner} for x in {{0}}]"


declare(
    "seq_copy",
    _first,
    _items_copied,
    _items_copied_text,
    adjoint=lambda y_bar, y, xs: [y_bar],
)
