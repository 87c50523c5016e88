"""Batching of products: by NumPy's own where one does it, else by ``np.einsum``."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

from gradgen.primitives.batching import Batch, moved, over_right_sides, to_front
from gradgen.primitives.registry import Handle, apply


def matrix_product(batch: Batch) -> Handle:
    """Batch ``x @ y``."""
    x, y = batch.operands
    left, right = batch.rank(0), batch.rank(1)
    if batch.mapped == (True, True):
        return _product_of_mapped(batch)
    if batch.mapped[0]:
        if left == 1 and right > 2:
            return _squeezed(apply("expand_dims", x, axis=_ones(right - 1)) @ y, -2)
        return (x if left == 1 else batch.raised(0, right)) @ y
    if right > 1:
        return x @ batch.raised(1, left)
    if left == 1:
        return y @ x
    if left == 2:
        return y @ apply("transpose", x, axes=(1, 0))
    column = apply("expand_dims", y, axis=(*_ones(left - 2), left))
    return _squeezed(x @ column, -1)


def _product_of_mapped(batch: Batch) -> Handle:
    x, y = batch.operands
    left, right = batch.rank(0), batch.rank(1)
    if left > 1 and right > 1:
        return batch.raised(0, right) @ batch.raised(1, left)
    rows = ascii_lowercase[1 : left if left > 1 else 1]
    inner = "y"
    if right == 1:
        return apply("einsum", x, y, subscripts=f"a{rows}{inner},a{inner}->a{rows}")
    extra = ascii_lowercase[1 : right - 1]
    subscripts = f"a{inner},a{extra}{inner}z->a{extra}z"
    return apply("einsum", x, y, subscripts=subscripts)


def _ones(count: int) -> tuple[int, ...]:
    return tuple(range(1, 1 + count))


def _squeezed(x: Handle, axis: int) -> Handle:
    return apply("squeeze", x, axis=(axis % x.rank,))


def tensor_product(batch: Batch) -> Handle:
    """Batch ``np.tensordot``."""
    x, y = batch.operands
    first, second = batch.attrs["axes"]
    if batch.mapped == (True, True):
        labels = ascii_lowercase[1 : 1 + batch.rank(0)]
        others = list(ascii_lowercase[1 + batch.rank(0) :][: batch.rank(1)])
        for i, k in zip(first, second, strict=True):
            others[k] = labels[i]
        return apply("einsum", x, y, subscripts=_labelled(labels, "".join(others)))
    if batch.mapped[0]:
        return apply("tensordot", x, y, axes=(moved(first), second))
    product = apply("tensordot", x, y, axes=(first, moved(second)))
    return to_front(product, batch.rank(0) - len(first))


def _labelled(left: str, right: str) -> str:
    kept = [c for c in left if c not in right] + [c for c in right if c not in left]
    return f"a{left},a{right}->a{''.join(kept)}"


def outer_product(batch: Batch) -> Handle:
    """Batch ``np.outer``."""
    x, y = batch.operands
    column = apply("expand_dims", x, axis=(x.rank,))
    row = apply("expand_dims", y, axis=(1,)) if batch.mapped[1] else y
    return column * row


def summation(batch: Batch) -> Handle | None:
    """Batch ``np.einsum`` by one more label."""
    subscripts = batch.attrs["subscripts"]
    unused = [c for c in ascii_lowercase if c not in subscripts]
    if not unused:
        return None
    inputs, output = subscripts.split("->")
    labels = _with_label(inputs.split(","), batch.mapped, unused[0])
    text = f"{','.join(labels)}->{unused[0]}{output}"
    return apply("einsum", *batch.operands, subscripts=text)


def _with_label(inputs: Sequence[str], mapped: Sequence[bool], label: str) -> list[str]:
    return [label * m + part for part, m in zip(inputs, mapped, strict=True)]


def solution(batch: Batch) -> Any:
    """Batch ``np.linalg.solve``, to which only a vector is no matrix."""
    a, b = batch.operands
    if batch.rank(1) > 1:
        return batch.call(
            batch.raised(0, batch.rank(1)), batch.raised(1, batch.rank(0))
        )
    if not batch.mapped[0] and batch.rank(0) == 2:
        return over_right_sides(batch)
    column = apply("expand_dims", b, axis=(b.rank,))
    return _squeezed(batch.call(a, column), -1)
