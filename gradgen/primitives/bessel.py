"""Bessel functions of ``scipy.special``, of which the order must not move.

Derivatives: NIST Digital Library of Mathematical Functions, sections 10.6 and 10.29.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from gradgen.ir.core import Literal
from gradgen.primitives.families import elementwise
from gradgen.primitives.gammas import unknown
from gradgen.primitives.registry import Handle, Primitive, Sample, apply
from gradgen.primitives.samples import FEW, within
from gradgen.primitives.steps import sign

ABOVE_ZERO = within(0.5, 3.0, FEW)
AT_ORDERS = tuple(
    Sample((order, *sample.operands), domain=(0.5, 3.0))
    for order, sample in zip((1, 2, 0), FEW, strict=True)
)


def _of_order(
    ufunc: np.ufunc, partial: Callable[..., Any], takes_complex: bool = True
) -> Primitive:
    """Declare a function of order and argument, by its derivative in the latter."""
    return elementwise(
        ufunc,
        partials=[unknown(ufunc.__name__, "v"), partial],
        samples=AT_ORDERS,
        takes_complex=takes_complex,
    )


def _difference(name: str, v: Handle | int, x: Handle) -> Handle:
    """Return the derivative of a function of order ``v``, which oscillates."""
    return 0.5 * (apply(name, v - 1, x) - apply(name, v + 1, x))


def _sum(name: str, v: Handle | int, x: Handle) -> Handle:
    """Return the derivative, or minus that, of a function which does not."""
    return 0.5 * (apply(name, v - 1, x) + apply(name, v + 1, x))


def _scaled_sum(v: Handle, x: Handle) -> Handle:
    """Return the sum for ``ive``, by the quick functions of the orders 0 and 1."""
    order = v.atom.value if isinstance(v.atom, Literal) else None
    if type(order) is not int or abs(order) > 2:
        return _sum("ive", v, x)
    below, above = _scaled(order - 1, x), _scaled(order + 1, x)
    return 0.5 * (below + above)


def _scaled(order: int, x: Handle) -> Handle:
    """Return ``ive(order, x)``, which is the same for an integer and minus that."""
    quick = {0: "i0e", 1: "i1e"}.get(abs(order))
    return apply("ive", order, x) if quick is None else apply(quick, x)


jv = _of_order(special.jv, lambda y, v, x: _difference("jv", v, x))
yv = _of_order(special.yv, lambda y, v, x: _difference("yv", v, x))
yn = _of_order(special.yn, lambda y, v, x: _difference("yn", v, x), False)
iv = _of_order(special.iv, lambda y, v, x: _sum("iv", v, x))
kv = _of_order(special.kv, lambda y, v, x: -_sum("kv", v, x))
kn = _of_order(special.kn, lambda y, v, x: -_sum("kn", v, x), False)
ive = _of_order(special.ive, lambda y, v, x: _scaled_sum(v, x) - sign(x) * y, False)
kve = _of_order(special.kve, lambda y, v, x: y - _sum("kve", v, x), False)

j0 = elementwise(special.j0, partials=[lambda y, x: -j1(x)], samples=FEW)
j1: Primitive = elementwise(
    special.j1, partials=[lambda y, x: 0.5 * (j0(x) - jv(2, x))], samples=FEW
)
y0 = elementwise(special.y0, partials=[lambda y, x: -y1(x)], samples=ABOVE_ZERO)
y1: Primitive = elementwise(
    special.y1, partials=[lambda y, x: 0.5 * (y0(x) - yn(2, x))], samples=ABOVE_ZERO
)
i0 = elementwise(special.i0, partials=[lambda y, x: i1(x)], samples=FEW)
i1: Primitive = elementwise(
    special.i1, partials=[lambda y, x: 0.5 * (i0(x) + iv(2, x))], samples=FEW
)
i0e = elementwise(
    special.i0e,
    partials=[lambda y, x: i1e(x) - sign(x) * y],
    samples=ABOVE_ZERO,
)
i1e: Primitive = elementwise(
    special.i1e,
    partials=[lambda y, x: 0.5 * (i0e(x) + ive(2, x)) - sign(x) * y],
    samples=ABOVE_ZERO,
)
k0 = elementwise(special.k0, partials=[lambda y, x: -k1(x)], samples=ABOVE_ZERO)
k1: Primitive = elementwise(
    special.k1,
    partials=[lambda y, x: -k0(x) - apply("masked_divide", y, x)],
    samples=ABOVE_ZERO,
)
