"""What callers read when a call is refused, byte for byte."""

import functools

import numpy as np

from gradgen import GradgenError, grad, jvp, value_and_grad, vjp


def f(params, n=2, *, scale=1.0):
    return np.sum(params["w"]) * n * scale


def identity(x):
    return x


def pair(x):
    return x, x


class Model:
    @grad
    def energy(self, x):
        return x


W = {"w": np.ones(2)}
REFUSED = {
    "an integer array": lambda: grad(f)({"w": np.arange(2)}),
    "an integer scalar of NumPy": lambda: grad(identity)(np.int64(2)),
    "a flag": lambda: grad(f)({"w": np.ones(2), "train": True}),
    "a string": lambda: grad(identity)("text"),
    "an object": lambda: Model().energy(1.0),
    "None": lambda: grad(identity)(None),
    "a complex result": lambda: grad(identity)(1j),
    "a real argument": lambda: grad(lambda x: x * 1j, holomorphic=True)(1.0),
    "a complex tangent": lambda: jvp(identity, (1.0,), (1j,)),
    "a masked array": lambda: grad(f)({"w": np.ma.ones(2)}),
    "foreign byte order": lambda: grad(f)({"w": np.ones(2, ">f8")}),
    "an array as result": lambda: grad(identity)(np.ones(2)),
    "a result of one element": lambda: grad(identity)(np.ones(1)),
    "a pair as result": lambda: grad(pair)(1.0),
    "no pair with has_aux": lambda: value_and_grad(identity, has_aux=True)(1.0),
    "an integer as result": lambda: grad(lambda x: 3)(1.0),
    "argnums out of range": lambda: grad(f, argnums=2),
    "argnums twice": lambda: grad(f, argnums=(0, -2)),
    "argnums empty": lambda: grad(f, argnums=()),
    "argnums of a wrong type": lambda: grad(f, argnums="params"),
    "no function": lambda: grad(1.0),
    "a function of NumPy": lambda: grad(np.sin),
    "a partial of a class": lambda: grad(functools.partial(dict, a=1)),
    "a tangent of another shape": lambda: jvp(f, (W,), ({"w": np.ones(3)},)),
    "a tangent of another dtype": lambda: jvp(f, (W,), ({"w": np.ones(2, "f4")},)),
    "a tangent of another structure": lambda: jvp(f, (W,), ([np.ones(2)],)),
    "too few tangents": lambda: jvp(f, (W, 2), (W,)),
    "a cotangent of another shape": lambda: vjp(identity, np.ones(2))[1](np.ones(3)),
    "a cotangent of another structure": lambda: vjp(pair, 1.0)[1](1.0),
    "source without a program": lambda: grad(f).source(),
}


def test_messages(golden):
    lines = []
    for title, call in REFUSED.items():
        try:
            call()
        except GradgenError as error:
            lines += [f"# {title}", f"{type(error).__name__}: {error}", ""]
        else:
            raise AssertionError(f"not refused: {title}")
    golden("errors/api.txt", "\n".join(lines))
