"""Einstein's summation, a product that is linear in each of its operands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Dim, Type, tensor
from gradgen.primitives.axes import transpose_to
from gradgen.primitives.families import differentiable
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    builder_of,
    lift,
    register,
)
from gradgen.primitives.shaping import broadcast_like, strong


def split_labels(subscripts: str) -> tuple[list[str], str]:
    """Return the labels of every operand and those of the result."""
    left, _, right = subscripts.partition("->")
    return left.split(","), right


def _einsum_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    inputs, output = split_labels(attrs["subscripts"])
    lengths: dict[str, Dim] = {}
    for labels, type_ in zip(inputs, types, strict=True):
        for label, dim in zip(labels, type_.shape, strict=True):
            known = lengths.setdefault(label, dim)
            if dims.resolve(known) != dims.resolve(dim) and 1 in (known, dim):
                raise Refusal(
                    f"np.einsum that broadcasts along '{label}' is not supported"
                )
            lengths[label] = dims.assume_equal(known, dim)
    return tensor(joined_dtype(types), tuple(lengths[label] for label in output))


def contract(subscripts: str, *xs: Handle) -> Handle:
    """Return the product; of one operand, of which NumPy may make a view, otherwise."""
    if len(xs) > 1:
        return apply("einsum", *xs, subscripts=subscripts)
    (labels,), output = split_labels(subscripts)
    summed = tuple(i for i, label in enumerate(labels) if label not in output)
    x = apply("sum", xs[0], axis=summed, keepdims=False) if summed else xs[0]
    left = [label for label in labels if label in output]
    return transpose_to(x, [left.index(label) for label in output])


def _pull(y_bar: Handle, xs: Sequence[Handle], subscripts: str, slot: int) -> Handle:
    """Return the cotangent of one operand: the product of all others with ``y_bar``.

    A label that is in no other operand was summed over, and is broadcast over here.
    """
    inputs, output = split_labels(subscripts)
    labels = inputs[slot]
    others = [x for k, x in enumerate(xs) if k != slot]
    sources = [part for k, part in enumerate(inputs) if k != slot]
    kept = "".join(c for c in labels if c in output or c in "".join(sources))
    if output:
        x_bar = contract(f"{output},{','.join(sources)}->{kept}", y_bar, *others)
    else:
        x_bar = y_bar * contract(f"{','.join(sources)}->{kept}", *others)
    missing = tuple(i for i, label in enumerate(labels) if label not in kept)
    if missing and kept:
        x_bar = apply("expand_dims", x_bar, axis=missing)
    return broadcast_like(x_bar, xs[slot])


def _einsum_adjoint(
    y_bar: Handle, y: Handle, *xs: Handle, subscripts: str
) -> list[Handle | None]:
    return [
        _pull(y_bar, xs, subscripts, slot) if differentiable(x) else None
        for slot, x in enumerate(xs)
    ]


def _einsum_tangent(
    y: Handle, dots: Sequence[Handle | None], *xs: Handle, subscripts: str
) -> Handle:
    terms = [
        apply("einsum", *xs[:slot], dot, *xs[slot + 1 :], subscripts=subscripts)
        for slot, dot in enumerate(dots)
        if dot is not None
    ]
    return reduce(lambda p, q: p + q, terms)


def _einsum_text(types: Sequence[Any], attrs: Attrs) -> str:
    slots = "".join(f", {{{index}}}" for index in range(len(types)))
    scalar = attrs["subscripts"].endswith("->")
    return f"np.einsum('{attrs['subscripts']}'{slots})" + ("[()]" if scalar else "")


einsum = register(
    Primitive(
        name="einsum",
        type_rule=_einsum_type,
        evaluate=lambda *xs, subscripts: np.einsum(subscripts, *xs)[()],
        template=_einsum_text,
        tangent=_einsum_tangent,
        adjoint=_einsum_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[2,3]", "f64[3,4]"), {"subscripts": "ij,jk->ik"}),
            Sample(("f64[2,3]", "f64[4]"), {"subscripts": "ij,k->i"}),
            Sample(("f64[2,3]", "f64[2]"), {"subscripts": "ij,i->"}),
            Sample(("f64[2,3]", "f64[4]"), {"subscripts": "ij,k->jki"}),
            Sample(("f64[2,3]", "f64[4,2]"), {"subscripts": "ij,ki->k"}),
            Sample(("f64[3]", "f64[3,4]", "f64[4]"), {"subscripts": "i,ij,j->"}),
            Sample(("f32[2,3]", "f32[2,3]"), {"subscripts": "bi,bi->b"}),
            Sample(("f64[0,3]", "f64[3]"), {"subscripts": "ij,j->i"}),
        ),
    )
)


@lowers(np.einsum)
def _einsum(
    subscripts: Any,
    /,
    *operands: Any,
    out: Any = Only(),
    optimize: Any = Only(False),
    dtype: Any = Only(),
    order: Any = Only("K"),
    casting: Any = Only("safe"),
) -> Handle:
    if not isinstance(subscripts, str):
        raise Refusal(
            "np.einsum without a string of subscripts is not supported", "'ij,jk->ik'"
        )
    builder = builder_of(*operands)
    xs = [strong(lift(builder, operand)) for operand in operands]
    spec = _explicit(subscripts, len(xs))
    for labels, x in zip(split_labels(spec)[0], xs, strict=True):
        if len(labels) != x.rank:
            raise Refusal(f"the subscripts '{labels}' for an array of rank {x.rank}")
    return contract(spec, *xs)


def _explicit(subscripts: str, count: int) -> str:
    """Return subscripts that name the result's labels, checked for what is refused."""
    text = subscripts.replace(" ", "")
    inputs, output = split_labels(text)
    if "." in text or len(inputs) != count:
        raise Refusal(f"np.einsum('{subscripts}') of {count} operands")
    if any(len(set(labels)) != len(labels) for labels in (*inputs, output)):
        raise Refusal(
            f"the label repeated in '{subscripts}' is not supported", "np.diagonal"
        )
    every = "".join(inputs)
    if not set(output) <= set(every):
        raise Refusal(f"a label of the result is in no operand of '{subscripts}'")
    if "->" not in text:
        output = "".join(sorted(c for c in set(every) if every.count(c) == 1))
    return f"{','.join(inputs)}->{output}"
