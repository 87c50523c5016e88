"""``minimize`` with exact derivatives."""

from __future__ import annotations

from typing import Any

from scipy import optimize

from gradgen.api.products import hvp
from gradgen.optimize.constraints import flat_constraints
from gradgen.optimize.functions import (
    Function,
    as_tuple,
    called_back,
    derivative_of,
    first_of,
)
from gradgen.optimize.parameters import Parameters, paired_bounds

WITHOUT = frozenset(("nelder-mead", "powell", "cobyla", "cobyqa"))
"""The methods that use no derivatives, and warn of them."""
WITH_HESSIAN = frozenset(("dogleg", "trust-exact"))
WITH_PRODUCTS = frozenset(("newton-cg", "trust-ncg", "trust-krylov", "trust-constr"))


def minimize(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Any = None,
    options: dict[str, Any] | None = None,
) -> optimize.OptimizeResult:
    """Minimise a function by :func:`scipy.optimize.minimize`, with exact derivatives.

    A method gets those that it uses: the gradient, for ``dogleg`` and ``trust-exact``
    the Hessian as well, for ``Newton-CG``, ``trust-ncg``, ``trust-krylov`` and
    ``trust-constr`` products with it.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)``, a number.
    x0 : Any
        Where to start: floating arrays and numbers in any nesting of dict, list, tuple,
        NamedTuple and dataclass. ``fun`` is called with such a tree, in float64.
    args : tuple
        Further arguments of ``fun``.
    method : str or callable, optional
        As of SciPy.
    jac, hess, hessp : optional
        Derivatives of one's own, instead of gradgen's. Functions take trees; they
        return trees, as those of gradgen do, or arrays for the vector of the
        parameters. ``jac=True`` says that ``fun`` returns the gradient, too.
    bounds : optional
        As of SciPy for an array; for a container a container of the same structure,
        with a pair ``(lower, upper)`` for each leaf. None stands for no bound.
    constraints : optional
        As of SciPy. Functions take trees, and Jacobians are gradgen's where there are
        none. A ``LinearConstraint`` is one of the vector of the parameters.
    tol, callback, options
        As of SciPy; a callback is given trees.

    Returns
    -------
    scipy.optimize.OptimizeResult
        With the structure and the dtypes of ``x0`` in ``x``, and what SciPy found in
        ``x_vector``. All else is as SciPy returns it.

    Raises
    ------
    ArgumentError
        If ``x0`` holds what is no floating array or number.

    Examples
    --------
    >>> import numpy as np
    >>> from gradgen.optimize import minimize
    >>> def fun(p):
    ...     return np.sum((p["a"] - 1.0) ** 2) + (p["b"] - 3.0) ** 2
    >>> found = minimize(fun, {"a": np.zeros(2), "b": 0.0})
    >>> found.success, round(found.x["b"], 6)
    (True, 3.0)
    """
    parameters, args = Parameters(x0), as_tuple(args)
    name = method.lower() if isinstance(method, str) else ""
    exact = name not in WITHOUT
    scalar = first_of(fun) if jac is True else fun
    objective, gradient = _first_order(parameters, fun, args, jac, exact)
    if hess is not None or hessp is not None:
        second = _given(parameters, args, hess, hessp)
    else:
        second = _second_order(parameters, scalar, args, name)
    result = optimize.minimize(
        objective,
        parameters.start,
        method=method,
        jac=gradient,
        bounds=paired_bounds(parameters, bounds),
        constraints=flat_constraints(parameters, constraints, exact),
        tol=tol,
        callback=called_back(parameters, callback),
        options=options,
        **second,
    )
    return parameters.result(result)


def _first_order(
    parameters: Parameters, fun: Function, args: Any, jac: Any, exact: bool
) -> tuple[Function, Any]:
    """Return what SciPy gets as ``fun`` and ``jac``."""
    if jac is True or (jac is None and exact):
        both = fun if jac is True else derivative_of("value_and_grad", fun)

        def value_and_slope(x: Any) -> Any:
            value, slope = both(parameters.tree(x), *args)
            return value, parameters.gradient(slope)

        return value_and_slope, True

    def value(x: Any) -> Any:
        return fun(parameters.tree(x), *args)

    if not callable(jac):
        return value, jac
    return value, lambda x: parameters.gradient(jac(parameters.tree(x), *args))


def _second_order(
    parameters: Parameters, fun: Function, args: Any, method: str
) -> dict[str, Function]:
    """Return the Hessian, or products with it, if a method uses either."""
    if method in WITH_PRODUCTS:
        fixed = (None,) * len(args)

        def product(x: Any, p: Any) -> Any:
            tree, vector = parameters.tree(x), parameters.tree(p)
            return parameters.gradient(hvp(fun, (tree, *args), (vector, *fixed)))

        return {"hessp": product}
    if method not in WITH_HESSIAN:
        return {}
    hessian = derivative_of("hessian", fun)
    return {"hess": lambda x: parameters.matrix(hessian(parameters.tree(x), *args))}


def _given(parameters: Parameters, args: Any, hess: Any, hessp: Any) -> dict[str, Any]:
    """Return second derivatives of the user's own."""
    found = {"hess": hess, "hessp": hessp}
    if callable(hess):
        found["hess"] = lambda x: parameters.given_matrix(
            hess(parameters.tree(x), *args)
        )
    if callable(hessp):
        found["hessp"] = lambda x, p: parameters.gradient(
            hessp(parameters.tree(x), parameters.tree(p), *args)
        )
    return found
