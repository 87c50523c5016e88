"""Which type stands for two, and how an atom of one type becomes one of the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.frontend.likeness import Unlike
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Literal
from gradgen.ir.types import Array, Dim, Scalar, Type, same_type
from gradgen.primitives.registry import Handle, apply, find_lowering

EXAMPLES = {"b": True, "i": 1, "f": 1.0, "c": 1j}


def common_type(
    builder: Builder,
    one: Atom,
    other: Atom,
    *,
    spread: bool = False,
    loose: bool = False,
) -> Type:
    """Return the type that holds what either atom may hold.

    ``spread`` lets a number stand for an array full of it, ``loose`` makes up lengths
    where those of two arrays are not known to be equal.

    Raises
    ------
    Unlike
        Where no single type does, such as for two arrays of different shapes.
    """
    for atom, partner in ((one, other), (other, one)):
        if isinstance(atom, Literal) and atom.is_undefined:
            return plain(partner.type)
    a, b = one.type, other.type
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        return _common_scalar(a, b)
    if isinstance(a, Scalar | Array) and isinstance(b, Scalar | Array):
        if not spread and isinstance(a, Scalar) is not isinstance(b, Scalar):
            raise Unlike("is a number on some paths and an array on others", "np.full")
        return _common_array(builder, a, b, loose)
    if a == b:
        return a
    raise Unlike("is bound to values of unlike kinds")


def plain(type_: Type) -> Type:
    """Return ``type_`` without what is known about the value."""
    return Scalar(type_.dtype, type_.weak) if isinstance(type_, Scalar) else type_


def _common_scalar(a: Scalar, b: Scalar) -> Type:
    if (a.dtype.kind == "b") is not (b.dtype.kind == "b"):
        raise Unlike("is a bool on some paths and a number on others", "numbers")
    return Scalar(_common_dtype(a, b), a.weak and b.weak)


def _common_dtype(a: Any, b: Any) -> np.dtype:
    """Return NumPy's common dtype; a Python number adapts."""
    examples = (EXAMPLES[t.dtype.kind] if t.weak else t.dtype for t in (a, b))
    return np.result_type(*examples)


def _common_array(builder: Builder, a: Any, b: Any, loose: bool) -> Type:
    dtype = _common_dtype(a, b)
    if isinstance(a, Scalar) or isinstance(b, Scalar):
        shape = b.shape if isinstance(a, Scalar) else a.shape
        return Array(dtype, shape)
    if len(a.shape) != len(b.shape):
        raise Unlike("is bound to arrays of unlike rank")
    pairs = zip(a.shape, b.shape, strict=True)
    return Array(dtype, tuple(_common_dim(builder, x, y, loose) for x, y in pairs))


def _common_dim(builder: Builder, one: Dim, other: Dim, loose: bool) -> Dim:
    if one == other:
        return one
    if builder.dims.equal(one, other):
        return one
    if loose:
        return builder.dims.fresh()
    raise Unlike("is bound to arrays of unlike shapes", "arrays of one shape")


def convert(builder: Builder, atom: Atom, type_: Type) -> Atom:
    """Return ``atom`` as a value of ``type_``, which holds what it may hold."""
    if isinstance(atom, Literal):
        return _literal(builder, atom, type_)
    if same_type(plain(atom.type), type_):
        return atom
    if isinstance(type_, Array):
        return _array(builder, Handle(builder, atom), type_).atom
    return _scalar(Handle(builder, atom), type_)


def _literal(builder: Builder, atom: Literal, type_: Type) -> Atom:
    if atom.is_undefined:
        return Literal.undefined(type_)
    if isinstance(type_, Scalar):
        number = EXAMPLES[type_.dtype.kind].__class__(atom.value)
        return Literal.of(number if type_.weak else type_.dtype.type(number))
    assert isinstance(type_, Array)
    return _array(builder, Handle(builder, atom), type_).atom


def _scalar(handle: Handle, type_: Type) -> Atom:
    assert isinstance(type_, Scalar)
    if not type_.weak:
        return apply("cast", handle, dtype=type_.dtype).atom
    lowering = find_lowering(complex if type_.dtype.kind == "c" else float)
    assert lowering is not None
    return lowering(handle).atom  # type: ignore[no-any-return]


def _array(builder: Builder, handle: Handle, type_: Array) -> Handle:
    if handle.rank == 0:
        return _spread(builder, handle, type_)
    if handle.dtype == type_.dtype:
        return handle
    return apply("cast", handle, dtype=type_.dtype)


def _spread(builder: Builder, handle: Handle, type_: Array) -> Handle:
    lengths = [builder.dim_atom(dim) for dim in type_.shape]
    known = [Handle(builder, x) for x in lengths if x is not None]
    if len(known) < len(lengths):
        raise Unlike("is a number at first and an array later", "np.zeros(…) at first")
    return apply("full", handle, *known, builder=builder, dtype=type_.dtype)
