"""Numbers out of arrays, and the parts of complex numbers that real ones have."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.primitives.indexing import read
from gradgen.primitives.lowering import lowers
from gradgen.primitives.registry import ATTRIBUTES, Handle, apply, dims_of, lift
from gradgen.primitives.shaping import to_float


@lowers(np.real)
def _real(val: Handle) -> Handle:
    return val


@lowers(np.imag)
def _imag(val: Handle) -> Handle:
    """Return zeros, which the imaginary part of a real array is."""
    if val.rank:
        return apply("zeros", *dims_of(val), builder=val.builder, dtype=val.dtype)
    zero = {"f": 0.0, "i": 0, "u": 0, "b": 0}[val.dtype.kind]
    return lift(val.builder, zero if val.type.weak else val.dtype.type(zero))


ATTRIBUTES["real"] = _real
ATTRIBUTES["imag"] = _imag


@lowers(method="item")
def _item(a: Handle, *index: Any) -> Handle:
    if a.rank or index:
        raise Refusal("item() of an array is not supported", "x[0]")
    if a.dtype.kind == "f":
        return to_float(a)
    return apply("int" if a.dtype.kind in "iu" else "bool", a)


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
