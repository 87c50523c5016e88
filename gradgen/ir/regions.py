"""Region ops: branches, loops in scan form, and calls, built with their result types.

A loop is an op over carried and scanned values. Its body gets the index ``i``, the
carried values ``c…`` and one element ``e…`` of each scanned array, and yields whether
to leave (only if ``exits``), the carried values of the next iteration, and elements
``y…`` to stack. The results are the final carried values, the stacked arrays, ``stop``
and ``left``: the iterations that ran are ``range(lo, stop, step)``, and ``left`` says
that the last of them asked to leave. What that iteration yielded counts.

In a reverse loop the indices go from last to first; element ``k`` of a scanned or
stacked array still belongs to the ``k``-th index of the range.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.errors import Span
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value
from gradgen.ir.dims import Dims
from gradgen.ir.tree import Tree, leaf
from gradgen.ir.types import (
    PY_BOOL,
    PY_INT,
    Array,
    Dim,
    Scalar,
    Seq,
    Sym,
    Type,
    shift_dim,
    tensor,
)
from gradgen.structs import frozen

REGION_OPS = ("if", "for", "while", "call")


@frozen
class LoopParts:
    """The operands, parameters, yields and results of a loop, by their role."""

    range: tuple[Atom, ...]
    initial: tuple[Atom, ...]
    scanned: tuple[Atom, ...]
    carried: tuple[Value, ...]
    elements: tuple[Value, ...]
    exit: tuple[Atom, ...]
    next: tuple[Atom, ...]
    items: tuple[Atom, ...]
    final: tuple[Value, ...]
    stacked: tuple[Value, ...]


def make_if(cond: Atom, then: Block, otherwise: Block, span: Span | None = None) -> Op:
    """Return ``If(cond){then}{otherwise}``; both blocks yield the same types."""
    results = tuple(Value(x.type) for x in then.results)
    return Op("if", (cond,), results, {}, (then, otherwise), span)


def make_for(
    bounds: tuple[Atom, Atom, Atom],
    initial: Sequence[Atom],
    scanned: Sequence[Atom],
    body: Block,
    length: Dim,
    *,
    exits: bool = False,
    reverse: bool = False,
    span: Span | None = None,
) -> Op:
    """Return a loop over ``range(*bounds)``; ``length`` is that of stacked results."""
    results = _loop_results(body, len(initial), exits, length)
    attrs = {"carried": len(initial), "exits": exits, "reverse": reverse}
    return Op("for", (*bounds, *initial, *scanned), results, attrs, (body,), span)


def make_while(
    test: Block,
    initial: Sequence[Atom],
    scanned: Sequence[Atom],
    body: Block,
    length: Dim,
    *,
    exits: bool = False,
    span: Span | None = None,
) -> Op:
    """Return a loop that runs while ``test``, over the carried values, yields true.

    Its index counts from 0, so that ``stop`` is the number of iterations.
    """
    results = _loop_results(body, len(initial), exits, length)
    attrs = {"carried": len(initial), "exits": exits}
    return Op("while", (*initial, *scanned), results, attrs, (test, body), span)


def _loop_results(
    body: Block, carried: int, exits: bool, length: Dim
) -> tuple[Value, ...]:
    first = int(exits)
    final = [Value(x.type) for x in body.params[1 : 1 + carried]]
    items = body.results[first + carried :]
    stacked = [Value(stack_type(x.type, length)) for x in items]
    return (*final, *stacked, Value(PY_INT, "stop"), Value(PY_BOOL, "left"))


def loop_parts(op: Op) -> LoopParts:
    """Return the parts of a well-formed loop."""
    bounds = 3 if op.name == "for" else 0
    count = op.attrs["carried"]
    split = bounds + count
    first = int(op.attrs["exits"])
    body = op.regions[-1]
    return LoopParts(
        range=op.operands[:bounds],
        initial=op.operands[bounds:split],
        scanned=op.operands[split:],
        carried=body.params[1 : 1 + count],
        elements=body.params[1 + count :],
        exit=body.results[:first],
        next=body.results[first : first + count],
        items=body.results[first + count :],
        final=op.results[:count],
        stacked=op.results[count:-2],
    )


def stack_type(item: Type, length: Dim) -> Type:
    """Return the type of what collects one ``item`` an iteration."""
    if isinstance(item, Scalar | Array):
        return Array(item.dtype, (length, *item.shape))
    return Seq(item)


def element_type(scanned: Type) -> Type | None:
    """Return the type of one element of a scanned operand, None if it has none."""
    if isinstance(scanned, Seq):
        return scanned.element
    if isinstance(scanned, Array):
        return tensor(scanned.dtype, scanned.shape[1:])
    return None


def surely_begins(bounds: Sequence[Atom]) -> bool:
    """Tell whether a loop over a range has a first turn in any case."""
    lo, hi, step = bounds
    if not isinstance(lo, Literal) or not isinstance(step, Literal):
        return False
    if isinstance(hi, Literal):
        return bool(range(lo.value, hi.value, step.value))
    dim = getattr(hi.type, "dim", None)
    proper = isinstance(dim, Sym) and dim.proper
    return proper and step.value > 0 and lo.value <= 1


def make_call(
    name: str,
    function: Function,
    operands: Sequence[Atom],
    dims: Dims,
    span: Span | None = None,
    *,
    effect: bool = False,
) -> Op:
    """Return a call of a helper over the leaves of its arguments.

    The helper's dimensions are replaced by those of the operands, and by fresh ones
    of ``dims`` where the operands do not tell. ``effect`` says that the helper does
    more than compute its results.
    """
    known = match_dims(function, operands)
    results = tuple(
        Value(substitute(x.type, known, dims), getattr(x, "hint", ""))
        for x in function.body.results
    )
    attrs = {"callee": name, "takes": function.takes, "effect": effect}
    return Op("call", tuple(operands), results, attrs, (), span)


def helper_result(results: Sequence[Atom]) -> Tree:
    """Return the tree of what a helper returns: one value, or a tuple of several."""
    leaves = tuple(map(leaf, results))
    return leaves[0] if len(leaves) == 1 else Tree("tuple", leaves)


def match_dims(function: Function, operands: Sequence[Atom]) -> dict[str, Dim]:
    """Return what the symbols of a function's parameters are in a call."""
    known: dict[str, Dim] = {}
    for param, operand in zip(function.inputs, operands, strict=True):
        ours, theirs = _dims(param.type), _dims(operand.type)
        for name, dim in zip(ours, theirs, strict=False):
            if isinstance(name, Sym) and not name.offset and dim is not None:
                known.setdefault(name.name, dim)
    return known


def _dims(type_: Type) -> tuple[Dim | None, ...]:
    if isinstance(type_, Scalar):
        return (type_.dim,)
    return type_.shape if isinstance(type_, Array) else ()


def substitute(type_: Type, known: dict[str, Dim], dims: Dims) -> Type:
    """Return ``type_`` of a callee in terms of the caller's dimensions."""
    if isinstance(type_, Array):
        return Array(
            type_.dtype, tuple(_moved(dim, known, dims) for dim in type_.shape)
        )
    if isinstance(type_, Scalar):
        return Scalar(type_.dtype, type_.weak)
    return type_


def _moved(dim: Dim, known: dict[str, Dim], dims: Dims) -> Dim:
    if isinstance(dim, int):
        return dim
    if dim.name not in known:
        known[dim.name] = dims.fresh(dim.name)
    return shift_dim(known[dim.name], dim.offset)
