"""Interpolants of SciPy that a function makes: values are SciPy's, to the last bit."""

import warnings

import numpy as np
import pytest

from gradgen import grad, jvp, value_and_grad
from gradgen.errors import ArgumentError, UnsupportedError

pytest.importorskip("scipy")
from scipy import interpolate
from scipy.interpolate import RegularGridInterpolator, interp1d

X = np.array([0.0, 0.7, 1.5, 3.0])
Y = np.array([1.0, -2.0, 0.5, 4.0])
YS = np.stack([Y, Y**2, -Y])
Q = np.array([0.2, 1.4, 2.9, 0.9])
FAR = np.array([-1.0, 0.2, 2.0, 3.5])
ORDER = np.array([2, 0, 3, 1])
U = np.array([5.0, 2.0, 1.0])
V = np.outer(np.cos(X), U**2)
W = np.stack([V, V**2], axis=-1)
P = np.array([[0.3, 4.5], [2.9, 1.3], [1.0, 3.0]])
OUT = np.array([[0.3, 6.5], [-1.0, 0.0], [1.0, 3.0]])
ONE = np.ones(1)
EXTRAPOLATE = "extrapolate"
STEPS = ("nearest", "nearest-up", "previous", "next", "zero")

LINES = {
    "plain": (lambda y, q, x: interp1d(x, y)(q), Q),
    "a number": (lambda y, q, x: interp1d(x, y)(q), 1.2),
    "of one dimension": (lambda y, q, x: interp1d(x, y)(q), np.float64(1.2)),
    "a matrix": (lambda y, q, x: interp1d(x, y)(x=q), Q.reshape(2, 2)),
    "nowhere": (lambda y, q, x: interp1d(x, y)(q), Q[:0]),
    "unordered": (lambda y, q, x: interp1d(x[ORDER], y[ORDER])(q), Q),
    "ordered": (lambda y, q, x: interp1d(x, y, assume_sorted=True)(q), Q),
    "beyond": (lambda y, q, x: interp1d(x, y, fill_value=EXTRAPOLATE)(q), FAR),
    "beyond, steps": (
        lambda y, q, x: interp1d(x, y, "nearest", fill_value=EXTRAPOLATE)(q),
        FAR,
    ),
    "a fill": (
        lambda y, q, x: interp1d(x, y, bounds_error=False, fill_value=7)(q),
        FAR,
    ),
    "a pair": (
        lambda y, q, x: interp1d(x, y, bounds_error=False, fill_value=(-1.0, np.inf))(
            q[:-1]
        ),
        FAR,
    ),
    "fills that move": (
        lambda y, q, x: interp1d(x, y, bounds_error=False, fill_value=(y[0], y[-1]))(q),
        FAR,
    ),
    "a fill and steps": (
        lambda y, q, x: interp1d(x, y, "next", bounds_error=False, fill_value=2.0)(q),
        FAR,
    ),
    "stacked": (
        lambda y, q, x: interp1d(x, np.stack([y, y**2]))(q),
        Q.reshape(2, 2),
    ),
    "stacked, filled": (
        lambda y, q, x: interp1d(
            x, np.stack([y, y**2], 1), axis=0, bounds_error=False, fill_value=y[0]
        )(q),
        FAR,
    ),
    "in the middle": (
        lambda y, q, x: interp1d(x, y[None, :, None] * np.ones((2, 1, 3)), axis=1)(q),
        Q.reshape(2, 2),
    ),
    "float32": (lambda y, q, x: interp1d(x, y.astype(np.float32))(q), Q),
    "twice": (lambda y, q, x: interp1d(x, interp1d(x, y)(x))(q) * interp1d(x, y)(q), Q),
    **{
        kind: (lambda y, q, x, kind=kind: interp1d(x, y, kind=kind)(q), Q)
        for kind in STEPS
    },
}


def difference(f, args, dots, h):
    """The derivative of a function along a direction, by a central difference."""
    high = f(*(x + h * dot for x, dot in zip(args, dots, strict=True)))
    low = f(*(x - h * dot for x, dot in zip(args, dots, strict=True)))
    return (high - low) / (2 * h)


def check(f, *args, tolerance=1e-7, h=1e-6):
    """Compare the value with SciPy's, and derivatives with a difference."""
    rng = np.random.default_rng(3)
    weights = rng.normal(size=np.shape(f(*args)))

    def total(*args):
        return np.sum(np.nan_to_num(f(*args), posinf=1.0) * weights)

    everywhere = tuple(range(len(args)))
    value, bars = value_and_grad(total, argnums=everywhere)(*args)
    assert value == total(*args)
    dots = tuple(rng.normal(size=np.shape(x))[()] for x in args)
    wanted = difference(total, args, dots, h)
    found = sum(np.sum(bar * dot) for bar, dot in zip(bars, dots, strict=True))
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    outcome, moved = jvp(f, args, dots)
    np.testing.assert_array_equal(outcome, f(*args), strict=True)
    moved = np.where(np.isfinite(outcome), moved, 0.0)
    np.testing.assert_allclose(
        np.sum(moved * weights), wanted, rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("name", LINES)
def test_lines_and_steps_in_values_places_and_points(name):
    f, q = LINES[name]
    rough = {"tolerance": 1e-3, "h": 1e-3} if name == "float32" else {}
    check(f, Y, q, X, **rough)


GRIDS = {
    "plain": (lambda v, p, x: RegularGridInterpolator((x, U), v)(p), V, P),
    "a place": (lambda v, p, x: RegularGridInterpolator((x, U), v)(p), V, P[0]),
    "coordinates": (
        lambda v, p, x: RegularGridInterpolator((x, U), v)((p[:, :1], p[:, 1])),
        V,
        P,
    ),
    "numbers": (
        lambda v, p, x: RegularGridInterpolator([x, U], v)((p[0, 0], p[0, 1])),
        V,
        P,
    ),
    "numbers, as a vector": (
        lambda v, p, x: interpolate.interpn((x, U), v, (p[0, 0], p[0, 1])),
        V,
        P,
    ),
    "one axis": (
        lambda v, p, x: RegularGridInterpolator((x,), v)(p[:, :1]),
        V[:, 0],
        P,
    ),
    "one axis, a vector": (
        lambda v, p, x: RegularGridInterpolator((x,), v)((p[:, 0],)),
        V[:, 0],
        P,
    ),
    "vectors": (
        lambda v, p, x: RegularGridInterpolator((x, U), v)(xi=p.reshape(1, 3, 2)),
        W,
        P,
    ),
    "nearest": (
        lambda v, p, x: RegularGridInterpolator((x, U), v, method="nearest")(p),
        W,
        P,
    ),
    "nearest when called": (
        lambda v, p, x: RegularGridInterpolator((x, U), v)(p, method="nearest"),
        V,
        P,
    ),
    "beyond": (
        lambda v, p, x: RegularGridInterpolator(
            (x, U), v, bounds_error=False, fill_value=None
        )(p),
        V,
        OUT,
    ),
    "NaN outside": (
        lambda v, p, x: RegularGridInterpolator((x, U), v, bounds_error=False)(p),
        W,
        OUT,
    ),
    "a fill": (
        lambda v, p, x: interpolate.interpn(
            (x, U), v, p, bounds_error=False, fill_value=2
        ),
        V,
        OUT,
    ),
    "a fill that moves": (
        lambda v, p, x: interpolate.interpn(
            (x, U), v, p, method="nearest", bounds_error=False, fill_value=v[0, 0]
        ),
        V,
        OUT,
    ),
}


@pytest.mark.parametrize("name", GRIDS)
def test_grids_in_values_places_and_points(name):
    f, values, places = GRIDS[name]
    check(f, values, places, X)


@pytest.mark.parametrize("dtype", [int, np.float32, bool])
@pytest.mark.parametrize("kind", ["linear", "nearest"])
def test_values_of_other_dtypes(dtype, kind):
    y, v = Y.astype(dtype), V.astype(dtype)

    def both(q, p):
        line = interp1d(X, y, kind=kind)(q)
        return line, RegularGridInterpolator((X, U), v, method=kind)(p)

    found, _ = jvp(both, (Q, P), (Q, P))
    for one, other in zip(found, both(Q, P), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_points_that_are_lists_of_integers():
    def f(q):
        return np.sum(interp1d([3, 0, 1], [9, 0, 1])(q) ** 2)

    np.testing.assert_allclose(grad(f)(np.array([0.5, 2.0])), [1.0, 40.0])


@pytest.mark.parametrize("above", [True, False])
def test_outside_it_raises_what_scipy_raises(above):
    q = np.where(above, FAR, -FAR)

    def line(y, q):
        return np.sum(interp1d(X, y)(q))

    def grid(v, q):
        return np.sum(RegularGridInterpolator((X, U), v)((q, q)))

    for f, values in ((line, Y), (grid, V)):
        with pytest.raises(ValueError, match=r".") as wanted:
            f(values, q)
        for argnums in (0, 1):
            with pytest.raises(ValueError, match=r".") as found:
                grad(f, argnums=argnums)(values, q)
            assert str(found.value) == str(wanted.value)


def test_at_a_point_the_derivative_is_that_to_the_right():
    slopes = np.diff(Y) / np.diff(X)
    found = grad(lambda q: np.sum(interp1d(X, Y)(q)))(X)
    np.testing.assert_allclose(found, [*slopes, slopes[-1]])
    v = np.stack([Y, Y])[:, ::-1]

    def f(q):
        grid = RegularGridInterpolator((np.arange(2.0), X[::-1]), v)
        return np.sum(grid((np.zeros(4), q)))

    np.testing.assert_allclose(grad(f)(X), found)


def test_strict_derivatives_refuse_points_unless_values_move_alone():
    def line(y, q):
        return np.sum(interp1d(X, y)(q))

    def steps(v, q):
        grid = RegularGridInterpolator((X, U), v, method="nearest")
        return np.sum(grid((q, 1.6 + 0 * q)))

    for f, values, q in ((line, Y, X[1:2]), (steps, V, X[1:2] / 2)):
        with pytest.raises(FloatingPointError):
            grad(f, argnums=1, strict=True)(values, q)
        grad(f, strict=True)(values, q)
        grad(f, argnums=1, strict=True)(values, q + 0.1)


@pytest.mark.parametrize("name", ["a line", "steps", "a grid", "nearest"])
def test_strict_derivatives_refuse_points_of_given_interpolants(name):
    curve = GIVEN[name]
    line = isinstance(curve, interp1d)
    place = X[1:2] if line else np.array([[0.1, 1.5 if name == "nearest" else 2.0]])
    gradient = grad(lambda q: np.sum(curve(q)), strict=True)
    with pytest.raises(FloatingPointError):
        gradient(place)
    gradient(place + 0.1)


def test_a_place_that_is_no_number_counts_where_it_is_read():
    q = np.array([0.2, np.nan, 2.0])

    def line(y, q):
        f = interp1d(X, y, bounds_error=False)
        return np.sum(np.where(q == q, f(q), 0.0) ** 2)

    def grid(y, q):
        f = RegularGridInterpolator((X,), y, bounds_error=False)
        return np.sum(np.where(q == q, f(q), 0.0) ** 2)

    for f in (line, grid):
        found = grad(f, argnums=(0, 1))(Y, q)
        wanted = grad(f, argnums=(0, 1))(Y, q[::2])
        np.testing.assert_array_equal(found[0], wanted[0])
        np.testing.assert_array_equal(found[1][::2], wanted[1])
    y_bar = grad(lambda y: np.sum(interp1d(X, y, bounds_error=False)(q)))(Y)
    assert np.isnan(y_bar).any()


def test_where_points_coincide_no_derivative_is_made_up():
    x, y = np.array([0.0, 1.0, 1.0, 2.0]), np.array([0.0, 1.0, 5.0, 6.0])

    def f(y, q):
        return np.sum(interp1d(x, y)(q))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y_bar, q_bar = grad(f, argnums=(0, 1))(y, np.array([0.5, 1.5]))
        np.testing.assert_array_equal(y_bar, 0.5)
        np.testing.assert_array_equal(q_bar, 1.0)
        assert np.isnan(grad(f)(y, np.array([1.0]))).any()


def test_an_interpolant_keeps_the_values_that_it_was_made_of():
    def f(y, q):
        z = y * 1.0
        first = interp1d(X, z)
        z[1] = 0.0
        second = interp1d(X, z)
        return np.sum(first(q) * second(q))

    check(f, Y, Q)


def test_in_a_loop_and_a_branch():
    def f(y, q):
        total = 0.0
        for i in range(3):
            if q[i] > 1.0:
                curve = interp1d(X, y * i)
            else:
                curve = interp1d(X, y + q[i])
            total += np.sum(curve(q))
        return total

    check(f, Y, Q)


GIVEN = {
    "a line": interp1d(X, Y),
    "a line and beyond": interp1d(X, Y, fill_value=EXTRAPOLATE),
    "a line and a fill": interp1d(X, Y, bounds_error=False, fill_value=3.0),
    "steps": interp1d(X, Y, "next", bounds_error=False),
    "a grid": RegularGridInterpolator((X, U), V),
    "a grid and beyond": RegularGridInterpolator(
        (X, U), V, bounds_error=False, fill_value=None
    ),
    "a grid and a fill": RegularGridInterpolator(
        (X, U), V, bounds_error=False, fill_value=3.0
    ),
    "nearest": RegularGridInterpolator(
        (X, U), V, method="nearest", bounds_error=False, fill_value=3.0
    ),
    "a vector": RegularGridInterpolator((X,), Y),
}


def places_on(curve, far):
    """Places that a given interpolant is called at."""
    if isinstance(curve, interp1d):
        return FAR if far else Q
    places = OUT if far else P
    return places[:, : len(curve.grid)]


@pytest.mark.parametrize("name", GIVEN)
def test_given_interpolants_are_constants(name):
    curve = GIVEN[name]
    far = not curve.bounds_error
    check(lambda q: curve(q), places_on(curve, far))
    check(lambda q: curve(q) ** 2, places_on(curve, far)[0])


@pytest.mark.parametrize("name", ["a line and a fill", "a grid and a fill"])
def test_second_derivatives_of_given_interpolants(name):
    slope = grad(lambda f, q: np.sum(f(q) ** 2), argnums=1)
    check(lambda q: slope(GIVEN[name], q), places_on(GIVEN[name], True))


def test_a_given_grid_at_coordinates():
    def f(q, p):
        return GIVEN["a grid"]((q, p)) * GIVEN["a grid"](xi=(q, 2.5))

    check(f, Q, Q + 1.0)
    check(f, 0.3, 1.7)


@pytest.mark.parametrize("name", ["a line", "a grid"])
def test_outside_a_given_interpolant_raises_what_scipy_raises(name):
    curve = GIVEN[name]
    with pytest.raises(ValueError, match=r"range|bounds"):
        grad(lambda q: np.sum(curve(q)))(places_on(curve, True))


def test_a_given_interpolant_may_be_replaced_by_one_of_more_axes():
    gradient = grad(lambda f, q: np.sum(f(q)), argnums=1)
    for name in ("a vector", "a grid", "a line", "nearest"):
        q = places_on(GIVEN[name], False)
        found = gradient(GIVEN[name], q)
        assert found.shape == q.shape
        assert found.any() == (name != "nearest")


REFUSED = {
    "kind 'cubic'": lambda y: interp1d(X, y, kind="cubic")(0.5),
    "kind 'slinear'": lambda y: interp1d(X, y, kind="slinear")(0.5),
    "kind 2": lambda y: interp1d(X, y, kind=2)(0.5),
    "'copy'": lambda y: interp1d(X, y, copy=False, assume_sorted=True)(0.5),
    "complex": lambda y: interp1d(X, y + 1j)(0.5).real,
    "Cannot extrapolate": lambda y: interp1d(
        X, y, bounds_error=True, fill_value=EXTRAPOLATE
    )(0.5),
    "'fill_value' that is no real number": lambda y: interp1d(
        X, YS * y, bounds_error=False, fill_value=y[:3]
    )(0.5)[0],
    "fill_value='nearest'": lambda y: interp1d(X, y, fill_value="nearest")(0.5),
    "vector of two points": lambda y: interp1d(ONE, ONE * y[0])(1.0),
    "method='cubic'": lambda y: interpolate.interpn(
        (X, U), V * y[0], (0.1, 1.5), method="cubic"
    ),
    "method='pchip'": lambda y: RegularGridInterpolator((X,), y, method="pchip")(
        np.array([[0.5]])
    )[0],
    "argument 'nu'": lambda y: RegularGridInterpolator((X,), y)([0.5], nu=(1,))[0],
    "real and imaginary": lambda y: RegularGridInterpolator((X,), 1j * y)([0.5])[0],
    "no tuple of vectors": lambda y: RegularGridInterpolator(YS, y)([0.5])[0],
    "a number as a place": lambda y: RegularGridInterpolator((X,), y)(0.5)[0],
    "2 coordinates": lambda y: RegularGridInterpolator((X,), y)((0.5, 0.1))[0],
    "a grid from outside": lambda y: GIVEN["a grid"](y[:2], method="nearest")[0],
    "this is not supported .TypeError": lambda y: GIVEN["a line"](y, 1)[0],
    "always raises TypeError": lambda y: interp1d(X, y)(0.5, 1.0),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused_by_name(words):
    with pytest.raises((UnsupportedError, ArgumentError), match=words):
        grad(lambda y: REFUSED[words](y))(Y)


def test_what_a_grid_shares_must_not_be_written_to():
    def f(y):
        z = y * 1.0
        grid = RegularGridInterpolator((X,), z)
        z[1] = 0.0
        return grid([0.5])[0]

    with pytest.raises(UnsupportedError, match="reads what is written into it"):
        grad(f)(Y)

    def copied(y):
        z = y * 1.0
        grid = RegularGridInterpolator((X,), z.copy())
        z[1] = 0.0
        return grid([0.5])[0] * z[0]

    check(copied, Y)


KNOTS = np.array([0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0])


@pytest.mark.parametrize("k", [0, 1, 3])
def test_b_splines_in_coefficients_and_places(k):
    c = np.arange(8.0 - k) ** 2

    def f(c, q):
        return interpolate.BSpline(KNOTS, c, k)(q) * interpolate.BSpline(
            KNOTS, 2 * c, k
        )(q, nu=1)

    check(f, c, Q)
    slope = grad(lambda c, q: np.sum(f(c, q)), argnums=1)
    check(lambda c, q: slope(c, q), c, Q)


def test_knots_do_not_move():
    def f(t):
        return interpolate.BSpline(t, Y[:3], 2)(0.5)

    t = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    for derivative in (grad(f), lambda t: jvp(f, (t,), (t,))):
        with pytest.raises(UnsupportedError, match="in its knots"):
            derivative(t)
    with pytest.raises(UnsupportedError, match="'t' of make_interp_spline"):
        grad(lambda y: interpolate.make_interp_spline(X, y, 3, KNOTS[:8])(0.5))(Y)
    with pytest.raises(UnsupportedError, match="'extrapolate' of BSpline"):
        grad(lambda c: interpolate.BSpline(t, c, 2, extrapolate=False)(0.5))(Y[:3])


MADE = (
    "Akima1DInterpolator",
    "CubicHermiteSpline",
    "LinearNDInterpolator",
    "NearestNDInterpolator",
    "PPoly",
    "PchipInterpolator",
    "RBFInterpolator",
    "RectBivariateSpline",
    "UnivariateSpline",
    "griddata",
    "splev",
    "splrep",
)


@pytest.mark.parametrize("name", MADE)
def test_other_interpolants_are_refused_by_name(name):
    function = getattr(interpolate, name)
    with pytest.raises(UnsupportedError, match=rf"interpolate\..*{name}: ") as found:
        grad(lambda y: np.sum(function(X, y)))(Y)
    assert "instead" in str(found.value)


PLACES = np.column_stack([X, np.cos(7 * X)])
OBJECTS = [
    interpolate.UnivariateSpline(X, Y),
    interpolate.RectBivariateSpline(X, X, np.outer(X, Y), kx=1, ky=1),
    interpolate.LinearNDInterpolator(PLACES, Y),
    interpolate.NearestNDInterpolator(PLACES, Y),
    interpolate.RBFInterpolator(PLACES, Y),
    interpolate.KroghInterpolator(X, Y),
    interpolate.CubicSpline(X, 1j * Y),
    interp1d(X, Y, kind="quadratic"),
    interp1d(X, YS),
    RegularGridInterpolator((X, U), V, method="slinear"),
    RegularGridInterpolator((X, U), W),
]


@pytest.mark.parametrize("curve", OBJECTS, ids=lambda x: type(x).__name__)
def test_other_objects_are_refused_by_the_name_of_their_class(curve):
    def f(q):
        return np.sum(np.real(curve(q)))

    with pytest.raises(UnsupportedError, match=f"of class {type(curve).__name__}"):
        grad(f)(Q)


def test_methods_of_other_objects_are_refused_by_name():
    surface = OBJECTS[1]
    words = "the method 'ev' of class RectBivariateSpline"
    with pytest.raises(UnsupportedError, match=words):
        grad(lambda q: np.sum(surface.ev(q, q)))(Q)
