"""Checks a user's rule against differences, to second order."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradgen.api.calls import jvp, vjp
from gradgen.errors import ArgumentError, DerivativeError
from gradgen.ir.abstract import is_generator
from gradgen.ir.tree import tree_of
from gradgen.rules import find_rule
from gradgen.structs import frozen

Along = Callable[[float], float]
"""A number that depends on how far the arguments are moved along a direction."""


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
    if not _floats(args):
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
        self.dots = _random_like(args, random)
        self.moving = tuple(i for i, x in enumerate(args) if _floats(x))
        self.weights = _random_like(function(*self.at(0.0)), random)
        if not _floats(self.weights):
            raise ArgumentError(f"no result of {self.name} is a float")

    def run(self, rule: Any, order: int) -> Iterator[tuple[str, float]]:
        """Yield the name of each check and its error."""
        slope = _slope(lambda t: _inner(self.function(*self.at(t)), self.weights))
        found = {}
        if rule.adjoint is not None:
            found["adjoint"] = _inner(self.bars(self.at(0.0)), self.direction)
        if rule.tangent is not None:
            found["tangent"] = _inner(self.tangent(self.at(0.0)), self.weights)
        for kind, value in found.items():
            yield self.compare(f"the {kind} of '{self.name}'", value, slope)
        if order > 1:
            yield from self.second(rule)

    def second(self, rule: Any) -> Iterator[tuple[str, float]]:
        """Yield the checks of second order, for which rules are differentiated."""
        function, weights, dots = self.function, self.weights, self.dots
        if rule.adjoint is not None:
            slope = _slope(lambda t: _inner(self.bars(self.at(t)), self.direction))
            over = vjp(
                lambda *given: vjp(function, *given)[1](weights),
                *self.at(0.0),
                argnums=self.moving,
            )
            value = _inner(over[1](self.direction), self.direction)
            words = f"the adjoint of the adjoint of '{self.name}'"
            yield self.compare(words, value, slope)
        if rule.tangent is not None:
            slope = _slope(lambda t: _inner(self.tangent(self.at(t)), weights))
            over = jvp(
                lambda *given: jvp(function, given, dots)[1], self.at(0.0), self.dots
            )
            words = f"the tangent of the tangent of '{self.name}'"
            yield self.compare(words, _inner(over[1], weights), slope)

    @property
    def direction(self) -> tuple[Any, ...]:
        """Return the direction of the arguments that move."""
        return tuple(self.dots[i] for i in self.moving)

    def at(self, t: float) -> tuple[Any, ...]:
        """Return the arguments, moved by ``t`` along the direction.

        Whoever gets them draws the same numbers from generators among them.
        """
        supply = iter(_floats(self.dots))

        def move(x: Any) -> Any:
            if not _is_float(x):
                return copy.deepcopy(x) if is_generator(x) else x
            moved = x + t * next(supply)
            return moved.astype(x.dtype) if hasattr(x, "dtype") else moved

        moved: tuple[Any, ...] = tree_of(self.args).map(move).build()
        return moved

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
        self, what: str, value: float, slope: tuple[float, float]
    ) -> tuple[str, float]:
        """Return the name of a check and its error, if that is small."""
        wanted, tolerance = slope
        error = abs(value - wanted)
        if not error <= tolerance:
            raise DerivativeError(
                f"{what} gives {value:.6g}, differences give {wanted:.6g}"
            )
        return what, error / max(abs(wanted), 1.0)


def _is_float(x: Any) -> bool:
    """Tell whether a leaf can be moved."""
    if isinstance(x, np.ndarray):
        return bool(x.dtype.kind == "f")
    return isinstance(x, float | np.floating)


def _floats(value: Any) -> list[Any]:
    """Return the leaves of containers that can be moved."""
    return [x for x in tree_of(value).leaves() if _is_float(x)]


def _random_like(value: Any, random: np.random.Generator) -> Any:
    """Return a direction in the structure of ``value``, None for what is fixed.

    A single number has but one direction.
    """
    floats = _floats(value)
    single = len(floats) == 1 and np.ndim(floats[0]) == 0

    def draw(x: Any) -> Any:
        if not _is_float(x):
            return None
        drawn = np.ones(()) if single else random.uniform(-1.0, 1.0, np.shape(x))
        if isinstance(x, np.ndarray):
            return drawn.astype(x.dtype)
        return type(x)(drawn)

    return tree_of(value).map(draw).build()


def _inner(xs: Any, ys: Any) -> float:
    """Return the inner product of two structures."""
    pairs = zip(_floats(xs), _floats(ys), strict=True)
    return float(sum(np.vdot(x, y) for x, y in pairs))


def _slope(along: Along) -> tuple[float, float]:
    """Return a derivative by differences at two step sizes, and how good it is."""
    step = 1e-3
    coarse, fine = ((along(h) - along(-h)) / (2.0 * h) for h in (step, step / 2.0))
    value = (4.0 * fine - coarse) / 3.0
    return value, 2.0 * abs(fine - coarse) + 1e-6 * max(1.0, abs(value))
