"""Programs with functions of SciPy, if that is there."""

from __future__ import annotations

import numpy as np

from gradgen import checkpoint
from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)

try:
    from scipy import interpolate, ndimage, signal, sparse
except ModuleNotFoundError:
    program = lambda make, **options: lambda function: function


def banded(n, m, form="csr_array"):
    """Return a sparse matrix with some elements on a few diagonals."""
    i, j = np.indices((n, m))
    return getattr(sparse, form)(
        np.where(np.abs(i - j) < 2, 0.3 + 0.1 * i - 0.2 * j, 0)
    )


@program(lambda r, n, m: (banded(n, m), r(m), r()))
def sparse_products_in_a_loop(a, x, s):
    total = 0.0
    for i in range(3):
        y = np.tanh(a @ x) * s
        x = a.T @ y + i * x
        total = total + y @ (a @ x)
    return total


@program(lambda r, n, m: (banded(n, m, "coo_matrix"), r(2, n), 5.0))
def sparse_from_the_right(a, x, bound):
    rows, columns = a.shape
    while np.sum(x * x) < bound:
        y = x + (x @ a) @ a.transpose()
        x = 1.5 * y if y[0, 0] > 1.0 else y + 0.5 * np.cos(x) * rows
    return np.sin(x @ a) * columns


def relax(a, x):
    return x - 0.1 * a.dot(np.sin(a.T @ x))


@program(lambda r, n, m: ([banded(n, m), banded(n, m + 1, "csc_matrix")], r(n, 2)))
def sparse_in_helpers(matrices, x):
    for a in matrices:
        x = checkpoint(relax)(a, relax(a, x))
    return x.T


@program(lambda r, n, m: (r(3), 2.0 + r(2), r(n, m)))
def filters_of_rows(b, a, x):
    state, rows = np.zeros(2), []
    for row in x:
        y, state = signal.lfilter(b, a, row, zi=state)
        rows.append(y * np.sum(state))
    return np.stack(rows)


@program(lambda r, n, m: (r(n + 3), np.arange(n + 3), r(m)))
def splines_that_are_made(y, x, t):
    curve, total = interpolate.CubicSpline(x, y), 0.0
    line = interpolate.make_interp_spline(x, y * y, k=1)
    y[0] = 3.0
    for place in t:
        total = total + curve(place) * line(total) if place > 0.5 else curve(total, 1)
    return total + curve(t) * y[0]


@program(lambda r, n, m: (interpolate.PchipInterpolator([0, 1, 4], [1, 2, 0]), r(n)))
def along_a_given_curve(curve, t):
    total = t
    while np.sum(total) < 9.0:
        total = total + 1.0 + 0.1 * curve(total % 4.0)
    return curve(t) * curve(t, nu=1) + total


@program(lambda r, n, m: (r(n, m), r(2, 3), r(3)))
def blurred_and_correlated(image, weights, line):
    blurred = ndimage.correlate(image, weights, mode="mirror")
    for mode in ("wrap", "constant"):
        blurred = np.tanh(ndimage.convolve1d(blurred, line, axis=0, mode=mode))
    edges = ndimage.gaussian_filter(blurred, 0.6, order=(0, 1))
    return signal.convolve(edges, weights, mode="same") + image
