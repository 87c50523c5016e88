"""Types of IR values: dtypes, symbolic dimensions, scalars and arrays."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from gradgen.structs import frozen

DType: TypeAlias = np.dtype


@frozen
class Sym:
    """A dimension known only when the program runs: ``max(name + offset, 0)``.

    ``proper`` says that the dimension is known to be neither 0 nor 1, because the key
    of the compiled program says so (0/1 specialisation). Derived dimensions never are.
    """

    name: str
    offset: int = 0
    proper: bool = False

    def __str__(self) -> str:
        return self.name + (f"{self.offset:+d}" if self.offset else "")


Dim: TypeAlias = int | Sym
Shape: TypeAlias = tuple[Dim, ...]


def shift_dim(dim: Dim, offset: int) -> Dim:
    """Return ``dim`` moved by ``offset``, as ``x[1:]`` moves ``n`` to ``n-1``."""
    if isinstance(dim, int):
        return max(dim + offset, 0)
    if offset == 0:
        return dim
    return Sym(dim.name, dim.offset + offset)


def may_be_one(dim: Dim) -> bool:
    """Tell whether ``dim`` can be 1 in some run of the program."""
    return dim == 1 if isinstance(dim, int) else not dim.proper


@frozen
class Scalar:
    """A number. ``weak`` marks a Python number, which adapts to other dtypes.

    ``dim`` is the value of an integer as a dimension, where it is known.
    """

    dtype: DType
    weak: bool = False
    dim: Dim | None = None

    @property
    def shape(self) -> Shape:
        """Return the empty shape."""
        return ()

    def __str__(self) -> str:
        name = {"f": "float", "i": "int", "b": "bool", "c": "complex"}
        if self.weak:
            return name[self.dtype.kind]
        return short_dtype(self.dtype)


@frozen
class Array:
    """An array of one or more axes."""

    dtype: DType
    shape: Shape

    @property
    def weak(self) -> bool:
        """Return False: arrays keep their dtype."""
        return False

    def __str__(self) -> str:
        return f"{short_dtype(self.dtype)}[{','.join(map(str, self.shape))}]"


@frozen
class Text:
    """A string made at run time, for messages only."""

    def __str__(self) -> str:
        return "str"


@frozen
class Seq:
    """A list of values of one type whose length is known only at run time.

    With ``key``, the type of its keys, it is a dict.
    """

    element: Type
    key: Type | None = None

    def __str__(self) -> str:
        if self.key is not None:
            return f"dict<{self.key}, {self.element}>"
        return f"seq<{self.element}>"


@frozen
class Tape:
    """What a call keeps for its reverse sweep: a tuple of values of any types.

    It is known by its name only, since it may hold another one of the same name.
    """

    name: str

    def __str__(self) -> str:
        return f"tape<{self.name}>"


@frozen
class Random:
    """A generator of random numbers, an object with a state: ``np.random.Generator``.

    Its state is no value: each draw is an op with an effect.
    """

    def __str__(self) -> str:
        return "Generator"


@frozen
class Sparse:
    """A matrix of ``scipy.sparse``, of the class ``name``, as the object that it is."""

    name: str
    entries: DType
    shape: Shape

    def __str__(self) -> str:
        lengths = ",".join(map(str, self.shape))
        return f"{self.name} {short_dtype(self.entries)}[{lengths}]"


@frozen
class Curve:
    """A function of one number, or more, of a class ``name``, as the object it is."""

    name: str
    axes: int = 1

    def __str__(self) -> str:
        return self.name


Tensor: TypeAlias = Scalar | Array
Type: TypeAlias = Scalar | Array | Text | Seq | Tape | Random | Sparse | Curve

BOOL = np.dtype(np.bool_)
INT = np.dtype(np.int64)
FLOAT = np.dtype(np.float64)
COMPLEX = np.dtype(np.complex128)

PY_BOOL = Scalar(BOOL, weak=True)
PY_INT = Scalar(INT, weak=True)
PY_FLOAT = Scalar(FLOAT, weak=True)
PY_COMPLEX = Scalar(COMPLEX, weak=True)


def short_dtype(dtype: DType) -> str:
    """Return the short name of ``dtype``: ``f64``, ``i32``, ``bool``."""
    if dtype.kind == "b":
        return "bool"
    return f"{dtype.kind}{dtype.itemsize * 8}"


def tensor(dtype: DType, shape: Shape) -> Tensor:
    """Return the type of a NumPy result: rank 0 is a NumPy scalar."""
    return Array(dtype, shape) if shape else Scalar(dtype)


def is_floating(type_: Type) -> bool:
    """Tell whether a value of this type can carry a derivative."""
    if isinstance(type_, Tape):
        return True
    if isinstance(type_, Seq):
        return is_floating(type_.element)
    return isinstance(type_, Scalar | Array) and type_.dtype.kind in "fc"


def is_complex(type_: Type) -> bool:
    """Tell whether a value of this type is a complex number or an array of them."""
    return isinstance(type_, Scalar | Array) and type_.dtype.kind == "c"


def literal_type(value: object) -> Type:
    """Return the type of a constant that stands in the program text."""
    if isinstance(value, str):
        return Text()
    if isinstance(value, bool):
        return PY_BOOL
    if isinstance(value, int):
        return Scalar(INT, weak=True, dim=value)
    if isinstance(value, float) and not isinstance(value, np.generic):
        return PY_FLOAT
    if isinstance(value, complex) and not isinstance(value, np.generic):
        return PY_COMPLEX
    if isinstance(value, np.generic):
        return Scalar(value.dtype)
    raise TypeError(f"no literal of type {type(value).__name__}")


def same_type(left: Type, right: Type) -> bool:
    """Compare types, leaving out what is known about values."""
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return left.dtype == right.dtype and left.weak == right.weak
    return left == right
