"""``least_squares`` and ``root`` with exact Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize

from gradgen.optimize.functions import (
    Function,
    as_tuple,
    called_back,
    first_of,
    residuals,
    second_of,
    slopes,
)
from gradgen.optimize.parameters import Parameters, bounds_of_sides

WITH_JACOBIAN = frozenset(("hybr", "lm"))
"""The methods of ``root`` that use a Jacobian; the others warn of one."""


def least_squares(
    fun: Function,
    x0: Any,
    jac: Any = None,
    bounds: Any = (-np.inf, np.inf),
    method: str = "trf",
    *,
    args: Any = (),
    kwargs: Any = None,
    callback: Any = None,
    **options: Any,
) -> optimize.OptimizeResult:
    """Minimise a sum of squares by SciPy's function of the same name.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args, **kwargs)``, the residuals: an array, or any nesting of arrays.
    x0 : Any
        Where to start, as of :func:`minimize`.
    jac : callable or str, optional
        A Jacobian of one's own, instead of gradgen's. A function takes a tree and
        returns what :func:`gradgen.jacobian` would, or a matrix.
    bounds : pair
        Lower and upper bounds. Each is a number, or has the structure of ``x0``.
    method, args, kwargs, callback, **options
        As of SciPy.

    Returns
    -------
    scipy.optimize.OptimizeResult
        As of :func:`minimize`.

    Examples
    --------
    >>> import numpy as np
    >>> from gradgen.optimize import least_squares
    >>> t = np.linspace(0.0, 1.0, 5)
    >>> def misfit(p, y):
    ...     return p["slope"] * t + p["height"] - y
    >>> start = {"slope": 0.0, "height": 0.0}
    >>> found = least_squares(misfit, start, args=(2.0 * t + 1.0,))
    >>> round(found.x["slope"], 6), round(found.x["height"], 6)
    (2.0, 1.0)
    """
    parameters, args = Parameters(x0), as_tuple(args)
    if callback is not None:
        options["callback"] = called_back(parameters, callback)
    result = optimize.least_squares(
        residuals(parameters, fun, args, kwargs),
        parameters.start,
        jac=slopes(parameters, fun, jac, args, kwargs),
        bounds=bounds_of_sides(parameters, bounds),
        method=method,
        **options,
    )
    return parameters.result(result)


def root(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: float | None = None,
    callback: Any = None,
    options: dict[str, Any] | None = None,
) -> optimize.OptimizeResult:
    """Solve a system of equations by SciPy's function of the same name.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)``, which is to be zero: as many numbers as ``x`` has, in an
        array or any nesting of arrays.
    x0 : Any
        Where to start, as of :func:`minimize`.
    jac : callable or bool, optional
        A Jacobian of one's own, instead of gradgen's, which ``hybr`` and ``lm`` get.
        ``jac=True`` says that ``fun`` returns it, too, ``jac=False`` that differences
        are to be taken.
    args, method, tol, callback, options
        As of SciPy.

    Returns
    -------
    scipy.optimize.OptimizeResult
        As of :func:`minimize`.

    Examples
    --------
    >>> import numpy as np
    >>> from gradgen.optimize import root
    >>> def equations(p):
    ...     return [p["x"] + 2.0 * p["y"] - 4.0, p["x"] * p["y"] - 2.0]
    >>> found = root(equations, {"x": 3.0, "y": 0.5})
    >>> round(found.x["x"], 3), round(found.x["y"], 3)
    (2.0, 1.0)
    """
    parameters, args = Parameters(x0), as_tuple(args)
    used = method.lower() in WITH_JACOBIAN
    function = first_of(fun) if jac is True else fun
    if jac is True:
        jac = second_of(fun)
    result = optimize.root(
        residuals(parameters, function, args),
        parameters.start,
        method=method,
        jac=slopes(parameters, function, jac, args) if used or jac else jac,
        tol=tol,
        callback=called_back(parameters, callback),
        options=options,
    )
    return parameters.result(result)
