"""Programs with branches and loops, written with a builder, and how to check them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradgen.ir.abstract import type_of
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Literal, Param, Value
from gradgen.ir.regions import make_for, make_if, make_while
from gradgen.ir.tree import Tree, leaf, tree_of
from gradgen.ir.types import PY_INT, Scalar, Type, is_floating
from gradgen.passes.pipeline import optimise
from gradgen.primitives.registry import Handle, lift
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, jvp


class Writer:
    """Writes a function op by op."""

    def __init__(self, args: Sequence[Any], names: str) -> None:
        self.builder = Builder()
        self.inputs = [
            Value(type_of(arg, self.builder.dims, name), name)
            for arg, name in zip(args, names.split(), strict=True)
        ]
        self.builder.enter(self.inputs)

    def handle(self, atom: Atom) -> Handle:
        return Handle(self.builder, atom)

    def atoms(self, xs: Sequence[Any]) -> list[Atom]:
        return [x if isinstance(x, Literal) else lift(self.builder, x).atom for x in xs]

    def region(self, build: Callable[..., Any], params: Sequence[Value]) -> Block:
        with self.builder.region() as ops:
            found = build(*map(self.handle, params))
            found = found if isinstance(found, tuple) else (found,)
            results = self.atoms(found)
        return Block(tuple(params), tuple(ops), tuple(results))

    def append(self, op: Any) -> list[Handle]:
        self.builder.append(op)
        return [self.handle(y) for y in op.results]

    def branch(self, cond: Any, then: Any, otherwise: Any) -> list[Handle]:
        """Append an ``if``; the branches are functions without parameters."""
        blocks = [self.region(then, ()), self.region(otherwise, ())]
        return self.append(make_if(self.atoms([cond])[0], *blocks))

    def slots(self, initial: Sequence[Any], names: str) -> tuple[Any, list[Value]]:
        atoms = self.atoms(initial)
        given = names.split() or [""] * len(atoms)
        return atoms, [
            Value(unknown(x.type), n) for x, n in zip(atoms, given, strict=True)
        ]

    def loop(
        self,
        bounds: Sequence[Any],
        initial: Sequence[Any],
        build: Any,
        names: str = "",
        **attrs: Any,
    ) -> list[Handle]:
        """Append a ``for``; ``build(i, *slots)`` returns what an iteration yields."""
        atoms, slots = self.slots(initial, names)
        body = self.region(build, [Value(PY_INT, "i"), *slots])
        lo, hi, step = self.atoms(bounds)
        length = self.builder.dims.fresh("k")
        return self.append(make_for((lo, hi, step), atoms, [], body, length, **attrs))

    def repeat(
        self,
        test: Any,
        initial: Sequence[Any],
        build: Any,
        names: str = "",
        **attrs: Any,
    ) -> list[Handle]:
        """Append a ``while``."""
        atoms, slots = self.slots(initial, names)
        tests = self.region(test, [Value(x.type, x.hint) for x in slots])
        body = self.region(build, [Value(PY_INT, "i"), *slots])
        length = self.builder.dims.fresh("k")
        return self.append(make_while(tests, atoms, [], body, length, **attrs))

    def function(self, *results: Any) -> Function:
        """Return what was written, with one parameter a value."""
        atoms = self.atoms(results)
        params = tuple(Param(x.hint, leaf(x)) for x in self.inputs)
        tree = Tree("tuple", tuple(leaf(x) for x in atoms))
        block = self.builder.block(tuple(self.inputs), atoms)
        function = Function("program", params, block, tree)
        check_ir(function)
        return function


def unknown(type_: Type) -> Type:
    """Return a type without what is known of one value."""
    return Scalar(type_.dtype, type_.weak) if isinstance(type_, Scalar) else type_


def floats(value: Any) -> list[Any]:
    """Return the floating leaves of a result."""
    return [x for x in tree_of(value).leaves() if np.asarray(x).dtype.kind == "f"]


def seeds_for(tree: Tree, rng: np.random.Generator) -> Any:
    """Return random numbers, and None for what is not floating."""

    def draw(x: Any) -> Any:
        if np.asarray(x).dtype.kind != "f":
            return None
        return rng.standard_normal(np.shape(x)) if np.ndim(x) else float(rng.normal())

    return tree.map(draw).build()


def moved(arg: Any, dot: Any, step: float) -> Any:
    """Return ``arg + step * dot``."""
    tree = tree_of(arg)
    supply = iter(floats(dot))

    def move(x: Any) -> Any:
        if np.asarray(x).dtype.kind != "f":
            return x
        y = x + step * next(supply)
        return float(y) if type(x) is float else y

    return tree.map(move).build()


def inner(left: Any, right: Any) -> float:
    """Return the inner product of two results."""
    pairs = zip(floats(left), floats(right), strict=True)
    return float(sum(np.vdot(x, y) for x, y in pairs))


def check_derivatives(
    function: Function, args: Sequence[Any], order: int = 2, lean: bool = False
) -> None:
    """Compare tangents with differences and adjoints with tangents, to ``order``.

    A tangent and an adjoint are functions in turn, which are checked as such. ``lean``
    runs the passes before and after each transform.
    """
    improve = optimised if lean else verified
    function = improve(function)
    rng = np.random.default_rng(order)
    moving = [
        k
        for k, param in enumerate(function.params)
        if any(is_floating(x.type) for x in param.tree.leaves())
    ]
    dots = [seeds_for(tree_of(args[k]), rng) for k in moving]
    pushed = improve(jvp(function, moving))
    value, tangent = interpret(pushed, [*args, *dots])
    step = 1e-5
    ahead, behind = list(args), list(args)
    for k, dot in zip(moving, dots, strict=True):
        ahead[k], behind[k] = moved(args[k], dot, step), moved(args[k], dot, -step)
    results = [floats(interpret(function, x)) for x in (ahead, behind)]
    for found, x, y in zip(floats(tangent), *results, strict=True):
        np.testing.assert_allclose(found, (x - y) / (2 * step), rtol=2e-6, atol=1e-7)
    pulled = improve(adjoint(function, Selection(tuple(moving), single=False)))
    bars = seeds_for(tree_of(value), rng)
    again, found = interpret(pulled, [*args, bars])
    for x, y in zip(floats(again), floats(value), strict=True):
        np.testing.assert_array_equal(x, y)
    np.testing.assert_allclose(inner(found, dots), inner(bars, tangent), rtol=1e-9)
    if order > 1:
        check_derivatives(pulled, [*args, bars], order - 1, lean)
        check_derivatives(pushed, [*args, *dots], order - 1, lean)


def verified(function: Function) -> Function:
    """Return a function that is valid."""
    check_ir(function)
    return function


def optimised(function: Function) -> Function:
    """Return a function after the passes, each of which is checked."""
    check_ir(function)
    return optimise(function, lambda name, f: check_ir(f))
