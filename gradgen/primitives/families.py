"""The four families that keep a declaration to a line: elementwise, linear, bilinear,
step; and ``general`` for the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.core import Value
from gradgen.ir.dims import Dims
from gradgen.ir.types import (
    BOOL,
    PY_BOOL,
    PY_COMPLEX,
    PY_FLOAT,
    PY_INT,
    Scalar,
    Shape,
    Type,
    may_be_one,
    tensor,
)
from gradgen.primitives.registry import (
    AdjointRule,
    Attrs,
    Handle,
    Primitive,
    Sample,
    TangentRule,
    TypeRule,
    apply,
    builder_of,
    dims_of,
    lift,
    lowers,
    register,
)

Partial = Callable[..., Any]


def broadcast(dims: Dims, shapes: Sequence[Shape]) -> Shape:
    """Return the shape of NumPy's broadcast, and assume what it takes for granted.

    Of two symbolic dimensions known not to be 1, equality is assumed: NumPy raises
    otherwise. A dimension that may turn out to be 1 gives way to one that cannot.
    """
    rank = max((len(shape) for shape in shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(_broadcast_axis(dims, axis) for axis in zip(*padded, strict=True))


def _broadcast_axis(dims: Dims, axis: Sequence[Any]) -> Any:
    proper = [dim for dim in axis if dim != 1 and not may_be_one(dims.resolve(dim))]
    for other in proper[1:]:
        dims.assume_equal(proper[0], other)
    if proper:
        return dims.resolve(proper[0])
    derived = {dims.resolve(dim) for dim in axis} - {1}
    if len(derived) > 1:
        return dims.fresh()
    return derived.pop() if derived else 1


def elementwise_dtype(ufunc: np.ufunc, types: Sequence[Any]) -> np.dtype:
    """Return the result dtype of ``ufunc`` by NumPy 2's promotion rules."""
    asked = [_asked(type_) for type_ in types]
    try:
        resolved = ufunc.resolve_dtypes((*asked, *(None,) * ufunc.nout))
    except TypeError as error:
        names = ", ".join(map(str, types))
        raise Refusal(f"np.{ufunc.__name__} does not take ({names})") from error
    dtype: np.dtype = resolved[len(types)]
    return dtype


def _asked(type_: Any) -> Any:
    if not isinstance(getattr(type_, "dtype", None), np.dtype):
        raise Refusal(f"a value of type {type_} is no number")
    if not type_.weak or type_.dtype == BOOL:
        return type_.dtype
    return {"i": int, "f": float, "c": complex}[type_.dtype.kind]


def elementwise_type(ufunc: np.ufunc, dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of a ufunc; ``lib="math"`` marks the function of the math module."""
    if attrs.get("lib") == "math":
        return _math_type(types)
    dtype = elementwise_dtype(ufunc, types)
    return tensor(dtype, broadcast(dims, [type_.shape for type_ in types]))


def _math_type(types: Sequence[Any]) -> Type:
    if not all(isinstance(type_, Scalar) for type_ in types):
        raise Refusal("functions of math take single numbers", "the function of np")
    return PY_FLOAT


def operator_type(ufunc: np.ufunc, dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    """Type rule of a Python operator: Python numbers give a Python number."""
    if attrs.get("lib") != "np" and all(getattr(t, "weak", False) for t in types):
        return _weak_result(ufunc, types)
    return elementwise_type(ufunc, dims, types, {})


def _weak_result(ufunc: np.ufunc, types: Sequence[Any]) -> Type:
    dtype = elementwise_dtype(ufunc, types)
    if dtype == BOOL and ufunc in (np.add, np.multiply):
        return PY_INT
    by_kind = {"b": PY_BOOL, "i": PY_INT, "f": PY_FLOAT, "c": PY_COMPLEX}
    return by_kind[dtype.kind]


@dataclass(frozen=True, slots=True)
class Over:
    """A partial derivative ``numerator / denominator``, whose denominator can vanish.

    ``singular``: it vanishes where the function itself is finite, as ``sqrt`` at 0.
    The quotient is then taken without a warning. A cotangent (and, if singular, a
    tangent) that is zero stays zero where the denominator vanishes.
    """

    numerator: Any
    denominator: Handle
    singular: bool = False


def scale(dot: Handle, factor: Any) -> Handle:
    """Return ``dot * factor`` for a tangent, leaving out a factor of one."""
    if not isinstance(factor, Over):
        return _times(dot, factor)
    numerator = _times(dot, factor.numerator)
    if factor.singular:
        return apply("masked_divide", numerator, factor.denominator)
    return numerator / factor.denominator


def pull(bar: Handle, factor: Any) -> Handle:
    """Return ``bar * factor`` for a cotangent, leaving out a factor of one."""
    if not isinstance(factor, Over):
        return _times(bar, factor)
    numerator = _times(bar, factor.numerator)
    demote = {} if factor.singular else {"demote": True}
    return apply("masked_divide", numerator, factor.denominator, **demote)


def _times(bar: Handle, factor: Any) -> Handle:
    if isinstance(factor, int) and factor in (1, -1):
        return bar if factor == 1 else -bar
    return bar * factor


def elementwise(
    ufunc: Any,
    *,
    partials: Sequence[Partial] = (),
    tangent: TangentRule | None = None,
    adjoint: AdjointRule | None = None,
    type_rule: TypeRule | None = None,
    samples: Sequence[Sample] = (),
    math: Callable[..., Any] | None = None,
    python: Callable[..., Any] | None = None,
    template: str = "",
    name: str = "",
    commutative: bool = False,
) -> Primitive:
    """Declare a ufunc by its partial derivatives.

    Parameters
    ----------
    ufunc : numpy.ufunc
        The function; its name is the primitive's unless ``name`` is given.
    partials : sequence of callable
        For each operand ``partial(y, *xs)``, the derivative of the result ``y``: a
        handle, a number, or :class:`Over` for a quotient.
    tangent, adjoint : callable, optional
        Rules to use instead of those that follow from the partials.
    math : callable, optional
        The function of :mod:`math` that does the same for Python numbers.
    python, template : callable and str, optional
        The Python operator that stands for it, as a function and as it is printed.
    commutative : bool
        The operands may be exchanged.
    """
    return _declare_ufunc(
        ufunc,
        name or ufunc.__name__,
        math,
        python,
        template,
        samples,
        commutative,
        type_rule,
        tangent=tangent or bind(_elementwise_tangent, partials),
        adjoint=adjoint or bind(_elementwise_adjoint, partials),
    )


def step(
    ufunc: np.ufunc,
    *,
    samples: Sequence[Sample] = (),
    math: Callable[..., Any] | None = None,
    python: Callable[..., Any] | None = None,
    template: str = "",
    name: str = "",
    commutative: bool = False,
) -> Primitive:
    """Declare a ufunc whose derivative is zero wherever it has one."""
    return _declare_ufunc(
        ufunc, name or ufunc.__name__, math, python, template, samples, commutative
    )


def _declare_ufunc(
    ufunc: np.ufunc,
    name: str,
    math: Callable[..., Any] | None,
    python: Callable[..., Any] | None,
    template: str,
    samples: Sequence[Sample],
    commutative: bool,
    type_rule: TypeRule | None = None,
    tangent: TangentRule | None = None,
    adjoint: AdjointRule | None = None,
) -> Primitive:
    primitive = Primitive(
        name=name,
        type_rule=type_rule or bind(_ufunc_rule(template), ufunc),
        evaluate=bind(_evaluate_ufunc, ufunc, math, python),
        template=bind(_ufunc_template, ufunc, math, template),
        tangent=tangent,
        adjoint=adjoint,
        elementwise=True,
        math=math,
        ufunc=f"np.{ufunc.__name__}",
        commutative=commutative,
        samples=tuple(samples),
    )
    register(primitive)
    lowers(ufunc)(bind(_call_ufunc, primitive, ufunc))
    if math is not None:
        lowers(math)(bind(_call_math, primitive, ufunc.nin))
    return primitive


def _ufunc_rule(template: str) -> Callable[..., Type]:
    return operator_type if template else elementwise_type


def _call_ufunc(primitive: Primitive, ufunc: np.ufunc, *operands: Any, **options: Any) -> Handle:
    if options:
        raise Refusal(f"argument {next(iter(options))!r} of np.{ufunc.__name__}")
    if len(operands) != ufunc.nin:
        raise Refusal(f"np.{ufunc.__name__} with {len(operands)} positional arguments")
    handles = [lift(builder_of(*operands), operand) for operand in operands]
    is_operator = not primitive.print_as([], {}).startswith("np.")
    if is_operator and all(handle.type.weak for handle in handles):
        return apply(primitive.name, *handles, lib="np")
    return apply(primitive.name, *handles)


def _call_math(primitive: Primitive, arity: int, *operands: Any, **options: Any) -> Handle:
    assert primitive.math is not None
    if options or len(operands) != arity:
        raise Refusal(f"math.{primitive.math.__name__} called with such arguments")
    return apply(primitive.name, *operands, lib="math")


def _ufunc_template(
    ufunc: np.ufunc,
    math: Callable[..., Any] | None,
    template: str,
    types: Sequence[Any],
    attrs: Attrs,
) -> str:
    lib = attrs.get("lib")
    if template and lib is None:
        return template
    slots = ", ".join(f"{{{index}}}" for index in range(ufunc.nin))
    if lib == "math" and math is not None:
        return f"math.{math.__name__}({slots})"
    return f"np.{ufunc.__name__}({slots})"


def _evaluate_ufunc(
    ufunc: np.ufunc,
    math: Callable[..., Any] | None,
    python: Callable[..., Any] | None,
    *operands: Any,
    lib: str | None = None,
) -> Any:
    if lib == "math" and math is not None:
        return math(*operands)
    if lib is None and python is not None:
        return python(*operands)
    return ufunc(*operands)


def _elementwise_tangent(
    partials: Sequence[Partial],
    y: Handle,
    x_dots: Sequence[Handle | None],
    *xs: Handle,
    **_: Any,
) -> Handle | None:
    total: Handle | None = None
    for x_dot, partial in zip(x_dots, partials, strict=True):
        if x_dot is None:
            continue
        factor = partial(y, *xs)
        if total is not None and isinstance(factor, int) and factor == -1:
            total = total - x_dot
            continue
        term = scale(x_dot, factor)
        total = term if total is None else total + term
    return total


def _elementwise_adjoint(
    partials: Sequence[Partial],
    y_bar: Handle,
    y: Handle,
    *xs: Handle,
    **_: Any,
) -> list[Handle | None]:
    return [
        pull(y_bar, partial(y, *xs)) if differentiable(x) else None
        for x, partial in zip(xs, partials, strict=True)
    ]


def differentiable(x: Handle) -> bool:
    """Tell whether an operand is of a kind that can have a derivative."""
    return x.dtype.kind == "f" and isinstance(x.atom, Value)


def linear(
    name: str,
    *,
    type_rule: TypeRule,
    evaluate: Callable[..., Any],
    template: Any,
    adjoint: AdjointRule,
    operands: int = 1,
    samples: Sequence[Sample] = (),
    shares: tuple[int, ...] = (),
    shape_only: tuple[int, ...] = (),
) -> Primitive:
    """Declare a primitive that is linear in its first ``operands`` operands.

    With several it is linear in all of them at once, as a concatenation is. The
    tangent is the primitive itself; ``operands=0`` stands for all.
    """
    return register(
        Primitive(
            name=name,
            type_rule=type_rule,
            evaluate=evaluate,
            template=template,
            tangent=bind(_linear_tangent, name, operands),
            adjoint=adjoint,
            shares=shares,
            shape_only=shape_only,
            samples=tuple(samples),
        )
    )


def _linear_tangent(
    name: str,
    count: int,
    y: Handle,
    x_dots: Sequence[Handle | None],
    *xs: Handle,
    **attrs: Any,
) -> Handle:
    count = count or len(xs)
    moving = [
        zeros_like(x) if x_dot is None else x_dot
        for x, x_dot in zip(xs[:count], x_dots[:count], strict=True)
    ]
    return apply(name, *moving, *xs[count:], builder=y.builder, **attrs)


def bilinear(
    name: str,
    *,
    type_rule: TypeRule,
    evaluate: Callable[..., Any],
    template: Any,
    adjoint: AdjointRule,
    samples: Sequence[Sample] = (),
) -> Primitive:
    """Declare a primitive that is linear in each of its two operands."""
    return register(
        Primitive(
            name=name,
            type_rule=type_rule,
            evaluate=evaluate,
            template=template,
            tangent=bind(_bilinear_tangent, name),
            adjoint=adjoint,
            samples=tuple(samples),
        )
    )


def _bilinear_tangent(
    name: str,
    y: Handle,
    dots: tuple[Handle | None, Handle | None],
    left: Handle,
    right: Handle,
    **attrs: Any,
) -> Handle:
    left_dot, right_dot = dots
    first = None if left_dot is None else apply(name, left_dot, right, **attrs)
    second = None if right_dot is None else apply(name, left, right_dot, **attrs)
    if first is None or second is None:
        total = second if first is None else first
        assert total is not None
        return total
    return first + second


def zeros_like(x: Handle) -> Handle:
    """Return zeros of the shape and dtype of ``x``, which itself is not read."""
    if isinstance(x.type, Scalar):
        return lift(x.builder, 0.0)
    return apply("zeros", *dims_of(x), builder=x.builder, dtype=x.dtype)
