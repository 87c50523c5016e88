"""What the declared calls leave out: functions that take functions, or make objects."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

PARTS = ("special", "linalg", "signal", "stats", "ndimage", "integrate", "interpolate")


class Problem(NamedTuple):
    """The source of a function ``f``, what it is called with, and what moves."""

    what: str
    source: str
    given: tuple[Any, ...]
    argnums: tuple[int, ...]


SWING = """def swing({first}, a, b):
    return np.array([a * y[1], -b * np.sin(y[0])])
"""
ODEINT = f"""{SWING.format(first="y, t")}
def f(y0, a, b, t, w):
    return np.sum(w * scipy.integrate.odeint(swing, y0, t, tuple((a, b))))
"""
SOLVE_IVP = f"""{SWING.format(first="t, y")}
def f(y0, a, b, t, w):
    found = scipy.integrate.solve_ivp(
        swing, (0.0, 5.0), y0, t_eval=t, args=(a, b), rtol=1e-6
    )
    return np.sum(w * found.y)
"""
QUAD = """def wave(t, a, b):
    return np.exp(-a * t * t) * np.cos(b * t)

def f(a, b):
    return scipy.integrate.quad(wave, 0.0, 2.0, args=(a, b))[0]
"""
SPLINE = """def f(x, y, t, w):
    return np.sum(w * scipy.interpolate.CubicSpline(x, y)(t))
"""
PRODUCT = """def f(x, a, w):
    return np.sum(w * (a @ x))
"""


def problems() -> Iterator[Problem]:
    """Yield problems of SciPy, if it is there."""
    try:
        sparse = importlib.import_module("scipy.sparse")
    except ModuleNotFoundError:
        return
    rng = np.random.default_rng(0)
    start, times = np.array([1.0, 0.2]), np.linspace(0.0, 5.0, 50)
    w = rng.standard_normal((50, 2))
    name = "scipy.integrate."
    given = (start, 1.2, 0.8, times)
    yield Problem(f"{name}odeint(swing, y0, t, (a, b))", ODEINT, (*given, w), (0, 1, 2))
    yield Problem(
        f"{name}solve_ivp(swing, span, y0)", SOLVE_IVP, (*given, w.T), (0, 1, 2)
    )
    yield Problem(f"{name}quad(wave, 0.0, 2.0, (a, b))", QUAD, (0.7, 3.0), (0, 1))
    x, t = np.linspace(0.0, 1.0, 1000), rng.uniform(0.0, 1.0, 100_000)
    given = (x, np.sin(9.0 * x), t, rng.standard_normal(t.shape))
    what = (
        "scipy.interpolate.CubicSpline(float64[1000], float64[1000])(float64[100000])"
    )
    yield Problem(what, SPLINE, given, (1, 2))
    n = 20_000
    matrix = sparse.random_array((n, n), density=5 / n, format="csr", rng=rng)
    what = f"scipy.sparse.csr_array[{n}, {n}] @ float64[{n}]"
    given = (rng.standard_normal(n), matrix, rng.standard_normal(n))
    yield Problem(what, PRODUCT, given, (0,))
