"""Functions whose generated derivatives are kept as goldens, as users write them.

The goldens hold line numbers of this file: append new functions at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

F32 = np.float32


@dataclass(frozen=True)
class Example:
    """A function, what is derived from it, and arguments whose types it is made for."""

    function: Callable[..., Any]
    mode: str
    args: Sequence[Any]
    params: tuple[int, ...]

    @property
    def name(self) -> str:
        """Return the name of the golden."""
        return f"{self.function.__name__}_{self.mode}"


ZOO: list[Example] = []


def example(*args: Any, mode: str = "grad", params: tuple[int, ...] = (0,)) -> Any:
    """Enter a function, for arguments like ``args``, once for each word of ``mode``."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        ZOO.extend(Example(function, m, args, params) for m in mode.split())
        return function

    return enter


def ones(*shape: int, dtype: Any = float) -> Any:
    return np.ones(shape, dtype)


@example(ones(3), ones(5, 3), ones(5), mode="grad value_and_grad jvp")
def linear_regression(w, x, y):
    return np.mean((x @ w - y) ** 2)


@example(ones(3), 0.5, ones(5, 3), ones(5), mode="value_and_grad", params=(0, 1))
def ridge_regression(w, b, x, y):
    residual = x @ w + b - y
    return 0.5 * np.sum(residual**2) + 0.1 * np.sum(w**2)


@example(ones(3), ones(5, 3), ones(5), mode="grad jvp")
def logistic_regression(w, x, y):
    z = x @ w
    return np.mean(np.log(1.0 + np.exp(z)) - y * z)


@example(ones(3, 4), ones(5, 3), ones(5, 4), mode="value_and_grad vjp")
def softmax_cross_entropy(w, x, y):
    z = x @ w
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(np.sum(y * log_p, axis=1))


@example(
    [(ones(3, 4), ones(4)), (ones(4, 2), ones(2))],
    ones(5, 3),
    ones(5, 2),
    mode="value_and_grad",
)
def mlp(layers, x, y):
    for W, b in layers[:-1]:
        x = np.maximum(x @ W + b, 0)
    W, b = layers[-1]
    z = x @ W + b
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(np.sum(y * log_p, axis=1))


@example(
    [(ones(3, 4, dtype=F32), ones(4, dtype=F32)) for _ in range(2)],
    ones(5, 3, dtype=F32),
    mode="grad",
)
def tanh_network(layers, x):
    for W, b in layers:
        x = np.tanh(x @ W + b)
    return np.sum(x**2)


@example(ones(5), mode="grad jvp")
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@example(0.5, ones(4), mode="grad value_and_grad jvp")
def horner(x, c):
    return c[0] + x * (c[1] + x * (c[2] + x * c[3]))


@example(0.5, 2.0, ones(5), mode="value_and_grad jvp", params=(0, 1))
def gaussian_log_likelihood(mu, sigma, x):
    z = (x - mu) / sigma
    return -0.5 * np.sum(z**2) - x.size * np.log(sigma)


@example(ones(5, 3), ones(4, 3), 1.5, mode="value_and_grad", params=(0, 2))
def squared_exponential(x, y, length):
    d2 = np.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=2)
    return np.sum(np.exp(-0.5 * d2 / length**2))


@example(0.5, 0.1, 1.5, mode="grad jvp", params=(0, 1))
def pendulum_energy(theta, omega, length):
    kinetic = 0.5 * length**2 * omega**2
    return kinetic + 9.81 * length * (1.0 - math.cos(theta))


@example(ones(5, 3), ones(5), mode="grad")
def gravity(p, mass):
    d = p[:, None, :] - p[None, :, :]
    r2 = np.sum(d**2, axis=-1) + 0.01
    return -0.5 * np.sum(mass[:, None] * mass / np.sqrt(r2))


@example(100.0, 95.0, 0.2, 0.01, 1.5, mode="value_and_grad", params=(0, 2))
def black_scholes(s, k, sigma, r, t):
    spread = sigma * math.sqrt(t)
    d1 = (math.log(s / k) + (r + 0.5 * sigma**2) * t) / spread
    d2 = d1 - spread
    n1 = 1.0 / (1.0 + math.exp(-1.702 * d1))
    n2 = 1.0 / (1.0 + math.exp(-1.702 * d2))
    return s * n1 - k * math.exp(-r * t) * n2


@example(0.5, 0.1, ones(4), mode="grad", params=(0, 1))
def autoregression(phi, c, x):
    total = 0.0
    for i in range(1, 4):
        total = total + (x[i] - c - phi * x[i - 1]) ** 2
    return total


@example(ones(4), ones(4, 4), mode="grad vjp", params=(0, 1))
def quadratic_form(x, a):
    return x @ a @ x


@example(ones(5), mode="grad")
def norm(x):
    return np.sqrt(np.sum(x**2))


@example(ones(5), mode="grad jvp")
def log_sum_exp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


@example(ones(5, 4), ones(5, 4), ones(5, 4), mode="vjp", params=(0, 1, 2))
def attention(q, k, v):
    s = q @ k.T / math.sqrt(4.0)
    p = np.exp(s - np.max(s, axis=1, keepdims=True))
    p = p / np.sum(p, axis=1, keepdims=True)
    return p @ v


@example(ones(3), ones(9), mode="grad", params=(0, 1))
def convolution(k, x):
    y = k[0] * x[:-2] + k[1] * x[1:-1] + k[2] * x[2:]
    return np.sum(y**2)


@example(ones(4, 2), ones(6, 4), mode="grad")
def reconstruction_error(w, x):
    centred = x - np.mean(x, axis=0)
    return np.mean((centred - centred @ w @ w.T) ** 2)


@example({"w": ones(3), "b": 0.5}, ones(5, 3), ones(5), mode="value_and_grad")
def dict_of_parameters(params, x, y):
    return np.mean((x @ params["w"] + params["b"] - y) ** 2)


class Affine(NamedTuple):
    scale: Any
    shift: Any


@example(Affine(ones(3), ones(3)), ones(5, 3), mode="grad")
def named_tuple(p, x):
    return np.sum(np.tanh(p.scale * x + p.shift))


@dataclass
class Rates:
    growth: float
    decay: float


@example(Rates(0.5, 0.2), 1.5, mode="value_and_grad jvp")
def record_of_rates(rates, t):
    return math.exp(rates.growth * t) / (1.0 + rates.decay * t)


@example(0.5, mode="grad value_and_grad jvp")
def scalar(x):
    return math.sin(x) * x + math.exp(x) / (1 + x * x)


@example(0.5, ones(5), mode="grad jvp", params=(0, 1))
def damped_wave(a, t):
    return np.sum(a * np.exp(-a * t) * np.cos(2.0 * t))


def _scaled(x, by):
    shifted = x - np.mean(x)
    return by * shifted / np.sqrt(np.mean(shifted**2))


@example(ones(5), ones(5), mode="grad")
def helper_function(x, y):
    return np.sum(_scaled(x, 2.0) * y)


WEIGHTS = np.array([0.5, 0.25, 0.25])
POWER = 3


@example(ones(3), mode="grad")
def captured_globals(x):
    return np.sum(WEIGHTS * x**POWER)


@example(ones(3), ones(4), 0.5, mode="grad", params=(0, 1, 2))
def unused_arguments(x, y, s):
    return np.sum(x)


@example(ones(5, 3), mode="value_and_grad")
def layer_norm(x):
    mu = np.mean(x, axis=-1, keepdims=True)
    centred = x - mu
    var = np.mean(centred**2, axis=-1, keepdims=True)
    return np.sum((centred / np.sqrt(var + 1e-5)) ** 3)


@example(ones(7), mode="value_and_grad")
def diffusion_energy(u):
    v = u[2:] - 2.0 * u[1:-1] + u[:-2]
    return np.mean(v**2)


@example(ones(5), ones(5), mode="value_and_grad", params=(0, 1))
def cosine_similarity(x, y):
    return x @ y / (np.sqrt(x @ x) * np.sqrt(y @ y))


@example(ones(5), 0.3, mode="grad")
def huber(x, delta):
    a = np.abs(x)
    return np.sum(np.where(a < delta, 0.5 * x**2, delta * (a - 0.5 * delta)))


@example(ones(5, dtype=F32), ones(5, dtype=F32), mode="value_and_grad", params=(0, 1))
def cross_entropy_f32(p, q):
    return -np.sum(p * np.log(q))


@example(ones(5, 3), ones(3), mode="vjp", params=(0, 1))
def several_results(x, w):
    z = x * w
    return {"sum": z.sum(axis=0), "all": [np.tanh(z), x]}


@example(ones(5), mode="value_and_grad")
def quiet_entropy(p):
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0.0, p * np.log(p), 0.0)
    return -np.sum(terms)
