"""The pipeline: source, IR, transforms, passes, generated source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradgen.codegen.numpy_target import emit
from gradgen.compiler.arguments import (
    Typed,
    all_leaves,
    check_differentiable,
    for_frontend,
    spread,
    typed_parameters,
)
from gradgen.compiler.entering import enter_transforms
from gradgen.compiler.request import Request, Step
from gradgen.compiler.results import (
    check_array,
    check_floating,
    check_inputs,
    check_pair,
    check_scalar,
)
from gradgen.compiler.warning import warn_of_copies
from gradgen.deferred import Deferred
from gradgen.errors import SignatureError
from gradgen.frontend.lower import Lowered, lower
from gradgen.frontend.source import find_source
from gradgen.frontend.values import Root
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Value
from gradgen.ir.flow import reachable
from gradgen.ir.rules import NeedsRules
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.primitives.lowering import NeedsStatic
from gradgen.runtime.convert import Mask
from gradgen.runtime.load import Listing
from gradgen.runtime.parts import Parts
from gradgen.runtime.places import Pin, Place
from gradgen.structs import replace
from gradgen.transforms import derive
from gradgen.transforms.derive import Selection

if TYPE_CHECKING:
    from gradgen.compiler import vectorised
    from gradgen.ir import printer
else:
    vectorised = Deferred("gradgen.compiler.vectorised")
    printer = Deferred("gradgen.ir.printer")

MAX_ORDER = 30
"""How often rules are differentiated at most."""


def compile_parts(request: Request, promoted: tuple[int, ...] = ()) -> Parts:
    """Return the program for a request, not loaded yet.

    ``promoted`` numbers the integers among the arguments that are to be folded; more
    of them may turn out to be needed.
    """
    placed, lowered, promoted = placed_functions(request, promoted)
    written = written_leaves(lowered, len(request.args))
    emitted = [emit(function) for function in placed]
    return Parts(
        tuple(Listing(e.name, e.source, e.spans) for e in emitted),
        {name: cls for e in emitted for name, cls in e.classes.items()},
        promoted,
        tuple(place_of(capture.root) for capture in lowered.captures),
        tuple(Pin(place_of(guard.root), guard.value) for guard in lowered.guards),
        written,
        {name: x for e in emitted for name, x in e.outside.items()},
    )


def placed_functions(
    request: Request, promoted: tuple[int, ...] = ()
) -> tuple[list[Function], Lowered, tuple[int, ...]]:
    """Return the IR for a request as it is printed, with writes in place."""
    enter_transforms()
    functions, lowered, promoted = intermediate(request, promoted)
    placed = [bufferize(reachable(function, rules=False)) for function in functions]
    warn_of_copies(placed)
    return placed, lowered, promoted


def written_leaves(lowered: Lowered, count: int) -> tuple[tuple[int, int], ...]:
    """Return which arguments are written to, each with the number of its leaf."""
    params = lowered.function.params[:count]
    return tuple(
        (i, k)
        for i, param in enumerate(params)
        for k, x in enumerate(all_leaves(param.tree))
        if x in lowered.written
    )


def place_of(root: Root) -> Place:
    """Return where a program finds something that stands outside of it."""
    return Place(root.kind, root.owner, root.name, root.attributes)


def show_ir(request: Request) -> str:
    """Return the optimised IR for a request as text."""
    functions, _, _ = intermediate(request)
    return "\n".join(map(printer.print_ir, functions))


def intermediate(
    request: Request, promoted: tuple[int, ...] = (), further: int = 0
) -> tuple[list[Function], Lowered, tuple[int, ...]]:
    """Return the optimised IR for a request, before anything happens in place.

    ``further`` says how often it is still to be differentiated.
    """
    order = len(request.steps) + further
    while True:
        try:
            return _derived(request, promoted, order)
        except NeedsRules:
            order += 1
            if order > MAX_ORDER:
                raise


def _derived(
    request: Request, promoted: tuple[int, ...], order: int
) -> tuple[list[Function], Lowered, tuple[int, ...]]:
    """Lower a function, with rules for derivatives of an order, and transform it."""
    masks = request.masks()
    names = request.target.parameters.names(len(request.args))
    for i in sorted({i for step in request.steps for i in request.selected(step)}):
        check_differentiable(names[i], request.args[i], masks[i])
    lowered, typed, promoted = _lower(request, masks, promoted, order)
    function = optimise(lowered.function)
    for k, step in enumerate(request.steps):
        function = optimise(_transform(request, k, step, function, typed))
    functions = [function]
    if request.steps and request.steps[-1].kind == "vjp":
        functions = list(derive.split(functions[0]))
    if request.steps and request.steps[-1].kind == "linearize":
        count = len(request.selected(request.steps[-1]))
        forward, pushforward = derive.linearised(functions[0], count)
        functions = [optimise(forward), pushforward]
    return functions, lowered, promoted


def _lower(
    request: Request, masks: Sequence[Mask], promoted: tuple[int, ...], order: int = 0
) -> tuple[Lowered, Typed, tuple[int, ...]]:
    """Lower the function, anew whenever an integer turns out to shape the program."""
    source = find_source(request.target.function)
    parameters = request.target.parameters
    while True:
        builder = Builder()
        builder.order, builder.strict = order, request.strict
        typed = typed_parameters(
            parameters, request.arguments(), masks, promoted, builder.dims
        )
        try:
            params = for_frontend(parameters, typed.params)
            lowered = lower(source, params, builder, frozenset(typed.numbers))
        except NeedsStatic as need:
            if need.value not in typed.integers:
                raise SignatureError(
                    f"{need.value.hint} shapes the program: give its value, not a type"
                ) from None
            promoted = tuple(sorted({*promoted, typed.integers[need.value]}))
            continue
        function = spread(lowered.function, parameters, typed.params)
        return replace(lowered, function=function), typed, promoted


def _held(function: Function, typed: Typed) -> set[Value]:
    """Return the leaves of arguments that no step differentiates by."""
    now, first = (
        [x for param in params for x in param.tree.leaves()]
        for params in (function.params[: len(typed.params)], typed.params)
    )
    pairs = zip(now, first, strict=True)
    return {x for x, before in pairs if before not in typed.selected}


def _transform(
    request: Request, k: int, step: Step, function: Function, typed: Typed
) -> Function:
    """Apply the ``k``-th transform."""
    if step.axes is not None:
        return vectorised.over_examples(request, k, function)
    selection = Selection(request.selected(step), step.single, request.strict)
    if step.kind in ("jacfwd", "jacrev", "jacobian"):
        return vectorised.jacobian(request, k, function, selection)
    if step.kind in ("grad", "value_and_grad"):
        check_scalar(function, step.aux, step.holomorphic)
        if step.holomorphic:
            check_inputs(function, derive.selected_leaves(function, selection))
        value = step.kind == "value_and_grad"
        return derive.gradient(function, selection, value=value, aux=step.aux)
    if step.aux and step.kind in ("jvp", "vjp", "linearize"):
        check_pair(function)
    if step.kind == "elementwise_grad":
        check_array(function)
        return derive.gradient(function, selection, value=False, aux=False)
    if step.seeded:
        held = _held(function, typed)
        if step.strict:
            function = derive.checked(function, selection.params, held)
        if step.kind == "hvp":
            return derive.product(function, selection.params, held)
        return derive.jvp(function, selection.params, held, step.strict, step.aux)
    if step.kind in ("tangent", "linearize"):
        return derive.jvp(function, selection.params, aux=step.aux)
    if step.kind in ("vjp", "adjoint"):
        check_floating(function)
        return derive.adjoint(function, selection, step.aux)
    return function
