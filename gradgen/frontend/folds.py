"""What goes over items one after the other: sums, tests, lists, extrema.

Items that are known are taken one by one. Where only a run knows how many there are,
the same is done once, in the body of a loop.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradgen.errors import Refusal, UnsupportedError
from gradgen.frontend.branches import branch, choose_value, left, unless_left
from gradgen.frontend.comparisons import negate
from gradgen.frontend.containers import as_test, items_of, test_of
from gradgen.frontend.frame import Flow, Frame, always, evaluate, guarded
from gradgen.frontend.loops import region_for
from gradgen.frontend.scope import Scope, comprehension_targets
from gradgen.frontend.targets import bind_target
from gradgen.frontend.values import KINDS, Conflict, Maybe, Static, Stream, Walk
from gradgen.frontend.walks import (
    after_first,
    ask_for_turns,
    is_never_empty,
    length,
    walk_of,
)
from gradgen.primitives.messages import emit_raise
from gradgen.primitives.registry import Handle, apply

HELD = "<iterated>"
"""The name under which a comprehension holds what it iterates over."""
TOTAL = "total"

Visit = Callable[[Frame, Any], Flow | None]
Turn = Callable[[Any], Flow | None]


class Generation(Stream):
    """A generator expression: its items one by one, or all of them by ``run``.

    ``run(visit)`` calls ``visit`` for every item, in a loop if need be, and returns
    whether that was left early.
    """

    __slots__ = ("run",)

    def __init__(
        self,
        source: Iterator[Any],
        holds: tuple[Any, ...],
        run: Callable[[Visit], Any],
    ) -> None:
        super().__init__(source, holds)
        self.run = run


KINDS[Generation] = "an iterator"


def run_over(frame: Frame, value: Any, visit: Visit) -> Any:
    """Call ``visit`` for every item of ``value``; return whether that was left."""
    if isinstance(value, Generation) and not value.taken:
        value.taken += 1
        value.source = _gone()
        return value.run(visit)
    inner = Frame(frame.context, frame.source, Scope(), parent=frame)
    with frame.context.holding(value):
        walk = walk_of(frame, value)
        turn = functools.partial(visit, inner)
        if walk is not None:
            return _walked(inner, walk, turn)
        return _one_by_one(inner, items_of(frame, value), turn)


def _gone() -> Iterator[Any]:
    raise Refusal("this iterator was used before", "list(…) to keep its items")
    yield


def comprehend(
    frame: Frame,
    generators: Sequence[ast.comprehension],
    element: ast.expr,
    first: Any,
    visit: Visit,
) -> Any:
    """Call ``visit`` for every item of a comprehension; tell whether that was left."""
    scope = Scope(comprehension_targets(generators))
    inner = Frame(frame.context, frame.source, scope, parent=frame)

    def item() -> Flow | None:
        return visit(inner, evaluate(inner, element))

    return _each(inner, generators, first, item)


def _each(
    frame: Frame,
    generators: Sequence[ast.comprehension],
    first: Any,
    action: Callable[[], Flow | None],
) -> Any:
    """Run ``action`` with the targets bound, for every item that the tests let pass."""
    generator, *rest = generators
    if generator.is_async:
        raise Refusal("'async for' is not supported", "collect the items beforehand")
    bound = comprehension_targets([generator])

    def turn(item: Any) -> Flow | None:
        bind_target(frame, generator.target, item)
        flow = _where(frame, generator.ifs, inner if rest else action)
        if walk is not None:
            for name in bound:
                frame.names.pop(name, None)
        return flow

    def inner() -> Flow | None:
        found = _each(frame, rest, evaluate(frame, rest[0].iter), action)
        return _leaving(frame, found)

    outer = frame.names.get(HELD)
    frame.names[HELD] = (first, outer)
    walk = guarded(frame, generator.iter, lambda frame, _: walk_of(frame, first))
    if walk is not None:
        return _walked(frame, walk, turn)
    items = guarded(frame, generator.iter, lambda frame, _: items_of(frame, first))
    return _one_by_one(frame, items, turn)


def _where(
    frame: Frame, tests: Sequence[ast.expr], action: Callable[[], Flow | None]
) -> Flow | None:
    if not tests:
        return action()
    cond = test_of(frame, tests[0])
    return _if(frame, cond, lambda: _where(frame, tests[1:], action))


def if_true(frame: Frame, value: Any, action: Callable[[], Flow | None]) -> Flow | None:
    """Run ``action`` where Python takes ``value`` for true."""
    return _if(frame, as_test(frame, value), action)


def _if(frame: Frame, cond: Any, action: Callable[[], Flow | None]) -> Flow | None:
    if not isinstance(cond, Handle):
        return action() if cond else None
    return branch(frame, cond, action, lambda: None)


def _leaving(frame: Frame, cond: Any) -> Flow | None:
    """Return a break where ``cond`` holds."""
    if not isinstance(cond, Handle):
        return Flow("break") if cond.value else None
    return branch(frame, cond, lambda: Flow("break"), lambda: None)


def _walked(frame: Frame, walk: Walk, turn: Turn) -> Any:
    """Interpret ``turn`` once for all items; return whether the loop is left."""

    def run(index: Handle) -> None:
        flow = turn(walk.at(index))
        if flow is not None and flow.kind == "break":
            frame.names["<break>"] = Static(True)

    with frame.context.holding(walk):
        try:
            early = region_for(frame, walk.bounds, run)
        except (UnsupportedError, Refusal):
            ask_for_turns(frame, walk)
            raise
    op = frame.context.maker(early.atom)  # type: ignore[arg-type]
    assert op is not None
    return early if op.attrs["exits"] else Static(False)


def _one_by_one(frame: Frame, items: Iterator[Any], turn: Turn) -> Any:
    """Interpret ``turn`` for item after item; return whether one of them left."""
    _take(frame, items, turn)
    found = left(frame, ("break",))
    frame.names.pop("<break>", None)
    return found


def _take(frame: Frame, items: Iterator[Any], turn: Turn) -> Flow | None:
    for item in items:
        flow = turn(item)
        if flow is None:
            continue
        if flow.kind == "maybe":
            return unless_left(frame, lambda: _take(frame, items, turn))
        frame.names["<break>"] = Static(True)
        return flow
    return None


Step = Callable[[Frame, Any, Any], Any]


def reduce_items(frame: Frame, value: Any, step: Step, start: Any) -> Any:
    """Return what ``step(frame, total, item)`` makes of ``start``, item after item."""
    box = Frame(frame.context, frame.source, Scope(), parent=frame)
    box.names[TOTAL] = start

    def visit(inner: Frame, item: Any) -> None:
        box.names[TOTAL] = step(inner, _total(box), item)

    with frame.context.holding((box, value)):
        run_over(box, value, visit)
    return _total(box)


def _total(box: Frame) -> Any:
    total = box.names[TOTAL]
    if isinstance(total, Conflict):
        raise Refusal(total.reason, total.hint)
    return total


def reduce_from_first(
    frame: Frame, value: Any, step: Step, name: str, default: Any = None
) -> Any:
    """Return what ``step`` makes of all items, beginning with the first.

    Without items that is ``default``, or Python's error if there is none.
    """
    walk = walk_of(frame, value)
    if walk is None:
        return _fold_from_any(frame, value, step, name, default)

    def total() -> Any:
        with frame.context.holding(walk):
            first = walk.at(walk.bounds[0])
            return reduce_items(frame, after_first(frame, walk), step, first)

    if is_never_empty(frame, walk):
        return total()
    filled = apply("greater", length(frame, walk), 0)
    return _if_filled(frame, filled, total, name, default)


def _if_filled(
    frame: Frame, filled: Handle, total: Callable[[], Any], name: str, default: Any
) -> Any:
    """Return ``total()`` if there are items, else the default; raise without one."""
    if default is not None:
        return choose_value(frame, filled, total, lambda: default)

    def missing() -> Flow:
        text = f'raise ValueError("{name}() of an empty sequence")'
        emit_raise(frame.builder, [], text)
        return Flow("raise")

    branch(frame, filled, lambda: None, missing)
    return total()


def _fold_from_any(
    frame: Frame, value: Any, step: Step, name: str, default: Any
) -> Any:
    """Fold over items of which any may turn out to be the first."""
    box = Frame(frame.context, frame.source, Scope(), parent=frame)

    def visit(inner: Frame, item: Any) -> None:
        total = box.names.get(TOTAL)
        if isinstance(total, Maybe) and isinstance(total.flag, Handle):
            held = total.value
            box.names[TOTAL] = choose_value(
                inner, total.flag, lambda: step(inner, held, item), lambda: item
            )
        else:
            known = total.value if isinstance(total, Maybe) else total
            box.names[TOTAL] = item if known is None else step(inner, known, item)

    with frame.context.holding((box, value)):
        run_over(box, value, visit)
    if TOTAL not in box.names:
        if default is None:
            raise always("ValueError", f"{name}() of an empty sequence")
        return default
    total = _total(box)
    if not isinstance(total, Maybe):
        return total
    if not isinstance(total.flag, Handle):
        return total.value
    return _if_filled(box, total.flag, lambda: total.value, name, default)


def found_any(frame: Frame, value: Any, wanted: bool) -> Any:
    """Return whether any item is true, or false where that is ``wanted``."""

    def visit(inner: Frame, item: Any) -> Flow | None:
        cond = as_test(inner, item)
        if isinstance(cond, Handle):
            return _leaving(inner, cond if wanted else negate(inner, cond))
        return Flow("break") if cond is wanted else None

    return run_over(frame, value, visit)
