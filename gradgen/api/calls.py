"""``jvp`` and ``vjp``: transforms of a function at given arguments."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Sequence
from typing import Any

from gradgen.api.derivative import unfold
from gradgen.api.functions import Argnums, check_argnums
from gradgen.compiler import TRANSFORMS, Request, Step, obtain, shaped_like
from gradgen.errors import ArgumentError
from gradgen.ir.tree import Tree, tree_of
from gradgen.runtime.binding import Target, bare_target
from gradgen.runtime.dispatch import Dispatcher, Program, guarded_call
from gradgen.runtime.keys import Key
from gradgen.runtime.seeds import fit_cotangent, fit_tangent

Args = tuple[Any, ...]
MAX_FUNCTIONS = 256
"""For how many functions the programs of ``jvp`` and ``vjp`` are kept."""


def jvp(
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    has_aux: bool = False,
    strict: bool = False,
) -> Any:
    """Return the value of ``f`` and its derivative along a direction.

    Parameters
    ----------
    f : Callable
        A function of NumPy arrays and Python numbers, in any nesting of containers.
    primals : sequence
        The arguments of ``f``.
    tangents : sequence
        For each argument the direction in which it moves, with its structure, shape
        and dtype. None, for an argument or a part of one, holds it fixed.
    has_aux : bool
        Whether ``f`` returns a pair of which only the first is differentiated.
    strict : bool
        As of :func:`gradgen.grad`, for what moves, whatever its direction. It takes a
        reverse sweep as well.

    Returns
    -------
    tuple
        ``(value, tangent)``, of the same structure; the tangent is None where the
        value is an integer. With ``has_aux``, ``(value, tangent, aux)``.

    Examples
    --------
    >>> jvp(lambda x, n: n * x**2, (3.0, 2.0), (1.0, None))
    (18.0, 12.0)
    """
    step = Step("jvp", aux=has_aux, strict=strict)
    value, tangent = directional(step, f, primals, tangents)
    return (value[0], tangent, value[1]) if has_aux else (value, tangent)


def directional(
    step: Step,
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    inner: tuple[Step, ...] = (),
) -> Any:
    """Return what a step along given directions computes, after ``inner`` steps."""
    kind, what = step.kind, "vector" if step.kind == "hvp" else "tangent"
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise ArgumentError(f"{kind} takes a tuple of arguments and a tuple of {what}s")
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"{kind} needs a {what}, or None, for each argument; it got "
            f"{len(tangents)} for {len(primals)}"
        )
    target, steps = unfold(f)
    args = (*target.arguments(tuple(primals), {}), tuple(tangents))
    return _dispatcher(target, (*steps, *inner, step)).find(args)(args)


class Pullback:
    """The linear map from cotangents of a result to those of arguments.

    It may be called many times.
    """

    def __init__(
        self, program: Program, value: Any, residuals: Args, args: Args, single: bool
    ) -> None:
        self._program = program
        self._like = tree_of(value)
        self._residuals = residuals
        self._args = [tree_of(arg) for arg in args]
        self._single = single

    def __call__(self, cotangent: Any) -> Any:
        """Return the cotangents of the arguments, given that of the result."""
        seed = fit_cotangent(cotangent, self._like.build())
        bars = guarded_call(self._program, 1, (self._residuals, seed))
        return shaped_like(bars, [tree.build() for tree in self._args], self._single)


def vjp(
    f: Callable[..., Any],
    *primals: Any,
    argnums: Argnums | None = None,
    has_aux: bool = False,
    strict: bool = False,
) -> Any:
    """Return the value of ``f`` and the function that pulls cotangents back.

    Parameters
    ----------
    f : Callable
        A function of NumPy arrays and Python numbers, in any nesting of containers.
    *primals
        The arguments of ``f``.
    argnums : int or sequence of ints, optional
        Which arguments to differentiate by; without it, every one with floating
        leaves.
    has_aux : bool
        Whether ``f`` returns a pair of which only the first is differentiated.
    strict : bool
        As of :func:`gradgen.grad`; it is the pullback that raises.

    Returns
    -------
    tuple
        ``(value, pullback)``. The pullback takes a cotangent of the structure, shape
        and dtype of the value, and returns a tuple with the cotangent of each
        argument; if ``argnums`` is an int, that of the argument alone. With
        ``has_aux``, ``(value, pullback, aux)``.

    Examples
    --------
    >>> value, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> value, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    numbers, single = (None, False) if argnums is None else check_argnums(argnums)
    target, steps = unfold(f)
    step = Step("vjp", numbers, single, has_aux, strict=strict)
    args = target.arguments(primals, {})
    program = _dispatcher(target, (*steps, step)).find(args)
    value, residuals = guarded_call(program, 0, program.inputs(args))
    chosen = Request(target, (), args).selected(step)
    selected = tuple(args[i] for i in chosen)
    like = value[0] if has_aux else value
    pullback = Pullback(program, like, residuals, selected, single)
    return (value[0], pullback, value[1]) if has_aux else (value, pullback)


def cotangents_at(f: Callable[..., Any], *like: Any) -> Callable[..., Args]:
    """Return a function of a cotangent and arguments that are all of the types of some.

    It returns what the pullback of ``vjp(f, *args)`` returns, with scalars for 0-d
    arrays. The program is looked up once: what it relies on must not change meanwhile.

    Examples
    --------
    >>> cotangents_at(lambda x, y: x * y, 0.0, 0.0)(1.0, 2.0, 3.0)
    (3.0, 2.0)
    """
    target, steps = unfold(f)
    args = target.arguments(like, {})
    program = _dispatcher(target, (*steps, Step("vjp", None, False))).find(args)

    def cotangents(bar: Any, *args: Any) -> Args:
        given = program.inputs(target.arguments(args, {}))
        value, residuals = guarded_call(program, 0, given)
        bars: Args = guarded_call(program, 1, (residuals, fit_cotangent(bar, value)))
        return bars

    return cotangents


def _dispatcher(target: Target, steps: tuple[Step, ...]) -> Dispatcher:
    return _kept_dispatcher(target.function, target.parameters.prefix, steps)


@functools.lru_cache(MAX_FUNCTIONS)
def _kept_dispatcher(
    function: types.FunctionType, prefix: int, steps: tuple[Step, ...]
) -> Dispatcher:
    target = bare_target(function, prefix)
    seeded = steps[-1].seeded

    def compile_for(
        args: Args, key: Key, promoted: tuple[int, ...]
    ) -> tuple[Program, bool]:
        primals, seeds = (args[:-1], args[-1]) if seeded else (args, ())
        return obtain(Request(target, steps, primals, seeds), key, promoted)

    return Dispatcher(compile_for)


TRANSFORMS[jvp] = ("jvp", None)


class Pushforward:
    """The linear map from tangents of arguments to that of a result.

    It may be called many times.
    """

    def __init__(
        self, program: Program, residuals: Args, args: Args, names: Sequence[str]
    ) -> None:
        self._program = program
        self._residuals = residuals
        self._args = [tree_of(arg) for arg in args]
        self._names = tuple(names)

    def __call__(self, *tangents: Any) -> Any:
        """Return the tangent of the result, given those of the arguments."""
        if len(tangents) != len(self._args):
            raise ArgumentError(
                f"this takes {len(self._args)} tangents, not {len(tangents)}"
            )
        triples = zip(tangents, self._args, self._names, strict=True)
        dots = (_tangent(dot, tree, name) for dot, tree, name in triples)
        return guarded_call(self._program, 1, (self._residuals, *dots))


def _tangent(dot: Any, tree: Tree, name: str) -> Any:
    if _has_none(tree_of(dot)) and not _has_none(tree):
        raise ArgumentError(f"the tangent of {name} has a None: use zeros here")
    return fit_tangent(dot, tree.build(), name)


def _has_none(tree: Tree) -> bool:
    return tree.kind == "none" or any(map(_has_none, tree.children))


def linearize(
    f: Callable[..., Any],
    *primals: Any,
    argnums: Argnums | None = None,
    has_aux: bool = False,
) -> Any:
    """Return the value of ``f`` and the function that pushes tangents forward.

    Where the tangents along many directions are wanted at the same place, one after the
    other, what does not depend on the direction is computed once. What loops compute is
    computed again.

    Parameters
    ----------
    f : Callable
        A function of NumPy arrays and Python numbers, in any nesting of containers.
    *primals
        The arguments of ``f``.
    argnums : int or sequence of ints, optional
        Which arguments move; without it, every one with floating leaves.
    has_aux : bool
        Whether ``f`` returns a pair of which only the first is differentiated.

    Returns
    -------
    tuple
        ``(value, pushforward)``. The pushforward takes a tangent for each argument that
        moves, with its structure, shape and dtype, and returns that of the value. With
        ``has_aux``, ``(value, pushforward, aux)``.

    Examples
    --------
    >>> value, pushforward = linearize(lambda x, y: x * y, 2.0, 3.0)
    >>> value, pushforward(1.0, 0.0), pushforward(0.0, 1.0)
    (6.0, 3.0, 2.0)
    """
    numbers, single = (None, False) if argnums is None else check_argnums(argnums)
    target, steps = unfold(f)
    args = target.arguments(primals, {})
    step = Step("linearize", numbers, single, has_aux)
    program = _dispatcher(target, (*steps, step)).find(args)
    value, residuals = guarded_call(program, 0, program.inputs(args))
    chosen = Request(target, (), args).selected(step)
    names = target.parameters.names(len(args))
    moving = tuple(args[i] for i in chosen)
    pushforward = Pushforward(program, residuals, moving, [names[i] for i in chosen])
    return (value[0], pushforward, value[1]) if has_aux else (value, pushforward)


TRANSFORMS[linearize] = ("linearize", None)
TRANSFORMS[vjp] = ("vjp", None)
