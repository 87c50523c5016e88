"""Numbers out of arrays."""

from __future__ import annotations

from typing import Any

from gradgen.errors import Refusal
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers
from gradgen.primitives.registry import Handle, apply
from gradgen.primitives.shaping import to_float


@lowers(method="item")
def _item(a: Handle, *index: Any) -> Handle:
    if a.rank:
        return _item(read(a, _place(a, index)))
    if index:
        raise Refusal("item() of a number takes no index")
    if a.dtype.kind == "f":
        return to_float(a)
    return apply({"c": "complex", "b": "bool"}.get(a.dtype.kind, "int"), a)


def _place(a: Handle, index: tuple[Any, ...]) -> list[Any]:
    """Return the index of the element that ``a.item(*index)`` takes."""
    if len(index) == a.rank:
        return list(index)
    if index or any(dim != 1 for dim in a.shape):
        raise Refusal("item() of an array with several elements", "x[0]")
    return [0] * a.rank


@lowers(method="tolist")
def _tolist(a: Handle) -> Any:
    if not a.rank:
        return _item(a)
    if not isinstance(a.shape[0], int):
        raise Refusal(
            "tolist() of an array whose length is known only at run time",
            "[float(v) for v in x], or call what needs the list outside and pass its "
            "result in, like a gradgen.stop_gradient(…)",
        )
    return [_tolist(read(a, [k])) for k in range(a.shape[0])]
