"""The pipeline, and the requests that it serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradgen.codegen.numpy_target import Emitted, emit
from gradgen.compiler.arguments import (
    Typed,
    check_differentiable,
    for_frontend,
    spread,
    typed_parameters,
)
from gradgen.compiler.results import check_floating, check_scalar
from gradgen.frontend.lower import Lowered, lower
from gradgen.frontend.source import find_source
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.primitives.lowering import NeedsStatic
from gradgen.runtime.binding import Target, select
from gradgen.runtime.convert import (
    Mask,
    empty_mask,
    floating_mask,
    full_mask,
    seed_mask,
)
from gradgen.transforms import derive
from gradgen.transforms.derive import Selection

Args = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One transform. ``argnums`` count parameters as the user does; None means all.

    ``kind`` is ``"grad"``, ``"value_and_grad"``, ``"jvp"`` or ``"vjp"``, or, to be
    shown, ``"primal"`` or ``"adjoint"``. ``single`` says that one derivative stands
    alone, not in a tuple.
    """

    kind: str
    argnums: tuple[int, ...] | None = ()
    single: bool = True
    aux: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A function, transforms of it, innermost first, and the arguments of a call.

    ``seeds`` holds the tangents of a jvp.
    """

    target: Target
    steps: tuple[Step, ...]
    args: Args
    seeds: Args = ()

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.target.function.__name__

    def selected(self, step: Step) -> tuple[int, ...]:
        """Return which arguments a step differentiates by."""
        parameters, count = self.target.parameters, len(self.args)
        if step.kind == "jvp":
            moving = [i for i, seed in enumerate(self.seeds) if seed is not None]
            return tuple(parameters.prefix + i for i in moving)
        if step.argnums is None:
            return tuple(
                i for i, arg in enumerate(self.args) if any(floating_mask(arg))
            )
        return select(parameters, step.argnums, count, self.name)

    def masks(self) -> list[Mask]:
        """Return which leaves of each argument are differentiated by some step."""
        masks = [empty_mask(arg) for arg in self.args]
        names = self.target.parameters.names(len(self.args))
        for step in self.steps:
            for i in self.selected(step):
                mask = self._mask(step, i, names[i])
                masks[i] = tuple(a or b for a, b in zip(masks[i], mask, strict=True))
        return masks

    def _mask(self, step: Step, i: int, name: str) -> Mask:
        if step.kind == "jvp":
            seed = self.seeds[i - self.target.parameters.prefix]
            return seed_mask(self.args[i], seed, name)
        return (floating_mask if step.argnums is None else full_mask)(self.args[i])


@dataclass(frozen=True, slots=True)
class Compiled:
    """The source of generated functions, and what the frontend found out."""

    emitted: tuple[Emitted, ...]
    lowered: Lowered
    promoted: tuple[int, ...]


def compile_program(request: Request, promoted: tuple[int, ...] = ()) -> Compiled:
    """Return the code for a request.

    ``promoted`` numbers the integers among the arguments that are to be folded; more
    of them may turn out to be needed.
    """
    functions, lowered, promoted = intermediate(request, promoted)
    emitted = tuple(emit(bufferize(function)) for function in functions)
    return Compiled(emitted, lowered, promoted)


def intermediate(
    request: Request, promoted: tuple[int, ...] = ()
) -> tuple[list[Function], Lowered, tuple[int, ...]]:
    """Return the optimised IR for a request, before anything happens in place."""
    masks = request.masks()
    names = request.target.parameters.names(len(request.args))
    for name, arg, mask in zip(names, request.args, masks, strict=True):
        if any(mask):
            check_differentiable(name, arg, mask)
    lowered, typed, promoted = _lower(request, masks, promoted)
    function = optimise(lowered.function)
    for step in request.steps:
        function = optimise(_transform(request, step, function, typed))
    functions = [function]
    if request.steps and request.steps[-1].kind == "vjp":
        functions = list(derive.split(functions[0]))
    return functions, lowered, promoted


def _lower(
    request: Request, masks: Sequence[Mask], promoted: tuple[int, ...]
) -> tuple[Lowered, Typed, tuple[int, ...]]:
    """Lower the function, anew whenever an integer turns out to shape the program."""
    source = find_source(request.target.function)
    parameters = request.target.parameters
    while True:
        builder = Builder()
        typed = typed_parameters(
            parameters, request.args, masks, promoted, builder.dims
        )
        try:
            lowered = lower(source, for_frontend(parameters, typed.params), builder)
        except NeedsStatic as need:
            promoted = tuple(sorted({*promoted, typed.integers[need.value]}))
            continue
        function = spread(lowered.function, parameters, typed.params)
        return replace(lowered, function=function), typed, promoted


def _transform(
    request: Request, step: Step, function: Function, typed: Typed
) -> Function:
    """Apply one transform."""
    selection = Selection(request.selected(step), step.single)
    if step.kind in ("grad", "value_and_grad"):
        check_scalar(function, step.aux)
        value = step.kind == "value_and_grad"
        return derive.gradient(function, selection, value=value, aux=step.aux)
    if step.kind == "jvp":
        held = set(function.inputs) - typed.selected
        return derive.jvp(function, selection.params, held)
    if step.kind in ("vjp", "adjoint"):
        check_floating(function)
        return derive.adjoint(function, selection)
    return function
