"""Einstein's summation, a product that is linear in each of its operands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Dim, Type, tensor
from gradgen.primitives.axes import transpose_to
from gradgen.primitives.batchproducts import summation
from gradgen.primitives.families import differentiable
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import Only, lowers
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    builder_of,
    dim_of,
    lift,
    register,
)
from gradgen.primitives.shaping import broadcast_like, strong
from gradgen.primitives.subscripts import as_text, labels_of, split_labels


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
        batch=summation,
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
    *operands: Any,
    out: Any = Only(),
    optimize: Any = False,
    dtype: Any = Only(),
    order: Any = Only("K"),
    casting: Any = Only("safe"),
) -> Handle:
    """Lower to a product in which each label stands for one length.

    In what order ``optimize`` has the factors multiplied is left to NumPy's default.
    """
    subscripts, factors = as_text(operands)
    builder = builder_of(*factors)
    xs = [strong(lift(builder, factor)) for factor in factors]
    inputs, output = labels_of(subscripts, [x.rank for x in xs])
    if len(xs) == 1 and len(inputs[0]) > len(output) == len(set(inputs[0])):
        raise Refusal("np.einsum as a view of a diagonal is not supported", "np.diag")
    pairs = [_without_repeats(*pair) for pair in zip(inputs, xs, strict=True)]
    pairs = _without_ones(pairs)
    spec = f"{','.join(labels for labels, _ in pairs)}->{output}"
    return contract(spec, *(x for _, x in pairs))


def _without_repeats(labels: str, x: Handle) -> tuple[str, Handle]:
    """Return an operand of which each label names one axis: the diagonal of others."""
    for label in sorted({c for c in labels if labels.count(c) > 1}):
        axes = [i for i, c in enumerate(labels) if c == label]
        rest = [i for i, c in enumerate(labels) if c != label]
        for axis in axes[1:]:
            x.builder.dims.assume_equal(x.shape[axes[0]], x.shape[axis])
        along = apply("arange", 0, dim_of(x, axes[0]), 1, dtype=INT)
        x = read(transpose_to(x, [*axes, *rest]), [along] * len(axes))
        labels = label + "".join(labels[i] for i in rest)
    return labels, x


def _without_ones(pairs: list[tuple[str, Handle]]) -> list[tuple[str, Handle]]:
    """Return operands without the axes of length 1 that others broadcast."""
    every = [
        (c, d) for labels, x in pairs for c, d in zip(labels, x.shape, strict=True)
    ]
    longer = {label for label, dim in every if dim != 1}
    kept = []
    for labels, x in pairs:
        ones = tuple(i for i, c in enumerate(labels) if c in longer and x.shape[i] == 1)
        left = "".join(c for i, c in enumerate(labels) if i not in ones)
        kept.append((left, apply("squeeze", x, axis=ones) if ones else x))
    return kept
