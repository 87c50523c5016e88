"""``check_grads``: all derivatives of a function against differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.api.calls import jvp, vjp
from gradgen.api.gradreport import KINDS, GradCheck, GradReport, explain
from gradgen.api.probing import (
    Along,
    Mismatch,
    Slope,
    Tolerance,
    compare,
    complex_step,
    differences,
    inner,
    movable,
    moved,
    precision,
    random_like,
    size_of_inner,
    tolerance,
)
from gradgen.deferred import Deferred
from gradgen.errors import (
    ArgumentError,
    DerivativeError,
    GradgenError,
    SourceError,
    render,
)
from gradgen.ir.core import Op
from gradgen.ir.tree import tree_of
from gradgen.rules import find_rule

if TYPE_CHECKING:
    from gradgen.api import departure
else:
    departure = Deferred("gradgen.api.departure")

Options = tuple[float | None, float | None]
PROJECTED = ", times a random cotangent and a random direction,"


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    *,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
    raises: bool = True,
) -> GradReport:
    """Check the derivatives of a function at some arguments; raise if one is wrong.

    The tangent along a random direction is compared with central differences, or with a
    step into the complex plane where ``f`` takes complex numbers; the adjoint with the
    tangent, by the dot-product test. For ``order=2`` the same is done for the tangent
    and the adjoint of ``f``, and so on.

    Parameters
    ----------
    f : callable
        A function that is smooth near the arguments.
    args : sequence
        The arguments, in any nesting of containers. Floating and complex numbers and
        arrays among them are moved; they are never written to.
    order : int
        Up to which order derivatives are checked.
    modes : sequence of {"fwd", "rev"}
        Forward mode, reverse mode, or both, and then each over each.
    rtol, atol : float, optional
        By how much a derivative may differ from differences: relative to the largest
        number of its array, and absolutely. Without them, half of the digits of the
        coarsest dtype have to agree.
    seed : int
        Of the random directions.
    raises : bool
        Whether an error is raised for what fails. Otherwise it is in the report.

    Returns
    -------
    GradReport
        A table of all checks.

    Raises
    ------
    DerivativeError
        If a derivative is wrong, with the first line at which it departs; also where
        ``f`` has a kink or is too rough for differences to say anything.
    UnsupportedError
        If a derivative is refused.
    ArgumentError
        If there is nothing to check, or ``f`` is random.

    Examples
    --------
    >>> import gradgen
    >>> gradgen.check_grads(lambda x: x**3, (2.0,)).ok
    True
    """
    _check_options(args, order, modes)
    random = np.random.default_rng(seed)
    case = _Case(f, tuple(args), random, (rtol, atol))
    report = GradReport(case.name, tuple(_run(case, order, modes)))
    if raises and report.error is not None:
        raise report.error
    return report


def _check_options(args: Any, order: Any, modes: Any) -> None:
    if not isinstance(args, tuple | list):
        raise ArgumentError("check_grads takes a tuple of arguments, as in (x,)")
    if type(order) is not int or order < 1:
        raise ArgumentError(f"order must be a positive integer, not {order!r}")
    if isinstance(modes, str) or not modes or any(mode not in KINDS for mode in modes):
        raise ArgumentError(
            f"modes must be a tuple of 'fwd' and 'rev', such as ('rev',), not {modes!r}"
        )


def _run(case: _Case, order: int, modes: Sequence[str]) -> Iterator[GradCheck]:
    """Yield the checks of a function, and those of its derivatives if it is right."""
    found = {mode: case.check(mode) for mode in modes}
    yield from found.values()
    for mode, check in found.items():
        if check.verdict == "ok" and case.order < order:
            try:
                derived = case.derived(mode)
            except GradgenError as error:
                yield case.refused(f"- over {case.label(mode)}", case.order + 1, error)
                continue
            yield from _run(derived, order, modes)


class _Case:
    """A function at some arguments, and the directions in which it is looked at.

    ``over`` are the modes in which it is a derivative already, outermost first.
    """

    def __init__(
        self,
        function: Any,
        args: tuple[Any, ...],
        random: np.random.Generator,
        options: Options,
        over: tuple[str, ...] = (),
        name: str = "",
    ) -> None:
        self.function, self.args, self.over = function, args, over
        self.name = name or getattr(function, "__name__", type(function).__name__)
        self.random, self.options = random, options
        if not movable(args):
            raise ArgumentError(
                f"no argument of {self.name} is a float; integers are not moved"
            )
        self.dots = _reaching(random_like(args, random), args)
        self.value = function(*self.at(0.0))
        self._check_value()
        self.weights = random_like(self.value, random)
        self.eps = precision(args, self.value)
        self.near = tolerance(self.eps, *options)
        self.against = "differences"
        self.slope = self._slope()
        self.tangent: list[Any] | None = None

    def _check_value(self) -> None:
        if not movable(self.value):
            raise ArgumentError(f"no result of {self.name} is a float")
        again = self.function(*self.at(0.0))
        xs, ys = movable(self.value), movable(again)
        pairs = zip(xs, ys, strict=False)
        same = all(np.array_equal(x, y, equal_nan=True) for x, y in pairs)
        if not same or len(xs) != len(ys):
            raise ArgumentError(
                f"two calls of {self.name} with the same arguments give different "
                "results; pass what it draws from as an argument, or seed it inside"
            )
        if not all(np.all(np.isfinite(x)) for x in movable(self.value)):
            raise ArgumentError(
                f"a result of {self.name} is not finite at these arguments, so that "
                "there are no differences; choose others"
            )

    @property
    def order(self) -> int:
        """Return of which order the derivatives are that are checked."""
        return len(self.over) + 1

    def label(self, mode: str) -> str:
        """Return the name of a mode over those before: ``fwd over rev``."""
        return " over ".join((mode, *self.over))

    def at(self, t: float) -> tuple[Any, ...]:
        """Return the arguments, moved by ``t``."""
        there: tuple[Any, ...] = moved(self.args, self.dots, t)
        return there

    def along(self, t: float) -> list[Any]:
        """Return the floating leaves of the result, NaN where there is none."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                found = movable(self.function(*self.at(t)))
            except (ArithmeticError, ValueError):
                found = []
        wanted = movable(self.value)
        if len(found) == len(wanted):
            return found
        return [np.full(np.shape(x), np.nan) for x in wanted]

    def _slope(self) -> Slope:
        slope = differences(self.along, self.eps)
        exact = None if self.over else complex_step(self.function, self.args, self.dots)
        if exact is None or compare(exact, self.along, slope, self.near, self.eps)[1]:
            return slope
        self.against = "complex step"
        return Slope(exact, [np.zeros(np.shape(x)) for x in exact])

    def derived(self, mode: str) -> _Case:
        """Return the derivative in some mode as a function to be checked."""
        function, dots, weights = self.function, self.dots, self.weights
        if mode == "fwd":
            derivative = lambda *given: jvp(function, given, dots)[1]  # noqa: E731
        else:
            derivative = lambda *given: vjp(function, *given)[1](weights)  # noqa: E731
        over = (mode, *self.over)
        return _Case(derivative, self.args, self.random, self.options, over, self.name)

    def check(self, mode: str) -> GradCheck:
        """Check the derivative in some mode."""
        try:
            return self._forward() if mode == "fwd" else self._reverse()
        except (ArgumentError, SourceError):
            raise
        except GradgenError as error:
            return self.refused(self.label(mode), self.order, error)

    def refused(self, mode: str, order: int, error: GradgenError) -> GradCheck:
        """Return a check that a refusal has made impossible."""
        return GradCheck(mode, order, "-", np.nan, "refused", error)

    def _forward(self) -> GradCheck:
        value, dot = jvp(self.function, self.at(0.0), self.dots)
        unlike = self._unlike("fwd", value)
        if unlike is not None:
            return unlike
        found = compare(movable(dot), self.along, self.slope, self.near, self.eps)
        if found[1] is None:
            self.tangent = movable(dot)
        return self._judged("fwd", self.against, *found)

    def _reverse(self) -> GradCheck:
        """Check the adjoint: with the tangent if that is right, else by differences."""
        value, pullback = vjp(self.function, *self.at(0.0))
        unlike = self._unlike("rev", value)
        if unlike is not None:
            return unlike
        dots = [dot for dot in self.dots if movable(dot)]
        found = [inner(pullback(self.weights), dots)]
        weights = movable(self.weights)
        along: Along = lambda t: [_inner_or_nan(self.along(t), weights)]  # noqa: E731
        against, given, errors = self.against, self.slope.values, self.slope.errors
        near = self.near
        if self.tangent is not None:
            against, given = "tangent", self.tangent
            errors = [np.zeros(np.shape(x)) for x in given]
            near = Tolerance(min(near.relative, self.eps**0.5), near.absolute)
        error = inner([np.abs(e) for e in errors], [np.abs(w) for w in weights])
        slope = Slope([np.array(inner(given, weights))], [np.array(error)])
        size = size_of_inner(given, weights)
        near = Tolerance(0.0, near.absolute + near.relative * size)
        return self._judged(
            "rev", against, *compare(found, along, slope, near, self.eps)
        )

    def _unlike(self, mode: str, value: Any) -> GradCheck | None:
        """Return a check that says how the value that comes with a derivative departs.

        None if it is that of the function.
        """
        wanted = [np.asarray(x) for x in movable(self.value)]
        label = self.label(mode)
        if [np.shape(x) for x in movable(value)] != [x.shape for x in wanted]:
            error = DerivativeError(
                f"the value of '{self.name}' that comes with its derivative has "
                "another structure or shape than that which the function returns"
            )
            return GradCheck(label, self.order, "function", np.inf, "wrong", error)
        slope = Slope(wanted, [np.zeros(x.shape) for x in wanted])
        flat: Along = lambda t: wanted  # noqa: E731
        found = compare(movable(value), flat, slope, self.near, self.eps)
        if found[1] is None:
            return None
        return self._judged(mode, "function", *found, value=True)

    def _judged(
        self,
        mode: str,
        against: str,
        deviation: float,
        worst: Mismatch | None,
        value: bool = False,
    ) -> GradCheck:
        """Return a check with its verdict; of the function's ``value``, if so said."""
        label = self.label(mode)
        if worst is None:
            return GradCheck(label, self.order, against, deviation)
        op, kink = (None, None) if value else self._search(mode)
        modes = (mode, *self.over)
        what = "the value" if value else " of ".join(f"the {KINDS[m]}" for m in modes)
        projected = mode == "rev" and not value
        place = PROJECTED if projected else self._place(worst)
        note = ""
        if op is not None and op.span is not None:
            note = "; it departs first here:"
        elif not self.over and find_rule(self.function) is not None:
            note = "; the rule that it was given is wrong"
        stem = f"{what} of '{self.name}'{place}"
        reason = explain(stem, against, worst) + (note if worst.is_wrong else "")
        shown = op if worst.is_wrong else kink
        error = DerivativeError(render(reason, None if shown is None else shown.span))
        return GradCheck(label, self.order, against, deviation, worst.verdict, error)

    def _place(self, worst: Mismatch) -> str:
        """Return where in the result a number stands: `` at value['w'][0, 1]``."""
        tree = tree_of(self.value)
        leaves = zip(tree.paths("value"), tree.leaves(), strict=True)
        path = [path for path, x in leaves if movable(x)][worst.leaf]
        index = f"[{', '.join(map(str, worst.index))}]" if worst.index else ""
        return "" if path + index == "value" else f" at {path}{index}"

    def _search(self, mode: str) -> tuple[Op | None, Op | None]:
        """Return the first op that departs, and the first with a kink."""
        search = departure.Search(mode, self.near, self.eps, self.random)
        try:
            found = departure.find_departure(
                self.function, self.at(0.0), self.dots, search
            )
        except Exception:
            # What was found stays true if its place is not found.
            found = None
        return found, next(iter(search.kinks), None)


def _inner_or_nan(xs: list[Any], weights: list[Any]) -> float:
    same = [np.shape(x) for x in xs] == [np.shape(w) for w in weights]
    return inner(xs, weights) if same else np.nan


def _reaching(dots: Any, args: Any) -> Any:
    """Return directions in which large numbers move in proportion to their size."""
    xs = iter(movable(args))

    def reach(dot: Any) -> Any:
        if dot is None:
            return None
        scaled = dot * np.maximum(1.0, 0.1 * np.abs(next(xs)))
        if isinstance(dot, np.ndarray):
            return np.asarray(scaled, dot.dtype)
        return type(dot)(scaled)

    return tree_of(dots).map(reach).build()
