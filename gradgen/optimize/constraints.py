"""Constraints on trees as constraints on vectors."""

from __future__ import annotations

from typing import Any

from scipy.optimize import NonlinearConstraint

from gradgen.optimize.functions import as_tuple, residuals, slopes
from gradgen.optimize.parameters import Parameters


def flat_constraints(parameters: Parameters, constraints: Any, exact: bool) -> Any:
    """Return constraints for SciPy, with Jacobians by gradgen if they are ``exact``.

    What is linear is a matrix for the vector of the parameters already.
    """
    if isinstance(constraints, list | tuple):
        return [_flat(parameters, each, exact) for each in constraints]
    return _flat(parameters, constraints, exact)


def _flat(parameters: Parameters, constraint: Any, exact: bool) -> Any:
    if isinstance(constraint, dict):
        return _flat_dict(parameters, constraint, exact)
    if isinstance(constraint, NonlinearConstraint):
        return _flat_nonlinear(parameters, constraint, exact)
    return constraint


def _flat_dict(
    parameters: Parameters, constraint: dict[str, Any], exact: bool
) -> dict[str, Any]:
    fun, args = constraint["fun"], as_tuple(constraint.get("args", ()))
    found = {**constraint, "fun": residuals(parameters, fun, args), "args": ()}
    jac = constraint.get("jac")
    if exact or jac is not None:
        found["jac"] = slopes(parameters, fun, jac, args)
    return found


def _flat_nonlinear(parameters: Parameters, given: Any, exact: bool) -> Any:
    """Replace the functions of a constraint.

    ``"2-point"`` is what a constraint has without a Jacobian, so it counts as none.
    """
    jac = None if given.jac == "2-point" else given.jac
    if jac is not None or exact:
        jac = slopes(parameters, given.fun, jac)
    return NonlinearConstraint(
        residuals(parameters, given.fun),
        given.lb,
        given.ub,
        jac="2-point" if jac is None else jac,
        hess=_hess(parameters, given.hess),
        keep_feasible=given.keep_feasible,
        finite_diff_rel_step=given.finite_diff_rel_step,
        finite_diff_jac_sparsity=given.finite_diff_jac_sparsity,
    )


def _hess(parameters: Parameters, hess: Any) -> Any:
    if not callable(hess):
        return hess

    def matrix(x: Any, v: Any) -> Any:
        return parameters.given_matrix(hess(parameters.tree(x), v))

    return matrix
