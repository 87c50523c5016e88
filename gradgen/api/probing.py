"""What derivatives are checked with: directions, inner products, differences."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradgen.ir.abstract import is_generator
from gradgen.ir.tree import tree_of
from gradgen.structs import frozen, replace, struct

Along = Callable[[float], list[Any]]
"""Numbers and arrays that depend on how far arguments are moved along a direction."""

ROUNDS = 8
"""For how many step sizes, each a quarter of the one before, differences are taken."""

COMPLEX_STEP = 1e-30
"""A step so small that the imaginary part holds the first derivative alone."""


def is_movable(x: Any) -> bool:
    """Tell whether a leaf can be moved: a floating number, or an array of such."""
    if isinstance(x, np.ndarray):
        return bool(x.dtype.kind in "fc")
    return isinstance(x, float | complex | np.inexact)


def movable(value: Any) -> list[Any]:
    """Return the leaves of containers that can be moved."""
    return [x for x in tree_of(value).leaves() if is_movable(x)]


def random_like(value: Any, random: np.random.Generator) -> Any:
    """Return a direction in the structure of ``value``, None for what is fixed.

    A single real number has but one direction.
    """
    leaves = movable(value)
    single = len(leaves) == 1 and np.ndim(leaves[0]) == 0

    def draw(x: Any) -> Any:
        if not is_movable(x):
            return None
        imaginary = 1j if np.iscomplexobj(x) else 0.0
        if single and not imaginary:
            drawn: Any = np.ones(())
        else:
            drawn = random.uniform(-1.0, 1.0, np.shape(x))
        if imaginary:
            drawn = drawn + imaginary * random.uniform(-1.0, 1.0, np.shape(x))
        return np.asarray(drawn, x.dtype) if _is_array(x) else type(x)(drawn)

    return tree_of(value).map(draw).build()


def _is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def inner(xs: Any, ys: Any) -> float:
    """Return the inner product of two structures, in which nothing is conjugated."""
    pairs = zip(movable(xs), movable(ys), strict=True)
    return float(sum(np.real(np.sum(np.multiply(x, y))) for x, y in pairs))


def moved(args: Any, dots: Any, t: float) -> Any:
    """Return arguments moved by ``t`` along ``dots``, of which nothing is shared.

    Whoever gets them draws the same numbers from generators among them, and may write
    to them.
    """
    supply = iter(movable(dots))

    def move(x: Any) -> Any:
        if not is_movable(x):
            return copy.deepcopy(x) if is_generator(x) or _is_array(x) else x
        there = x + t * next(supply)
        return np.asarray(there, x.dtype) if _is_array(x) else type(x)(there)

    return tree_of(args).map(move).build()


def precision(*values: Any) -> float:
    """Return the relative rounding error of the coarsest dtype among all leaves."""
    leaves = (x for value in values for x in movable(value))
    return max((float(np.finfo(np.asarray(x).dtype).eps) for x in leaves), default=0.0)


@frozen
class Slope:
    """Derivatives by differences: for each leaf an estimate, and how good that is."""

    values: list[Any]
    errors: list[Any]


def differences(along: Along, eps: float) -> Slope:
    """Return the derivative of ``along`` at 0, by central differences.

    Steps get smaller until what two pairs of them extrapolate to agrees to half of the
    digits; for every number the best pair counts (Ridders, 1982).
    """
    base = [np.asarray(x) for x in along(0.0)]
    best = [_Best(y) for y in base]
    step = eps**0.2
    for _ in range(ROUNDS):
        ahead, behind = along(step), along(-step)
        for one, y, left, right in zip(best, base, behind, ahead, strict=True):
            one.refine(_quotient(right, left, y, 2.0 * step), eps, step)
        if all(one.is_settled(eps) for one in best):
            break
        step /= 4.0
    return Slope([one.value for one in best], [one.error for one in best])


def _quotient(ahead: Any, behind: Any, like: Any, step: float) -> Any:
    """Return a difference quotient, NaN where shapes differ."""
    if np.shape(ahead) != like.shape or np.shape(behind) != like.shape:
        return np.full(like.shape, np.nan)
    with np.errstate(all="ignore"):
        return (np.asarray(ahead) - np.asarray(behind)) / step


@struct
class _Best:
    """The best estimate so far for each number of an array."""

    base: Any
    value: Any = None
    error: Any = None
    coarse: Any = None
    extrapolated: Any = None

    def refine(self, fine: Any, eps: float, step: float) -> None:
        """Take in the quotient for the next step size."""
        if self.coarse is None:
            self.value, self.error = fine, np.full(fine.shape, np.inf)
        else:
            made = (16.0 * fine - self.coarse) / 15.0
            if self.extrapolated is not None:
                rounding = 4.0 * eps * _largest(self.base) / step
                error = np.abs(made - self.extrapolated) + rounding
                better = error < self.error
                self.value = np.where(better, made, self.value)
                self.error = np.where(better, error, self.error)
            self.extrapolated = made
        self.coarse = fine

    def is_settled(self, eps: float) -> bool:
        """Tell whether smaller steps are of no use."""
        return bool(np.all(self.error <= 0.1 * eps**0.5 * _largest(self.value)))


def one_sided(along: Along, step: float) -> tuple[list[Any], list[Any]]:
    """Return the difference quotients to the left and to the right of 0."""
    base = [np.asarray(y) for y in along(0.0)]
    behind, ahead = along(-step), along(step)
    left = [_quotient(y, x, y, step) for x, y in zip(behind, base, strict=True)]
    right = [_quotient(x, y, y, step) for x, y in zip(ahead, base, strict=True)]
    return left, right


@frozen
class Mismatch:
    """The number at which a derivative departs most: the derivative, and differences.

    ``leaf`` numbers the leaf and ``index`` the place in it. ``kink`` holds the
    one-sided differences where these disagree and the derivative lies between them;
    ``settled`` is false where differences say nothing.
    """

    leaf: int
    index: tuple[int, ...]
    value: Any
    wanted: Any
    allowed: float
    settled: bool = True
    kink: tuple[Any, Any] | None = None

    @property
    def verdict(self) -> str:
        """Return ``"wrong"``, or ``"kink"`` or ``"unclear"`` where nothing is known."""
        if self.kink is not None:
            return "kink"
        return "wrong" if self.settled else "unclear"

    @property
    def is_wrong(self) -> bool:
        """Tell whether the derivative is at fault."""
        return self.verdict == "wrong"


@frozen
class Tolerance:
    """How much numbers may differ: relative to the largest, and absolutely."""

    relative: float
    absolute: float

    def of(self, wanted: Any) -> float:
        """Return by how much numbers may differ from those in ``wanted``."""
        return self.absolute + self.relative * _largest(wanted)


def tolerance(eps: float, rtol: float | None, atol: float | None) -> Tolerance:
    """Return the tolerance that goes with a precision, unless it is said."""
    relative = 32.0 * eps**0.5 if rtol is None else rtol
    return Tolerance(relative, eps**0.75 if atol is None else atol)


def compare(
    found: Sequence[Any], along: Along, slope: Slope, near: Tolerance, eps: float
) -> tuple[float, Mismatch | None]:
    """Return the largest deviation, relative to its leaf, and where it is too large."""
    largest, worst = 0.0, None
    for k, (x, wanted) in enumerate(zip(found, slope.values, strict=True)):
        if not np.size(wanted):
            continue
        allowed = near.of(wanted)
        if np.shape(x) != np.shape(wanted):
            x = np.full(np.shape(wanted), np.nan)
        off = np.abs(np.asarray(x) - wanted)
        off = np.where(np.isnan(off), np.inf, off)
        excess = off - 2.0 * np.minimum(slope.errors[k], allowed)
        index = np.unravel_index(int(np.argmax(excess)), excess.shape)
        largest = max(largest, float(off[index] / (_largest(wanted) or 1.0)))
        if excess[index] > allowed and worst is None:
            settled = bool(slope.errors[k][index] <= 10.0 * allowed)
            numbers = np.asarray(x)[index], wanted[index]
            place = tuple(map(int, index))
            worst = Mismatch(k, place, *numbers, allowed, settled)
    return largest, None if worst is None else _with_kink(worst, along, eps)


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0))


def _with_kink(worst: Mismatch, along: Along, eps: float) -> Mismatch:
    """Return a mismatch with the one-sided differences if these explain it.

    Those of a function that is just curved get closer to each other with smaller
    steps; those at a kink do not, and those at a jump grow.
    """
    step = eps**0.4
    pairs = [
        [side[worst.leaf][worst.index] for side in one_sided(along, h)]
        for h in (step, step / 16.0)
    ]
    (left, right), (nearer_left, nearer_right) = pairs
    apart, nearer = abs(right - left), abs(nearer_right - nearer_left)
    size, larger = (max(map(abs, pair)) for pair in pairs)
    detour = abs(worst.value - left) + abs(worst.value - right)
    jumps = larger > 8.0 * size and size > abs(worst.value)
    bent = apart > max(1e-3, 30.0 * step) * size
    if jumps or (
        bent and nearer > 0.5 * apart and detour <= 1.01 * apart + worst.allowed
    ):
        return replace(worst, kink=(left, right))
    return replace(worst, settled=False) if bent and nearer < 0.5 * apart else worst


def complex_step(
    function: Callable[..., Any], args: Any, dots: Any
) -> list[Any] | None:
    """Return the derivative by a step into the complex plane, exact to rounding.

    There is none where the function does not take complex numbers, drops their
    imaginary part, or has some of its own. Where it is not analytic the answer is
    wrong, so that it counts only together with differences (Squire and Trapp, 1998).
    """
    if any(map(np.iscomplexobj, movable(args))):
        return None
    supply = iter(movable(dots))
    shifted = tree_of(moved(args, dots, 0.0)).map(
        lambda x: x + 1j * COMPLEX_STEP * next(supply) if is_movable(x) else x
    )
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error")
            found = movable(function(*shifted.build()))
    except Exception:
        # Code for real numbers may fail in any way for complex ones.
        return None
    if not all(map(np.iscomplexobj, found)):
        return None
    return [np.asarray(np.imag(y) / COMPLEX_STEP) for y in found]


def size_of_inner(xs: Sequence[Any], ys: Sequence[Any]) -> float:
    """Return how large an inner product is if nothing cancels by chance."""
    products = (np.abs(np.multiply(x, y)) for x, y in zip(xs, ys, strict=True))
    return float(np.sqrt(sum(np.sum(p**2) for p in products)))
