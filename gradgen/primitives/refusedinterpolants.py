"""Interpolants of ``scipy.interpolate`` that are refused by name, with the reason."""

from __future__ import annotations

from scipy import interpolate

from gradgen.primitives.lowering import refuses

SPLINE = "interpolate.make_interp_spline(x, y, k=3), or a curve made outside"
GRID = (
    "interpolate.RegularGridInterpolator, linear on a grid, or make_interp_spline "
    "along each axis"
)
REASONS = (
    (
        "Akima1DInterpolator PchipInterpolator pchip_interpolate",
        "its slopes are chosen by comparisons of neighbours",
        SPLINE,
    ),
    (
        "BPoly CubicHermiteSpline NdPPoly PPoly",
        "the derivative of a polynomial in its coefficients is not known here",
        "interpolate.BSpline(t, c, k), np.polyval, or a curve made outside",
    ),
    (
        "InterpolatedUnivariateSpline LSQUnivariateSpline UnivariateSpline "
        "generate_knots make_lsq_spline make_smoothing_spline make_splprep make_splrep "
        "splprep splrep",
        "it fits a spline by a method of its own, which may choose knots by the values",
        SPLINE,
    ),
    (
        "insert spalde splantider splder splev splint sproot",
        "it takes splines in the form of FITPACK, whose derivative is not known",
        "interpolate.BSpline(t, c[: len(t) - k - 1], k)(x)",
    ),
    (
        "BivariateSpline LSQBivariateSpline LSQSphereBivariateSpline NdBSpline "
        "RectBivariateSpline RectSphereBivariateSpline SmoothBivariateSpline "
        "SmoothSphereBivariateSpline bisplev bisplrep",
        "the derivative of splines in several variables is not known",
        GRID,
    ),
    (
        "CloughTocher2DInterpolator LinearNDInterpolator NearestNDInterpolator "
        "griddata",
        "which points are neighbours depends on where they are",
        "np.sum(weights * values[corners], axis=-1), with the weights and corners of "
        "scipy.spatial.Delaunay made outside",
    ),
    (
        "RBFInterpolator Rbf",
        "it solves a system of equations of its own",
        "np.linalg.solve(kernel(x, x), y), and kernel(q, x) @ its result",
    ),
    (
        "AAA BarycentricInterpolator FloaterHormannInterpolator KroghInterpolator "
        "approximate_taylor_polynomial barycentric_interpolate krogh_interpolate "
        "lagrange pade",
        "the derivative of a polynomial or quotient through points is not known",
        SPLINE,
    ),
    ("interp2d", "SciPy has taken it out", "interpolate.RegularGridInterpolator"),
)

for _names, _reason, _hint in REASONS:
    for _name in _names.split():
        if hasattr(interpolate, _name):
            refuses(getattr(interpolate, _name), reason=_reason, hint=_hint)
