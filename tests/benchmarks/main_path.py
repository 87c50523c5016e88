"""Measure the main path: gradients, loops, dispatch, compilation, import.

All contenders of a line run in turn, again and again, in one process; the figures are
medians, and a ratio is the median of the ratios of neighbouring runs, so that both
sides have had the same machine. Contenders that are not installed are left out::

    python tests/benchmarks/main_path.py [--rounds 200] [--plot FILE.png]
                                         [--scaling FILE.png]
                                         [--only loops|functions|transforms]
                                         [--table FILE.md]
                                         [--named NAME,...]
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import gradgen

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES), str(Path(__file__).parent)]

import mlp  # noqa: E402
from loops import bench_loops, plot_scaling  # noqa: E402
from timing import Row, Thunk, interleave, print_rows  # noqa: E402
from transforms import bench_transforms  # noqa: E402


def hand_written(layers: mlp.Layers, x: mlp.Array, y: mlp.Array) -> Any:
    """The value and gradient of the two-layer loss as an expert would write them."""
    (W1, b1), (W2, b2) = layers
    a = x @ W1
    a += b1
    h = np.maximum(a, 0)
    z = h @ W2
    z += b2
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z)
    total = p.sum(axis=1, keepdims=True)
    value = (np.log(total).sum() - np.vdot(y, z)) / len(x)
    p /= total
    p -= y
    p *= 1 / len(x)
    h_bar = p @ W2.T
    h_bar *= a > 0
    gradient = [
        (x.T @ h_bar, h_bar.sum(axis=0)),
        (h.T @ p, p.sum(axis=0)),
    ]
    return value, gradient


def products_alone(layers: mlp.Layers, x: mlp.Array) -> Any:
    """The five matrix products of a step, which no contender can do without."""
    (W1, _), (W2, _) = layers
    h = x @ W1
    z = h @ W2
    return x.T @ (z @ W2.T), h.T @ z


def mlp_problem(hidden: int, batch: int, dtype: Any) -> tuple[Any, ...]:
    """Return layers and a random batch in the shapes of MNIST."""
    rng = np.random.default_rng(0)
    layers = mlp.new_layers([784, hidden, 10], rng, dtype)
    x = rng.standard_normal((batch, 784)).astype(dtype)
    y = np.eye(10, dtype=dtype)[rng.integers(0, 10, batch)]
    return layers, x, y


def check_equal(left: Any, right: Any, tolerance: float) -> None:
    """Stop the benchmark if two contenders do not compute the same."""
    pairs = zip(mlp.flat(left[1]), mlp.flat(right[1]), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), atol=tolerance)


def autograd_step(args: tuple[Any, ...]) -> Thunk | None:
    """Return the step with HIPS autograd, if it is installed."""
    try:
        import autograd
        import autograd.numpy as anp
        from autograd.tracer import getval
    except ImportError:
        return None

    def loss(layers: Any, x: Any, y: Any) -> Any:
        for W, b in layers[:-1]:
            x = anp.maximum(anp.dot(x, W) + b, 0)
        W, b = layers[-1]
        z = anp.dot(x, W) + b
        z = z - getval(z).max(axis=1, keepdims=True)
        log_total = anp.log(anp.sum(anp.exp(z), axis=1))
        return (anp.sum(log_total) - anp.sum(y * z)) / len(y)

    step = autograd.value_and_grad(loss)
    return lambda: step(*args)


def jax_step(args: tuple[Any, ...], dtype: Any) -> Thunk | None:
    """Return the step with jitted JAX, if it is installed; it waits for the result."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", dtype == np.float64)

    def loss(layers: Any, x: Any, y: Any) -> Any:
        for W, b in layers[:-1]:
            x = jnp.maximum(x @ W + b, 0)
        W, b = layers[-1]
        z = x @ W + b
        z = z - jax.lax.stop_gradient(z.max(axis=1, keepdims=True))
        log_total = jnp.log(jnp.sum(jnp.exp(z), axis=1))
        return (jnp.sum(log_total) - jnp.sum(y * z)) / len(x)

    step = jax.jit(jax.value_and_grad(loss))
    on_device = jax.tree.map(jnp.asarray, args)
    return lambda: jax.block_until_ready(step(*on_device))


def bench_mlp(rounds: int) -> list[Row]:
    """Time one gradient step of the dense network against the other ways to get it."""
    rows = []
    for hidden, batch in ((512, 128), (64, 32)):
        for dtype in (np.float32, np.float64):
            args = mlp_problem(hidden, batch, dtype)
            what = f"MLP 784-{hidden}-10, batch {batch}, {np.dtype(dtype).name}"
            generated = gradgen.value_and_grad(mlp.loss)
            direct = generated.compiled(*args)
            check_equal(generated(*args), hand_written(*args), 1e-5)
            thunks: dict[str, Thunk | None] = {
                "hand-written": lambda args=args: hand_written(*args),
                "generated code": lambda f=direct, args=args: f(*args),
                "value_and_grad": lambda f=generated, args=args: f(*args),
                "autograd": autograd_step(args),
                "jax.jit": jax_step(args, dtype),
            }
            present = {name: t for name, t in thunks.items() if t is not None}
            for thunk in present.values():
                check_equal(thunk(), hand_written(*args), 1e-4)
            present["matrix products alone"] = lambda args=args: products_alone(
                *args[:2]
            )
            rows += interleave(what, present, rounds)
    return rows


def scalar(x: float) -> float:
    """The scalar function whose dispatch is measured."""
    return math.sin(x) * x + math.exp(x) / (1 + x * x)


def scalar_numpy(x: float) -> float:
    """The same with NumPy's functions."""
    value: float = np.sin(x) * x + np.exp(x) / (1 + x * x)
    return value


def bench_scalar(rounds: int) -> list[Row]:
    """Time the call of a scalar gradient against that of its generated code."""
    rows = []
    for function in (scalar, scalar_numpy):
        gradient = gradgen.grad(function)
        direct = gradient.compiled(0.5)
        thunks: dict[str, Thunk] = {
            "generated code": lambda f=direct: f(0.5),
            "through grad": lambda f=gradient: f(0.5),
        }
        rows += interleave(f"gradient of {function.__name__}", thunks, rounds, 200)
    return rows


def total_square(params: list[mlp.Array]) -> Any:
    """The sum of squares over a list of arrays."""
    total = 0.0
    for p in params:
        total = total + np.sum(p * p)
    return total


def bench_pytree(rounds: int) -> list[Row]:
    """Time the dispatch of a list of 20 arrays."""
    params = [np.ones((3, 4)) for _ in range(20)]
    gradient = gradgen.grad(total_square)
    direct = gradient.compiled(params)
    thunks: dict[str, Thunk] = {
        "generated code": lambda: direct(params),
        "through grad": lambda: gradient(params),
    }
    return interleave("gradient over 20 arrays", thunks, rounds, 20)


COMPILE = """
import sys, time
sys.path.insert(0, {examples!r})
sys.path.insert(0, {here!r})
import numpy as np
import gradgen, main_path
args = main_path.mlp_problem(512, 128, np.float32)
start = time.perf_counter()
gradgen.value_and_grad(main_path.mlp.loss).compiled(*args)
print(time.perf_counter() - start)
"""

IMPORT = """
import time
import numpy
start = time.perf_counter()
import gradgen
print(time.perf_counter() - start)
"""


def in_new_process(code: str, cache: str) -> float:
    """Run ``code`` in a fresh interpreter and return the seconds that it prints.

    Python keeps compiled modules, as it does for every installed package.
    """
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    for name in ("PYTHONDONTWRITEBYTECODE", "GRADGEN_CACHE_DIR"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def bench_processes(rounds: int) -> list[Row]:
    """Time compilation without and with the disk cache, and the import."""
    code = COMPILE.format(examples=str(EXAMPLES), here=str(Path(__file__).parent))
    cold, warm, imported = [], [], []
    with tempfile.TemporaryDirectory() as cache:
        in_new_process(code, cache)
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            os.chmod(cache, 0o700)
            cold.append(in_new_process(code, cache))
            warm.append(in_new_process(code, cache))
            imported.append(in_new_process(IMPORT, cache))
    first = median(cold)
    return [
        Row("compile the MLP loss", "cold", first, 1.0),
        Row(
            "compile the MLP loss",
            "from the disk cache",
            median(warm),
            median(warm) / first,
        ),
        Row("import gradgen after numpy", "", median(imported), 1.0),
    ]


def plot(rows: Sequence[Row], path: str) -> None:
    """Draw the steps of the network, relative to the hand-written one."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    steps = [row for row in rows if row.what.startswith("MLP")]
    groups = list(dict.fromkeys(row.what for row in steps))
    contenders = list(dict.fromkeys(row.contender for row in steps))
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    width = 0.8 / len(contenders)
    for k, contender in enumerate(contenders):
        ratios = [r.ratio for r in steps if r.contender == contender]
        places = np.arange(len(ratios)) + (k - (len(contenders) - 1) / 2) * width
        bars = axes.bar(places, ratios, width, label=contender)
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.set_xticks(range(len(groups)), [g.replace(", ", "\n") for g in groups])
    axes.set_ylabel("time of a gradient step / hand-written")
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    figure.savefig(path, dpi=120)


def write_table(rounds: int, path: str | None, names: Sequence[str]) -> None:
    """Time the gradients of functions, and write or print the page about it.

    If only some are named, the figures of the others stay as they are.
    """
    from functions import bench_functions, renewed, table, total

    rows = bench_functions(rounds, names)
    if names and path:
        rows = renewed(Path(path).read_text(encoding="utf-8"), rows)
    if path is None:
        print(table(rows))
    else:
        Path(path).write_text(table(rows), encoding="utf-8")
    print(f"{len(rows)} functions, gradients take {total(rows):.2f} times the function")


def main(argv: Sequence[str] | None = None) -> None:
    """Run all benchmarks and print them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--processes", type=int, default=7, metavar="N")
    parser.add_argument("--plot", metavar="FILE.png")
    parser.add_argument("--scaling", metavar="FILE.png")
    parser.add_argument("--only", choices=["loops", "functions", "transforms"])
    parser.add_argument("--table", metavar="FILE.md")
    parser.add_argument("--named", metavar="NAME,...")
    options = parser.parse_args(argv)
    if options.only == "functions":
        names = options.named.split(",") if options.named else ()
        write_table(options.rounds, options.table, names)
        return
    if options.only == "transforms":
        print_rows(bench_transforms(max(options.rounds // 10, 3)))
        return
    rows: list[Row] = []
    if options.only is None:
        rows += bench_mlp(options.rounds)
        rows += bench_scalar(options.rounds) + bench_pytree(options.rounds)
        rows += bench_processes(options.processes)
    rows += bench_loops(max(options.rounds // 10, 3))
    print_rows(rows)
    if options.plot:
        plot(rows, options.plot)
    if options.scaling:
        plot_scaling(options.scaling)


if __name__ == "__main__":
    main()
