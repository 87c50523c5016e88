"""Builds IR: appends ops to a block and keeps what is known about dimensions."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from gradgen.errors import Span
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value
from gradgen.ir.dims import Dims
from gradgen.ir.types import INT, Dim, Scalar, Sym, Type

_State: TypeAlias = tuple[
    list[Op], dict[Sym, Dim], dict[Dim, Atom], dict[Dim, Atom], dict[Any, Atom]
]
"""What a region has of its own while it is built."""


class Builder:
    """Appends ops in order. ``span`` and ``origin`` are given to what is appended.

    ``order`` says how often what is built will be differentiated, as far as is known,
    ``strict`` whether its derivatives are to check that there are any. ``choices`` says
    which ``if`` a value results from, in the regions of what is differentiated too.
    """

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.makers: dict[Value, Op] = {}
        self.choices: Mapping[Value, Op] = {}
        self.dims = Dims()
        self.dim_atoms: dict[Dim, Atom] = {}
        self.dim_exact: dict[Dim, Atom] = {}
        self.views: dict[Any, Atom] = {}
        self.outer: list[_State] = []
        self.helpers: dict[str, Function] = {}
        self.span: Span | None = None
        self.origin = "primal"
        self.scalar_math = False
        self.order = 0
        self.strict = False

    def enter(self, inputs: Sequence[Value]) -> None:
        """Emit the lengths of the axes of a function's inputs, for later use."""
        for value in inputs:
            self.dims.note(value.type)
            if isinstance(value.type, Scalar) and value.type.dim is not None:
                self.know_dim(value.type.dim, value)
        for value in inputs:
            for axis, dim in enumerate(getattr(value.type, "shape", ())):
                if isinstance(dim, Sym) and dim not in self.dim_exact:
                    type_ = Scalar(INT, weak=True, dim=dim)
                    self.emit("dim", (value,), (type_,), {"axis": axis})

    def emit(
        self,
        name: str,
        operands: Sequence[Atom],
        types: Sequence[Type],
        attrs: Mapping[str, Any] | None = None,
        regions: tuple[Block, ...] = (),
    ) -> tuple[Value, ...]:
        """Append one op and return its results."""
        results = tuple(Value(t) for t in types)
        op = Op(
            name,
            tuple(operands),
            results,
            attrs or {},
            regions,
            self.span,
            self.origin,
        )
        self.append(op)
        return results

    def append(self, op: Op) -> None:
        """Append an op made elsewhere, and learn what it says about dimensions."""
        self.ops.append(op)
        for result in op.results:
            self.makers[result] = op
            self.dims.note(result.type)
        if op.name == "dim":
            self._learn_dim(op)
        self._learn_equal(op)

    def _learn_equal(self, op: Op) -> None:
        if op.name == "check_dims":
            self.dims.merge(*op.attrs["dims"])

    @contextmanager
    def region(self, ops: list[Op] | None = None) -> Iterator[list[Op]]:
        """Collect what is appended meanwhile, for a region of its own.

        What is learnt about lengths there does not hold outside, where the region may
        not run. ``ops`` goes on with a region that was left before.
        """
        self.outer.append(self._state())
        self.ops = [] if ops is None else ops
        self.dims.parent = dict(self.dims.parent)
        self.dim_atoms = dict(self.dim_atoms)
        self.dim_exact = dict(self.dim_exact)
        self.views = dict(self.views)
        for op in self.ops:
            self._learn_equal(op)
        try:
            yield self.ops
        finally:
            self._set_state(self.outer.pop())

    def _state(self) -> _State:
        dims = self.dims.parent
        return self.ops, dims, self.dim_atoms, self.dim_exact, self.views

    def _set_state(self, state: _State) -> None:
        self.ops, parent, self.dim_atoms, self.dim_exact, self.views = state
        self.dims.parent = parent

    def enter_outside(self, inputs: Sequence[Value]) -> None:
        """Emit the lengths of inputs before all regions, known in all of them."""
        levels = [*self.outer, self._state()]
        current, self.ops = self.ops, levels[0][0]
        before = dict(self.dim_exact)
        self.enter(inputs)
        self.ops = current
        for dim, atom in self.dim_exact.items():
            if dim not in before:
                for _, _, atoms, exact, _ in levels:
                    atoms.setdefault(dim, atom)
                    exact.setdefault(dim, atom)

    def _learn_dim(self, op: Op) -> None:
        source = op.operands[0]
        assert isinstance(source, Value)
        dim = source.type.shape[op.attrs["axis"]]  # type: ignore[union-attr]
        self.know_dim(dim, op.results[0])

    def know_dim(self, dim: Dim, atom: Atom) -> None:
        """Remember that ``atom`` holds the value of ``dim``."""
        self.dim_exact.setdefault(dim, atom)
        self.dim_atoms.setdefault(self.dims.resolve(dim), atom)

    def forget_lengths(self, made: Container[Atom]) -> None:
        """Forget that some values hold lengths, until they are appended again."""
        for known in (self.dim_exact, self.dim_atoms):
            for dim in [dim for dim, atom in known.items() if atom in made]:
                del known[dim]

    def dim_atom(self, dim: Dim) -> Atom | None:
        """Return an atom with the value of ``dim``, if one is at hand."""
        found = self.dims.resolve(dim)
        if isinstance(found, int):
            return Literal.of(found)
        if found in self.dim_atoms:
            return self.dim_atoms[found]
        return self.dim_atoms.get(dim)

    def dim_atom_exact(self, dim: Dim) -> Atom | None:
        """Return an atom for this very symbol, not for one known to be equal."""
        if isinstance(dim, int):
            return Literal.of(dim)
        return self.dim_exact.get(dim)

    def block(self, params: tuple[Value, ...], results: Sequence[Atom]) -> Block:
        """Return what was built as a block."""
        return Block(params, tuple(self.ops), tuple(results))
