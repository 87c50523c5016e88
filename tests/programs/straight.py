"""Straight-line programs that tests of the IR, transforms and passes run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradgen.frontend.lower import lower
from gradgen.frontend.source import find_source
from gradgen.ir.abstract import abstract_tree
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Param
from gradgen.ir.tree import tree_of
from tests.programs.corpus import Program, entering


def lowered(function: Callable[..., Any], *args: Any) -> Function:
    """Return the IR of ``function`` for arguments like ``args``."""
    source = find_source(function)
    builder = Builder()
    names = [arg.arg for arg in source.node.args.args]
    params = [
        Param(name, abstract_tree(tree_of(arg), name, builder.dims))
        for name, arg in zip(names, args, strict=True)
    ]
    return lower(source, params, builder).function


PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(m), r(n, m), r(n)))
def regression(w, x, y):
    return np.mean((x @ w - y) ** 2)


@program(lambda r, n, m: (r(m), r(), r(n, m), r(n)))
def ridge(w, b, x, y):
    residual = y - (x @ w + b)
    return 0.5 * np.sum(residual * residual) + 0.1 * np.sum(w**2)


@program(lambda r, n, m: (r(m), r(n, m), r(n)))
def logistic(w, x, y):
    z = x @ w
    return np.sum(np.log(1.0 + np.exp(z)) - y * z)


@program(lambda r, n, m: (r(m, 2), r(n, m), r(n, 2)))
def softmax_cross_entropy(w, x, y):
    z = x @ w
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(np.sum(y * log_p, axis=1))


@program(lambda r, n, m: (r(n, m), r(n, m)))
def softmax_plain(z, y):
    e = np.exp(z)
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.sum(y * np.log(p)) / z.shape[0]


@program(lambda r, n, m: ([(r(m, 3), r(3)), (r(3, 2), r(2))], r(n, m) - 0.7, r(n, 2)))
def mlp(layers, x, y):
    for W, b in layers[:-1]:
        x = np.maximum(x @ W + b, 0)
    W, b = layers[-1]
    z = x @ W + b
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(np.sum(y * log_p, axis=1))


@program(lambda r, n, m: ({"w": r(m, m), "b": r(m)}, r(n, m)))
def tanh_layer(params, x):
    return np.sum(np.tanh(x @ params["w"] + params["b"]) ** 2)


@program(lambda r, n, m: (r(n + 1),))
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@program(lambda r, n, m: (r(), r(), r(n)))
def gaussian(mu, sigma, x):
    z = (x - mu) / sigma
    return -0.5 * np.sum(z * z) - x.size * np.log(sigma)


@program(lambda r, n, m: (r(m), r(m), r(n, m)))
def diagonal_gaussian(mu, log_s, x):
    z = (x - mu) * np.exp(-log_s)
    return np.sum(0.5 * z**2 + log_s)


@program(lambda r, n, m: (r(n, m), r(m, m), r()))
def kernel(x, y, length):
    d = x[:, None, :] - y[None, :, :]
    k = np.exp(-np.sum(d * d, axis=2) / (2.0 * length**2))
    return np.sum(k)


@program(lambda r, n, m: (r(n, 3), r(n)))
def gravity(p, mass):
    d = p[:, None, :] - p[None, :, :]
    r2 = np.sum(d**2, axis=-1) + 0.01
    return -0.5 * np.sum(mass[:, None] * mass[None, :] / np.sqrt(r2))


@program(lambda r, n, m: (r(), r(), r()))
def pendulum(theta, omega, length):
    kinetic = 0.5 * length**2 * omega**2
    return kinetic + 9.81 * length * (1 - math.cos(theta))


@program(lambda r, n, m: (r(),))
def scalar(x):
    return math.sin(x) * x + math.exp(x) / (1 + x * x)


@program(lambda r, n, m: (r(), r()))
def polynomial(x, y):
    return x**3 * y - 2 * x * y**2 + y / x


@program(lambda r, n, m: (r(n + 2),))
def heat_energy(u):
    flux = (u[1:] - u[:-1]) * 2.0
    return 0.5 * np.sum(flux**2)


@program(lambda r, n, m: (r(n + 2),))
def laplacian(u):
    v = u[2:] - 2.0 * u[1:-1] + u[:-2]
    return np.mean(v**2)


@program(lambda r, n, m: (r(n, n), r(n)))
def quadratic_form(a, x):
    return x @ a @ x


@program(lambda r, n, m: (r(n, m), r(m, 3)))
def frobenius(a, b):
    return np.sqrt(np.sum((a @ b) ** 2))


@program(lambda r, n, m: (r(n, m), r(n), r(m)))
def bilinear_sum(a, u, v):
    return np.sum(u[:, None] * a * v)


@program(lambda r, n, m: (r(n),))
def log_sum_exp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


@program(lambda r, n, m: (r(n), r(n)))
def cosine(x, y):
    return x @ y / (np.sqrt(x @ x) * np.sqrt(y @ y))


@program(lambda r, n, m: (r(n),))
def variance(x):
    return np.mean((x - np.mean(x)) ** 2)


@program(lambda r, n, m: (r(n, m), r(m), r(m)))
def layer_norm(x, gain, bias):
    mu = np.mean(x, axis=-1, keepdims=True)
    centred = x - mu
    var = np.mean(centred**2, axis=-1, keepdims=True)
    return np.sum((gain * centred / np.sqrt(var + 1e-5) + bias) ** 2)


@program(lambda r, n, m: (r(n) - 0.6,))
def huber(x):
    a = np.abs(x)
    return np.sum(np.where(a < 0.3, 0.5 * x * x, 0.3 * (a - 0.15)))


@program(lambda r, n, m: (r(n) - 0.6,))
def guarded_root(x):
    return np.sum(np.where(x > 0, np.sqrt(np.abs(x)), 0.0))


@program(lambda r, n, m: (r(n), r(n)))
def smooth_max(x, y):
    return np.sum(np.maximum(x, y) * np.minimum(x, 1.0 - y))


@program(lambda r, n, m: (r(n), r()))
def power_law(x, p):
    return np.sum(x**p)


@program(lambda r, n, m: (r(n), r(n)))
def entropy(p, q):
    return np.sum(p * np.log(p / q))


@program(lambda r, n, m: (r(n, m), r(m)))
def vector_result(x, w):
    return np.tanh(x * w)


@program(lambda r, n, m: (r(n, m),))
def gram(x):
    return x.T @ x


@program(lambda r, n, m: (r(n, m),))
def several_results(x):
    total = x.sum(axis=0)
    return {"total": total, "scaled": [x / total, 3.0]}


@program(lambda r, n, m: (r(n, m), r(m)))
def standardised(x, w):
    z = (x - x.mean(axis=0)) / 2.0
    return np.sum(z @ w) + np.sum(x)
