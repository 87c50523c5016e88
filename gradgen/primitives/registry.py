"""The registry: what a primitive is, and handles with which rules are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from gradgen.errors import Refusal, ShapeError
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Literal, Value
from gradgen.ir.dims import Dims
from gradgen.ir.types import Array, Dim, Scalar, Shape, Sym, Tensor, Type
from gradgen.primitives.fields import refuse_complex, scalar_library
from gradgen.primitives.tables import Table
from gradgen.structs import field, frozen


class Handle:
    """An atom together with the builder that its uses are appended to.

    Rules and lowerings are written with handles, so that they read as mathematics.
    """

    __slots__ = ("atom", "builder")
    __array_ufunc__ = None

    def __init__(self, builder: Builder, atom: Atom) -> None:
        self.builder = builder
        self.atom = atom

    @property
    def type(self) -> Tensor:
        """Return the type of a scalar or array."""
        if isinstance(self.atom.type, Scalar | Array):
            return self.atom.type
        raise Refusal(f"a value of type {self.atom.type} is no number")

    @property
    def shape(self) -> Shape:
        """Return the shape with every dimension resolved."""
        return self.builder.dims.shape(self.type)

    @property
    def rank(self) -> int:
        """Return the number of axes."""
        return len(self.type.shape)

    @property
    def dtype(self) -> np.dtype:
        """Return the dtype."""
        return self.type.dtype

    def __add__(self, other: Operand) -> Handle:
        return apply("add", self, other)

    def __radd__(self, other: Operand) -> Handle:
        return apply("add", other, self)

    def __sub__(self, other: Operand) -> Handle:
        return apply("subtract", self, other)

    def __rsub__(self, other: Operand) -> Handle:
        return apply("subtract", other, self)

    def __mul__(self, other: Operand) -> Handle:
        return apply("multiply", self, other)

    def __rmul__(self, other: Operand) -> Handle:
        return apply("multiply", other, self)

    def __truediv__(self, other: Operand) -> Handle:
        return apply("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Handle:
        return apply("divide", other, self)

    def __pow__(self, other: Operand) -> Handle:
        return apply("power", self, other)

    def __matmul__(self, other: Handle) -> Handle:
        return apply("matmul", self, other)

    def __neg__(self) -> Handle:
        return apply("negative", self)

    def __lt__(self, other: Operand) -> Handle:
        return apply("less", self, other)

    def __le__(self, other: Operand) -> Handle:
        return apply("less_equal", self, other)

    def __gt__(self, other: Operand) -> Handle:
        return apply("greater", self, other)

    def __ge__(self, other: Operand) -> Handle:
        return apply("greater_equal", self, other)


Operand: TypeAlias = Handle | int | float | complex
Attrs: TypeAlias = Mapping[str, Any]
TypeRule: TypeAlias = Callable[[Dims, Sequence[Any], Attrs], Any]
"""Gets what is known of dimensions, the operand types and the attributes.

Returns the type of the result, or None for an op without one, or those of several.
"""

TangentRule: TypeAlias = Callable[..., Any]
"""``rule(y, x_dots, *xs, **attrs)``; ``x_dots`` holds None where there is none."""

AdjointRule: TypeAlias = Callable[..., Sequence[Any]]
"""``rule(y_bar, y, *xs, **attrs)``: one contribution an operand: a
handle, an :class:`Into`, an :class:`Unknown`, or None for zero."""


BatchRule: TypeAlias = Callable[..., Any]
"""``rule(batch)``: what one call computes for many examples; see ``batching``."""


@frozen
class Into:
    """A contribution that is added to a part of the cotangent collected so far.

    Such a contribution costs what the read cost that it belongs to, however large the
    array is. Where ``operands`` is not 0, ``add`` also takes operands from that number
    on and, as ``path``, the views that lead to the part before the place itself.
    """

    add: Callable[..., Handle]
    operands: int = 0


@frozen
class Unknown:
    """A derivative that is not known, and is refused where the operand moves."""

    reason: str
    hint: str = ""


@frozen
class Sample:
    """Operands and attributes from which a primitive's tests are generated.

    An operand is a number, an array, or a string such as ``"f64[3,4]"`` for random
    reals; ``domain`` bounds the random numbers. Where the derivative of a primitive
    ``f`` alone is not determined, as that of what reads one triangle of a matrix, that
    of ``around(f, *operands)`` is tested.
    """

    operands: tuple[Any, ...]
    attrs: Attrs = field(default_factory=dict)
    domain: tuple[float, float] = (-2.0, 2.0)
    around: Callable[..., Any] | None = None


@frozen
class Primitive:
    """All that gradgen knows about one operation.

    ``template`` prints it: Python source with ``{0}``, ``{1}`` … for the operands, or
    a function of operand types and attributes that returns such a template.
    ``shares`` names operands whose memory the result may share, ``shape_only`` those
    whose contents are not read. ``elementwise`` results may be computed in place,
    those of ``readonly`` primitives must not be written to. Where there are ``several``
    results, the type rule returns their types, evaluation their values, and the rules
    get and return sequences of handles. Those that do not ``take_complex`` operands
    are refused where there are any; see ``docs/complex.md`` for what rules must hold.
    """

    name: str
    type_rule: TypeRule
    evaluate: Callable[..., Any]
    template: str | Callable[[Sequence[Any], Attrs], str]
    tangent: TangentRule | None = None
    adjoint: AdjointRule | None = None
    batch: BatchRule | None = None
    shares: tuple[int, ...] = ()
    shape_only: tuple[int, ...] = ()
    elementwise: bool = False
    commutative: bool = False
    math: Callable[..., Any] | None = None
    ufunc: str = ""
    mutates: bool = False
    readonly: bool = False
    effect: bool = False
    several: bool = False
    takes_complex: bool = False
    samples: tuple[Sample, ...] = ()

    @property
    def differentiable(self) -> bool:
        """Tell whether a derivative can pass through this primitive."""
        return self.adjoint is not None or self.tangent is not None

    def check_field(self, types: Sequence[Type]) -> None:
        """Refuse complex operands or results, unless the rules hold for them."""
        if not self.takes_complex:
            refuse_complex(self.ufunc or self.name, types)

    def __call__(self, *operands: Operand, **attrs: Any) -> Handle:
        """Append this primitive to the builder of its operands."""
        return apply(self.name, *operands, **attrs)

    def print_as(self, types: Sequence[Any], attrs: Attrs) -> str:
        """Return the template for these operand types."""
        if isinstance(self.template, str):
            return self.template
        return self.template(types, attrs)


PRIMITIVES: Table[Primitive] = Table("PRIMITIVES")
LOWERINGS: Table[Callable[..., Any]] = Table("LOWERINGS")
METHODS: Table[Callable[..., Any]] = Table("METHODS")
ATTRIBUTES: Table[Callable[[Handle], Any]] = Table("ATTRIBUTES")
MUTATORS: Table[Callable[..., Any]] = Table("MUTATORS")
"""By function or by the name of a method: the array after the call, as its value."""


def register(primitive: Primitive) -> Primitive:
    """Enter a primitive."""
    assert not PRIMITIVES.holds(primitive.name), primitive.name
    PRIMITIVES[primitive.name] = primitive
    return primitive


def find_lowering(function: Any) -> Callable[..., Any] | None:
    """Return the lowering of a Python callable, if there is one."""
    try:
        return LOWERINGS.get(function)
    except TypeError:
        return None


def lift(builder: Builder, value: Any) -> Handle:
    """Return a handle for a handle, a Python number, or an array or list of those."""
    if isinstance(value, Handle):
        return value
    if isinstance(value, np.ndarray):
        return _constant(builder, value)
    if isinstance(value, list | tuple):
        return _stacked(builder, value)
    if not isinstance(value, bool | int | float | complex | str | np.generic):
        raise Refusal(f"a value of type {type(value).__name__} is no number")
    return Handle(builder, Literal.of(value))


MAX_WRITTEN_OUT = 100


def _constant(builder: Builder, array: np.ndarray) -> Handle:
    """Return an array made while compiling, written out in the program."""
    if array.dtype.kind not in "biufc":
        raise Refusal(f"an array of dtype {array.dtype}")
    if array.ndim == 0:
        return lift(builder, array[()])
    for name, value in (("zeros", 0), ("ones", 1)):
        if (array == value).all():
            return apply(name, *array.shape, builder=builder, dtype=array.dtype)
    if array.size > MAX_WRITTEN_OUT:
        raise Refusal(
            f"an array of {array.size} numbers made while compiling is not supported",
            "pass it as an argument, or keep it in a global variable",
        )
    numbers = array.ravel().tolist()
    attrs = {"shape": array.shape, "dtype": array.dtype}
    return apply("array", *numbers, builder=builder, **attrs)


def _stacked(builder: Builder, items: Sequence[Any]) -> Handle:
    """Return what ``np.array`` makes of a list."""
    parts = [lift(builder, item) for item in items]
    if not parts:
        return apply("zeros", 0, builder=builder, dtype=np.dtype(float))
    dtype = np.result_type(*(part.dtype for part in parts))
    if all(part.rank == 0 for part in parts):
        return apply("array", *parts, shape=(len(parts),), dtype=dtype)
    return apply("stack", *parts, axis=0)


def builder_of(*values: Any) -> Builder:
    """Return the builder of the first handle among ``values``, nested ones included."""
    for value in values:
        if isinstance(value, Handle):
            return value.builder
        if isinstance(value, list | tuple):
            try:
                return builder_of(*value)
            except LookupError:
                continue
    raise LookupError("no handle among the operands")


def apply(
    name: str, *operands: Any, builder: Builder | None = None, **attrs: Any
) -> Handle:
    """Append the primitive ``name``, with its type inferred, and return its result.

    Equalities of dimensions that the operation's broadcasting takes for granted are
    recorded by a ``check_dims`` op before it, which later passes drop where the
    operation itself, which raises in that case, is still there.
    """
    (result,) = _appended(name, operands, builder, attrs)
    return result


def apply_several(
    name: str, *operands: Any, builder: Builder | None = None, **attrs: Any
) -> list[Handle]:
    """Append a primitive with several results and return these."""
    return _appended(name, operands, builder, attrs)


def _appended(
    name: str, operands: Sequence[Any], builder: Builder | None, attrs: dict[str, Any]
) -> list[Handle]:
    builder = builder or builder_of(*operands)
    handles = [lift(builder, operand) for operand in operands]
    primitive = PRIMITIVES[name]
    types = [handle.atom.type for handle in handles]
    if builder.scalar_math and primitive.math and all(map(_is_number, types)):
        attrs = {**scalar_library(primitive.math, types), **attrs}
    primitive.check_field(types)
    found: Any = primitive.type_rule(builder.dims, types, attrs)
    results: Sequence[Type] = found if primitive.several else [found]
    primitive.check_field(results)
    for pair in builder.dims.take_assumed():
        _emit_check(builder, handles, pair)
    atoms = [handle.atom for handle in handles]
    return [Handle(builder, y) for y in builder.emit(name, atoms, results, attrs)]


def require_same_shape(left: Handle, right: Handle) -> bool:
    """Have it checked that two shapes are equal; return False if they never are."""
    if left.rank != right.rank:
        return False
    try:
        for pair in zip(left.type.shape, right.type.shape, strict=True):
            left.builder.dims.assume_equal(*pair)
    except ShapeError:
        return False
    finally:
        for pair in left.builder.dims.take_assumed():
            _emit_check(left.builder, (left, right), pair)
    return True


def _is_number(type_: Type) -> bool:
    return isinstance(type_, Scalar)


def in_shape_of(y: Handle, result: Handle) -> Handle:
    """Return ``result``, whose shape is that of ``y`` whatever its own type rule knows.

    The tangent of a linear operation has the shape of its primal result, even where
    that is known only when the program runs.
    """
    atom = result.atom
    if isinstance(atom, Value) and isinstance(atom.type, Array) and y.rank:
        atom.type = Array(atom.type.dtype, y.type.shape)
    return result


def _emit_check(
    builder: Builder, handles: Sequence[Handle], pair: tuple[Dim, Dim]
) -> None:
    atoms = [_length(builder, handles, dim) for dim in pair]
    builder.emit("check_dims", atoms, [], {"dims": pair})


def _length(builder: Builder, handles: Sequence[Handle], dim: Dim) -> Atom:
    atom = builder.dim_atom_exact(dim)
    if atom is not None:
        return atom
    for handle in handles:
        if dim in (shape := getattr(handle.atom.type, "shape", ())):
            return apply("dim", handle, axis=shape.index(dim)).atom
    atom = builder.dim_atom(dim)
    return _shifted_length(builder, dim) if atom is None else atom


def _shifted_length(builder: Builder, dim: Dim) -> Atom:
    """Return the length of a part, such as ``n - 1`` of ``x[1:]``, from the whole's."""
    assert isinstance(dim, Sym), dim
    known = (Sym(dim.name), Sym(dim.name, proper=True))
    atom = next(a for a in map(builder.dim_atom, known) if a is not None)
    length = apply("add", Handle(builder, atom), dim.offset)
    return apply("maximum", length, 0).atom if dim.offset < -2 else length.atom


def dim_of(handle: Handle, axis: int) -> Handle:
    """Return the length of an axis, by its symbol where that is known elsewhere."""
    dim = handle.shape[axis]
    atom = handle.builder.dim_atom(dim)
    if atom is not None:
        return Handle(handle.builder, atom)
    return apply("dim", handle, axis=axis)


def dims_of(handle: Handle) -> list[Handle]:
    """Return the lengths of all axes."""
    return [dim_of(handle, axis) for axis in range(handle.rank)]


def joined_terms(first: Handle | None, second: Handle | None) -> Handle:
    """Return the sum of what two operands bring to a tangent; one may bring none."""
    if first is None or second is None:
        total = second if first is None else first
        assert total is not None
        return total
    return first + second


def zero_list(xs: Handle) -> Handle:
    """Return a list of the zeros of the elements of a list."""
    maker = xs.builder.makers.get(xs.atom) if isinstance(xs.atom, Value) else None
    if maker is not None and maker.name == "seq_empty":
        return apply("seq_empty", builder=xs.builder, **maker.attrs)
    return apply("seq_zeros_like", xs)
