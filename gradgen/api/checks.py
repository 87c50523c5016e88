"""Checks a user's rule against differences, to second order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradgen.api.calls import jvp, vjp
from gradgen.api.probing import (
    compare,
    differences,
    inner,
    movable,
    moved,
    precision,
    random_like,
    tolerance,
)
from gradgen.errors import ArgumentError, DerivativeError
from gradgen.rules import find_rule
from gradgen.structs import frozen


@frozen
class RuleReport:
    """What :func:`check_rule` found: of each check the name and the relative error."""

    name: str
    checks: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        width = max((len(check) for check, _ in self.checks), default=0)
        lines = (f"  {check:{width}}  {error:.1e}" for check, error in self.checks)
        return "\n".join([f"the rule of {self.name} is right", *lines])


def check_rule(
    function: Callable[..., Any], *args: Any, order: int = 2, seed: int = 0
) -> RuleReport:
    """Check the rule of a function at some arguments; raise if it is wrong.

    The derivatives that it gives along a random direction are compared with central
    differences, and, for ``order=2``, derivatives of the rule with differences of the
    rule.

    Parameters
    ----------
    function : callable
        A function with a :func:`gradgen.rule`.
    *args
        Arguments of the function, near which it is smooth. Real numbers and arrays of
        such among them are moved.
    order : {1, 2}
        Up to which order derivatives are checked.
    seed : int
        Of the random directions.

    Returns
    -------
    RuleReport
        How well the derivatives agree; it is printed as a table.

    Raises
    ------
    DerivativeError
        At the first check that fails, with the numbers that do not agree.
    UnsupportedError
        If the rule cannot be compiled, or not be differentiated for ``order=2``.

    Examples
    --------
    >>> import gradgen
    >>> def cube(x):
    ...     return x**3
    >>> @gradgen.rule(cube)
    ... def cube_adjoint(value_bar, value, x):
    ...     return 2.0 * x**2 * value_bar
    >>> gradgen.check_rule(cube, 2.0)
    Traceback (most recent call last):
    ...
    gradgen.errors.DerivativeError: the adjoint of 'cube' gives 8, differences give 12
    """
    rule = find_rule(function)
    if rule is None or (rule.adjoint is None and rule.tangent is None):
        raise ArgumentError(f"{_name(function)} has no rule to be checked")
    if not movable(args):
        raise ArgumentError(f"no argument of {_name(function)} is a float")
    checks = _Checks(function, args, seed)
    return RuleReport(_name(function), tuple(checks.run(rule, order)))


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)


class _Checks:
    """The derivatives of a function at some arguments, made numbers in fixed ways.

    ``dots`` is the direction in which arguments are moved, ``weights`` that in which
    results are looked at.
    """

    def __init__(self, function: Any, args: tuple[Any, ...], seed: int) -> None:
        self.name = _name(function)
        self.function = function
        self.args = args
        random = np.random.default_rng(seed)
        self.dots = random_like(args, random)
        self.moving = tuple(i for i, x in enumerate(args) if movable(x))
        self.weights = random_like(function(*self.at(0.0)), random)
        if not movable(self.weights):
            raise ArgumentError(f"no result of {self.name} is a float")

    def run(self, rule: Any, order: int) -> Iterator[tuple[str, float]]:
        """Yield the name of each check and its error."""

        def along(t: float) -> float:
            return inner(self.function(*self.at(t)), self.weights)

        found = {}
        if rule.adjoint is not None:
            found["adjoint"] = inner(self.bars(self.at(0.0)), self.direction)
        if rule.tangent is not None:
            found["tangent"] = inner(self.tangent(self.at(0.0)), self.weights)
        for kind, value in found.items():
            yield self.compare(f"the {kind} of '{self.name}'", value, along)
        if order > 1:
            yield from self.second(rule)

    def second(self, rule: Any) -> Iterator[tuple[str, float]]:
        """Yield the checks of second order, for which rules are differentiated."""
        function, weights, dots = self.function, self.weights, self.dots
        if rule.adjoint is not None:
            over = vjp(
                lambda *given: vjp(function, *given)[1](weights),
                *self.at(0.0),
                argnums=self.moving,
            )
            value = inner(over[1](self.direction), self.direction)
            words = f"the adjoint of the adjoint of '{self.name}'"
            along = lambda t: inner(self.bars(self.at(t)), self.direction)  # noqa: E731
            yield self.compare(words, value, along)
        if rule.tangent is not None:
            over = jvp(
                lambda *given: jvp(function, given, dots)[1], self.at(0.0), self.dots
            )
            words = f"the tangent of the tangent of '{self.name}'"
            along = lambda t: inner(self.tangent(self.at(t)), weights)  # noqa: E731
            yield self.compare(words, inner(over[1], weights), along)

    @property
    def direction(self) -> tuple[Any, ...]:
        """Return the direction of the arguments that move."""
        return tuple(self.dots[i] for i in self.moving)

    def at(self, t: float) -> tuple[Any, ...]:
        """Return the arguments, moved by ``t`` along the direction."""
        there: tuple[Any, ...] = moved(self.args, self.dots, t)
        return there

    def bars(self, args: tuple[Any, ...]) -> Any:
        """Return the cotangents of the arguments that move."""
        function = self.function
        _, pullback = vjp(lambda *given: function(*given), *args, argnums=self.moving)
        return pullback(self.weights)

    def tangent(self, args: tuple[Any, ...]) -> Any:
        """Return the tangent of the result."""
        function = self.function
        return jvp(lambda *given: function(*given), args, self.dots)[1]

    def compare(
        self, what: str, value: float, along: Callable[[float], float]
    ) -> tuple[str, float]:
        """Return the name of a check and its error, if that is small."""
        eps = precision(self.args, self.weights)
        lone = lambda t: [along(t)]  # noqa: E731
        slope = differences(lone, eps)
        wanted = float(slope.values[0])
        _, worst = compare([value], lone, slope, tolerance(eps, None, None), eps)
        if worst is not None:
            raise DerivativeError(
                f"{what} gives {value:.6g}, differences give {wanted:.6g}"
            )
        return what, abs(value - wanted) / max(abs(wanted), 1.0)
