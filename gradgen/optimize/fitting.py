"""``curve_fit`` with exact Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize

from gradgen.errors import ArgumentError
from gradgen.optimize.functions import Function, derivative_of
from gradgen.optimize.parameters import Parameters, bounds_of_sides, vector_of


def curve_fit(
    f: Function,
    xdata: Any,
    ydata: Any,
    p0: Any,
    *args: Any,
    bounds: Any = (-np.inf, np.inf),
    jac: Any = None,
    **options: Any,
) -> tuple[Any, ...]:
    """Fit a function to data by SciPy's function of the same name.

    Parameters
    ----------
    f : callable
        ``f(xdata, p)``, which is to be like ``ydata``. If ``p0`` is a list or a tuple,
        ``f(xdata, *p)``, as in SciPy.
    xdata, ydata : array_like
        As of SciPy.
    p0 : Any
        Where to start: parameters in any nesting, as of :func:`minimize`.
    *args
        ``sigma``, ``absolute_sigma`` and ``check_finite``, as of SciPy.
    bounds : pair
        Lower and upper bounds. Each is a number, or has the structure of ``p0``.
    jac : callable or str, optional
        A Jacobian of one's own, instead of gradgen's, of what ``f`` takes.
    **options
        As of SciPy.

    Returns
    -------
    tuple
        ``(popt, pcov)``, and more with ``full_output=True``. What was found has the
        structure and dtypes of ``p0``; the covariance matrix is that of the vector of
        its numbers, in the order of :func:`gradgen.ravel_pytree`.

    Raises
    ------
    ArgumentError
        If ``f`` returns one number for many data, which would be taken for all of them.

    Examples
    --------
    >>> import numpy as np
    >>> from gradgen.optimize import curve_fit
    >>> def decay(t, p):
    ...     return p["height"] * np.exp(-p["rate"] * t)
    >>> t = np.linspace(0.0, 2.0, 9)
    >>> start = {"height": 1.0, "rate": 1.0}
    >>> popt, pcov = curve_fit(decay, t, 3.0 * np.exp(-0.5 * t), start)
    >>> round(popt["height"], 6), round(popt["rate"], 6)
    (3.0, 0.5)
    """
    parameters = Parameters(p0, "p0")
    spread = type(p0) in (list, tuple)
    count = np.size(ydata)

    def model(x: Any, *numbers: Any) -> Any:
        p = parameters.tree(numbers)
        found = vector_of(f(x, *p) if spread else f(x, p), "the result of f")
        if len(found) != count and 1 in (len(found), count):
            raise ArgumentError(f"f returns {len(found)} numbers for {count} data")
        return found

    popt, *rest = optimize.curve_fit(
        model,
        xdata,
        np.ravel(ydata),
        parameters.start,
        *args,
        bounds=bounds_of_sides(parameters, bounds),
        jac=_slope(parameters, f, jac, spread),
        **options,
    )
    return parameters.found(popt), *rest


def _slope(parameters: Parameters, f: Function, jac: Any, spread: bool) -> Any:
    """Return the Jacobian as SciPy calls it, with each number for itself."""
    if jac is not None and not callable(jac):
        return jac
    exact = jac is None
    if exact:
        jac = derivative_of("jacobian", f, _places(parameters) if spread else 1)
    as_matrix = parameters.matrix if exact else parameters.given_matrix

    def slope(x: Any, *numbers: Any) -> Any:
        p = parameters.tree(numbers)
        return as_matrix(jac(x, *p) if spread else jac(x, p))

    return slope


def _places(parameters: Parameters) -> tuple[int, ...]:
    """Return where the parameters of ``f`` stand that each is passed by itself."""
    return tuple(range(1, 1 + len(parameters.tree(parameters.start))))
