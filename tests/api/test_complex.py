"""Functions with complex arguments or intermediates, in all modes."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

from gradgen import grad, jvp, value_and_grad, vjp
from gradgen.errors import ArgumentError, OutputError, UnsupportedError

RNG = np.random.default_rng(5)
X = RNG.normal(size=3)
Z = RNG.normal(size=3) + 1j * RNG.normal(size=3)
M = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))
PROGRAMS = []


def program(*args):
    """Enter a real function of some arguments."""

    def enter(function):
        PROGRAMS.append(pytest.param(function, args, id=function.__name__))
        return function

    return enter


@program(Z)
def square(z):
    return np.sum(np.real(z * z))


@program(Z)
def imaginary_part_of_a_cube(z):
    return np.sum((z * z * z).imag)


@program(Z, M)
def spectrum(z, m):
    return np.sum(np.abs(m @ z) ** 2)


@program(X, M)
def spectrum_of_reals(x, m):
    return np.sum(np.abs(m @ x) ** 2)


@program(X, Z)
def mixed_broadcast(x, z):
    return np.sum(np.abs(x[:, None] * z + z[:, None] * x) ** 2)


@program(X, Z)
def choices(x, z):
    either = np.where(x > 0, z, x)
    return np.sum(np.abs(either) ** 2) + np.sum(np.where(z.real > 0, np.exp(z), 2).imag)


@program(Z)
def powers(z):
    total = z**2 + z**3 + z**-1 + z**0.5 + z**1.5 + z ** (1 + 2j)
    return np.sum((total + 2.0**z + (1 + 1j) ** z).real)


@program(X, Z)
def powers_of_reals(x, z):
    return np.sum((x**z).real + (z**x).imag)


@program(np.float32(X), Z)
def single_with_double(x, z):
    return np.sum(np.abs(x * z) ** 2)


@program(np.complex64(Z), X)
def single_complex_with_double(z, x):
    return np.sum(np.abs(x * z + z) ** 2)


@program(Z, 3)
def loop(z, n):
    total = 0
    w = z
    for i in range(n):
        w = w * w * 0.3 + z
        total = total + np.sum(np.abs(w))
    return total


@program(0.3 + 0.2j)
def mandelbrot(c):
    z = 0j
    k = 0
    while abs(z) < 2.0 and k < 20:
        z = z * z + c
        k += 1
    return abs(z)


@program(X)
def writes_into_complex(x):
    z = np.zeros(3, dtype=complex)
    z[0] = x[0]
    z[1:] = x[1:] * 1j
    z[2] += x[0] * (1 + 2j)
    z *= np.exp(1j * x)
    return np.sum(np.abs(z) ** 2 * x)


@program(Z)
def writes_under_a_condition(z):
    w = z.copy()
    for i in range(len(z)):
        w[i] = w[i] * z[i - 1]
        if w[i].real > 0:
            w[i] = w[i].conjugate()
    return np.sum(w).real


@program(Z)
def angles(z):
    return np.sum(np.angle(z) * np.abs(z)) + np.angle(z[0], deg=True)


@program(Z, Z[::-1].copy())
def products_of_vectors(a, b):
    inner = np.inner(a, b).real + np.dot(a, b).imag
    return np.vdot(a, b).imag + inner + abs(np.vdot(a, a))


@program(M, Z)
def contractions(m, z):
    first = np.abs(np.einsum("ij,j->i", m, np.conj(z))).sum()
    return first + np.tensordot(m, m, 2).real + np.outer(z, z.conj()).imag[0, 1]


@program(Z)
def statistics(z):
    spreads = np.var(z) + np.std(z) + np.mean(z).real
    norms = np.linalg.norm(z) + np.linalg.norm(z, 1) + np.linalg.norm(z, np.inf)
    return spreads + norms + np.prod(z).imag + np.cumprod(z).real.sum()


@program(0.3 + 0.4j)
def python_number(z):
    parts = (z * z.conjugate()).real + abs(z) * z.imag
    return parts + (z**2.5).real + (2**z).imag + (1 / z).real


@program(0.3 + 0.4j)
def functions_of_cmath(z):
    total = cmath.exp(z).real + cmath.sin(z).imag + cmath.phase(z) + cmath.polar(z)[0]
    total += cmath.log(z, 2).real + cmath.sqrt(z).imag + cmath.acos(z).real
    return total + cmath.atanh(z).imag + cmath.rect(z.real, z.imag).real


@program(-0.3)
def functions_of_cmath_of_reals(x):
    roots = cmath.sqrt(x).imag + cmath.log(x).real + abs(complex(x, x * x))
    return roots + cmath.acosh(x - 2).real + cmath.acos(x + 3).imag


@program(np.float64(0.7))
def python_complex_with_numpy_float(x):
    return abs(1j * x + 2) + (np.complex128(x) * 1j).imag


@program(X)
def cast(x):
    return np.sum((x.astype(complex) * (1 + 2j)).imag)


@program(Z)
def joined(z):
    array = np.array([z[0], 1.0, z[1] * 2])
    return np.sum(np.abs(array)) + np.concatenate([z, z.real]).imag.sum()


@program(Z, 4)
def grown_list(z, n):
    out = []
    for i in range(n):
        out.append(z[0] * i)
    total = 0
    for item in out:
        total = total + abs(item) ** 2
    return total


@program(Z)
def view_of_a_part(z):
    w = z * 1
    part = w.real
    w[0] = 5 * z[1]
    return np.sum(part) + np.sum(w.imag)


@program(Z, X)
def writes_through_parts(z, x):
    w = z * z
    w.imag[1:] = x[1:] * 2
    w.imag[0] += x[0] ** 2
    w.real[2] *= x[1]
    part = w.real
    part += x
    return np.sum(np.abs(w) ** 2) + np.sum((w * w * z).imag)


@program(M, X)
def writes_through_parts_of_views(m, x):
    w = m * 1.0
    w.T[0].imag[1:] = x[1:]
    w[1:].real[:, 0] = x[0]
    return np.sum((w @ w).imag)


@program(Z, X)
def binds_parts(z, x):
    w = z * z
    w.real = x
    w.imag = x * x
    w.imag *= 2
    return np.sum((w * w * z).imag)


@program(Z, X)
def writes_into_an_argument(z, x):
    z.real[0] = x[0]
    z.imag[...] = 0.5 * z.real
    np.add.at(z.imag, [0, 0], x[1])
    return np.sum((z * z * z).imag)


@program(Z)
def circular_functions(z):
    circular = np.sin(z) + np.cos(z) + np.tan(z) + np.sinh(z) + np.cosh(z) + np.tanh(z)
    inverse = np.arcsin(z) + np.arccos(z) + np.arctan(z) + np.arcsinh(z)
    return np.sum((circular + inverse + np.arccosh(z) + np.arctanh(z)).real)


@program(Z)
def elementary_functions(z):
    logs = np.log(z) + np.log2(z) + np.log10(z) + np.log1p(z)
    rest = np.sqrt(z) + np.expm1(z) + np.exp2(z) + np.reciprocal(z) + np.square(z)
    return np.sum((logs + rest + np.sinc(z)).real)


@program(0.2 + 0.1j)
def real_or_complex(z):
    w = 1.0
    if abs(z) < 1:
        w = z * 2
    return abs(w * z)


@program({"a": Z, "b": X})
def containers(d):
    return np.sum(np.abs(d["a"] * d["b"]) ** 2)


def floating(args):
    """Which arguments have derivatives."""
    return [i for i, arg in enumerate(args) if type(arg) is not int]


def leaves(tree):
    return list(tree.values()) if isinstance(tree, dict) else [tree]


def direction(x, rng):
    """A random direction in the space of an argument."""
    if isinstance(x, dict):
        return {key: direction(value, rng) for key, value in x.items()}
    if type(x) is int:
        return None
    numbers = rng.normal(size=np.shape(x))
    if np.iscomplexobj(x):
        numbers = numbers + 1j * rng.normal(size=np.shape(x))
    if isinstance(x, np.generic | np.ndarray):
        return x.dtype.type(numbers)
    return type(x)(numbers)


def moved(x, dot, step):
    if isinstance(x, dict):
        return {key: moved(value, dot[key], step) for key, value in x.items()}
    if dot is None or type(x) is int:
        return x
    double = np.result_type(x, np.float64)
    shifted = np.asarray(x, double) + step * np.asarray(dot, double)
    return shifted if np.ndim(x) else type(x)(shifted[()])


def difference(function, args, dots, step=1e-4):
    """The derivative along a direction, by differences of fourth order."""

    def at(k):
        pairs = zip(args, dots, strict=True)
        return function(*[moved(x, dot, k * step) for x, dot in pairs])

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)


def all_leaves(trees):
    return [x for tree in trees for x in leaves(tree)]


def inner(bars, dots):
    pairs = zip(all_leaves(bars), all_leaves(dots), strict=True)
    return sum(np.sum(bar * dot).real for bar, dot in pairs)


SINGLE = {np.dtype(np.float32), np.dtype(np.complex64)}


def tolerance(args):
    dtypes = {np.asarray(x).dtype for x in all_leaves(args)}
    return 1e-5 if dtypes & SINGLE else 1e-8


@pytest.mark.parametrize(("function", "args"), PROGRAMS)
def test_all_modes_agree_with_differences(function, args):
    rng = np.random.default_rng(1)
    dots = [direction(x, rng) for x in args]
    wanted = difference(function, args, dots)
    accuracy = {"rtol": tolerance(args), "atol": tolerance(args)}
    value, pushed = jvp(function, args, tuple(dots))
    np.testing.assert_allclose(value, function(*args), rtol=accuracy["rtol"])
    np.testing.assert_allclose(pushed, wanted, **accuracy)
    numbers = floating(args)
    bars = grad(function, argnums=numbers)(*args)
    np.testing.assert_allclose(
        inner(bars, [dots[i] for i in numbers]), wanted, **accuracy
    )
    pulled = vjp(function, *args, argnums=numbers)[1](1.0)
    xs = [args[i] for i in numbers]
    for found, other, x in zip(*map(all_leaves, (bars, pulled, xs)), strict=True):
        np.testing.assert_allclose(found, other, rtol=1e-6)
        assert np.asarray(found).dtype == np.asarray(x).dtype
        assert np.shape(found) == np.shape(x)


@pytest.mark.parametrize(("function", "args"), PROGRAMS)
def test_second_order(function, args):
    """The gradient of a slope, against differences of gradients."""
    if tolerance(args) > 1e-8 or isinstance(args[0], dict):
        pytest.skip("not in single precision, nor in a container")
    rng = np.random.default_rng(2)
    first = args[0]
    weight, dot = direction(first, rng), direction(first, rng)

    def slope(x, *rest):
        return np.sum(grad(function)(x, *rest) * weight).real

    wanted = difference(slope, args, [dot, *[None] * (len(args) - 1)])
    bar = grad(slope)(*args)
    np.testing.assert_allclose(np.sum(bar * dot).real, wanted, rtol=1e-6, atol=1e-7)
    tangents = (dot, *[None] * (len(args) - 1))
    pushed = jvp(slope, args, tangents)[1]
    np.testing.assert_allclose(pushed, wanted, rtol=1e-6, atol=1e-7)


# The convention


def test_a_gradient_is_transposed_and_not_conjugated():
    slope = grad(lambda z: (z * z).real)
    assert slope(0.5 + 2j) == 2 * (0.5 + 2j)
    assert grad(lambda z: abs(z) ** 2)(3 + 4j) == pytest.approx(6 - 8j)


def test_a_holomorphic_function_has_a_complex_derivative():
    cube = grad(lambda z: z**3, holomorphic=True)
    assert cube(1 + 2j) == pytest.approx(3 * (1 + 2j) ** 2)
    value, slope = value_and_grad(lambda z: cmath.exp(z), holomorphic=True)(1j)
    assert value == slope == cmath.exp(1j)


def test_a_complex_result_is_refused():
    with pytest.raises(OutputError, match=r"take its real part.*holomorphic=True"):
        grad(lambda z: z * z)(1j)
    with pytest.raises(OutputError, match="x must be complex, not float"):
        grad(lambda x: x * 1j, holomorphic=True)(1.0)
    with pytest.raises(OutputError, match="must return a complex number, not float"):
        grad(lambda z: abs(z), holomorphic=True)(1j)
    with pytest.raises(UnsupportedError, match="returns a real number"):
        grad(lambda z: abs(grad(lambda w: w * w)(z)))(1j)


def test_nested_holomorphic_derivatives():
    second = grad(lambda z: grad(lambda w: w**3, holomorphic=True)(z).real)
    assert second(1 + 2j) == pytest.approx(6 * (1 + 2j))


def test_derivatives_have_the_field_of_their_values():
    assert type(grad(lambda x: abs(x * 1j))(2.0)) is float
    assert type(grad(lambda z: z.real)(2j)) is complex
    assert grad(lambda z: z.real)(2j) == 1
    assert grad(lambda z: z.imag)(2j) == -1j
    value, tangent = jvp(lambda x: x * 1j, (2.0,), (1.0,))
    assert (value, tangent) == (2j, 1j)
    assert jvp(lambda z: z.real, (2j,), (1 + 1j,)) == (0.0, 1.0)
    _, pullback = vjp(lambda x: np.exp(1j * x), X)
    (bar,) = pullback(Z)
    assert bar.dtype == np.float64
    np.testing.assert_allclose(bar, (Z * 1j * np.exp(1j * X)).real)


def test_arrays_without_dimensions():
    bar = grad(lambda z: np.abs(z) ** 2)(np.array(3 + 4j))
    assert bar.dtype == np.complex128
    assert bar.shape == ()
    np.testing.assert_allclose(bar, 6 - 8j)


def test_seeds_have_the_field_of_their_values():
    with pytest.raises(ArgumentError, match="must be a real number, not a complex"):
        jvp(lambda x: x * 1j, (1.0,), (1j,))
    with pytest.raises(ArgumentError, match="has dtype complex128, but x has float64"):
        jvp(lambda x: x * 1j, (X,), (Z,))
    with pytest.raises(ArgumentError, match="has dtype float64, but z has complex128"):
        jvp(lambda z: z * 1j, (Z,), (X,))
    with pytest.raises(
        ArgumentError, match="has dtype complex128, but z has complex64"
    ):
        jvp(lambda z: z * 1j, (np.complex64(1j),), (np.complex128(1j),))
    assert jvp(lambda z: z * 1j, (1j,), (1,)) == (-1, 1j)
    _value, pullback = vjp(lambda z: z * 1j, 1j)
    assert pullback(2) == (2j,)


# At zeros, on branch cuts, behind masks


def test_the_modulus_has_derivative_zero_at_zero():
    np.testing.assert_array_equal(
        grad(lambda z: np.sum(np.abs(z)))(np.zeros(2, complex)), 0
    )
    assert grad(lambda z: abs(z))(0j) == 0
    assert jvp(lambda z: abs(z), (0j,), (1 + 1j,)) == (0.0, 0.0)
    norm = grad(lambda z: np.linalg.norm(z))
    np.testing.assert_array_equal(norm(np.zeros(2, complex)), 0)


def test_the_square_of_a_modulus_is_smooth():
    energy = grad(lambda z: np.sum(np.abs(z) ** 2))
    assert "z_bar = 2 * np.conj(z)" in energy.source(Z)
    slope = grad(lambda z: np.sum(energy(z)).real)
    np.testing.assert_array_equal(slope(np.zeros(2, complex)), 2)


def test_what_a_mask_leaves_out_does_not_count():
    def masked(z):
        return np.sum(np.where(np.abs(z) > 0, np.log(z), 0).real)

    with np.errstate(all="ignore"):
        bar = grad(masked)(np.array([0j, 1j]))
    np.testing.assert_array_equal(bar, [0, -1j])
    overflow = grad(lambda z: np.sum(np.where(z.imag < 9, np.sin(z), 0).real))
    with np.errstate(all="ignore"):
        bar = overflow(np.array([1000j, 0j]))
    np.testing.assert_array_equal(bar, [0, 1])


CUT = {
    "sqrt": -2.0,
    "log": -2.0,
    "log1p": -3.0,
    "arcsin": 2.0,
    "arccos": -2.0,
    "arccosh": -2.0,
    "arctanh": 2.0,
}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("side", [0.0, -0.0])
def test_on_a_branch_cut_the_derivative_is_that_of_the_branch(name, side):
    """Along the cut, on the side that the sign of zero says."""
    function = getattr(np, name)
    z = complex(CUT[name], side)
    for f in (lambda z: function(z).real, lambda z: function(z).imag):
        wanted = (
            f(complex(z.real + 1e-6, side)) - f(complex(z.real - 1e-6, side))
        ) / 2e-6
        bar = grad(f)(np.complex128(z))
        assert bar.real == pytest.approx(wanted, abs=1e-8)


# What has no derivative, or none that holds for complex numbers


REFUSED = {
    "order": lambda z: np.sum(np.where(z > 0, z, 0)).real,
    "order of numbers": lambda z: z[0].real if z[0] < z[1] else z[0].imag,
    "max": lambda z: np.max(z).real,
    "maximum": lambda z: np.maximum(z, 0).real.sum(),
    "sort": lambda z: np.sort(z)[0].real,
    "argmax": lambda z: z[np.argmax(z)].real,
    "median": lambda z: np.median(z).real,
    "clip": lambda z: np.clip(z, 0, 1).real.sum(),
    "sign": lambda z: np.sign(z).real.sum(),
    "floor": lambda z: np.floor(z).real.sum(),
    "remainder": lambda z: (z % 2).real.sum(),
    "arctan2": lambda z: np.arctan2(z, z).real.sum(),
    "hypot": lambda z: np.hypot(z, z).sum(),
    "nan_to_num": lambda z: np.nan_to_num(z).real.sum(),
    "cast": lambda z: z.astype(float).sum(),
    "float": lambda z: float(z[0]),
    "int": lambda z: int(z[0]) * z[0].real,
    "math": lambda z: math.sin(z[0]),
    "real_if_close": lambda z: np.sum(np.abs(np.real_if_close(z))),
    "full": lambda z: np.full(3, z[0], float).sum(),
    "array": lambda z: np.array([z[0], z[1]], float).sum(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_for_complex_numbers(name):
    with pytest.raises((UnsupportedError, TypeError)) as caught:
        grad(REFUSED[name])(Z)
    assert isinstance(caught.value, UnsupportedError) or name in ("float", "int")


def writes_into_reals(x):
    y = np.zeros(3)
    y[:] = x * 1j
    return np.sum(y)


def adds_to_reals(x):
    y = np.zeros(3)
    y += x * 1j
    return np.sum(y)


def writes_into_a_real_part(x):
    y = np.zeros(3, complex)
    y.real[:] = x * 1j
    return np.sum(y).real


@pytest.mark.parametrize(
    "function", [writes_into_reals, adds_to_reals, writes_into_a_real_part]
)
def test_complex_numbers_are_not_written_into_reals(function):
    with pytest.raises(UnsupportedError):
        grad(function)(X)
