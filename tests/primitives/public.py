"""Which functions there are: the public ones of NumPy, SciPy's that are wanted."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

NUMPY = ("numpy", "numpy.linalg", "numpy.fft")
SCIPY = {
    "scipy.special": (
        "beta betainc betaln digamma ellipe ellipk entr erf erfc erfcinv erfcx erfinv "
        "exp1 expi expit expm1 gamma gammainc gammaincc gammaln hyp1f1 i0 i0e i1 i1e "
        "iv ive j0 j1 jn jv kl_div kn kv log1p log_expit log_ndtr log_softmax logit "
        "loggamma logsumexp multigammaln ndtr ndtri polygamma psi rel_entr rgamma "
        "softmax spence xlog1py xlogy y0 y1 yn zeta"
    ),
    "scipy.linalg": (
        "cholesky cho_factor cho_solve expm logm solve solve_banded solve_sylvester "
        "solve_triangular solveh_banded sqrtm lu lu_factor lu_solve inv det eigh "
        "eigvalsh svd svdvals qr pinv block_diag toeplitz norm lstsq"
    ),
    "scipy.signal": "convolve correlate fftconvolve lfilter oaconvolve sosfilt",
    "scipy.stats": (
        "norm.logpdf t.logpdf gamma.logpdf beta.logpdf chi2.logpdf expon.logpdf "
        "poisson.logpmf binom.logpmf nbinom.logpmf multivariate_normal.logpdf "
        "dirichlet.logpdf"
    ),
    "scipy.integrate": ("cumulative_trapezoid odeint quad simpson solve_ivp trapezoid"),
    "scipy.interpolate": (
        "Akima1DInterpolator BSpline CubicHermiteSpline CubicSpline "
        "LinearNDInterpolator NearestNDInterpolator PPoly PchipInterpolator "
        "RBFInterpolator RectBivariateSpline RegularGridInterpolator UnivariateSpline "
        "griddata interp1d interpn make_interp_spline splev splrep"
    ),
    "scipy.ndimage": (
        "convolve convolve1d correlate correlate1d gaussian_filter gaussian_filter1d"
    ),
}

AUTOGRAD = {
    "numpy": (
        "abs absolute acos acosh add amax amin angle append arccos arccosh arcsin "
        "arcsinh arctan arctan2 arctanh array array_split asin asinh astype atan atan2 "
        "atanh atleast_1d atleast_2d atleast_3d broadcast_to clip column_stack "
        "concatenate conj conjugate cos cosh cross cumsum deg2rad degrees diag "
        "diagonal diff divide dot dsplit einsum exp exp2 expand_dims expm1 fabs fliplr "
        "flipud fmax fmin full gradient hsplit hstack hypot imag inner kron linspace "
        "log log10 log1p log2 logaddexp logaddexp2 matmul max maximum mean min minimum "
        "mod moveaxis multiply nan_to_num negative outer pad partition permute_dims "
        "pow power prod rad2deg radians ravel real real_if_close reciprocal remainder "
        "repeat reshape roll rollaxis rot90 row_stack select sin sinc sinh sort split "
        "sqrt square squeeze stack std subtract sum swapaxes take tan tanh tensordot "
        "tile trace transpose tril triu true_divide var vsplit vstack where"
    ),
    "numpy.linalg": "cholesky det eig eigh inv norm pinv slogdet solve svd",
    "numpy.fft": (
        "fft fft2 fftn fftshift ifft ifft2 ifftn ifftshift irfft irfft2 irfftn rfft "
        "rfft2 rfftn"
    ),
    "scipy.special": (
        "beta betainc betaln digamma erf erfc erfcinv erfinv expit gamma gammainc "
        "gammaincc gammaln i0 i1 iv ive j0 j1 jn jv logit logsumexp multigammaln "
        "polygamma psi rgamma y0 y1 yn"
    ),
    "scipy.linalg": "solve_banded solve_sylvester solve_triangular sqrtm",
    "scipy.signal": "convolve",
    "scipy.stats": (
        "norm.logpdf t.logpdf gamma.logpdf beta.logpdf chi2.logpdf poisson.logpmf "
        "multivariate_normal.logpdf dirichlet.logpdf"
    ),
    "scipy.integrate": "odeint",
}
"""What HIPS autograd 1.9 has a reverse rule for."""


def public_names(module: str) -> list[str]:
    """Return the functions of a module, under every name that they have."""
    if module in SCIPY:
        return SCIPY[module].split()
    home = importlib.import_module(module)
    return [
        name
        for name in dir(home)
        if not name.startswith("_")
        and callable(getattr(home, name))
        and not isinstance(getattr(home, name), type)
        and hasattr(getattr(home, name), "__name__")
    ]


def found(module: str, name: str) -> Any:
    """Return what stands at a name, None if this version has nothing there."""
    value: Any = importlib.import_module(module)
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def modules() -> Iterator[str]:
    """Yield the modules whose functions are counted."""
    yield from NUMPY
    yield from SCIPY


def in_autograd(module: str, name: str) -> bool:
    """Tell whether autograd differentiates a function."""
    return name in AUTOGRAD.get(module, "").split()
