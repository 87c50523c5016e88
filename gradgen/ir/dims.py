"""What is known about symbolic dimensions: which are equal, which values they have."""

from __future__ import annotations

from collections.abc import Iterable

from gradgen.errors import ShapeError
from gradgen.ir.types import Array, Dim, Scalar, Shape, Sym, Type, may_be_one
from gradgen.structs import field, struct


@struct
class Dims:
    """Equalities between dimensions, as a union-find over symbols.

    ``assumed`` lists the equalities that a type rule had to assume: the operation
    that it types raises in NumPy where they do not hold.
    """

    parent: dict[Sym, Dim] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    assumed: list[tuple[Dim, Dim]] = field(default_factory=list)

    def copy(self) -> Dims:
        """Return equalities to go on with, which take nothing back to these."""
        return Dims(dict(self.parent), self.names)

    def resolve(self, dim: Dim) -> Dim:
        """Return the representative of ``dim``, moved by its offset."""
        if isinstance(dim, int):
            return dim
        while dim in self.parent:
            found = self.parent[dim]
            if isinstance(found, int):
                return found
            dim = found
        return self._resolve_shifted(dim) if dim.offset else dim

    def _resolve_shifted(self, dim: Sym) -> Dim:
        base = self.resolve(Sym(dim.name, 0, proper=True))
        if isinstance(base, int):
            return max(base + dim.offset, 0)
        return Sym(base.name, base.offset + dim.offset)

    def shape(self, type_: Type) -> Shape:
        """Return the shape of ``type_`` with every dimension resolved."""
        assert isinstance(type_, Array | Scalar)
        return tuple(self.resolve(dim) for dim in type_.shape)

    def equal(self, left: Dim, right: Dim) -> bool:
        """Tell whether two dimensions are known to be equal."""
        return self.resolve(left) == self.resolve(right)

    def assume_equal(self, left: Dim, right: Dim) -> Dim:
        """Record that the operation raises unless both are equal; return one."""
        first, second = self.resolve(left), self.resolve(right)
        if first == second:
            return first
        if isinstance(first, int) and isinstance(second, int):
            raise ShapeError(f"dimensions {first} and {second} do not match")
        self.assumed.append((left, right))
        return self.merge(first, second)

    def merge(self, left: Dim, right: Dim) -> Dim:
        """Make two dimensions one, preferring a literal, then a proper symbol."""
        keep, drop = self.resolve(left), self.resolve(right)
        if keep == drop:
            return keep
        if self._rank(drop) < self._rank(keep):
            keep, drop = drop, keep
        if isinstance(drop, Sym):
            self.parent[drop] = keep
        return keep

    def _rank(self, dim: Dim) -> tuple[int, int]:
        """Order dimensions by how much they say: literals, then proper ones by age."""
        if isinstance(dim, int):
            return (0, 0)
        age = self.names.get(dim.name, len(self.names))
        return (2 if may_be_one(dim) else 1, age)

    def fresh(self, stem: str = "k") -> Sym:
        """Return a new symbol for a dimension known only when the program runs."""
        name, number = stem, 1
        while name in self.names:
            number += 1
            name = f"{stem}{number}"
        self.names.setdefault(name, len(self.names))
        return Sym(name)

    def note(self, type_: Type) -> None:
        """Remember the symbols of ``type_`` so that fresh ones differ."""
        self.remember(getattr(type_, "shape", ()))
        self.remember((getattr(type_, "dim", None),))

    def remember(self, dims: Iterable[Dim | None]) -> None:
        """Remember symbols so that fresh ones differ."""
        for dim in dims:
            if isinstance(dim, Sym):
                self.names.setdefault(dim.name, len(self.names))

    def take_assumed(self) -> list[tuple[Dim, Dim]]:
        """Return the equalities assumed since the last call."""
        assumed, self.assumed = self.assumed, []
        return assumed
