"""``for`` and ``while``: turn by turn where the turns are known, else as a loop."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal, UnsupportedError
from gradgen.frontend.checkpoints import Checkpointed, in_region
from gradgen.frontend.containers import items_of, test_of
from gradgen.frontend.frame import (
    Flow,
    Frame,
    NeedsStatic,
    Raised,
    evaluate,
    executes,
    guarded,
)
from gradgen.frontend.heap import is_settled, state_of
from gradgen.frontend.running import execute
from gradgen.frontend.targets import bind_target
from gradgen.frontend.values import Nest, Static, Walk
from gradgen.frontend.walks import (
    SHORT,
    ask_for_turns,
    make_range,
    number,
    step_of,
    walk_of,
)
from gradgen.ir.checkpoints import MARKED
from gradgen.primitives.registry import Handle

if TYPE_CHECKING:
    from gradgen.frontend import branches, loops, nests, turns
else:
    branches = Deferred("gradgen.frontend.branches")
    loops = Deferred("gradgen.frontend.loops")
    nests = Deferred("gradgen.frontend.nests")
    turns = Deferred("gradgen.frontend.turns")

MAX_TURNS = 10_000
LEAVING = (ast.Break, ast.Return)
OUTWARD = ("break", "continue")
NEVER = Static(False)


@executes(ast.For)
def _for(frame: Frame, node: ast.For) -> Flow | None:
    iterable = evaluate(frame, node.iter)
    if isinstance(iterable, Checkpointed):
        return _checkpointed(frame, node, iterable)
    with frame.context.holding(iterable):
        if isinstance(iterable, Nest) and nests.is_nested(iterable):
            return _nested(frame, node, iterable)
        walk = guarded(frame, node.iter, lambda frame, _: walk_of(frame, iterable))
        if walk is not None:
            return _walked(frame, node, walk)
        if isinstance(iterable, Static) and isinstance(iterable.value, range):
            return _long_or_short(frame, node, iterable.value)
        return _turn_by_turn(frame, node, iterable)


def _nested(frame: Frame, node: ast.For, nest: Nest) -> Flow | None:
    def run(frame: Frame, _: ast.AST) -> Flow | None:
        return nests.repeat(frame, node, nest)

    return guarded(frame, node.iter, run)  # type: ignore[no-any-return]


def _long_or_short(frame: Frame, node: ast.For, turns: range) -> Flow | None:
    """Interpret a loop over a known range, which is unrolled where it is short."""
    if len(turns) <= SHORT:
        return _turn_by_turn(frame, node, Static(turns))
    bounds = [number(frame, x) for x in (turns.start, turns.stop, turns.step)]
    before = state_of(frame)
    try:
        return _walked(frame, node, make_range(frame, bounds))
    except (UnsupportedError, NeedsStatic):
        before.put_back()
        return _turn_by_turn(frame, node, Static(turns))


def _walked(frame: Frame, node: ast.For, walk: Walk) -> Flow | None:
    """Interpret the body once for all turns."""

    def turn(index: Handle) -> None:
        bind_target(frame, node.target, walk.at(index))
        _run_turn(frame, node.body)

    before = state_of(frame)
    with frame.context.holding(walk):
        try:
            early = loops.region_for(frame, walk.bounds, turn)
        except (UnsupportedError, Refusal) as error:
            before.put_back()
            return _walked_otherwise(frame, node, walk, error)
    return _after(frame, node.orelse, early)


def _checkpointed(frame: Frame, node: ast.For, loop: Checkpointed) -> Flow | None:
    """Interpret a loop of which derivatives store a few turns only."""

    def turn(index: Handle) -> None:
        bind_target(frame, node.target, loop.walk.at(index))
        _run_turn(frame, node.body)

    def run() -> None:
        with frame.context.holding(loop.walk):
            loops.region_for(frame, loop.walk.bounds, turn)
        op = frame.builder.ops[-1]
        op.attrs = {**op.attrs, MARKED: True}
        if op.attrs["exits"]:
            raise _no_way_out(frame, node)

    in_region(frame, loop.kind, run, loop.size)
    return execute(frame, node.orelse)


def _no_way_out(frame: Frame, node: ast.For) -> UnsupportedError:
    """Return the refusal of what leaves a checkpointed loop."""
    leaving = (
        n for stmt in node.body for n in ast.walk(stmt) if isinstance(n, LEAVING)
    )
    return frame.refuse(
        next(leaving, node),
        "a checkpointed loop cannot be left early",
        "'if' over the rest of the body, so that the last turns change nothing",
    )


def _walked_otherwise(
    frame: Frame, node: ast.For, walk: Walk, error: Exception
) -> Flow | None:
    """Interpret the first turn by itself, or every turn if their number is at hand.

    In ``prev = None`` before the loop and ``prev = x`` in it, ``prev`` is of one kind
    only after the first turn.
    """
    before = state_of(frame)
    try:
        return _first_and_rest(frame, node, walk)
    except (UnsupportedError, Refusal):
        before.put_back()
        ask_for_turns(frame, walk)
        raise error from None


def _first_and_rest(frame: Frame, node: ast.For, walk: Walk) -> Flow | None:
    if node.orelse:
        raise Refusal(
            "a loop with an 'else'", "a flag that the loop sets where it is left"
        )
    lo, hi, step = walk.bounds
    begun = lo < hi if step_of(walk) > 0 else lo > hi

    def turn(index: Handle) -> None:
        bind_target(frame, node.target, walk.at(index))
        _run_turn(frame, node.body)

    def rest() -> Flow | None:
        early = loops.region_for(frame, (lo + step, hi, step), turn)
        return _after(frame, [], early)

    def first() -> Flow | None:
        turn(lo)
        frame.names.pop("<continue>", None)
        flow = branches.unless_left(frame, rest)
        frame.names.pop("<break>", None)
        returned = branches.may_leave(frame, "return")
        return flow if returned else None

    return branches.branch(frame, begun, first, lambda: None)


def _run_turn(frame: Frame, body: list[ast.stmt]) -> None:
    flow = turns.surely(frame.context, lambda: execute(frame, body))
    if flow is not None and flow.kind in ("break", "continue", "return"):
        frame.names[f"<{flow.kind}>"] = Static(True)


def _after(frame: Frame, orelse: list[ast.stmt], early: Handle) -> Flow | None:
    """Carry out the ``else`` of a loop, unless it was left."""
    returned = branches.may_leave(frame, "return")
    ending = Flow("maybe") if returned else None
    if not orelse:
        return ending
    return branches.branch(
        frame, early, lambda: ending, functools.partial(_else, frame, orelse)
    )


def _else(frame: Frame, orelse: list[ast.stmt]) -> Flow | None:
    frame.names.pop("<return>", None)
    return execute(frame, orelse)


def _turn_by_turn(frame: Frame, node: ast.For, iterable: Any) -> Flow | None:
    items = guarded(frame, node.iter, lambda frame, _: items_of(frame, iterable))

    def step() -> bool:
        for item in items:
            bind_target(frame, node.target, item)
            return True
        return False

    return _outward(frame, _unrolled(frame, step, node.body, node.orelse))


def _unrolled(
    frame: Frame,
    step: Callable[[], bool],
    body: list[ast.stmt],
    orelse: list[ast.stmt],
) -> Flow | None:
    """Interpret turn after turn while ``step()``, which begins one, says so."""
    for turn in range(MAX_TURNS + 1):
        if not step():
            return _finished(frame, orelse)
        if turn == MAX_TURNS:
            break
        flow = execute(frame, body)
        if flow is None or flow.kind == "continue":
            continue
        if flow.kind == "break":
            return None
        if flow.kind != "maybe":
            return flow
        frame.names.pop("<continue>", None)
        if isinstance(branches.left(frame), Handle):
            return _unrolled_on(frame, step, body, orelse)
    raise _too_long()


def _unrolled_on(
    frame: Frame,
    step: Callable[[], bool],
    body: list[ast.stmt],
    orelse: list[ast.stmt],
) -> Flow | None:
    """Interpret the remaining turns where the loop was not left yet."""
    flow = branches.unless_left(frame, lambda: _unrolled(frame, step, body, orelse))
    frame.names.pop("<break>", None)
    if (
        flow is not None
        and flow.kind == "maybe"
        and not branches.may_leave(frame, "return")
    ):
        return None
    return None if flow is not None and flow.kind == "break" else flow


def _finished(frame: Frame, orelse: list[ast.stmt]) -> Flow | None:
    """Carry out the ``else``, of which a way out is one of the loop around this."""
    flow = execute(frame, orelse)
    if flow is None or flow.kind in ("return", "raise"):
        return flow
    for kind in OUTWARD:
        flag = frame.names.pop(f"<{kind}>", NEVER)
        certain = flow.kind == kind
        frame.names[f"<outer {kind}>"] = Static(True) if certain else flag
    return Flow("maybe")


def _outward(frame: Frame, flow: Flow | None) -> Flow | None:
    """Return how a statement is left that is a loop with an ``else``."""
    flags = {kind: frame.names.pop(f"<outer {kind}>", NEVER) for kind in OUTWARD}
    possible = {kind: flag for kind, flag in flags.items() if flag != NEVER}
    for kind, flag in possible.items():
        if isinstance(flag, Static):
            return Flow(kind)
        frame.names[f"<{kind}>"] = flag
    return Flow("maybe") if possible else flow


@executes(ast.While)
def _while(frame: Frame, node: ast.While) -> Flow | None:
    """Interpret a loop as one whose test, or way out, is known only at run time."""
    before = state_of(frame)
    is_open = _is_open(frame, node)
    before.put_back()
    if is_open:
        return _while_region(frame, node)
    try:
        with frame.builder.region() as ops:
            flow = _known_turns(frame, node)
    except _LeftOpen:
        before.put_back()
        return _while_region(frame, node)
    for op in ops:
        frame.builder.append(op)
    return flow


class _LeftOpen(Exception):
    """A turn that was to be the last, or not, is known only at run time."""


def _known_turns(frame: Frame, node: ast.While) -> Flow | None:
    for _ in range(MAX_TURNS):
        cond = test_of(frame, node.test)
        if isinstance(cond, Handle):
            raise _LeftOpen
        if not cond:
            return execute(frame, node.orelse)
        flow = execute(frame, node.body)
        if flow is not None and flow.kind == "maybe":
            raise _LeftOpen
        if flow is not None and flow.kind != "continue":
            return None if flow.kind == "break" else flow
    raise _too_long()


def _too_long() -> Refusal:
    reason = f"a loop of more than {MAX_TURNS} turns is not unrolled"
    return Refusal(reason, "array operations, or fewer turns")


def _is_open(frame: Frame, node: ast.While) -> bool:
    """Tell whether a first turn leaves open how many there are."""
    with frame.builder.region():
        cond = test_of(frame, node.test)
        if isinstance(cond, Handle):
            return True
        if not cond:
            return False
        try:
            flow = execute(frame, node.body)
        except Raised:
            return False
        if flow is not None:
            return flow.kind == "maybe"
        return isinstance(test_of(frame, node.test), Handle)


def _while_region(frame: Frame, node: ast.While) -> Flow | None:
    if _changes(frame, node.test):
        node = _tested_inside(frame, node)

    def test() -> Any:
        cond = test_of(frame, node.test)
        return cond if isinstance(cond, Handle) else Static(cond)

    early = loops.region_while(frame, test, lambda: _run_turn(frame, node.body))
    endless = isinstance(node.test, ast.Constant) and node.test.value
    ending = _after(frame, node.orelse, early)
    if endless and not node.orelse and not _breaks(node.body):
        return Flow("return")
    return ending


def _breaks(body: list[ast.stmt]) -> bool:
    return any(isinstance(n, ast.Break) for stmt in body for n in ast.walk(stmt))


def _changes(frame: Frame, test: ast.expr) -> bool:
    """Tell whether a test changes anything, as ``:=`` does."""
    before = state_of(frame)
    with frame.builder.region():
        test_of(frame, test)
    after = state_of(frame)
    before.put_back()
    same = before.contents.keys() == after.contents.keys()
    return not same or not is_settled(before, after)


def _tested_inside(frame: Frame, node: ast.While) -> ast.While:
    """Return ``while True`` with the test as its first statement."""
    if node.orelse:
        raise Refusal(
            "a 'while' whose test changes something cannot have an 'else'",
            "bind the value in the loop's body",
        )
    leave = ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], [])
    made = ast.While(ast.Constant(True), [leave, *node.body], [])
    for inner in ast.walk(made):
        if not hasattr(inner, "lineno"):
            ast.copy_location(inner, node.test)
    return made
