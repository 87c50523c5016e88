"""Operations on lists whose length is known only when the program runs.

All elements of a list have one type. A list is a value: what changes one returns
another, and the old one is what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Literal
from gradgen.ir.types import Array, Scalar, Seq, Type, same_type
from gradgen.primitives.families import zeros_like
from gradgen.primitives.indexing import At, Cut
from gradgen.primitives.registry import Handle, apply


def element_of(xs: Handle) -> Type:
    """Return the type of the elements of a list."""
    assert isinstance(xs.atom.type, Seq), xs.atom.type
    return xs.atom.type.element


def item_for(x: Handle, element: Type) -> Handle:
    """Return ``x`` as an element of a list, refused if it is of another kind."""
    given = x.atom.type
    if same_type(given, element):
        return x
    if isinstance(given, Scalar) and isinstance(element, Scalar):
        if given.dtype == element.dtype:
            return _as_number(x, element)
    elif isinstance(given, Array) and isinstance(element, Array):
        dims = x.builder.dims
        if given.dtype == element.dtype and dims.shape(given) == dims.shape(element):
            return x
    raise Refusal(
        f"a list of values of types {element} and {given} is not supported",
        "elements of one dtype and shape",
    )


def _as_number(x: Handle, element: Scalar) -> Handle:
    """Return a NumPy scalar as a Python number, or the other way round."""
    if not element.weak:
        return apply("cast", x, dtype=element.dtype)
    return apply(
        {"f": "float", "b": "bool", "c": "complex"}.get(element.dtype.kind, "int"), x
    )


def zero_item(xs: Handle, at: Any) -> Handle:
    """Return the zero of ``xs[at]``, which is not read for it if possible."""
    element = element_of(xs)
    if isinstance(element, Scalar):
        return Handle(xs.builder, Literal.zero(element))
    shape = element.shape if isinstance(element, Array) else ()
    lengths = [xs.builder.dim_atom(dim) for dim in shape]
    if not isinstance(element, Array) or None in lengths:
        return zeros_like(get(xs, at))
    known = [Handle(xs.builder, atom) for atom in lengths if atom is not None]
    return apply("zeros", *known, builder=xs.builder, dtype=element.dtype)


def empty(builder: Builder, element: Type) -> Handle:
    """Return an empty list of elements of a type."""
    return apply("seq_empty", builder=builder, element=element)


def from_values(builder: Builder, values: Sequence[Handle], element: Type) -> Handle:
    """Return a list of values, all of which fit a type."""
    items = [item_for(value, element) for value in values]
    return apply("seq_from", *items, builder=builder, element=element)


def append(xs: Handle, value: Handle) -> Handle:
    """Return the list after ``xs.append(value)``."""
    return apply("seq_append", xs, item_for(value, element_of(xs)))


def insert(xs: Handle, at: Any, value: Handle) -> Handle:
    """Return the list after ``xs.insert(at, value)``, for ``0 <= at <= len(xs)``."""
    return apply("seq_insert", xs, at, item_for(value, element_of(xs)))


def pop(xs: Handle, *at: Any) -> tuple[Handle, Handle]:
    """Return the list after ``xs.pop(at)``, and what that returns."""
    item = get(xs, at[0] if at else -1)
    return apply("seq_pop", xs, *at), item


def get(xs: Handle, at: Any) -> Handle:
    """Return ``xs[at]``."""
    return apply("seq_get", xs, at)


def set_item(xs: Handle, at: Any, value: Handle) -> Handle:
    """Return the list after ``xs[at] = value``."""
    return apply("seq_set", xs, at, item_for(value, element_of(xs)))


def length(xs: Handle) -> Handle:
    """Return ``len(xs)``."""
    return apply("seq_len", xs)


def part(xs: Handle, start: Any, stop: Any, step: Any = None) -> Handle:
    """Return ``xs[start:stop:step]``; bounds are None, integers or handles."""
    operands = [xs]

    def place(bound: Any) -> Any:
        if bound is None or isinstance(bound, int):
            return bound
        operands.append(bound)
        return At(len(operands) - 1)

    cut = Cut(place(start), place(stop), place(step))
    return apply("seq_slice", *operands, index=(cut,))


def concat(xs: Handle, other: Handle, *, in_place: bool = False) -> Handle:
    """Return ``xs + other``, or the list after ``xs.extend(other)``."""
    element = element_of(xs)
    if element != element_of(other):
        raise Refusal(f"joining lists of {element} and {element_of(other)}")
    return apply("seq_extend" if in_place else "seq_concat", xs, other)


def unstack(x: Handle, like: Handle) -> Handle:
    """Return ``list(x)``, of Python numbers if that is what the list ``like`` holds."""
    element = element_of(like)
    if isinstance(element, Scalar) and element.weak:
        return apply("seq_unstack", x, plain=True)
    return apply("seq_unstack", x)


def stack(xs: Handle) -> Handle:
    """Return ``np.array(xs)``, with the elements along a new first axis."""
    return apply("seq_stack", xs)
