"""Runs a program plainly, compiled, and as IR, and compares its derivatives.

A program's result is made a number by fixed weights, one for each floating leaf.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradgen.compiler.pipeline import _lower
from gradgen.compiler.request import Request
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Param, Value
from gradgen.ir.tree import Tree, leaf, tree_of
from gradgen.ir.types import Array, Seq, Type, is_floating
from gradgen.ir.verify import Verifier
from gradgen.passes.pipeline import optimise
from gradgen.primitives.lists import stack
from gradgen.primitives.registry import Handle, apply, lift
from gradgen.runtime.binding import take_apart
from gradgen.testing.check import check_ir, checked_infer
from gradgen.testing.interp import converted
from gradgen.transforms.adjoint import forward_sweep
from gradgen.transforms.derive import Selection, gradient, jvp
from tests.frontend.harness import outside
from tests.programs.corpus import Program

SIZES = ((2, 3), (3, 2), (5, 3), (1, 2), (2, 1), (1, 1))


def is_float(x: Any) -> bool:
    """Tell whether a leaf has a derivative."""
    return isinstance(x, float | np.floating) or (
        isinstance(x, np.ndarray) and x.dtype.kind == "f"
    )


def float_leaves(value: Any) -> list[Any]:
    """Return the leaves of containers that have a derivative."""
    return [x for x in tree_of(value).leaves() if is_float(x)]


def random_like(value: Any, seed: int) -> Any:
    """Return random numbers in the structure of ``value``, None for what is fixed."""
    rng = np.random.default_rng(seed)

    def draw(x: Any) -> Any:
        if not is_float(x):
            return None
        drawn = rng.uniform(-1, 1, np.shape(x))
        return drawn.astype(x.dtype) if isinstance(x, np.ndarray) else type(x)(drawn)

    return tree_of(value).map(draw).build()


def moved(value: Any, dots: Any, step: float) -> Any:
    """Return ``value + step * dots``, of the same types."""
    supply = iter(float_leaves(dots))

    def move(x: Any) -> Any:
        if not is_float(x):
            return x
        y = x + step * next(supply)
        return y.astype(x.dtype) if isinstance(x, np.ndarray) else type(x)(y)

    return tree_of(value).map(move).build()


def inner(xs: Any, ys: Any) -> float:
    """Return the inner product of two structures."""
    pairs = zip(float_leaves(xs), float_leaves(ys), strict=True)
    return float(sum(np.vdot(x, y) for x, y in pairs))


def fits(program: Program, n: int, m: int) -> bool:
    """Tell whether a program takes arguments of these sizes."""
    return min(n, m) >= program.least


@dataclass(frozen=True)
class Case:
    """A program with arguments, of which those in ``moving`` are differentiated."""

    program: Program
    args: tuple[Any, ...]

    @property
    def moving(self) -> tuple[int, ...]:
        """Return which arguments have floating leaves."""
        return tuple(i for i, x in enumerate(self.args) if float_leaves(x))

    @property
    def dots(self) -> tuple[Any, ...]:
        """Return a random direction for each moving argument."""
        return tuple(random_like(self.args[i], 100 + i) for i in self.moving)

    def plain(self, step: float = 0.0) -> Any:
        """Return what Python returns, ``step`` along the direction."""
        args = list(copy.deepcopy(self.args))
        for i, dot in zip(self.moving, self.dots, strict=True):
            args[i] = moved(args[i], dot, step)
        return self.program.function(*args)

    def at(self, step: float) -> Case:
        """Return the case with its arguments moved along the direction."""
        args = list(copy.deepcopy(self.args))
        for i, dot in zip(self.moving, self.dots, strict=True):
            args[i] = moved(args[i], dot, step)
        return Case(self.program, tuple(args))

    def weights(self) -> Any:
        """Return fixed weights in the structure of the result."""
        return random_like(self.plain(), 7)


def cases(program: Program, sizes: Sequence[tuple[int, int]] = SIZES) -> Iterator[Case]:
    """Yield the program with arguments for each of the sizes that it takes."""
    for n, m in sizes:
        if fits(program, n, m):
            yield Case(program, program.args(n, m))


def assert_close(found: Any, wanted: Any, tolerance: float) -> None:
    """Compare structures of numbers and arrays relative to the largest entry."""
    pairs = list(zip(float_leaves(found), float_leaves(wanted), strict=True))
    scale = max([1.0, *(float(np.max(np.abs(y), initial=0.0)) for _, y in pairs)])
    for x, y in pairs:
        assert np.shape(x) == np.shape(y)
        np.testing.assert_allclose(x, y, rtol=0, atol=tolerance * scale)


def differences(
    value_at: Callable[[float], Any], single: bool
) -> tuple[list[Any], float]:
    """Return the slope of ``value_at`` at 0, and how far it may be off.

    Central differences with two steps are extrapolated (Richardson); what they differ
    by, and what rounding does, is the tolerance.
    """
    step = 1e-2 if single else 1e-3
    wide, narrow = _central(value_at, step), _central(value_at, step / 2)
    slopes = [(4.0 * b - a) / 3.0 for a, b in zip(wide, narrow, strict=True)]
    gaps = [np.max(np.abs(a - b), initial=0.0) for a, b in zip(wide, narrow)]
    scale = max([1.0, *(np.max(np.abs(x), initial=0.0) for x in slopes)])
    gap = max([0.0, *gaps]) / scale
    assert gap < 1e-3, "differences with two steps do not agree: a kink is near"
    return slopes, gap + (3e-4 if single else 1e-9)


def _central(value_at: Callable[[float], Any], step: float) -> list[Any]:
    ahead, behind = float_leaves(value_at(step)), float_leaves(value_at(-step))
    return [
        (np.asarray(a, float) - np.asarray(b, float)) / (2.0 * step)
        for a, b in zip(ahead, behind, strict=True)
    ]


def lean(function: Function) -> Function:
    """Return the function after all passes, each of which is verified."""

    def checked(name: str, found: Function) -> None:
        Verifier(found, checked_infer, function.helpers).run()

    found = optimise(function, checked)
    check_ir(found)
    return found


def verified_once(function: Function) -> Function:
    """Return the function after all passes, the last of which is verified."""
    found = optimise(function)
    check_ir(found)
    return found


def as_it_is(function: Function) -> Function:
    """Return the function without any pass."""
    return function


def lowered(case: Case) -> tuple[Function, tuple[Any, ...]]:
    """Return the IR of a program, and the values of what it captures."""
    request = Request(take_apart(case.program.function), (), case.args)
    found, _, _ = _lower(request, request.masks(), (), 4)
    check_ir(found.function)
    names = request.target.parameters.names(len(case.args))
    bound = dict(zip(names, case.args, strict=True))
    captured = tuple(outside(capture.root, bound) for capture in found.captures)
    return found.function, captured


def contracted(function: Function, result: Tree, name: str) -> Function:
    """Return the inner product of ``result`` with weights, a further parameter."""
    leaves = [x for x in result.leaves() if is_floating(x.type)]
    given = [Value(x.type, name) for x in leaves]
    builder = forward_sweep(function)
    total = lift(builder, 0.0)
    for x, weight in zip(leaves, given, strict=True):
        pair = [_stacked(Handle(builder, value)) for value in (x, weight)]
        total = total + _summed(builder, pair[0] * pair[1])
    weights = Param(name, Tree("tuple", tuple(map(leaf, given))), "seed")
    params = (*function.params, weights)
    inputs = tuple(x for p in params for x in p.tree.leaves())
    body = builder.block(inputs, [total.atom])
    result = leaf(total.atom)
    return Function(function.name, params, body, result, helpers=builder.helpers)


def last_seeds(function: Function, values: Any) -> tuple[Any, ...]:
    """Return floating leaves as what the last parameter of ``function`` takes."""
    types = [x.type for x in function.params[-1].tree.leaves()]
    pairs = zip(_grouped(float_leaves(values), types), types, strict=True)
    return tuple(converted(x, type_) for x, type_ in pairs)


def _grouped(leaves: list[Any], types: Sequence[Type]) -> Iterator[Any]:
    """Yield what is given for each type: for a list, of which there is one, all."""
    rest = iter(leaves)
    for type_ in types:
        if isinstance(type_, Seq):
            yield list(itertools.islice(rest, len(leaves) - len(types) + 1))
        else:
            yield next(rest)


def _stacked(x: Handle) -> Handle:
    return stack(x) if isinstance(x.atom.type, Seq) else x


def _summed(builder: Builder, x: Handle) -> Handle:
    if not isinstance(x.type, Array):
        return x
    return apply("sum", x, axis=tuple(range(x.rank)), keepdims=False)


def reverse(function: Function, moving: Sequence[int]) -> Function:
    """Return the function that computes value and gradient, verified."""
    selection = Selection(tuple(moving), single=False)
    found = gradient(function, selection, value=True, aux=False)
    check_ir(found)
    return found


def forward(function: Function, moving: Sequence[int]) -> Function:
    """Return the function that computes value and tangent, verified."""
    found = jvp(function, moving)
    check_ir(found)
    return found
