"""Sparse Jacobians and Hessians: as few sweeps as their pattern allows."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.api.batching import vmap
from gradgen.api.calls import jvp, vjp
from gradgen.api.derivative import Derivative
from gradgen.api.functions import check_argnums, grad
from gradgen.api.plans import (
    Plan,
    Sparsity,
    assembled,
    check_along,
    hessian_way,
    jacobian_way,
    make_plan,
)
from gradgen.compiler import Request, Step
from gradgen.compiler.sparsity import has_rules, prove, steering
from gradgen.deferred import Deferred
from gradgen.errors import ArgumentError, OutputError
from gradgen.runtime.convert import leaf_text

if TYPE_CHECKING:
    from scipy import sparse
else:
    sparse = Deferred("scipy.sparse")

Args = tuple[Any, ...]

MAX_PLANS = 64
"""How many plans are kept for each function."""

BLOCK = 64
"""Along how many directions a function is probed at once."""


def sparse_jacobian(
    f: Callable[..., Any], argnums: int = 0, *, pattern: Any = None
) -> SparseDerivative:
    """Return the function that computes the Jacobian of ``f`` as a sparse array.

    Parameters
    ----------
    f : Callable
        A function of arrays that returns one array of real numbers.
    argnums : int
        Which argument to differentiate by, an array of real numbers.
    pattern : array or sparse array, optional
        Where there may be entries. Without it, the pattern is proved from the program,
        or else probed; see ``docs/sparse.md``.

    Returns
    -------
    SparseDerivative
        A function of the arguments of ``f``, by position, that returns a
        ``scipy.sparse.csr_array``. Arrays of several axes count in C order.

    Raises
    ------
    DerivativeError
        When called, if a pattern that is not proved lacks entries.

    Examples
    --------
    >>> import numpy as np
    >>> J = sparse_jacobian(lambda x: x[1:] * x[:-1])
    >>> J(np.array([1.0, 2.0, 3.0])).toarray()
    array([[2., 1., 0.],
           [0., 3., 2.]])
    >>> J.pattern(np.ones(100)).sweeps
    2
    """
    return SparseDerivative("sparse_jacobian", f, argnums, pattern)


def sparse_hessian(
    f: Callable[..., Any], argnums: int = 0, *, pattern: Any = None
) -> SparseDerivative:
    """Return the function that computes the Hessian of ``f`` as a sparse array.

    As :func:`sparse_jacobian`, for a function that returns a real number.

    Examples
    --------
    >>> import numpy as np
    >>> H = sparse_hessian(lambda x: np.sum(x[1:] * x[:-1] ** 2))
    >>> H(np.array([1.0, 2.0, 3.0])).toarray()
    array([[4., 2., 0.],
           [2., 6., 4.],
           [0., 4., 0.]])
    >>> H.pattern(np.ones(100)).sweeps
    3
    """
    return SparseDerivative("sparse_hessian", f, argnums, pattern)


class SparseDerivative:
    """A sparse Jacobian or Hessian, made by :func:`sparse_jacobian` and its like."""

    def __init__(
        self, kind: str, f: Callable[..., Any], argnums: int, given: Any
    ) -> None:
        if not callable(f):
            raise ArgumentError(f"{kind} takes a function, not {f!r}")
        functools.update_wrapper(self, f)
        self._numbers, single = check_argnums(argnums)
        if not single:
            raise ArgumentError(f"{kind} takes one argument number, not {argnums!r}")
        self.primal = f
        self.kind = kind
        self._given = given
        self._base = (
            grad(f, argnums)
            if kind == "sparse_hessian"
            else Derivative(f, Step("primal", self._numbers))
        )
        self._plans: dict[Any, Plan] = {}
        self._sweeps: dict[Any, Derivative[..., Any]] = {}

    def __reduce__(self) -> Any:
        made = (self.kind, self.primal, self._numbers[0], self._given)
        return type(self), made

    def __repr__(self) -> str:
        return f"<{self.kind} of {self.__qualname__}>"  # type: ignore[attr-defined]

    def __call__(self, *args: Any) -> Any:
        """Return the derivative at these arguments, as a ``scipy.sparse.csr_array``."""
        plan, k = self._plan(args)
        seeds = plan.directions.astype(plan.dtype)
        if plan.sparsity.origin == "proved":
            return assembled(plan, self._swept(plan, k, seeds, args))
        extra = np.random.default_rng(0).standard_normal((1, seeds.shape[1]))
        seeds = np.concatenate([seeds, extra.astype(plan.dtype)])
        swept = self._swept(plan, k, seeds, args)
        matrix = assembled(plan, swept[:-1])
        by_rows = plan.sparsity.way == "rows"
        check_along(matrix.T if by_rows else matrix, seeds[-1], swept[-1])
        return matrix

    def pattern(self, *args: Any) -> Sparsity:
        """Return where the derivative at these arguments may have entries.

        The pattern is proved from the program where that is possible, and then holds
        for all arguments of these shapes and with these integers. Else it is probed:
        the derivative is computed along all directions near the arguments. What is not
        proved is checked along one more direction at each call.
        """
        plan, _ = self._plan(args)
        return plan.sparsity

    def _swept(self, plan: Plan, k: int, seeds: Any, args: Args) -> Any:
        """Return what the sweeps along all directions give, one in each row."""
        if not len(seeds):
            return np.empty((0, 0), plan.dtype)
        by_rows = plan.sparsity.way == "rows"
        return self._along(k, seeds.reshape(-1, *plan.space), args, by_rows)

    def _along(self, k: int, seeds: Any, args: Args, by_rows: bool = False) -> Any:
        key = (k, len(args), by_rows)
        if key not in self._sweeps:
            hessian = self.kind == "sparse_hessian"
            f = self._base if hessian else self.primal
            one = _pulling(f, k) if by_rows else _pushing(f, k, len(args))
            self._sweeps[key] = vmap(one, in_axes=(0,))
        swept = self._sweeps[key](seeds, *args)
        return swept.reshape(len(seeds), math.prod(swept.shape[1:]))

    def _plan(self, args: Args) -> tuple[Plan, int]:
        bound, chosen = self._bound(args)
        program = self._base._dispatcher.find(bound)
        outside = () if program.fetch is None else program.fetch(bound)
        key = (id(program), steering((*bound, *outside)))
        k = chosen - self._base._target.parameters.prefix
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            plan = self._planned(bound, chosen, k, args, program)
            self._plans[key] = plan
        return plan, k

    def _bound(self, args: Args) -> tuple[Args, int]:
        """Return all arguments, and the number of the one to differentiate by."""
        target = self._base._target
        bound = target.arguments(args, {})
        (chosen,) = Request(target, (), bound).selected(self._base.step)
        x = bound[chosen]
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or not x.ndim:
            dense = self.kind.removeprefix("sparse_")
            raise ArgumentError(
                f"{self.kind} needs an array of real numbers to differentiate by, not "
                f"{leaf_text(x)}; use {dense} for anything else"
            )
        if chosen - target.parameters.prefix >= len(args):
            raise ArgumentError(f"{self.kind} does not differentiate by a default")
        return bound, chosen

    def _planned(
        self, bound: Args, chosen: int, k: int, args: Args, program: Any
    ) -> Plan:
        x, y = bound[chosen], self._base(*args)
        if not isinstance(y, np.ndarray) or y.dtype.kind != "f":
            raise OutputError(
                f"sparse_jacobian needs a function that returns one array of real "
                f"numbers, but {self.primal!r} returns {leaf_text(y)}; use jacobian"
            )
        request = Request(self._base._target, self._base.steps, bound)
        pattern, origin, reason = self._pattern(request, k, args, (y.size, x.size))
        if self.kind == "sparse_hessian":
            way, pattern, colours = hessian_way(pattern, not has_rules(request))
        else:
            way, colours = jacobian_way(pattern)
        sweeps = int(colours.max(initial=-1)) + 1
        found = Sparsity(pattern, origin, reason, way, colours, sweeps)
        return make_plan(found, x, y, program)

    def _pattern(
        self, request: Request, k: int, args: Args, shape: tuple[int, int]
    ) -> tuple[Any, str, str]:
        """Return a pattern, where it is from, and why it is not proved."""
        if self._given is not None:
            return _fitting(self._given, shape), "given", ""
        proof = prove(request)
        if proof.pattern is not None:
            return proof.pattern, "proved", ""
        return self._probed(k, args), "probed", proof.reason

    def _probed(self, k: int, args: Args) -> Any:
        """Return where the derivative is not zero, or NaN, at some points."""
        rng = np.random.default_rng(0)
        x = args[k]
        near = [1e-3 * (1 + abs(x)) * rng.standard_normal(x.shape) for _ in range(2)]
        points = [x, *((x + step).astype(x.dtype) for step in near)]
        with np.errstate(all="ignore"):
            return sparse.hstack(
                [self._entries(k, args, points, j) for j in range(0, x.size, BLOCK)],
                "csr",
            )

    def _entries(self, k: int, args: Args, points: Sequence[Any], first: int) -> Any:
        """Return where there are entries in the columns of a block, at any point."""
        x = args[k]
        count = min(BLOCK, x.size - first)
        seeds = np.eye(count, x.size, first, dtype=x.dtype).reshape(count, *x.shape)
        moved = []
        for point in points:
            try:
                moved.append(self._along(k, seeds, (*args[:k], point, *args[k + 1 :])))
            except (ArithmeticError, ValueError):
                if point is x:
                    raise
        found = np.logical_or.reduce([columns != 0 for columns in moved])
        return sparse.csr_array(found.T)


def _pushing(f: Any, k: int, count: int) -> Callable[..., Any]:
    """Return the function of a tangent and arguments that gives the derivative."""

    def pushed(tangent: Any, *args: Any) -> Any:
        tangents = (None,) * k + (tangent,) + (None,) * (count - k - 1)
        return jvp(f, args, tangents)[1]

    return pushed


def _pulling(f: Any, k: int) -> Callable[..., Any]:
    """Return the function of a cotangent and arguments that pulls it back."""

    def pulled(cotangent: Any, *args: Any) -> Any:
        _, pullback = vjp(f, *args, argnums=k)
        return pullback(cotangent)

    return pulled


def _fitting(given: Any, shape: tuple[int, int]) -> Any:
    """Return a pattern that the user gives."""
    pattern = sparse.csr_array(given) != 0
    if pattern.shape != shape:
        raise ArgumentError(f"pattern has the shape {pattern.shape}, not {shape}")
    return pattern
