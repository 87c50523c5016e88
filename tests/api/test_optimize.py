"""SciPy's solvers with derivatives of gradgen, on problems with known answers."""

import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

from gradgen import ArgumentError, hessian, value_and_grad

pytest.importorskip("scipy")
from scipy import optimize as scipy_optimize
from scipy import sparse as scipy_sparse

from gradgen.optimize import curve_fit, least_squares, minimize, root

START = np.array([1.2, 1.3])


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def bowl(p, shift=0.0):
    """Least at 1 and 3, plus the shift."""
    return np.sum((p["a"] - 1.0 - shift) ** 2) + (p["b"] - 3.0 - shift) ** 2


BOWL = {"a": np.zeros((2, 1)), "b": 0.0}


@pytest.mark.parametrize(
    "method",
    [
        None,
        "CG",
        "BFGS",
        "Newton-CG",
        "L-BFGS-B",
        "TNC",
        "SLSQP",
        "dogleg",
        "trust-ncg",
        "trust-krylov",
        "trust-exact",
        "trust-constr",
    ],
)
def test_each_method_finds_the_minimum(method):
    found = minimize(rosenbrock, START, method=method)
    np.testing.assert_allclose(found.x, 1.0, atol=2e-3)


@pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "COBYLA"])
def test_methods_without_derivatives_are_given_none(method):
    found = minimize(bowl, BOWL, method=method)  # warnings are errors
    np.testing.assert_allclose(found.x["b"], 3.0, atol=1e-2)


@pytest.mark.parametrize(
    ("method", "names"),
    [
        ("BFGS", {"jac"}),
        ("trust-exact", {"jac", "hess"}),
        ("dogleg", {"jac", "hess"}),
        ("Newton-CG", {"jac", "hessp"}),
        ("trust-krylov", {"jac", "hessp"}),
        ("trust-constr", {"jac", "hessp"}),
        ("Powell", set()),
    ],
)
def test_a_method_is_given_what_it_uses(method, names, monkeypatch):
    seen = {}

    def record(fun, x0, **options):
        seen.update({k: v for k, v in options.items() if k in ("jac", "hess", "hessp")})
        return scipy_optimize.OptimizeResult(x=x0)

    monkeypatch.setattr(scipy_optimize, "minimize", record)
    minimize(rosenbrock, START, method=method)
    assert {name for name, value in seen.items() if value is not None} == names


@pytest.mark.parametrize("method", ["trust-exact", "trust-krylov", "BFGS"])
def test_the_result_has_the_structure_and_dtypes_of_the_start(method):
    start = {"a": np.zeros((2, 1), "f4"), "b": 0.0}
    found = minimize(bowl, start, (0.5,), method=method)
    assert found.x["a"].dtype == np.float32
    assert type(found.x["b"]) is float
    np.testing.assert_allclose(found.x["a"], [[1.5], [1.5]], rtol=1e-5)
    np.testing.assert_allclose(found.x_vector, [1.5, 1.5, 3.5], rtol=1e-5)
    assert found.x_vector.dtype == float


def test_one_further_argument_needs_no_tuple():
    assert minimize(bowl, BOWL, args=1.0).x["b"] == pytest.approx(4.0)


class Pair(NamedTuple):
    u: np.ndarray
    v: np.ndarray


def test_a_hessian_of_blocks_is_put_together_right():
    weights = np.arange(1.0, 26.0).reshape(5, 5)
    weights = weights + weights.T + 50.0 * np.eye(5)
    target = np.arange(5.0)

    def quadratic(p):
        x = np.concatenate((p.u.reshape(-1), p.v)) - target
        return 0.5 * x @ weights @ x

    start = Pair(np.zeros((2, 2)), np.zeros(1))
    found = minimize(quadratic, start, method="trust-exact")
    np.testing.assert_allclose(found.hess, weights)
    np.testing.assert_allclose(found.x.u, [[0.0, 1.0], [2.0, 3.0]], atol=1e-6)
    found = minimize(quadratic, start, method="trust-ncg")
    np.testing.assert_allclose(found.x_vector, target, atol=1e-5)


def test_derivatives_of_the_user_win():
    calls = []

    def jac(p):
        calls.append("jac")
        return {"a": 2.0 * (p["a"] - 1.0), "b": 2.0 * (p["b"] - 3.0)}

    def hessp(p, q):
        calls.append("hessp")
        return {"a": 2.0 * q["a"], "b": 2.0 * q["b"]}

    def hess(p):
        calls.append("hess")
        return 2.0 * np.eye(3)

    for extra, method in (({"hessp": hessp}, "trust-ncg"), ({"hess": hess}, "dogleg")):
        found = minimize(bowl, BOWL, method=method, jac=jac, **extra)
        np.testing.assert_allclose(found.x_vector, [1.0, 1.0, 3.0])
    assert set(calls) == {"jac", "hessp", "hess"}


def test_the_function_may_return_its_gradient_and_differences_may_be_asked_for():
    both = value_and_grad(bowl)
    for method in ("BFGS", "trust-exact"):
        found = minimize(lambda p: both(p), BOWL, method=method, jac=True)
        np.testing.assert_allclose(found.x_vector, [1.0, 1.0, 3.0], atol=1e-6)
    found = minimize(bowl, BOWL, jac="3-point")
    assert found.nfev > found.njev
    found = minimize(bowl, BOWL, method="trust-exact", hess=hessian(bowl))
    np.testing.assert_allclose(found.hess, 2.0 * np.eye(3))


TARGET = np.array([[1.0, 2.0], [3.0, 4.0]])


def test_an_array_of_any_rank():
    found = minimize(lambda x: np.sum((x - TARGET) ** 2), 0.0 * TARGET)
    np.testing.assert_allclose(found.x, TARGET)
    found = minimize(lambda x: (x - 1.0) ** 2, 0.0, method="trust-exact")
    assert type(found.x) is float
    assert found.x == pytest.approx(1.0)
    assert root(lambda x: x**2 - 4.0, np.array(1.0)).x.shape == ()


@pytest.mark.parametrize(
    "jac",
    [
        None,
        lambda x: np.eye(4),
        lambda x: np.eye(4).reshape(2, 2, 2, 2),
        lambda x: scipy_sparse.csr_matrix(np.eye(4)),
        "2-point",
    ],
)
def test_forms_of_a_jacobian(jac):
    found = least_squares(lambda x: x - TARGET, 0.0 * TARGET, jac=jac)
    np.testing.assert_allclose(found.x, TARGET, rtol=1e-6)


def test_bounds_have_the_structure_of_the_parameters():
    bounds = {"b": (None, 2.0), "a": (np.array([[1.5], [-9.0]]), None)}
    found = minimize(bowl, BOWL, bounds=bounds)
    np.testing.assert_allclose(found.x_vector, [1.5, 1.0, 2.0])


@pytest.mark.parametrize(
    "bounds",
    [
        [(0, 1)] * 3,
        {"a": (0, 1)},
        {"a": (0, 1), "b": 1.0},
        {"a": (np.zeros(3), 1), "b": (0, 1)},
        {"a": ("x", 1), "b": (0, 1)},
    ],
)
def test_bounds_that_do_not_fit_are_refused(bounds):
    with pytest.raises(ArgumentError, match="bounds"):
        minimize(bowl, BOWL, bounds=bounds)


def product(p, factor=1.0):
    return factor * p["a"][:, 0] * p["b"]


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr", "COBYLA"])
def test_constraints_are_functions_of_trees(method):
    limit = scipy_optimize.NonlinearConstraint(product, -np.inf, 2.0)
    start = {"a": np.full((2, 1), 0.5), "b": 1.0}
    found = minimize(bowl, start, method=method, constraints=[limit])
    wanted = minimize(bowl, start, constraints={"type": "ineq", "fun": room})
    np.testing.assert_allclose(found.x_vector, wanted.x_vector, atol=5e-3)
    np.testing.assert_allclose(product(wanted.x), 2.0, atol=1e-5)


def room(p):
    return 2.0 - product(p)


def test_constraints_get_exact_jacobians_unless_they_have_some(monkeypatch):
    seen = []

    def record(fun, x0, constraints, **options):
        seen.extend(each["jac"](x0) for each in constraints)
        return scipy_optimize.OptimizeResult(x=x0)

    monkeypatch.setattr(scipy_optimize, "minimize", record)
    own = {"type": "eq", "fun": product, "jac": lambda p: np.ones((2, 3))}
    minimize(
        bowl,
        {"a": np.array([[3.0], [5.0]]), "b": 2.0},
        constraints=[{"type": "eq", "fun": product, "args": (10.0,)}, own],
    )
    np.testing.assert_array_equal(seen[0], [[20.0, 0.0, 30.0], [0.0, 20.0, 50.0]])
    np.testing.assert_array_equal(seen[1], np.ones((2, 3)))


def test_callbacks_are_given_trees():
    seen = []

    def told(intermediate_result):
        seen.append(intermediate_result.x)

    minimize(bowl, BOWL, callback=told)
    minimize(bowl, BOWL, callback=seen.append)
    assert len(seen) > 1
    assert all(p["a"].shape == (2, 1) for p in seen)

    def stop(intermediate_result):
        raise StopIteration

    assert minimize(rosenbrock, START, callback=stop).nit == 1


def test_a_function_may_write_to_what_it_is_given():
    def writes(x):
        x[0] = x[0] - 1.0
        return np.sum(x**2)

    found = minimize(writes, np.array([3.0, 4.0]))
    np.testing.assert_allclose(found.x, [1.0, 0.0], atol=1e-6)


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (np.array([1, 2]), "x0 is an integer array"),
        ({"a": np.array([1]), "b": 1.0}, r"x0\['a'\] is an integer array"),
        ({"a": "x"}, r"x0\['a'\] is a string"),
        ([1j], "x0 is complex"),
        ([], "x0 holds no numbers"),
    ],
)
def test_parameters_that_cannot_move_are_refused(start, text):
    for solver in (minimize, least_squares, root):
        with pytest.raises(ArgumentError, match=text):
            solver(rosenbrock, start)


TIMES = np.linspace(0.0, 3.0, 20)


def decay(t, p):
    return p["height"] * np.exp(-p["rate"] * t) + p["offset"][0]


KNOWN = {"rate": 1.3, "height": 2.5, "offset": np.array([0.5])}
GUESS = {"rate": 1.0, "height": 1.0, "offset": np.array([0.0])}


def residuals(p, y, *, scale=1.0):
    first = scale * (decay(TIMES[:7], p) - y[:7])
    rest = scale * (decay(TIMES[7:], p) - y[7:])
    return {"first": first, "rest": [rest.reshape(13, 1)]}


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares_finds_known_parameters(method):
    found = least_squares(
        residuals,
        GUESS,
        method=method,
        args=(decay(TIMES, KNOWN),),
        kwargs={"scale": 3.0},
    )
    assert found.x["rate"] == pytest.approx(1.3)
    np.testing.assert_allclose(found.x["offset"], [0.5])
    jac = found.jac
    wanted = -3.0 * 2.5 * TIMES * np.exp(-1.3 * TIMES)
    np.testing.assert_allclose(jac[:, 0], wanted, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(jac[:, 2], 3.0)


def test_least_squares_has_bounds_and_jacobians_of_the_user():
    calls = []

    def jac(p):
        calls.append(1)
        return {"u": np.eye(2), "v": np.zeros(2)}

    bounds = ({"u": -1.0, "v": 0.0}, {"u": [0.5, 9.0], "v": 2.0})
    start = {"u": np.zeros(2), "v": 1.0}
    found = least_squares(lambda p: p["u"] - 2.0, start, jac=lambda p: np.eye(2, 3))
    np.testing.assert_allclose(found.x["u"], 2.0)
    found = least_squares(lambda p: [p["u"] - 2.0], start, bounds=bounds)
    np.testing.assert_allclose(found.x["u"], [0.5, 2.0], atol=1e-4)
    found = least_squares(lambda p: [p["u"] - 2.0], start, jac=lambda p: [jac(p)])
    np.testing.assert_allclose(found.x["u"], 2.0)
    assert calls
    with pytest.raises(ArgumentError, match="bounds"):
        least_squares(lambda p: p["u"], start, bounds=(0.0, [1.0, 2.0]))


def test_blocks_of_a_wrong_shape_are_refused():
    start = {"u": np.zeros(2), "v": np.zeros(3)}
    turned = {"u": np.ones((2, 3)), "v": np.ones((2, 2))}
    with pytest.raises(ArgumentError, match="does not end with the shape"):
        least_squares(lambda p: p["u"], start, jac=lambda p: turned)


def test_integers_among_residuals_are_refused():
    with pytest.raises(ArgumentError, match=r"result of fun\[1\] is an int"):
        least_squares(lambda p: [p[0] - 1.0, 0], [3.0])
    found = least_squares(lambda p: [p[0] - 1.0, 0.0], [3.0])
    assert found.x[0] == pytest.approx(1.0)


def equations(p, right):
    return [p["x"][0] + p["x"][1] - right, p["x"] * p["y"] - 1.0]


@pytest.mark.parametrize("method", ["hybr", "lm", "df-sane"])
def test_root_solves_a_small_system(method):
    found = root(equations, {"x": np.array([1.0, 1.2]), "y": 1.0}, 3.0, method=method)
    assert found.success
    np.testing.assert_allclose(found.x["x"], 1.5, rtol=1e-6)
    assert found.x["y"] == pytest.approx(1 / 1.5)


def test_root_takes_jacobians_of_the_user():
    def both(x):
        return x**2 - 4.0, np.diag(2.0 * x)

    start = np.array([1.0, 3.0])
    for fun, jac in (
        (both, True),
        (lambda x: x**2 - 4.0, lambda x: np.diag(2.0 * x)),
        (lambda x: x**2 - 4.0, False),
    ):
        np.testing.assert_allclose(root(fun, start, jac=jac).x, 2.0)


def test_curve_fit_finds_known_parameters():
    sigma = 0.1 + TIMES
    y = decay(TIMES, KNOWN) + 0.01 * np.sin(40.0 * TIMES)
    popt, pcov = curve_fit(decay, TIMES, y, GUESS, sigma)

    def spread(t, rate, height, offset):
        return height * np.exp(-rate * t) + offset

    wanted, covariance = scipy_optimize.curve_fit(spread, TIMES, y, (1, 1, 0), sigma)
    found = [popt["rate"], popt["height"], popt["offset"][0]]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    np.testing.assert_allclose(pcov, covariance, rtol=1e-5)
    popt, pcov = curve_fit(spread, TIMES, y, (1.0, 1.0, 0.0), sigma)
    np.testing.assert_allclose(popt, wanted, rtol=1e-6)
    assert type(popt) is tuple
    assert len(curve_fit(spread, TIMES, y, [1, 1, 0], full_output=True)) == 5


def test_curve_fit_has_bounds():
    y = decay(TIMES, KNOWN)
    bounds = (0.0, {"rate": 1.1, "height": 9.0, "offset": np.inf})
    popt, _ = curve_fit(decay, TIMES, y, GUESS, bounds=bounds)
    assert popt["rate"] == pytest.approx(1.1)


def test_one_number_is_not_taken_for_all_data():
    with pytest.raises(ArgumentError, match="f returns 1 numbers for 20 data"):
        curve_fit(lambda t, p: p["c"], TIMES, TIMES, {"c": 1.0})


def test_a_column_is_not_spread_over_all_data():
    popt, _ = curve_fit(
        lambda t, p: (p["c"] * t).reshape(-1, 1), TIMES, 2.0 * TIMES, {"c": 1.0}
    )
    assert popt["c"] == pytest.approx(2.0)


def test_scipy_is_imported_when_it_is_used():
    program = "import sys, gradgen; assert 'scipy' not in sys.modules; gradgen.optimize"
    subprocess.run([sys.executable, "-c", program], check=True)
