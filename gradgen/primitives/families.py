"""The families that keep a declaration to a line.

Elementwise functions, linear and bilinear ones, and steps, whose derivative is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial as bind
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.core import Value
from gradgen.ir.types import Scalar, Seq, Tape, Type
from gradgen.primitives.lowering import describe, lowers
from gradgen.primitives.promotion import elementwise_type, operator_type
from gradgen.primitives.registry import (
    LOWERINGS,
    AdjointRule,
    Attrs,
    BatchRule,
    Handle,
    Primitive,
    Sample,
    TangentRule,
    TypeRule,
    Unknown,
    apply,
    builder_of,
    dims_of,
    in_shape_of,
    joined_terms,
    lift,
    register,
    zero_list,
)
from gradgen.primitives.ufuncs import evaluate_ufunc, spelled, ufunc_text
from gradgen.structs import frozen

Partial = Callable[..., Any]


@frozen
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
        return _masked_times(bar, factor)
    numerator = _masked_times(bar, factor.numerator)
    demote: Attrs = {} if factor.singular else {"demote": True}
    return apply("masked_divide", numerator, factor.denominator, **demote)


def _masked_times(bar: Handle, factor: Any) -> Handle:
    """Return a product that is zero where a mask made ``bar`` so, whatever the factor.

    ``simplify`` makes it a plain one where there is no mask, or the factor is finite.
    """
    if isinstance(factor, Handle):
        return apply("masked_multiply", bar, factor, demote=True)
    return _times(bar, factor)


def _times(bar: Handle, factor: Any) -> Handle:
    if isinstance(factor, int) and factor in (1, -1):
        return bar if factor == 1 else -bar
    product: Handle = bar * factor
    return product


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
    takes_complex: bool = False,
) -> Primitive:
    """Declare a ufunc by its partial derivatives.

    Parameters
    ----------
    ufunc : numpy.ufunc
        The function; its name is the primitive's unless ``name`` is given.
    partials : sequence of callable
        For each operand ``partial(y, *xs)``, the derivative of the result ``y``: a
        handle, a number, :class:`Over` for a quotient, None for zero, or
        :class:`Unknown`.
    tangent, adjoint : callable, optional
        Rules to use instead of those that follow from the partials.
    math : callable, optional
        The function of :mod:`math` that does the same for Python numbers.
    python, template : callable and str, optional
        The Python operator that stands for it, as a function and as it is printed.
    commutative : bool
        The operands may be exchanged.
    takes_complex : bool
        The rules hold for complex operands. The partial of a real result ``y`` is what
        ``y_bar`` is multiplied by; see ``docs/complex.md``.
    """
    rules = elementwise_rules(partials)
    return _declare_ufunc(
        ufunc,
        name or ufunc.__name__,
        math,
        python,
        template,
        samples,
        commutative,
        type_rule,
        tangent=tangent or rules[0],
        adjoint=adjoint or rules[1],
        takes_complex=takes_complex,
    )


def step(
    ufunc: np.ufunc,
    *,
    samples: Sequence[Sample] = (),
    math: Callable[..., Any] | None = None,
    python: Callable[..., Any] | None = None,
    template: str = "",
    type_rule: TypeRule | None = None,
    takes_complex: bool = False,
) -> Primitive:
    """Declare a ufunc whose derivative is zero wherever it has one."""
    return _declare_ufunc(
        ufunc,
        ufunc.__name__,
        math,
        python,
        template,
        samples,
        False,
        type_rule,
        takes_complex=takes_complex,
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
    **rules: Any,
) -> Primitive:
    primitive = Primitive(
        name=name,
        type_rule=type_rule or bind(_ufunc_rule(template), ufunc),
        evaluate=bind(evaluate_ufunc, ufunc, math, python),
        template=bind(ufunc_text, ufunc, math, template),
        elementwise=True,
        math=math,
        ufunc=spelled(ufunc),
        commutative=commutative,
        samples=tuple(samples),
        **rules,
    )
    register(primitive)
    if not LOWERINGS.holds(ufunc):
        lowers(ufunc)(bind(_call_ufunc, primitive, ufunc))
    if math is not None:
        lowers(math)(bind(_call_math, primitive, ufunc.nin))
    if python is not None:
        lowers(python)(bind(_call_python, primitive, ufunc.nin))
    return primitive


def _ufunc_rule(template: str) -> Callable[..., Type]:
    return operator_type if template else elementwise_type


def _call_ufunc(
    primitive: Primitive, ufunc: np.ufunc, *operands: Any, **options: Any
) -> Handle:
    if options:
        option = next(iter(options))
        raise Refusal(f"argument '{option}' of {describe(ufunc)} is not supported")
    if len(operands) == ufunc.nin + 1:
        raise Refusal(f"argument 'out' of {describe(ufunc)} is not supported")
    if len(operands) != ufunc.nin:
        raise Refusal(f"{describe(ufunc)} takes {ufunc.nin} arguments")
    handles = [lift(builder_of(*operands), operand) for operand in operands]
    if _differs_from_python(primitive, handles):
        return apply(primitive.name, *handles, lib="np")
    return apply(primitive.name, *handles)


def _differs_from_python(primitive: Primitive, operands: Sequence[Handle]) -> bool:
    """Tell whether a ufunc must not be printed as Python prints it.

    An operator gives Python numbers a Python number. A function such as ``abs`` is
    kept apart from ``np.abs`` for all operands, as the user wrote it.
    """
    text = primitive.print_as([], {})
    if text.startswith("np."):
        return False
    return text.endswith(")") or all(operand.type.weak for operand in operands)


def _call_math(
    primitive: Primitive, arity: int, *operands: Any, **options: Any
) -> Handle:
    assert primitive.math is not None
    name = describe(primitive.math)
    if options or len(operands) != arity:
        raise Refusal(f"{name} takes {arity} positional arguments")
    handles = [lift(builder_of(*operands), operand) for operand in operands]
    if any(handle.rank for handle in handles):
        raise Refusal(f"{name} takes single numbers, not arrays", f"np.{name[5:]}")
    return apply(primitive.name, *handles, lib="math")


def _call_python(primitive: Primitive, arity: int, *operands: Any) -> Handle:
    if len(operands) != arity:
        raise Refusal(f"{primitive.name} takes {arity} arguments")
    return apply(primitive.name, *operands)


def elementwise_rules(partials: Sequence[Partial]) -> tuple[TangentRule, AdjointRule]:
    """Return the tangent and adjoint rules that follow from partial derivatives."""
    return bind(_elementwise_tangent, partials), bind(_elementwise_adjoint, partials)


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
        if factor is None:
            continue
        if isinstance(factor, Unknown):
            raise Refusal(factor.reason, factor.hint)
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
) -> list[Handle | Unknown | None]:
    factors = [
        partial(y, *xs) if differentiable(x) else None
        for x, partial in zip(xs, partials, strict=True)
    ]
    return [
        factor if factor is None or isinstance(factor, Unknown) else pull(y_bar, factor)
        for factor in factors
    ]


def differentiable(x: Handle) -> bool:
    """Tell whether an operand is of a kind that can have a derivative."""
    return x.dtype.kind in "fc" and isinstance(x.atom, Value)


def linear(
    name: str,
    *,
    type_rule: TypeRule,
    evaluate: Callable[..., Any],
    template: Any,
    adjoint: AdjointRule,
    batch: BatchRule | None = None,
    operands: int = 1,
    samples: Sequence[Sample] = (),
    shares: tuple[int, ...] = (),
    shape_only: tuple[int, ...] = (),
    readonly: bool = False,
    takes_complex: bool = True,
) -> Primitive:
    """Declare a primitive that is linear in its first ``operands`` operands.

    With several it is linear in all of them at once, as a concatenation is. The
    tangent is the primitive itself; ``operands=0`` stands for all. Unless it is linear
    over complex numbers as well, it does not take them.
    """
    return register(
        Primitive(
            name=name,
            type_rule=type_rule,
            evaluate=evaluate,
            template=template,
            tangent=bind(_linear_tangent, name, operands),
            adjoint=adjoint,
            batch=batch,
            shares=shares,
            shape_only=shape_only,
            readonly=readonly,
            takes_complex=takes_complex,
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
    result = apply(name, *moving, *xs[count:], builder=y.builder, **attrs)
    return in_shape_of(y, result)


def is_linear(primitive: Primitive) -> bool:
    """Tell whether a primitive was declared to be linear in all that it moves with."""
    return getattr(primitive.tangent, "func", None) is _linear_tangent


def bilinear(
    name: str,
    *,
    type_rule: TypeRule,
    evaluate: Callable[..., Any],
    template: Any,
    adjoint: AdjointRule,
    batch: BatchRule | None = None,
    samples: Sequence[Sample] = (),
) -> Primitive:
    """Declare a primitive that is linear in each of its two operands.

    That includes complex ones: a product that conjugates an operand is not.
    """
    return register(
        Primitive(
            name=name,
            type_rule=type_rule,
            evaluate=evaluate,
            template=template,
            tangent=bind(bilinear_tangent, name),
            adjoint=adjoint,
            batch=batch,
            takes_complex=True,
            samples=tuple(samples),
        )
    )


def bilinear_tangent(
    name: str,
    y: Handle,
    dots: tuple[Handle | None, Handle | None],
    left: Handle,
    right: Handle,
    **attrs: Any,
) -> Handle:
    """Tangent of a product of any kind: ``f(x_dot, y) + f(x, y_dot)``."""
    left_dot, right_dot = dots
    first = None if left_dot is None else apply(name, left_dot, right, **attrs)
    second = None if right_dot is None else apply(name, left, right_dot, **attrs)
    return joined_terms(first, second)


def zeros_like(x: Handle) -> Handle:
    """Return zeros of the shape and dtype of ``x``, which itself is not read."""
    if isinstance(x.atom.type, Seq):
        return zero_list(x)
    if isinstance(x.atom.type, Tape):
        return apply("tape_zeros_like", x)
    if isinstance(x.type, Scalar):
        return lift(x.builder, 0j if x.dtype.kind == "c" else 0.0)
    return apply("zeros", *dims_of(x), builder=x.builder, dtype=x.dtype)
