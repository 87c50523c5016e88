"""Methods of ``np.random.Generator`` that draw whole numbers, places and orders.

Whole numbers have no derivative: they are steps of what they are drawn by. Elements of
an array are read at places that are drawn, as the methods themselves draw them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.types import INT
from gradgen.primitives.draws import draw, require_generator
from gradgen.primitives.lowering import Only, lowers, refuses, static
from gradgen.primitives.mutators import changes
from gradgen.primitives.naming import named
from gradgen.primitives.promotion import dtype_of
from gradgen.primitives.registry import (
    Handle,
    apply,
    dim_of,
    dims_of,
    find_lowering,
    lift,
)
from gradgen.primitives.shaping import normal_axis

Generator = np.random.Generator


def _count(
    rng: Any, method: str, params: Sequence[Any], size: Any, **more: Any
) -> Handle:
    return draw(rng, method, params, size, last=True, dtype=INT, **more)


@lowers(Generator.binomial)
def _binomial(self: Any, n: Any, p: Any, size: Any = None) -> Handle:
    return _count(self, "binomial", [n, p], size)


@lowers(Generator.negative_binomial)
def _negative_binomial(self: Any, n: Any, p: Any, size: Any = None) -> Handle:
    return _count(self, "negative_binomial", [n, p], size)


@lowers(Generator.poisson)
def _poisson(self: Any, lam: Any = 1.0, size: Any = None) -> Handle:
    return _count(self, "poisson", [lam], size)


@lowers(Generator.geometric)
def _geometric(self: Any, p: Any, size: Any = None) -> Handle:
    return _count(self, "geometric", [p], size)


@lowers(Generator.logseries)
def _logseries(self: Any, p: Any, size: Any = None) -> Handle:
    return _count(self, "logseries", [p], size)


@lowers(Generator.zipf)
def _zipf(self: Any, a: Any, size: Any = None) -> Handle:
    return _count(self, "zipf", [a], size)


@lowers(Generator.hypergeometric)
def _hypergeometric(
    self: Any, ngood: Any, nbad: Any, nsample: Any, size: Any = None
) -> Handle:
    return _count(self, "hypergeometric", [ngood, nbad, nsample], size)


@lowers(Generator.multinomial)
def _multinomial(self: Any, n: Any, pvals: Any, size: Any = None) -> Handle:
    require_generator(self)
    count, chances = lift(self.builder, n), lift(self.builder, pvals)
    if count.rank or chances.rank != 1:
        raise Refusal("multinomial of several distributions", "one after the other")
    return _count(self, "multinomial", [count, chances], size, per="vector")


@lowers(Generator.multivariate_hypergeometric)
def _multivariate_hypergeometric(
    self: Any,
    colors: Any,
    nsample: Any,
    size: Any = None,
    method: Any = Only("marginals"),
) -> Handle:
    require_generator(self)
    return draw(
        self,
        "multivariate_hypergeometric",
        [nsample, colors],
        size,
        given=("nsample", "colors"),
        dtype=INT,
        per="vector",
    )


@lowers(Generator.integers)
def _integers(
    self: Any,
    low: Any,
    high: Any = None,
    size: Any = None,
    dtype: Any = np.int64,
    endpoint: Any = False,
) -> Handle:
    require_generator(self)
    bounds = [lift(self.builder, x) for x in ([low] if high is None else [low, high])]
    if any(x.dtype.kind not in "iub" for x in bounds):
        raise Refusal("rng.integers between floats", "int(…) of the bounds")
    kind = static(dtype)
    options = [] if kind is np.int64 else [("dtype", _shown(kind))]
    if static(endpoint):
        options.append(("endpoint", True))
    weak = kind in (int, bool)
    return draw(
        self,
        "integers",
        bounds,
        size,
        last=len(bounds) == 2,
        options=options,
        dtype=dtype_of(kind),
        weak=weak,
    )


def _shown(kind: Any) -> Any:
    return kind if kind in (int, bool) else dtype_of(kind)


@lowers(Generator.choice)
def _choice(
    self: Any,
    a: Any,
    size: Any = None,
    replace: Any = True,
    p: Any = None,
    axis: Any = 0,
    shuffle: Any = True,
) -> Handle:
    require_generator(self)
    x = lift(self.builder, a)
    if x.rank == 0:
        return _places(self, x, size, replace, p, shuffle)
    along = normal_axis(static(axis), x.rank)
    places = _places(self, dim_of(x, along), size, replace, p, shuffle)
    return _taken(x, named(places, "places"), along)


def _places(
    rng: Handle, count: Handle, size: Any, replace: Any, p: Any, shuffle: Any
) -> Handle:
    """Draw from the first ``count`` integers."""
    if count.dtype.kind not in "iu":
        raise Refusal("rng.choice of a number", "an integer, or an array")
    params, given = [count], [""]
    if p is not None:
        chances = lift(rng.builder, p)
        params, given = [count, chances], ["", "p"]
    flags = {"replace": static(replace), "shuffle": static(shuffle)}
    options = [(name, flag) for name, flag in flags.items() if flag is not True]
    return draw(
        rng,
        "choice",
        params,
        size,
        given=given,
        options=options,
        dtype=INT,
        per="choice",
    )


def _reordered(rng: Handle, x: Handle, axis: int) -> Handle:
    """Return the elements, or rows, of an array in an order that is drawn."""
    return _taken(x, named(_order(rng, dim_of(x, axis)), "order"), axis)


def _taken(x: Handle, places: Handle, axis: int) -> Handle:
    """Return the elements, or rows, of an array at some places."""
    lowering = find_lowering(np.take)
    assert lowering is not None
    return lowering(x, places, axis=axis)  # type: ignore[no-any-return]


def _order(rng: Handle, count: Handle) -> Handle:
    """Draw the order in which as many things are to stand."""
    return draw(rng, "permutation", [count], dtype=INT, per="permutation")


@lowers(Generator.permutation)
def permutation(self: Any, x: Any, axis: Any = 0) -> Handle:
    """Return an array with its elements, or rows, in another order."""
    require_generator(self)
    found = lift(self.builder, x)
    if found.rank == 0:
        if found.dtype.kind not in "iu":
            raise Refusal("rng.permutation of a number", "an integer, or an array")
        return _order(self, found)
    return _reordered(self, found, normal_axis(static(axis), found.rank))


@lowers(Generator.permuted)
def permuted(self: Any, x: Any, *, axis: Any = None, out: Any = Only()) -> Handle:
    """Return an array with the elements of each of its lines in another order."""
    require_generator(self)
    found = lift(self.builder, x)
    if found.rank == 0 or (axis is None and found.rank > 1):
        raise Refusal(
            "rng.permuted without an axis depends on the layout in memory",
            "axis=…, or rng.permutation(x.ravel()).reshape(x.shape)",
        )
    if found.rank == 1:
        return _reordered(self, found, 0)
    along = normal_axis(static(axis), found.rank)
    count = dim_of(found, along)
    line = apply(
        "arange", lift(self.builder, 0), count, lift(self.builder, 1), dtype=INT
    )
    others = tuple(i for i in range(1, found.rank - along))
    column = apply("expand_dims", line, axis=others) if others else line
    index = apply("broadcast_to", column, *dims_of(found))
    options = [("axis", along)]
    places = draw(self, "permuted", [index], options=options, dtype=INT, per="like")
    lowering = find_lowering(np.take_along_axis)
    assert lowering is not None
    return lowering(found, places, axis=along)  # type: ignore[no-any-return]


@changes(Generator.shuffle)
def _shuffled(x: Handle, rng: Any, axis: Any = 0) -> Handle:
    """Return what a vector is after its elements were put in another order."""
    return permutation(rng, x, axis)


refuses(
    Generator.bytes,
    reason="it makes bytes, which have no derivative",
    hint="draw them outside and pass them in",
)
refuses(
    Generator.spawn,
    reason="it makes generators, how many only a run knows",
    hint="spawn them outside and pass them in",
)
