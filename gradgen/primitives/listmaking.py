"""Lists made of one value, of another list's numbers; and the search in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import PY_BOOL, Scalar, Seq, Type, is_complex
from gradgen.primitives.lists import element_of, item_for, stack
from gradgen.primitives.registry import Attrs, Handle, Primitive, apply, register

PYTHON = {"b": bool, "i": int, "f": float, "c": complex}


def _made(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    return Seq(attrs["element"])


def _repeat_adjoint(
    ys_bar: Handle, ys: Handle, value: Handle, times: Handle, *, element: Type
) -> list[Handle | None]:
    total = apply("sum", stack(ys_bar), axis=(0,), keepdims=False)
    return [item_for(total, element), None]


register(
    Primitive(
        name="seq_repeat",
        type_rule=_made,
        evaluate=lambda value, times, element: [value] * times,
        template="[{0}] * {1}",
        tangent=lambda y, dots, value, times, element: apply(
            "seq_repeat", item_for(dots[0], element), times, element=element
        ),
        adjoint=_repeat_adjoint,
        takes_complex=True,
    )
)


def _converter(element: Scalar) -> Any:
    return PYTHON[element.dtype.kind] if element.weak else element.dtype.type


def _cast_text(types: Sequence[Any], attrs: Attrs) -> str:
    element = attrs.get("element")
    if not isinstance(element, Scalar):
        return "[float(v) for v in {0}]"
    name = _converter(element).__name__
    return f"[{name if element.weak else f'np.{name}'}(v) for v in {{0}}]"


def cast_items(xs: Handle, element: Type) -> Handle:
    """Return a list of the same numbers as numbers of another type."""
    if element_of(xs) == element:
        return xs
    if is_complex(element_of(xs)) != is_complex(element):
        raise Refusal("a list of real and complex numbers", "complex numbers alone")
    return apply("seq_cast", xs, element=element)


register(
    Primitive(
        name="seq_cast",
        type_rule=_made,
        evaluate=lambda xs, element: [_converter(element)(x) for x in xs],
        template=_cast_text,
        tangent=lambda y, dots, xs, element: cast_items(dots[0], element),
        adjoint=lambda y_bar, y, xs, element: [cast_items(y_bar, element_of(xs))],
        takes_complex=True,
    )
)
register(
    Primitive(
        name="seq_contains",
        type_rule=lambda dims, types, attrs: PY_BOOL,
        evaluate=lambda xs, value: value in xs,
        template="{1} in {0}",
        takes_complex=True,
    )
)
