"""Simpson's rule where places move: even and odd numbers of them, any axis."""

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, jvp, value_and_grad

integrate = pytest.importorskip("scipy.integrate")


def area(y, x):
    return integrate.simpson(y, x=x) ** 2


def areas(y, x):
    return np.sum(integrate.simpson(np.cos(y), x=x, axis=-2) ** 2)


def places_of(n):
    return np.cumsum(1.0 + 0.4 * np.sin(np.arange(float(n))))


@pytest.mark.parametrize("n", range(1, 8))
@pytest.mark.parametrize("shape", ["line", "lines", "places of each", "of one"])
def test_both_modes(n, shape):
    function, x = areas, places_of(n)
    y = np.asfortranarray(np.cos(np.arange(6.0 * n)).reshape(3, n, 2))
    if shape == "line":
        function, y = area, y[0, :, 1]
    elif shape == "places of each":
        x = x[::-1, None] * (1.0 + y * y)[:, ::-1]
    elif shape == "of one":
        x = x[None, :, None]
    dots = np.sin(np.arange(float(y.size))).reshape(y.shape), np.cos(3.0 * x)
    ahead, behind = (
        function(y + step * dots[0], x + step * dots[1]) for step in (1e-6, -1e-6)
    )
    value, bars = value_and_grad(function, argnums=(0, 1))(y, x)
    _, slope = jvp(function, (y, x), dots)
    assert value == pytest.approx(function(y, x), rel=1e-14)
    assert slope == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-8)
    along = sum(np.sum(bar * dot) for bar, dot in zip(bars, dots, strict=True))
    assert along == pytest.approx(slope, rel=1e-11, abs=1e-11)


def test_the_gradient_reads_as_written_by_hand():
    source = grad(area, argnums=1).source(np.ones(5), places_of(5))
    assert "x_bar = 2 * simpson * simpson_slopes(y, x)" in source


def test_a_second_derivative_in_places_is_refused():
    y, x = np.ones(4), places_of(4)
    with pytest.raises(UnsupportedError, match="second derivative"):
        grad(lambda y, x: np.sum(grad(area, argnums=1)(y, x)))(y, x)
    with pytest.raises(UnsupportedError, match="second derivative"):
        jvp(grad(area), (y, x), (y, x))


def test_no_derivative_where_places_coincide():
    assert np.isnan(grad(area, argnums=1)(np.ones(3), np.array([0.0, 0.0, 1.0]))).all()
