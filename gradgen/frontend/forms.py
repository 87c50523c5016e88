"""How an element of a run-time list is made of values, each in a column of its own."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, Buffer
from gradgen.frontend.choices import common_type, convert, plain
from gradgen.frontend.likeness import NUMBERS, Unlike, atom_of, is_equal
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import Record, Static, describe
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Value
from gradgen.ir.types import Array, Seq, Type, same_type
from gradgen.primitives.registry import Handle, dim_of
from gradgen.structs import frozen


@frozen
class Form:
    """The structure of an element.

    ``kind`` is ``"leaf"``, a number or array of one type; ``"tuple"``, ``"record"`` or
    ``"list"``, made of parts; or ``"static"``, one and the same known value throughout.
    """

    kind: str
    type: Type | None = None
    parts: tuple[Form, ...] = ()
    key: Any = None


def form_of(builder: Builder, value: Any) -> Form:
    """Return the form of an element."""
    if isinstance(value, Handle):
        return Form("leaf", plain(value.atom.type))
    if isinstance(value, Static) and isinstance(value.value, NUMBERS):
        return Form("leaf", plain(atom_of(value).type))
    if isinstance(value, Static):
        return Form("static", key=value)
    if isinstance(value, tuple):
        return Form("tuple", parts=_parts(builder, value))
    if isinstance(value, RunList) and value.key is None:
        return Form("list", parts=(value.form,))
    if isinstance(value, Record):
        _check_frozen(value)
        parts = _parts(builder, value.fields.values())
        return Form("record", None, parts, (value.cls, tuple(value.fields)))
    if isinstance(value, list) and value:
        inner = functools.partial(common_form, builder)
        return Form("list", parts=(functools.reduce(inner, _parts(builder, value)),))
    raise Refusal(
        f"{describe(value)}, though its length is known only at run time",
        "numbers, arrays, and tuples of these",
    )


def _parts(builder: Builder, values: Iterable[Any]) -> tuple[Form, ...]:
    return tuple(form_of(builder, value) for value in values)


def _check_frozen(value: Record) -> None:
    params = getattr(value.cls, "__dataclass_params__", None)
    if not value.is_tuple and not getattr(params, "frozen", False):
        raise Refusal(
            f"{describe(value)}, which can be changed, though its length is known only "
            "at run time",
            "a NamedTuple, or a frozen dataclass",
        )


def leaf_types(form: Form) -> list[Type]:
    """Return the type of the elements in each column."""
    if form.kind == "leaf":
        assert form.type is not None
        return [form.type]
    inner = [type_ for part in form.parts for type_ in leaf_types(part)]
    return [Seq(type_) for type_ in inner] if form.kind == "list" else inner


def refers(form: Form) -> bool:
    """Tell whether an element refers to arrays or lists, which can be changed."""
    if form.kind == "leaf":
        return isinstance(form.type, Array)
    return form.kind == "list" or any(map(refers, form.parts))


def common_form(builder: Builder, one: Form, other: Form) -> Form:
    """Return the form of what either may be.

    Raises
    ------
    Unlike
        Where there is none.
    """
    if one.kind != other.kind or len(one.parts) != len(other.parts):
        raise Unlike("holds elements of unlike kinds", "elements of one type")
    if one.kind == "leaf":
        assert one.type is not None
        assert other.type is not None
        return Form("leaf", _common_leaf(builder, one.type, other.type))
    if one.kind == "static":
        if not (one.key is other.key or is_equal(one.key, other.key)):
            raise Unlike("holds elements of unlike kinds", "elements of one type")
        return one
    if one.key != other.key:
        raise Unlike("holds objects of unlike classes", "elements of one type")
    pairs = zip(one.parts, other.parts, strict=True)
    return Form(
        one.kind, None, tuple(common_form(builder, a, b) for a, b in pairs), one.key
    )


def _common_leaf(builder: Builder, one: Type, other: Type) -> Type:
    if fits(builder, other, one) or may_fit(builder, other, one):
        return one
    try:
        return common_type(builder, Value(one), Value(other))
    except Unlike:
        raise Unlike(
            f"holds elements of types {one} and {other}", "elements of one type"
        ) from None


def fits(builder: Builder, given: Type, type_: Type) -> bool:
    """Tell whether a value of a type is one of another type as it is."""
    if isinstance(given, Array) and isinstance(type_, Array):
        dims = builder.dims
        same_rank = len(given.shape) == len(type_.shape)
        return (
            given.dtype == type_.dtype
            and same_rank
            and all(map(dims.equal, given.shape, type_.shape))
        )
    return same_type(given, type_)


def takes(builder: Builder, form: Form, other: Form) -> bool:
    """Tell whether an element of form ``other`` can be kept in a list of ``form``."""
    try:
        whole = common_form(builder, form, other)
    except Unlike:
        return False
    pairs = zip(leaf_types(whole), leaf_types(form), strict=True)
    return all(fits(builder, a, b) for a, b in pairs)


def may_fit(builder: Builder, given: Type, type_: Type) -> bool:
    """Tell whether an array may turn out to have the shape of a type."""
    if not isinstance(given, Array) or not isinstance(type_, Array):
        return False
    if given.dtype != type_.dtype or len(given.shape) != len(type_.shape):
        return False
    resolved = zip(*map(builder.dims.shape, (given, type_)), strict=True)
    return not any(
        isinstance(a, int) and isinstance(b, int) and a != b for a, b in resolved
    )


def check_fits(builder: Builder, atom: Atom, type_: Array) -> None:
    """Have it checked at run time that an array has the shape of a type."""
    array = Handle(builder, atom)
    for axis, dim in enumerate(type_.shape):
        length = builder.dim_atom(dim)
        if builder.dims.equal(array.shape[axis], dim) or length is None:
            continue
        pair = (array.shape[axis], dim)
        builder.emit(
            "check_dims", [dim_of(array, axis).atom, length], [], {"dims": pair}
        )


def matches(builder: Builder, one: Form, other: Form) -> bool:
    """Tell whether two lists keep the same elements in the same way."""
    try:
        common_form(builder, one, other)
    except Unlike:
        return False
    pairs = zip(leaf_types(one), leaf_types(other), strict=True)
    return all(fits(builder, a, b) for a, b in pairs)


def form_within(builder: Builder, *lists: Any) -> Form:
    """Return the form for the elements of all of some lists or dicts.

    Raises
    ------
    Unlike
        Where there is none.
    """
    try:
        forms = [form for items in lists for form in _forms_in(builder, items)]
    except Refusal as refusal:
        raise Unlike(f"would hold {refusal.reason}", refusal.hint) from None
    return functools.reduce(functools.partial(common_form, builder), forms)


def _forms_in(builder: Builder, items: Any) -> Iterable[Form]:
    if isinstance(items, RunList):
        return [items.form]
    return _parts(builder, items.values() if isinstance(items, dict) else items)


def form_between(builder: Builder, forms: Sequence[Form]) -> Form | None:
    """Return the form for elements of any of ``forms``, None if there is none."""
    try:
        return functools.reduce(functools.partial(common_form, builder), forms)
    except (Unlike, TypeError):
        return None


def leaves_of(value: Any) -> Iterator[Any]:
    """Yield the numbers, arrays and columns that an element is made of, in order."""
    if isinstance(value, tuple):
        for part in value:
            yield from leaves_of(part)
    elif isinstance(value, Record):
        for part in value.fields.values():
            yield from leaves_of(part)
    elif isinstance(value, RunList):
        yield from value.handles
    elif not isinstance(value, Static) or isinstance(value.value, NUMBERS):
        yield value


def atoms_of(builder: Builder, value: Any, form: Form) -> list[Atom]:
    """Return what an element is made of, in the types of its columns."""
    pairs = zip(leaves_of(value), leaf_types(form), strict=True)
    return [as_leaf(builder, atom_of(x), type_) for x, type_ in pairs]


def as_leaf(builder: Builder, atom: Atom, type_: Type) -> Atom:
    """Return a number or array in the type of its column."""
    if fits(builder, atom.type, type_):
        return atom
    if isinstance(type_, Array) and may_fit(builder, atom.type, type_):
        check_fits(builder, atom, type_)
        return atom
    return convert(builder, atom, type_)


def buffers_of(value: Any) -> list[Buffer]:
    """Return the arrays and lists that an element refers to."""
    if isinstance(value, RunList):
        return [*value.columns, value.held]
    if isinstance(value, ArrayObject):
        return [value.buffer]
    parts = value.fields.values() if isinstance(value, Record) else value
    if isinstance(value, Record | tuple):
        return [b for part in parts for b in buffers_of(part)]
    return []
