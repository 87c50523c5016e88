"""Filters of SciPy in programs: pieces of a signal, and which factor is longer."""

import numpy as np
import pytest

from gradgen import grad, jvp, value_and_grad

pytest.importorskip("scipy")
from scipy import ndimage, signal

from gradgen.kernels.filtering import spectral_overlaps

B, A = np.array([1.0, 2.0, 3.0]), np.array([2.0, -0.5, 0.25])
X = np.cos(np.arange(8.0))


def whole(b, a, x):
    return np.sum(signal.lfilter(b, a, x) ** 2)


def in_pieces(b, a, x):
    state, total = np.zeros(2), 0.0
    for i in range(0, x.size, 2):
        y, state = signal.lfilter(b, a, x[i : i + 2], zi=state)
        total = total + np.sum(y**2)
    return total


def overlap(x, y):
    return np.sum(signal.convolve(x, y, mode="valid") ** 2)


def parts_of_all(x, y):
    n, m = len(x), len(y)
    total = 0.0
    for k in range(min(n, m) - 1, max(n, m)):
        product = 0.0
        for i in range(n):
            if 0 <= k - i < m:
                product = product + x[i] * y[k - i]
        total = total + product**2
    return total


@pytest.mark.parametrize("shapes", [((9,), (4,)), ((5,), (1,)), ((6, 7), (1, 3))])
@pytest.mark.parametrize("phase", [1.0, 1j])
def test_transforms_give_the_sums_of_products(shapes, phase):
    x, y = (np.cos(np.arange(np.prod(s), dtype=float)).reshape(s) for s in shapes)
    y = y * phase
    wanted = signal.convolve(x, np.flip(y), mode="valid", method="direct")
    found = spectral_overlaps(x, y)
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


def test_pieces_of_a_signal_are_filtered_as_the_whole():
    everything = value_and_grad(whole, argnums=(0, 1, 2))(B, A, X)
    pieces = value_and_grad(in_pieces, argnums=(0, 1, 2))(B, A, X)
    assert everything[0] == pytest.approx(pieces[0], rel=1e-14)
    for left, right in zip(everything[1], pieces[1], strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)


SECTIONS = signal.butter(4, 0.3, output="sos")
ROWS = np.cos(np.arange(14.0)).reshape(2, 7)
STATES = np.sin(np.arange(8.0)).reshape(2, 2, 2)


def sections_of(moved):
    return np.concatenate([moved[:, :3], np.ones((2, 1)), moved[:, 3:]], axis=1)


def at_rest(moved, x, z):
    y = signal.sosfilt(sections_of(moved), x.T, 0)
    return np.sum(y**2) + z[0, 0, 0]


def from_a_state(moved, x, z):
    y, states = signal.sosfilt(sections_of(moved), x, axis=1, zi=z)
    return np.sum(y**3) + np.sum(states**2)


@pytest.mark.parametrize("cascade", [at_rest, from_a_state])
def test_a_cascade_of_filters(cascade):
    args = SECTIONS[:, [0, 1, 2, 4, 5]].copy(), ROWS, STATES
    dots = [np.sin(1.0 + np.arange(x.size)).reshape(x.shape) for x in args]
    value, bars = value_and_grad(cascade, argnums=(0, 1, 2))(*args)
    np.testing.assert_allclose(value, cascade(*args), 1e-12)
    ahead, behind = (
        [x + step * dot for x, dot in zip(args, dots, strict=True)]
        for step in (1e-6, -1e-6)
    )
    slope = (cascade(*ahead) - cascade(*behind)) / 2e-6
    _, found = jvp(cascade, args, tuple(dots))
    np.testing.assert_allclose(found, slope, 1e-6)
    along = sum(np.sum(bar * dot) for bar, dot in zip(bars, dots, strict=True))
    np.testing.assert_allclose(along, found, 1e-10)
    gradient = grad(cascade)
    bends = (gradient(*ahead) - gradient(*behind)) / 2e-6
    np.testing.assert_allclose(jvp(gradient, args, tuple(dots))[1], bends, 1e-5, 1e-7)


@pytest.mark.parametrize("sections", [2.0 * SECTIONS, SECTIONS[:, :5]])
def test_what_a_cascade_raises(sections):
    def f(sections, x):
        return np.sum(signal.sosfilt(sections, x))

    with pytest.raises(ValueError, match="sos") as ours:
        grad(f)(sections, X)
    with pytest.raises(ValueError, match="sos") as theirs:
        f(sections, X)
    assert str(ours.value).splitlines()[0] == str(theirs.value)


@pytest.mark.parametrize(("n", "m"), [(5, 2), (2, 5), (3, 3), (1, 4), (4, 1)])
def test_the_same_program_serves_a_longer_second_factor(n, m):
    x, y = X[:n], X[-m:]
    found = grad(overlap, argnums=(0, 1))(x, y)
    wanted = grad(parts_of_all, argnums=(0, 1))(x, y)
    for left, right in zip(found, wanted, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)


def test_the_gradient_of_a_filter_reads_as_written_by_hand():
    source = grad(whole, argnums=2).source(B, A, X)
    assert "signal.lfilter(b, a, (2 * lfilter)[::-1])[::-1]" in source


def smooth(x, w):
    return np.sum(ndimage.convolve1d(x, w, mode="reflect") ** 2)


def smooth_by_hand(x, w):
    wide = np.concatenate([x[::-1], x, x[::-1]])
    return np.sum(np.convolve(wide, w, "same")[x.size : -x.size] ** 2)


def test_an_image_is_extended_as_by_hand():
    w = np.array([1.0, -2.0, 0.5])
    for left, right in zip(
        grad(smooth, argnums=(0, 1))(X, w),
        grad(smooth_by_hand, argnums=(0, 1))(X, w),
        strict=True,
    ):
        np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)


def test_what_is_imported_from_one_module_stands_on_one_line():
    source = grad(smooth, argnums=(0, 1)).source(X, B)
    assert "from scipy import ndimage\n" in source
    assert "from gradgen.kernels.images import filter_back, weights_back\n" in source
