"""Functions of one primitive, and checks of derivatives to any order."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradgen.ir.abstract import is_object, type_of
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Param, Value
from gradgen.ir.tree import leaf, tree_of
from gradgen.ir.types import is_floating, literal_type
from gradgen.primitives.registry import (
    PRIMITIVES,
    Handle,
    Sample,
    apply,
    apply_several,
)
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.primitives.complexstep import complex_step

DTYPES = {
    "f64": np.float64,
    "f32": np.float32,
    "c128": np.complex128,
    "c64": np.complex64,
}


PYTHON = {"float": float, "complex": complex}


def draw(spec: Any, domain: tuple[float, float], rng: np.random.Generator) -> Any:
    """Return the operand that a sample asks for; what is no string stays as it is."""
    if not isinstance(spec, str):
        return spec
    kind, _, lengths = spec.rstrip("]").partition("[")
    shape = tuple(int(length) for length in lengths.split(",")) if lengths else ()
    numbers = rng.uniform(*domain, shape)
    if kind.startswith("c"):
        numbers = numbers + 1j * rng.uniform(*domain, shape)
    if kind in PYTHON:
        return PYTHON[kind](numbers)
    return DTYPES[kind](numbers)


def operands_of(sample: Sample, name: str) -> list[Any]:
    """Return operands for a sample, the same in every run."""
    rng = np.random.default_rng(zlib.crc32(f"{name}{sample.operands}".encode()))
    return [draw(spec, sample.domain, rng) for spec in sample.operands]


def is_argument(value: Any) -> bool:
    """Tell whether an operand comes in when the program runs."""
    if isinstance(value, np.ndarray | np.generic) or is_object(value):
        return True
    return type(value) in (float, complex)


@dataclass(frozen=True)
class Program:
    """A function in IR and arguments for it."""

    function: Function
    args: tuple[Any, ...]

    @property
    def moving(self) -> tuple[int, ...]:
        """Return the positions of the parameters that can have a derivative."""
        trees = [param.tree for param in self.function.params]
        return tuple(
            i
            for i, tree in enumerate(trees)
            if any(is_floating(x.type) for x in tree.leaves())
        )

    def run(self) -> list[Any]:
        """Return the leaves of the result."""
        return list(tree_of(interpret(self.function, self.args)).leaves())

    def moved(self, dots: Sequence[Any], step: float) -> list[Any]:
        """Return the result at the arguments moved along ``dots``."""
        args = list(self.args)
        for i, dot in zip(self.moving, dots, strict=True):
            args[i] = shift(args[i], dot, step)
        return Program(self.function, tuple(args)).run()


def shift(value: Any, dot: Any, step: float) -> Any:
    """Return ``value + step * dot`` over trees."""
    if isinstance(value, tuple | list):
        pairs = zip(value, dot, strict=True)
        return type(value)(shift(v, d, step) for v, d in pairs)
    return value if dot is None else value + step * dot


def build(
    body: Callable[..., Any],
    args: Sequence[Any],
    name: str = "f",
    builder: Builder | None = None,
) -> Program:
    """Return the program that ``body`` makes of handles for ``args``."""
    builder = builder or Builder()
    values = []
    for i, arg in enumerate(args):
        type_ = type_of(arg, builder.dims, f"x{i}")
        values.append(Value(type_, f"x{i}"))
    builder.enter(values)
    result = tree_of(body(*[Handle(builder, value) for value in values]))
    tree = result.map(lambda y: y.atom)
    params = tuple(Param(v.hint, leaf(v)) for v in values)
    block = builder.block(tuple(values), list(tree.leaves()))
    return Program(Function(name, params, block, tree), tuple(args))


def program_of(
    name: str, sample: Sample, operands: Sequence[Any], alone: bool = False
) -> Program:
    """Return the function that is one primitive, with what is around it or alone."""
    args = [operand for operand in operands if is_argument(operand)]
    several = PRIMITIVES[name].several

    def primitive(*parts: Any) -> Any:
        applied = apply_several if several else apply
        return applied(name, *parts, **sample.attrs)

    def body(*handles: Handle) -> Any:
        supply = iter(handles)
        parts = [next(supply) if is_argument(x) else x for x in operands]
        if sample.around is None or alone:
            return primitive(*parts)
        return sample.around(primitive, *parts)

    if not args:
        builder = Builder()
        y = apply(name, *operands, builder=builder, **sample.attrs)
        block = builder.block((), [y.atom])
        return Program(Function(name, (), block, leaf(y.atom)), ())
    return build(body, args, name)


def random_like(value: Any, rng: np.random.Generator) -> Any:
    """Return a direction in the space of ``value``: None for what has no derivative."""
    if isinstance(value, tuple | list):
        return type(value)(random_like(v, rng) for v in value)
    if isinstance(value, np.ndarray | np.generic):
        return _direction(value.dtype.type, value.shape, rng)
    return _direction(type(value), (), rng)


def _direction(kind: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    if issubclass(kind, complex | np.complexfloating):
        drawn = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    elif issubclass(kind, float | np.floating):
        drawn = rng.standard_normal(shape)
    else:
        return None
    return np.asarray(drawn, kind) if shape else kind(drawn)


def inner(left: Any, right: Any) -> float:
    """Return the real part of the product over two trees; None stands for zero."""
    if left is None or right is None:
        return 0.0
    if isinstance(left, tuple | list):
        return sum(inner(a, b) for a, b in zip(left, right, strict=True))
    dtype = np.result_type(left, right, np.float64)
    return float(np.sum(np.multiply(left, right, dtype=dtype)).real)


def difference(program: Program, dots: Sequence[Any], step: float) -> list[Any]:
    """Return the derivative along ``dots`` by differences of fourth order."""
    far, near, back, behind = (
        program.moved(dots, k * step) for k in (2.0, 1.0, -1.0, -2.0)
    )
    return [
        (8 * (_wide(b) - _wide(c)) - (_wide(a) - _wide(d))) / (12 * step)
        for a, b, c, d in zip(far, near, back, behind, strict=True)
    ]


def _wide(y: Any) -> Any:
    return np.asarray(y, np.result_type(y, np.float64))


def check_derivatives(
    program: Program,
    order: int,
    step: float = 1e-3,
    differences: bool = True,
    alone: bool = False,
) -> None:
    """Check tangent against differences and adjoint against tangent, to ``order``.

    ``alone``: also with each of several arguments being the only one that moves.
    """
    rng = np.random.default_rng(7)
    moving = program.moving
    dots = [random_like(program.args[i], rng) for i in moving]
    tangent = Program(jvp(program.function, moving), (*program.args, *dots))
    value, pushed = interpret(tangent.function, tangent.args)
    if is_double(program, value) and differences:
        check_tangent(program, dots, pushed, step)
    bar = random_like(value, rng)
    pull = pullback(program, moving, bar)
    _, bars = interpret(pull.function, pull.args)
    for i, x_bar in zip(moving, bars, strict=True):
        same_kind(x_bar, program.args[i])
    check_transposed(program, value, (bar, pushed), (bars, tuple(dots)))
    if alone and len(moving) > 1:
        check_each_alone(program, dots, bar, bars)
    if order > 1:
        check_derivatives(tangent, order - 1, step)
        check_derivatives(pull, order - 1, step)


DOUBLE = (np.float64, np.complex128)


def pullback(program: Program, moving: tuple[int, ...], bar: Any) -> Program:
    """Return the program that pulls ``bar`` back to the arguments in ``moving``."""
    function = adjoint(program.function, Selection(moving, single=False))
    return Program(function, (*program.args, bar))


def is_double(program: Program, value: Any) -> bool:
    """Tell whether arguments and results of a program all have double precision."""
    return all(x.dtype in DOUBLE for x in _floats([*program.args, value]))


def check_transposed(
    program: Program,
    value: Any,
    after: tuple[Any, Any],
    before: tuple[Any, Any],
    size: float = 0.0,
) -> None:
    """Check that the product of cotangent and tangent is the same on both sides.

    ``size``: what else rounding errors are proportional to.
    """
    left, right = inner(*after), inner(*before)
    scale = abs(left) + abs(right) + _size(*after) + _size(*before) + size
    tolerance = 1e-10 if is_double(program, value) else 1e-4
    assert abs(left - right) <= tolerance * scale


def check_each_alone(
    program: Program, dots: Sequence[Any], bar: Any, bars: Sequence[Any]
) -> None:
    """Check the derivatives in each argument alone against those in all together.

    One that is zero but for rounding errors is compared with the others.
    """
    size = _size(tuple(bars), tuple(dots))
    for i, dot, x_bar in zip(program.moving, dots, bars, strict=True):
        value, pushed = interpret(jvp(program.function, (i,)), (*program.args, dot))
        pull = pullback(program, (i,), bar)
        _, (found,) = interpret(pull.function, pull.args)
        check_transposed(program, value, (bar, pushed), (found, dot), size)
        check_transposed(program, value, (found, dot), (x_bar, dot), size)
        same_kind(found, program.args[i])


def _floats(tree: Any) -> list[Any]:
    leaves = [np.asarray(x) for x in tree_of(tree).leaves()]
    return [x for x in leaves if x.dtype.kind in "fc"]


def _size(left: Any, right: Any) -> float:
    magnitude = lambda t: tree_of(t).map(np.abs).build()
    return inner(magnitude(left), magnitude(right))


def check_tangent(
    program: Program, dots: Sequence[Any], pushed: Any, step: float
) -> None:
    """Check a tangent by a complex step, or by differences with two step sizes.

    A complex step counts only where it agrees with a difference, since it is wrong for
    what is not holomorphic. It says nothing of functions of complex numbers.
    """
    tangents = list(tree_of(pushed).leaves())
    exact = None
    if not any(map(np.iscomplexobj, tree_of(list(program.args)).leaves())):
        exact = complex_step(program.function, program.args, program.moving, dots)
    if exact is not None and _agree(
        tangents, [e for e in exact if e is not None], 1e-12
    ):
        rough = _floating(program, difference(program, dots, step))
        assert _agree(tangents, rough, 1e-6), "a difference"
        return
    for length in (step, step / 2):
        wanted = _floating(program, difference(program, dots, length))
        for found, expected in zip(tangents, wanted, strict=True):
            size = 1.0 + np.max(np.abs(expected), initial=0.0)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * size)


def _floating(program: Program, derivatives: Sequence[Any]) -> list[Any]:
    """Return the derivatives of those results that are floats."""
    pairs = zip(derivatives, program.run(), strict=True)
    return [dot for dot, y in pairs if _is_float(y)]


def _agree(found: Sequence[Any], wanted: Sequence[Any], tolerance: float) -> bool:
    if len(found) != len(wanted):
        return False
    sizes = [1.0 + np.max(np.abs(y), initial=0.0) for y in wanted]
    return all(
        np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=0, atol=tolerance * size)
        for x, y, size in zip(found, wanted, sizes, strict=True)
    )


def _is_float(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fc"


def same_kind(derivative: Any, x: Any) -> None:
    """Check that a derivative has the structure, dtype and shape of its value."""
    if isinstance(x, tuple | list):
        for part, y in zip(derivative, x, strict=True):
            same_kind(part, y)
    elif derivative is not None:
        assert np.shape(derivative) == np.shape(x)
        if isinstance(x, np.ndarray | np.generic):
            assert np.asarray(derivative).dtype == x.dtype


def type_fits(value: Any, type_: Any) -> None:
    """Check the type of a result: dtype, shape, Python's or NumPy's."""
    found = np.asarray(value)
    assert found.dtype == type_.dtype
    assert found.ndim == len(type_.shape)
    for dim, length in zip(type_.shape, found.shape, strict=True):
        assert not isinstance(dim, int) or dim == length
    if type_.weak:
        assert isinstance(value, bool | int | float | complex)
        assert not isinstance(value, np.generic)
        assert literal_type(value).dtype == type_.dtype
    elif not type_.shape:
        assert isinstance(value, np.generic)
