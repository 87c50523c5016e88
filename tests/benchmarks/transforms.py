"""Jacobians, Hessians and products with them, against other ways to compute them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gradgen

sys.path.insert(0, str(Path(__file__).parent))

from timing import Row, Thunk, interleave

Array = np.ndarray[Any, Any]
Contenders = dict[str, Callable[..., Any]]


def rosenbrock(x: Array) -> Any:
    """The function of every text about optimisation."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def rosenbrock_hessian(x: Array) -> Array:
    """The Hessian of ``rosenbrock``, which is tridiagonal."""
    n = len(x)
    h = np.zeros((n, n))
    main, off = np.arange(n), np.arange(n - 1)
    h[main[:-1], main[:-1]] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
    h[main[1:], main[1:]] += 200.0
    h[off, off + 1] = h[off + 1, off] = -400.0 * x[:-1]
    return h


def rosenbrock_hvp(x: Array, v: Array) -> Array:
    """The product of that Hessian with a vector."""
    inner, outer = x[:-1], x[1:]
    y = np.zeros_like(x)
    y[:-1] = (1200.0 * inner**2 - 400.0 * outer + 2.0) * v[:-1] - 400.0 * inner * v[1:]
    y[1:] += 200.0 * v[1:] - 400.0 * inner * v[:-1]
    return y


def rosenbrock_gradient(x: Array) -> Array:
    """The gradient of ``rosenbrock``."""
    d = x[1:] - x[:-1] ** 2
    g = np.zeros_like(x)
    g[:-1] = -400.0 * d * x[:-1] - 2.0 * (1.0 - x[:-1])
    g[1:] += 200.0 * d
    return g


def network_of(xp: Any) -> Callable[..., Any]:
    """Return the loss of a small net, by the functions of ``xp``."""

    def loss(p: Array, x: Array, y: Array) -> Any:
        w1, w2 = p[:150].reshape(10, 15), p[150:195].reshape(15, 3)
        h = xp.tanh(x @ w1 + p[195])
        return ((h @ w2 + p[196:199] - y) ** 2).mean() + p[199] ** 2

    return loss


def layers_of(xp: Any) -> Callable[..., Any]:
    """Return two layers from 50 numbers to 50, by the functions of ``xp``."""
    return lambda x, w1, w2: xp.tanh(w2 @ xp.tanh(w1 @ x))


def layers_jacobian(x: Array, w1: Array, w2: Array) -> Array:
    """The Jacobian of these layers."""
    h = np.tanh(w1 @ x)
    y = np.tanh(w2 @ h)
    return ((1.0 - y * y)[:, None] * w2 * (1.0 - h * h)) @ w1


def chain_of(xp: Any) -> Callable[..., Any]:
    """Return the function whose tenth derivative is taken."""
    return lambda x: xp.exp(xp.sin(x))


def _nested(derivative: Callable[..., Any], f: Callable[..., Any]) -> Any:
    for _ in range(10):
        f = derivative(f)
    return f


def _jax() -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def _with_jax(make: Callable[[Any], Callable[..., Any]]) -> Callable[..., Any]:
    """Return a compiled contender, which waits for its result."""
    compiled = _jax().jit(make(_jax()))
    return lambda *args: np.asarray(compiled(*args))


def _entered(contenders: Contenders, name: str, make: Callable[[], Any]) -> None:
    """Enter a contender, if its library is installed."""
    try:
        contenders[name] = make()
    except ImportError:
        return


def _checked(contenders: Contenders, args: tuple[Any, ...]) -> dict[str, Thunk]:
    """Return the contenders on their arguments, after a check that they agree."""
    wanted = np.asarray(next(iter(contenders.values()))(*args))
    for function in contenders.values():
        found = np.asarray(function(*args))
        scale = 1e-8 * max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=scale)
    return {name: _call(f, args) for name, f in contenders.items()}


def _call(function: Callable[..., Any], args: tuple[Any, ...]) -> Thunk:
    return lambda: function(*args)


def _autograd_hessian(loss: Callable[..., Any]) -> Any:
    import autograd

    return autograd.hessian(loss)


def _hessian_of_rosenbrock(rounds: int) -> list[Row]:
    ways: Contenders = {"hand-written": rosenbrock_hessian}
    ways["gradgen"] = gradgen.hessian(rosenbrock)
    _entered(ways, "jax", lambda: _with_jax(lambda jax: jax.hessian(rosenbrock)))
    _entered(ways, "autograd", lambda: _autograd_hessian(rosenbrock))
    x = np.linspace(0.5, 1.5, 100)
    return interleave("Hessian, Rosenbrock, n=100", _checked(ways, (x,)), rounds)


def _hessian_of_network(rounds: int) -> list[Row]:
    ways: Contenders = {"gradgen": gradgen.hessian(network_of(np))}
    _entered(
        ways, "jax", lambda: _with_jax(lambda jax: jax.hessian(network_of(jax.numpy)))
    )
    _entered(ways, "autograd", _autograd_network)
    rng = np.random.default_rng(0)
    args = (
        0.3 * rng.standard_normal(200),
        rng.standard_normal((32, 10)),
        rng.standard_normal((32, 3)),
    )
    return interleave("Hessian, net of 200 parameters", _checked(ways, args), rounds)


def _autograd_network() -> Any:
    import autograd.numpy as anp

    return _autograd_hessian(network_of(anp))


def _jacobian_of_layers(rounds: int) -> list[Row]:
    ways: Contenders = {"hand-written": layers_jacobian}
    ways["gradgen"] = gradgen.jacobian(layers_of(np))
    _entered(
        ways, "jax", lambda: _with_jax(lambda jax: jax.jacrev(layers_of(jax.numpy)))
    )
    _entered(ways, "autograd", _autograd_layers)
    rng = np.random.default_rng(0)
    args = tuple(0.2 * rng.standard_normal(s) for s in (50, (50, 50), (50, 50)))
    return interleave("Jacobian, 50 to 50", _checked(ways, args), rounds)


def _autograd_layers() -> Any:
    import autograd
    import autograd.numpy as anp

    return autograd.jacobian(layers_of(anp))


def _product_with_hessian(rounds: int) -> list[Row]:
    def product(x: Array, v: Array) -> Any:
        return gradgen.hvp(rosenbrock, (x,), (v,))

    def of_jax(jax: Any) -> Callable[..., Any]:
        return lambda x, v: jax.jvp(jax.grad(rosenbrock), (x,), (v,))[1]

    ways: Contenders = {"hand-written": rosenbrock_hvp, "gradgen": product}
    _entered(ways, "jax", lambda: _with_jax(of_jax))
    _entered(ways, "autograd", _autograd_product)
    rng = np.random.default_rng(0)
    args = (rng.standard_normal(10**6), rng.standard_normal(10**6))
    thunks = _checked(ways, args)
    rows = interleave("HVP, Rosenbrock, n=10⁶", thunks, rounds)
    of_primal = {
        "the function": _call(rosenbrock, args[:1]),
        "gradient": _call(gradgen.grad(rosenbrock), args[:1]),
        "gradient by hand": _call(rosenbrock_gradient, args[:1]),
        "HVP": thunks["gradgen"],
        "HVP by hand": thunks["hand-written"],
    }
    return rows + interleave("of the function, n=10⁶", of_primal, rounds)


def _autograd_product() -> Any:
    import autograd

    product = autograd.hessian_vector_product(rosenbrock)
    return lambda x, v: product(x, v)


def _tenth_derivative(rounds: int) -> list[Row]:
    ways: Contenders = {"gradgen": gradgen.derivative(chain_of(np), order=10)}
    _entered(
        ways,
        "jax",
        lambda: _with_jax(lambda jax: _nested(jax.grad, chain_of(jax.numpy))),
    )
    _entered(ways, "autograd", _autograd_tenth)
    return interleave("tenth derivative, exp(sin(x))", _checked(ways, (0.3,)), rounds)


def _autograd_tenth() -> Any:
    import autograd
    import autograd.numpy as anp

    return _nested(autograd.grad, chain_of(anp))


def _sparse_hessian(rounds: int) -> list[Row]:
    """Time a sparse Hessian, whose pattern and colours are found in the first call."""
    try:
        from scipy import sparse
    except ImportError:
        return []

    def by_hand(x: Array) -> Any:
        main = np.zeros_like(x)
        main[:-1] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
        main[1:] += 200.0
        off = -400.0 * x[:-1]
        return sparse.diags_array((off, main, off), offsets=(-1, 0, 1)).tocsr()

    x = np.linspace(0.5, 1.5, 10**5)
    derived = gradgen.sparse_hessian(rosenbrock)
    difference = abs(derived(x) - by_hand(x)).max()
    assert difference < 1e-9, difference
    ways = {"hand-written": _call(by_hand, (x,)), "gradgen": _call(derived, (x,))}
    return interleave("sparse Hessian, Rosenbrock, n=10⁵", ways, rounds)


def bench_transforms(rounds: int) -> list[Row]:
    """Return what was measured; the few slow contenders set the number of rounds."""
    return [
        *_hessian_of_rosenbrock(rounds),
        *_hessian_of_network(rounds),
        *_jacobian_of_layers(rounds),
        *_product_with_hessian(rounds),
        *_sparse_hessian(rounds),
        *_tenth_derivative(max(rounds // 10, 3)),
    ]
