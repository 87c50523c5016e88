"""Values that only some paths bind: which these are, and zeros like them."""

from __future__ import annotations

from collections.abc import Iterable

from gradgen.ir.builder import Builder
from gradgen.ir.core import Op, Value
from gradgen.ir.types import Dim, Sym
from gradgen.primitives.registry import Handle, apply, dim_of


def zeros_for(x: Handle) -> Handle:
    """Return zeros like ``x``, which may be undefined: then nothing reads them."""
    lengths = [length_of(x.builder, dim) for dim in x.shape]
    if None in lengths and _may_be_unbound(x):
        return apply("zeros_if_bound", x)
    known = [length or dim_of(x, axis) for axis, length in enumerate(lengths)]
    return apply("zeros", *known, builder=x.builder, dtype=x.dtype)


def _may_be_unbound(x: Handle) -> bool:
    builder, atom = x.builder, x.atom
    if not isinstance(atom, Value):
        return False
    maker = builder.makers.get(atom) or builder.choices.get(atom)
    return maker is not None and atom in unbound_results([maker])


def unbound_results(ops: Iterable[Op]) -> set[Value]:
    """Return what only some paths define: results of branches, and zeros like them.

    What a tape holds may come from one of these.
    """
    found: set[Value] = set()
    for op in ops:
        if op.name in ("zeros_if_bound", "unpack"):
            found.update(op.results)
        for region in op.regions if op.name == "if" else ():
            inner = unbound_results(region.ops)
            for result, x in zip(op.results, region.results, strict=True):
                if x in inner if isinstance(x, Value) else x.is_undefined:
                    found.add(result)
    return found


def length_of(builder: Builder, dim: Dim) -> Handle | None:
    """Return the value of a dimension, None if only an array that has it tells."""
    atom = builder.dim_atom(dim)
    if atom is not None:
        return Handle(builder, atom)
    if not isinstance(dim, Sym) or not -2 <= dim.offset < 0:
        return None
    whole = builder.dim_atom(Sym(dim.name, proper=True))
    return None if whole is None else Handle(builder, whole) - -dim.offset
