"""Sparse Jacobians and Hessians agree with dense ones, or are refused."""

import functools
import math
import pickle

import numpy as np
import pytest

import gradgen
from gradgen import (
    ArgumentError,
    DerivativeError,
    OutputError,
    hessian,
    jacobian,
    sparse_hessian,
    sparse_jacobian,
)

sparse = pytest.importorskip("scipy.sparse")
rng = np.random.default_rng(3)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def differences(x):
    return np.sin(x[1:] - x[:-1])


def arrow(x):
    return np.sum(x**4) + x[0] * np.sum(x[1:] ** 3)


def arrow_rows(x):
    return np.concatenate([np.array([np.sum(x**2)]), x**3])


def laplacian(u):
    p = np.pad(u, 1)
    return p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2] - 4 * u + np.exp(u)


def surface(u):
    down, right = u[1:] - u[:-1], u[:, 1:] - u[:, :-1]
    return np.sum(down**4) + np.sum(right**4) + np.sum(u**2)


def oscillator(x):
    total = 0.0
    for i in range(len(x) - 1):
        if x[i] > 0:
            total += np.sin(x[i]) * x[i + 1]
        else:
            total += x[i] ** 2
    return total


def recurrence(x):
    y = np.zeros_like(x)
    for i in range(1, len(x)):
        y[i] = np.tanh(0.5 * x[i] + x[i - 1])
    return y


def sorted_differences(x):
    order = np.argsort(x)
    return x[order][1:] * x[order][:-1]


def picked(x):
    return x * x[int(x[0] > 0)]


def masked(x):
    y = x.copy()
    y[x > 0.5] = x[::-1][x > 0.5] ** 2
    return y


def normalised(x):
    return x / np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]


def until_small(x):
    y = x * x
    while np.max(y) > 1e-2:
        y = y / 2
    return y


def check_jacobian(f, x, *rest, J=None):
    J = J or sparse_jacobian(f)
    dense = jacobian(f)(x, *rest)
    found = J(x, *rest)
    assert isinstance(found, sparse.csr_array)
    assert found.dtype == dense.dtype
    np.testing.assert_allclose(
        found.toarray(), dense.reshape(found.shape), rtol=1e-6, atol=1e-12
    )
    return J.pattern(x, *rest)


def check_hessian(f, x, *rest, H=None):
    H = H or sparse_hessian(f)
    dense = hessian(f)(x, *rest)
    np.testing.assert_allclose(
        H(x, *rest).toarray(), dense.reshape(x.size, x.size), rtol=1e-6, atol=1e-12
    )
    return H.pattern(x, *rest)


@pytest.mark.parametrize(
    ("f", "x", "way", "sweeps"),
    [
        (differences, rng.normal(size=9), "columns", 2),
        (arrow_rows, rng.normal(size=9), "rows", 2),
        (laplacian, rng.normal(size=(7, 9)), "columns", 5),
        (normalised, rng.normal(size=(5, 3)), "columns", 3),
        (recurrence, rng.normal(size=9), "columns", 2),
        (lambda x: np.convolve(x, [1.0, 2.0, 1.0])[1:-1] ** 2, np.arange(9.0), "", 3),
        (lambda x: np.cumsum(x**2), rng.normal(size=5), "columns", 5),
        (lambda x: np.float32(2) * x[1:], np.float32([1, 2, 3]), "columns", 1),
        (lambda x: np.zeros(2), rng.normal(size=3), "columns", 0),
        (lambda x: x[:0], rng.normal(size=3), "columns", 0),
        (lambda x: x**2, np.zeros(0), "columns", 0),
    ],
)
def test_jacobians_take_no_more_sweeps_than_a_row_has_entries(f, x, way, sweeps):
    found = check_jacobian(f, x)
    assert (found.origin, found.sweeps) == ("proved", sweeps)
    assert way in found.way


@pytest.mark.parametrize(
    ("f", "x", "sweeps"),
    [
        (rosenbrock, rng.normal(size=12), 3),
        (arrow, rng.normal(size=12), 2),
        (lambda x: arrow(x[::-1]), rng.normal(size=12), 2),
        (surface, rng.normal(size=(7, 9)), 5),
        (oscillator, rng.normal(size=12), 3),
        (lambda x: np.sum(x) ** 2, rng.normal(size=4), 4),
        (lambda x: np.sum(x), rng.normal(size=4), 0),
        (lambda x: np.sum(np.pad(x, 1, "wrap")[2:] * x**2), rng.normal(size=9), 3),
        (lambda x: np.sum(recurrence(x) ** 2), rng.normal(size=9), 3),
    ],
)
def test_hessians_take_few_sweeps(f, x, sweeps):
    found = check_hessian(f, x)
    assert (found.origin, found.sweeps) == ("proved", sweeps)


def test_a_hessian_of_many_variables_is_that_written_by_hand():
    x = np.linspace(-1.0, 2.0, 20_000)
    slope = -400 * x[:-1]
    diagonal = np.zeros_like(x)
    diagonal[1:] += 200
    diagonal[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    wanted = sparse.diags_array([slope, diagonal, slope], offsets=[-1, 0, 1])
    found = sparse_hessian(rosenbrock)(x)
    assert found.nnz == 3 * x.size - 2
    assert abs(found - wanted).max() < 1e-9


@pytest.mark.parametrize("f", [sorted_differences, picked, masked, until_small])
def test_patterns_that_depend_on_the_data_hold_for_other_data_or_raise(f):
    J = sparse_jacobian(f)
    J.pattern(np.array([0.1, 0.2, 0.3, 0.4]))
    for _ in range(8):
        x = rng.normal(size=4)
        try:
            check_jacobian(f, x, J=J)
        except DerivativeError:
            assert J.pattern(x).origin == "probed"


def test_what_is_not_proved_is_probed_and_says_why():
    found = check_jacobian(until_small, np.array([0.0, 0.3, 1.0]))
    assert found.origin == "probed"
    assert "while" in found.reason
    assert found.pattern.nnz == 3


def halved(x):
    return x if np.max(x) < 0.5 else halved(x / 2)


def test_recursion_is_probed():
    found = check_jacobian(halved, np.array([0.3, 1.0, 2.0]))
    assert (found.origin, found.pattern.nnz) == ("probed", 3)


def leap(x):
    y = x * 1.0
    while y[0] > 1.0:
        y = y[::-1] / 2
    return y


def test_a_probed_pattern_that_no_longer_holds_is_noticed():
    J = sparse_jacobian(leap)
    check_jacobian(leap, np.array([0.5, 2.0, 3.0]), J=J)
    with pytest.raises(DerivativeError, match="pass pattern="):
        J(np.array([1.5, 2.0, 0.25]))


def test_a_pattern_may_be_given_and_is_checked():
    x = rng.normal(size=5)
    band = np.tri(5, k=1) - np.tri(5, k=-2)
    H = sparse_hessian(rosenbrock, pattern=band)
    assert check_hessian(rosenbrock, x, H=H).origin == "given"
    with pytest.raises(DerivativeError):
        sparse_hessian(rosenbrock, pattern=np.eye(5))(x)
    with pytest.raises(DerivativeError):
        sparse_jacobian(lambda x: x * x[0], pattern=np.eye(5))(x)
    with pytest.raises(DerivativeError):
        sparse_jacobian(arrow_rows, pattern=np.zeros((6, 5)))(x)
    with pytest.raises(ArgumentError, match="shape"):
        sparse_hessian(rosenbrock, pattern=np.eye(4))(x)


def test_integers_that_are_passed_decide_the_pattern_anew():
    def gathered(x, index, shift):
        return x[index] * np.roll(x, shift)

    J, x = sparse_jacobian(gathered), rng.normal(size=4)
    index = np.array([0, 1, 2, 3])
    for shift in (0, 1, 2):
        check_jacobian(gathered, x, index, shift, J=J)
        index[:] = index[[1, 0, 3, 3]]
        check_jacobian(gathered, x, index, shift, J=J)


PLACES = np.array([0, 1, 2])
SHIFT = 1


def through_globals(x):
    return x[PLACES] * np.roll(x, SHIFT)[:3]


def test_integers_from_outside_decide_the_pattern_anew(monkeypatch):
    J, x = sparse_jacobian(through_globals), rng.normal(size=4)
    check_jacobian(through_globals, x, J=J)
    PLACES[:] = [3, 3, 0]
    check_jacobian(through_globals, x, J=J)
    monkeypatch.setitem(globals(), "SHIFT", 2)
    check_jacobian(through_globals, x, J=J)


def neighbour(x):
    return x[1:] * x[:-1]


def through_helper(x):
    return neighbour(x) ** 2


def test_a_helper_that_is_defined_anew_changes_the_pattern(monkeypatch):
    J, x = sparse_jacobian(through_helper), rng.normal(size=5)
    check_jacobian(through_helper, x, J=J)
    monkeypatch.setitem(globals(), "neighbour", lambda x: x[1:] * x[0])
    check_jacobian(through_helper, x, J=J)


def test_floats_that_steer_do_not_enter_a_proof():
    def steered(x, t):
        return x * x[int(t)] if t > 1.5 else x[::-1] ** 2

    J, x = sparse_jacobian(steered), rng.normal(size=4)
    for t in (0.5, 1.6, 2.5, 3.5):
        check_jacobian(steered, x, t, J=J)


def test_zeros_that_may_change_do_not_enter_a_proof():
    def product(x, a):
        square = x.reshape(2, 2)
        return (square @ square).ravel() + a @ x

    J = sparse_jacobian(product)
    assert J.pattern(np.zeros(4), np.zeros((4, 4))).origin == "proved"
    check_jacobian(product, rng.normal(size=4), rng.normal(size=(4, 4)), J=J)


def test_zeros_that_the_program_makes_do():
    found = check_jacobian(lambda x: (np.eye(9, k=1) - 2 * np.eye(9)) @ x, np.ones(9))
    assert (found.origin, found.sweeps) == ("proved", 2)


def test_sparse_matrices_bring_their_own_pattern():
    def product(x, a):
        return np.sin(a @ x)

    x = rng.normal(size=6)
    band = sparse.csr_array(np.tri(6, k=1) - np.tri(6, k=-2))
    J = sparse_jacobian(product)
    assert J.pattern(x, band).sweeps == 3
    for a in (band, 2 * band, sparse.csr_array(np.eye(6)[::-1]), band.tocsc()):
        np.testing.assert_allclose(
            J(x, a).toarray(), np.cos(a @ x)[:, None] * a.toarray()
        )


def rounded(x):
    return np.round(x)


def test_derivatives_that_the_user_gives_are_followed():
    @gradgen.rule(rounded)
    def rounded_adjoint(y_bar, y, x):
        return y_bar

    @gradgen.rule(rounded, mode="tangent")
    def rounded_tangent(x_dot, y, x):
        return x_dot

    x = rng.normal(size=4)
    check_jacobian(lambda x: rounded(x) * x[::-1], x)
    found = check_hessian(lambda x: np.sum(rounded(x) * x[::-1] ** 2), x)
    assert found.way == "columns"


def turned(x):
    return x * 1.0


@gradgen.rule(turned)
def turned_adjoint(y_bar, y, x):
    return y_bar * x[::-1] ** 2


def turned_energy(x):
    return np.sum(turned(x)) + np.sum(x[1:] * x[:-1])


def test_a_rule_may_make_what_is_no_symmetric_matrix():
    x = rng.normal(size=6)
    assert abs(hessian(turned_energy)(x) - hessian(turned_energy)(x).T).max() > 0.1
    check_hessian(turned_energy, x)
    band = np.tri(6, k=1) - np.tri(6, k=-2)
    H = sparse_hessian(turned_energy, pattern=np.maximum(band, np.eye(6)[::-1]))
    check_hessian(turned_energy, x, H=H)


class Model:
    def __init__(self, scale):
        self.scale = scale
        self.first = 0

    def pinned(self, x):
        return x * x[self.first]

    def residuals(self, x):
        return self.scale * differences(x)


def test_methods_partials_defaults_and_derivatives_are_taken():
    x = rng.normal(size=5)
    check_jacobian(Model(2.0).residuals, x)
    check_jacobian(functools.partial(lambda a, x: a * x[1:], 3.0), x)
    check_jacobian(lambda x, a=2.0: a * x[1:] ** 2, x)
    check_jacobian(gradgen.grad(rosenbrock), x)
    J = sparse_jacobian(lambda a, x: a * x[1:] ** 2, argnums=-1)
    assert J(2.0, x).shape == (4, 5)


def test_an_integer_of_an_object_decides_the_pattern_anew():
    model, x = Model(1.0), rng.normal(size=4)
    J = sparse_jacobian(model.pinned)
    for model.first in (0, 2, 3):
        check_jacobian(model.pinned, x, J=J)


def test_variadic_functions_and_containers_are_taken():
    x, y = rng.normal(size=4), rng.normal(size=4)
    check_jacobian(lambda x, *ys: x[1:] * ys[0][1:] * ys[1]["b"][0], x, y, {"b": [2]})
    check_jacobian(lambda x, shifts: x * np.roll(x, shifts[1]), x, (1, 3))


def test_functions_that_write_to_their_argument_leave_it_as_it_was():
    def written(x):
        x[1:] *= x[:-1]
        return x

    x = rng.normal(size=4)
    before = x.copy()
    check_jacobian(written, x)
    np.testing.assert_array_equal(x, before)


def test_the_layout_of_an_array_does_not_matter():
    u = np.asfortranarray(rng.normal(size=(4, 5)))
    check_jacobian(laplacian, u)
    check_hessian(surface, rng.normal(size=(4, 10))[:, ::2])


def test_points_beside_the_domain_are_left_out_of_a_probe():
    def rooted(x):
        y = x * 1.0
        while y[0] > 3.0:
            y = y / 2
        return math.sqrt(y[0] + 1e-9) * y

    check_jacobian(rooted, np.array([0.0, 1.0]))


def test_a_sparse_derivative_can_be_pickled():
    J = pickle.loads(pickle.dumps(sparse_jacobian(differences)))
    check_jacobian(differences, rng.normal(size=4), J=J)


def test_results_share_no_memory():
    J, x = sparse_jacobian(differences), rng.normal(size=4)
    first = J(x)
    first.indices[:] = 0
    first.indptr[:] = 0
    check_jacobian(differences, x, J=J)


def test_what_has_no_sparse_derivative_is_refused():
    x = np.ones(3)
    with pytest.raises(ArgumentError, match="use jacobian"):
        sparse_jacobian(differences)(2.0)
    with pytest.raises(ArgumentError, match="use hessian"):
        sparse_hessian(rosenbrock)(np.arange(3))
    with pytest.raises(OutputError, match="use jacobian"):
        sparse_jacobian(rosenbrock)(x)
    with pytest.raises(OutputError):
        sparse_jacobian(lambda x: (x, x))(x)
    with pytest.raises(OutputError):
        sparse_hessian(differences)(x)
    with pytest.raises(ArgumentError):
        sparse_jacobian(differences, argnums=(0,))
    with pytest.raises(ArgumentError):
        sparse_hessian(3)
