"""From generated source to a program that can be called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradgen.compiler.request import Request, Step
from gradgen.ir.tree import tree_of
from gradgen.runtime.convert import (
    Mask,
    empty_mask,
    enter,
    enters_as_is,
    is_zero_dimensional,
    leave,
)
from gradgen.runtime.dispatch import Program, key_of
from gradgen.runtime.load import load
from gradgen.runtime.matching import Likeness
from gradgen.runtime.overlap import check_overlap
from gradgen.runtime.parts import Parts
from gradgen.runtime.places import (
    compile_check,
    compile_fetch,
)
from gradgen.runtime.seeds import fit_tangent

Args = tuple[Any, ...]


def build(request: Request, parts: Parts) -> Program:
    """Return the program made of ``parts`` for calls of the types of ``request``."""
    names = request.target.parameters.names(len(request.args))
    readers = request.target.parameters.readers(len(request.args))
    fetch = compile_fetch(parts.places, readers)
    outside = () if fetch is None else fetch(request.args)
    masks = request.masks()
    named = {**parts.classes, **parts.outside}
    return Program(
        functions=tuple(load(listing, named) for listing in parts.listings),
        listings=parts.listings,
        promoted=parts.promoted,
        prepare=_checked(
            _prepare(request, masks, outside, names), request, parts.written, names
        ),
        finish=_finish(request),
        check=compile_check(parts.pins, readers),
        fetch=fetch,
        fetched=key_of(outside),
        likeness=None if request.seeds else Likeness(parts.pins, readers),
    )


def _prepare(
    request: Request, masks: Sequence[Mask], outside: Args, names: Sequence[str]
) -> Callable[[Args, Args], Args] | None:
    """Return what converts the arguments of a call; None where nothing has to be."""
    pairs = list(zip(request.args, masks, strict=True))
    changed = [i for i, (arg, mask) in enumerate(pairs) if not enters_as_is(arg, mask)]
    fetched = [i for i, x in enumerate(outside) if not enters_as_is(x, empty_mask(x))]
    if request.seeds:
        return _prepare_seeded(request, masks, changed, fetched, names)
    if not changed and not fetched:
        return None

    def prepare(args: Args, outside: Args) -> Args:
        return _entered(args, changed, masks) + _without_0d(outside, fetched)

    return prepare


def _checked(
    prepare: Callable[[Args, Args], Args] | None,
    request: Request,
    written: Sequence[tuple[int, int]],
    names: Sequence[str],
) -> Callable[[Args, Args], Args] | None:
    """Return ``prepare``, which also refuses what overlaps a written argument."""
    if not written:
        return prepare
    count = len(request.args)

    def checked(args: Args, outside: Args) -> Args:
        check_overlap(args[:count], outside, written, names)
        return args + outside if prepare is None else prepare(args, outside)

    return checked


def _prepare_seeded(
    request: Request,
    masks: Sequence[Mask],
    changed: Sequence[int],
    fetched: Sequence[int],
    names: Sequence[str],
) -> Callable[[Args, Args], Args]:
    """Return what converts arguments and puts the tangents of the moving ones last."""
    prefix = request.target.parameters.prefix
    moving = request.selected(request.steps[-1])

    def prepare(args: Args, outside: Args) -> Args:
        *primals, seeds = args
        dots = tuple(
            fit_tangent(seeds[i - prefix], primals[i], names[i]) for i in moving
        )
        entered = _entered(tuple(primals), changed, masks)
        return entered + _without_0d(outside, fetched) + dots

    return prepare


def _entered(args: Args, changed: Sequence[int], masks: Sequence[Mask]) -> Args:
    if not changed:
        return args
    entered = list(args)
    for i in changed:
        entered[i] = enter(args[i], masks[i])
    return tuple(entered)


def _without_0d(outside: Args, changed: Sequence[int]) -> Args:
    if not changed:
        return outside
    return tuple(enter(x, empty_mask(x)) for x in outside)


def _finish(request: Request) -> Callable[[Any, Args], Any] | None:
    """Return what puts 0-d arrays into a gradient where the argument has them."""
    step = request.steps[-1] if request.steps else Step("primal")
    if step.kind not in ("grad", "value_and_grad", "elementwise_grad"):
        return None
    selected = request.selected(step)
    if not any(_has_0d(request.args[i]) for i in selected):
        return None
    slot = 1 if step.kind == "value_and_grad" else 0
    paired = step.kind == "value_and_grad" or step.aux

    def finish(result: Any, args: Args) -> Any:
        bars = result[slot] if paired else result
        bars = shaped_like(bars, [args[i] for i in selected], step.single)
        if not paired:
            return bars
        return (result[0], bars) if slot else (bars, result[1])

    return finish


def _has_0d(arg: Any) -> bool:
    return any(map(is_zero_dimensional, tree_of(arg).leaves()))


def shaped_like(bars: Any, args: Sequence[Any], single: bool) -> Any:
    """Return derivatives with 0-d arrays where the arguments have them."""
    if single:
        return leave(bars, args[0])
    return tuple(leave(bar, arg) for bar, arg in zip(bars, args, strict=True))
