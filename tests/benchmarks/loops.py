"""Loops: gradients against the adjoints that one writes by hand, and how they scale."""

from __future__ import annotations

import math
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import gradgen

sys.path.insert(0, str(Path(__file__).parent))

from timing import Row, Thunk, interleave

Array = np.ndarray[Any, Any]


def recurrence(w: float, x: float, steps: int) -> float:
    """A recurrent net of one unit."""
    h = x
    for _ in range(steps):
        h = math.tanh(w * h + 0.1)
    return h


def recurrence_by_hand(w: float, x: float, steps: int) -> tuple[float, float]:
    """The gradient of ``recurrence``, one number stored a step."""
    h = x
    tape = [0.0] * steps
    for i in range(steps):
        tape[i] = h
        h = math.tanh(w * h + 0.1)
    h_bar, w_bar = 1.0, 0.0
    for previous in reversed(tape):
        t_bar = h_bar * (1.0 - h * h)
        w_bar += t_bar * previous
        h_bar = t_bar * w
        h = previous
    return w_bar, h_bar


def elements(x: Array) -> float:
    """A sum over neighbours that each step reads by index."""
    s = 0.0
    for i in range(1, len(x)):
        s = s * 0.5 + x[i - 1] * x[i]
    return s


def elements_by_hand(x: Array) -> Array:
    """The gradient of ``elements``, element by element."""
    x_bar = np.zeros_like(x)
    s_bar = 1.0
    for i in reversed(range(1, len(x))):
        x_bar[i - 1] += s_bar * x[i]
        x_bar[i] += s_bar * x[i - 1]
        s_bar *= 0.5
    return x_bar


def march(x: Array, dt: float) -> Any:
    """Euler steps into one array, in place."""
    for i in range(1, len(x)):
        x[i] = x[i] + x[i - 1] + dt * math.sin(x[i - 1])
    return x[-1]


def march_by_hand(x: Array, dt: float) -> Array:
    """The gradient of ``march`` in ``x``."""
    x = x.copy()
    tape = np.empty(len(x) - 1)
    for i in range(1, len(x)):
        tape[i - 1] = p = x[i - 1]
        x[i] = x[i] + p + dt * math.sin(p)
    x_bar = np.zeros_like(x)
    x_bar[-1] = 1.0
    for i in reversed(range(1, len(x))):
        t_bar = x_bar[i]
        x_bar[i - 1] += t_bar + t_bar * dt * math.cos(tape[i - 1])
    return x_bar


def stencil(u: Array, steps: int) -> Any:
    """Heat on a square, stepped in place."""
    for _ in range(steps):
        around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
        u[1:-1, 1:-1] += 0.1 * (around - 4.0 * u[1:-1, 1:-1])
    return np.sum(u * u)


def stencil_by_hand(u: Array, steps: int) -> Array:
    """The gradient of ``stencil``: the steps backwards, nothing stored."""
    u = u.copy()
    for _ in range(steps):
        around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
        u[1:-1, 1:-1] += 0.1 * (around - 4.0 * u[1:-1, 1:-1])
    u_bar = 2.0 * u
    for _ in range(steps):
        t_bar = 0.1 * u_bar[1:-1, 1:-1]
        u_bar[1:-1, 1:-1] -= 4.0 * t_bar
        u_bar[1:-1, :-2] += t_bar
        u_bar[1:-1, 2:] += t_bar
        u_bar[:-2, 1:-1] += t_bar
        u_bar[2:, 1:-1] += t_bar
    return u_bar


def _pair(
    what: str, function: Callable[..., Any], by_hand: Callable[..., Any], args: Any
) -> tuple[str, dict[str, Thunk]]:
    """Return both contenders, after a check that they agree."""
    argnums = (0, 1) if function is recurrence else 0
    gradient = gradgen.grad(function, argnums=argnums)
    for ours, theirs in zip(
        np.atleast_1d(*np.asarray([gradient(*args)])),
        np.atleast_1d(*np.asarray([by_hand(*args)])),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    direct = gradient.compiled(*args)
    return what, {
        "hand-written": lambda: by_hand(*args),
        "generated code": lambda: direct(*args),
    }


def bench_loops(rounds: int) -> list[Row]:
    """Time gradients of loops against hand-written ones."""
    rng = np.random.default_rng(0)
    x = rng.random(10_000)
    u = rng.random((256, 256))
    cases = (
        (
            "tanh recurrence, 10,000 steps",
            recurrence,
            recurrence_by_hand,
            (0.9, 0.3, 10_000),
        ),
        ("x[i-1] * x[i], 10,000 elements", elements, elements_by_hand, (x,)),
        ("x[i] from x[i-1] in place, 10,000", march, march_by_hand, (x, 0.01)),
        ("stencil, 500 steps on 256 x 256", stencil, stencil_by_hand, (u, 500)),
    )
    rows = []
    for case in cases:
        what, thunks = _pair(*case)
        rows += interleave(what, thunks, rounds)
    return rows + stencil_memory(u)


def peak_bytes(thunk: Thunk) -> int:
    """Return how many bytes are held at most while ``thunk`` runs."""
    tracemalloc.start()
    thunk()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def stencil_memory(u: Array) -> list[Row]:
    """Compare the memory of 10 and 100 steps of the stencil, in seconds' place."""
    gradient = gradgen.grad(stencil)
    few, many = (peak_bytes(lambda n=n: gradient(u, n)) for n in (10, 100))
    return [Row("stencil: memory of 100 steps / 10", "", 0.0, many / few)]


SIZES = (1_000, 3_162, 10_000, 31_623, 100_000, 316_228, 1_000_000)


def scaling() -> dict[str, tuple[list[float], list[int]]]:
    """Return times and bytes over three decades, by program."""
    found: dict[str, tuple[list[float], list[int]]] = {}
    rng = np.random.default_rng(0)
    programs: dict[str, tuple[Callable[..., Any], Callable[[int], Any]]] = {
        "recurrence": (recurrence, lambda n: (0.9, 0.3, n)),
        "elements": (elements, lambda n: (rng.random(n),)),
        "march": (march, lambda n: (rng.random(n), 0.01)),
    }
    for name, (function, make) in programs.items():
        gradient = gradgen.grad(function)
        times, sizes = [], []
        for n in SIZES:
            args = make(n)
            rows = interleave(name, {"": lambda a=args: gradient(*a)}, 3)
            times.append(rows[0].seconds)
            sizes.append(peak_bytes(lambda a=args: gradient(*a)))
        found[name] = times, sizes
    return found


def exponent(values: Sequence[float]) -> float:
    """Return the slope of ``values`` over the sizes, both in logarithms."""
    return float(np.polyfit(np.log(SIZES), np.log(values), 1)[0])


def plot_scaling(path: str) -> None:
    """Draw time and memory against the number of steps, with the exponents."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for name, (times, sizes) in scaling().items():
        time_label = f"{name}: n^{exponent(times):.3f}"
        bytes_label = f"{name}: n^{exponent(sizes):.3f}"
        print(
            f"{name:12} time ~ n^{exponent(times):.3f}, bytes ~ n^{exponent(sizes):.3f}"
        )
        left.loglog(SIZES, times, "o-", label=time_label)
        right.loglog(SIZES, sizes, "o-", label=bytes_label)
    left.set_ylabel("seconds for a gradient")
    right.set_ylabel("bytes at the peak")
    for axes in (left, right):
        axes.set_xlabel("steps")
        axes.legend()
    figure.savefig(path, dpi=120)
