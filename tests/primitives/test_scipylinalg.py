"""What derivatives of functions of scipy.linalg are where a convention decides."""

import warnings

import numpy as np
import pytest

from gradgen import checkpoint, grad, jvp, value_and_grad, vjp
from gradgen.errors import UnsupportedError

linalg = pytest.importorskip("scipy.linalg")
WEIGHTS = np.cos(np.arange(9.0)).reshape(3, 3)
GENERAL = WEIGHTS + 3 * np.eye(3)
POSITIVE = GENERAL @ GENERAL.T
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
B = np.array([0.5, -1.0, 2.0])


def slope(f, x, direction, h=1e-5):
    """The derivative of a function along a direction, by differences."""
    far, near, back, behind = (f(x + k * h * direction) for k in (2, 1, -1, -2))
    return (8 * (near - back) - (far - behind)) / (12 * h)


def check(f, x, direction=WEIGHTS):
    """Compare the gradient along a direction, and the tangent, with a difference."""
    wanted = slope(f, x, direction)
    np.testing.assert_allclose(np.sum(grad(f)(x) * direction), wanted, rtol=1e-7)
    np.testing.assert_allclose(jvp(f, (x,), (direction,))[1], wanted, rtol=1e-7)


def log_density(a):
    """A normal log-density, up to a constant."""
    factor = linalg.cho_factor(a, lower=True)
    log_det = 2 * np.sum(np.log(np.diag(factor[0])))
    return B @ linalg.cho_solve(factor, B) + log_det


def test_a_factor_and_its_solution_are_the_inverse_of_the_matrix():
    inverse = np.linalg.inv(POSITIVE)
    wanted = inverse - np.outer(inverse @ B, inverse @ B)
    np.testing.assert_allclose(grad(log_density)(POSITIVE), wanted, atol=1e-13)


def test_a_checkpoint_factors_again():
    def twice(a):
        return log_density(a) ** 2

    wanted = 2 * log_density(POSITIVE) * grad(log_density)(POSITIVE)
    found = grad(checkpoint(twice))(POSITIVE)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_what_a_factor_does_not_use_is_constant():
    def other_triangle(a):
        return np.sum(np.tril(linalg.cho_factor(a)[0], -1))

    np.testing.assert_array_equal(grad(other_triangle)(POSITIVE), np.zeros((3, 3)))


def factors(a):
    """What depends on the sides of a matrix, and on interchanged rows."""
    lu, piv = linalg.lu_factor(a)
    return np.sum(WEIGHTS * lu) + np.sum(linalg.lu_solve((lu, piv), B, trans=1) ** 2)


def test_rows_that_are_interchanged():
    moved = np.roll(GENERAL, 1, axis=0)
    assert list(linalg.lu_factor(moved)[1]) != [0, 1, 2]
    check(factors, moved)


@pytest.mark.parametrize("kind", ["sym", "pos", "her"])
def test_a_symmetric_matrix_moves_as_one(kind):
    def solved(a):
        return np.sum(linalg.solve(a, B, assume_a=kind) ** 2)

    found = grad(solved)(POSITIVE)
    np.testing.assert_array_equal(found, found.T)
    check(solved, POSITIVE, WEIGHTS + WEIGHTS.T)


@pytest.mark.parametrize(
    ("kind", "offsets"),
    [
        ("upper triangular", {0, 1, 2}),
        ("lower triangular", {0, -1, -2}),
        ("diagonal", {0}),
        ("tridiagonal", {-1, 0, 1}),
    ],
)
def test_what_is_not_read_has_no_derivative(kind, offsets):
    def solved(a):
        return np.sum(linalg.solve(a, B, assume_a=kind) ** 2)

    found = grad(solved)(GENERAL)
    i, j = np.nonzero(found)
    assert set(j - i) == offsets
    check(solved, GENERAL)


def test_a_band_of_which_corners_are_not_read():
    band = np.array([[np.inf, 0.5, 0.2], [3.0, 4.0, 5.0], [0.1, 0.7, np.inf]])

    def solved(ab):
        return np.sum(linalg.solve_banded((1, 1), ab, B, check_finite=False) ** 2)

    found = grad(solved)(band)
    assert found[0, 0] == found[2, 2] == 0
    direction = np.where(np.isfinite(band), WEIGHTS, 0.0)
    whole = np.where(np.isfinite(band), band, 0.0)
    check(solved, whole, direction)
    np.testing.assert_array_equal(found, grad(solved)(whole))


def test_derivatives_are_not_checked_to_be_finite():
    def solved(b):
        return linalg.solve(GENERAL, b)

    with np.errstate(all="ignore"):
        tangent = jvp(solved, (B,), (np.array([np.inf, 0.0, 0.0]),))[1]
        (bar,) = vjp(solved, B)[1](np.array([np.nan, 0.0, 0.0]))
    assert not np.isfinite(tangent).all()
    assert np.isnan(bar).any()
    with pytest.raises(ValueError, match="infs or NaNs"):
        value_and_grad(lambda b: np.sum(solved(b)))(B * np.inf)


def test_a_singular_matrix_has_factors_and_no_derivative_of_them():
    def last(a):
        return linalg.lu_factor(a)[0][1, 1]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", linalg.LinAlgWarning)
        assert np.isnan(grad(last)(SINGULAR)).any()


def test_a_root_that_turns_out_to_be_complex():
    def root(a):
        return np.sum(WEIGHTS * linalg.sqrtm(a))

    check(root, POSITIVE)
    with pytest.raises(ValueError, match=r"sqrtm\(a \+ 0j\)"):
        grad(root)(-POSITIVE)

    def moduli(a):
        return np.sum(np.abs(linalg.sqrtm(a + 0j)) ** 2)

    check(moduli, -POSITIVE)


def test_second_derivatives_of_exponentials():
    def exponential(a):
        return np.sum(WEIGHTS * linalg.expm(a))

    def directional(a):
        return np.sum(grad(exponential)(a) * WEIGHTS)

    check(exponential, WEIGHTS)
    check(directional, WEIGHTS, WEIGHTS.T)
    stack = np.stack([WEIGHTS, 0.5 * WEIGHTS.T])
    several = grad(lambda a: np.sum(WEIGHTS * linalg.expm(a)))(stack)
    for one, found in zip(stack, several, strict=True):
        np.testing.assert_allclose(found, grad(exponential)(one), atol=1e-13)


def test_factors_of_matrices_that_are_not_square():
    def tall(a):
        q, r = linalg.qr(a[:, :2], mode="economic")
        return np.sum(WEIGHTS[:, :2] * q) + np.sum(r)

    def wide(a):
        return np.sum(linalg.qr(a[:2] + np.zeros((2, 3)), mode="r")[0] ** 3)

    check(tall, GENERAL)
    check(wide, GENERAL)
    for function in (linalg.qr, linalg.lu_factor):
        with pytest.raises(ValueError, match=r"dimension|shapes"):
            value_and_grad(lambda a, f=function: np.sum(f(a[:, :2])[0]))(GENERAL)


@pytest.mark.parametrize("name", ["overwrite_a", "overwrite_b"])
def test_overwriting_is_refused(name):
    def solved(a):
        return np.sum(linalg.solve(a, B, **{name: True}))

    def by_name(a):
        return np.sum(linalg.solve(a, B, overwrite_a=True, overwrite_b=True))

    with pytest.raises(UnsupportedError):
        grad(solved)(GENERAL)
    with pytest.raises(UnsupportedError, match="overwrite"):
        grad(by_name)(GENERAL)


def test_functions_that_tell_what_to_write_instead():
    with pytest.raises(UnsupportedError, match=r"np\.linalg\.norm"):
        grad(lambda x: linalg.norm(x))(B)
    with pytest.raises(UnsupportedError, match=r"np\.linalg\.lstsq"):
        grad(lambda b: np.sum(linalg.lstsq(GENERAL, b)[0]))(B)


def test_blocks_and_diagonals():
    def arranged(a):
        blocks = linalg.block_diag(a, B * a[0], a[:2, :1])
        return np.sum(blocks**3) + np.sum(linalg.toeplitz(a[0], a[:, 1]) ** 3)

    check(arranged, GENERAL)


def solved_by(factor, b):
    """A helper that gets a factor and whether it is the lower one."""
    return linalg.cho_solve(factor, b)


def test_factors_in_helpers_and_loops():
    def refined(a):
        factor, lu = linalg.cho_factor(a, lower=True), linalg.lu_factor(a)
        x, n = np.zeros(3), 0
        while n < 3:
            if x[0] > 0.1:
                x = x + 0.3 * linalg.lu_solve(lu, B - a @ x)
            else:
                x = x + 0.5 * solved_by(factor, B)
            n += 1
        return np.sum(x**2)

    check(refined, POSITIVE, WEIGHTS + WEIGHTS.T)


def test_which_triangle_there_is_must_be_known():
    def solved(lower):
        return np.sum(linalg.cho_solve((GENERAL, lower > 0), B)) * lower

    with pytest.raises(UnsupportedError, match="known when compiling"):
        grad(solved)(1.0)
