"""``vmap``: a function of arrays of examples, from a function of one example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradgen.errors import ArgumentError, Refusal, refused_at
from gradgen.ir.core import Atom, Function, Op, Value, walk_ops
from gradgen.ir.dims import Dims
from gradgen.ir.flow import note_lengths
from gradgen.ir.types import Array, Dim, Random, Sym
from gradgen.primitives.batching import from_front, to_front
from gradgen.primitives.registry import Handle, apply, dim_of
from gradgen.structs import replace
from gradgen.transforms.batching import Batcher, batched_type
from gradgen.transforms.fit import start
from gradgen.transforms.mapped import mapped_values


def vmap(
    function: Function,
    axes: Mapping[Value, int],
    out_axes: Sequence[int | None],
    lengths: Mapping[Value, int],
) -> Function:
    """Return ``function`` over many examples.

    ``axes`` says along which axis of the arrays that are given for inputs the examples
    lie, ``out_axes`` the same of the results, None for what all examples share.
    ``lengths`` holds the number of examples in each, in the call that this is for.
    """
    check_draws(walk_ops(function.body))
    fresh = _names(function)
    given = {x: _given(x, axes[x], _dim(lengths[x], fresh)) for x in axes}
    params = tuple(
        replace(param, tree=param.tree.map(lambda x: given.get(x, x)))
        for param in function.params
    )
    inputs = tuple(x for param in params for x in param.tree.leaves())
    builder = start(inputs)
    builder.helpers = dict(function.helpers)
    first = next(iter(axes))
    number = dim_of(Handle(builder, given[first]), axes[first])
    for x in axes:
        check_count(number, Handle(builder, given[x]), axes[x])
    note_lengths(builder.dims, function.body)
    found = {x: to_front(Handle(builder, given[x]), axes[x]) for x in axes}
    mapped = mapped_values(function.body, axes)
    batcher = Batcher(builder, number, mapped, found)
    with refused_at(function.span):
        batcher.run_all(function.body.ops, function.body.results)
        builder.span, builder.origin = None, "primal"
        results = [
            y if axis is None else _result(batcher, y, axis)
            for y, axis in zip(function.body.results, out_axes, strict=True)
        ]
    for y, axis in zip(function.body.results, out_axes, strict=True):
        if axis is None and y in batcher.mapped:
            raise ArgumentError(
                "out_axes says None of a result that differs between the examples"
            )
    atoms = [y.atom if isinstance(y, Handle) else batcher.of(y).atom for y in results]
    body = builder.block(inputs, atoms)
    return replace(
        function,
        name=f"{function.name}_vmap",
        params=params,
        body=body,
        result=function.result.fill(atoms),
        doc=f"{function.doc or function.name} over many examples",
        helpers=builder.helpers,
    )


def check_draws(ops: Iterable[Op]) -> None:
    """Refuse draws of random numbers: each example would have to draw its own."""
    for op in ops:
        if any(isinstance(x.type, Random) for x in op.operands):
            with refused_at(op.span):
                raise Refusal(
                    "a draw of random numbers in a function over examples",
                    "draw them outside, and pass them in",
                )


def _names(function: Function) -> Dims:
    """Return what knows the names of lengths that are taken."""
    dims = Dims()
    note_lengths(dims, function.body)
    return dims


def _dim(length: int, names: Dims) -> Dim:
    return length if length < 2 else Sym(names.fresh("b").name, proper=True)


def check_count(count: Handle, given: Handle, axis: int) -> None:
    """Append the check that an array has as many examples as are counted."""
    builder, other = count.builder, dim_of(given, axis)
    dims = (count.type.dim, other.type.dim)  # type: ignore[union-attr]
    if None in dims or not builder.dims.equal(*dims):  # type: ignore[arg-type]
        builder.emit("check_dims", [count.atom, other.atom], [], {"dims": dims})


def _given(x: Value, axis: int, dim: Dim) -> Value:
    """Return the value of the array that is given for an input."""
    type_ = batched_type(x.type, dim)
    assert isinstance(type_, Array)
    count, *shape = type_.shape
    shape.insert(axis, count)
    return Value(Array(type_.dtype, tuple(shape)), x.hint, x.base, x.suffix)


def _result(batcher: Batcher, y: Atom, axis: int) -> Handle:
    """Return a result with the examples along ``axis``, as an array of its own."""
    spread = batcher.spread(y)
    if y not in batcher.mapped:
        spread = apply("copy", spread)
    return from_front(spread, axis)
