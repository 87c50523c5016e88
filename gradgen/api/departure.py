"""Finds the first line of a program at which its derivative departs from differences.

The program runs in the interpreter, and each value carries its tangent, which is taken
by differences of the op that makes it. So what an op is given is right, whatever is
wrong before it, and its own tangent or adjoint is compared by itself. A loop, branch or
call that departs as a whole is entered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradgen.api.derivative import unfold
from gradgen.api.probing import (
    Tolerance,
    compare,
    differences,
    inner,
    movable,
    moved,
    random_like,
)
from gradgen.compiler import Request
from gradgen.compiler.interp import Machine, converted, leaves_at, run_function
from gradgen.compiler.opened import opened
from gradgen.errors import GradgenError, Refusal
from gradgen.ir.core import UNDEFINED, Block, Function, Op, Param, Value
from gradgen.ir.flow import free_values, is_assumed
from gradgen.ir.rules import RULE
from gradgen.ir.tree import Tree, leaf, tree_of
from gradgen.ir.types import Type, is_floating
from gradgen.structs import field, frozen, struct
from gradgen.transforms import derive
from gradgen.transforms.derive import Selection


@frozen
class Moved:
    """What a value holds and its tangent, None for what does not move."""

    value: Any
    dot: Any = None

    def __bool__(self) -> bool:
        return bool(self.value)

    def __index__(self) -> int:
        return int(self.value)


class Departed(Exception):
    """An op whose derivative is not what differences say."""

    def __init__(self, op: Op) -> None:
        super().__init__(op.name)
        self.op = op


@struct
class Search:
    """What is looked for: in which mode (``"fwd"`` or ``"rev"``), and how exactly.

    ``kinks`` are the ops across whose kinks differences were taken.
    """

    mode: str
    near: Tolerance
    eps: float
    random: np.random.Generator
    kinks: list[Op] = field(default_factory=list)


def find_departure(
    function: Any, args: tuple[Any, ...], dots: tuple[Any, ...], search: Search
) -> Op | None:
    """Return the first op of a function whose derivative departs, None if none does."""
    target, steps = unfold(function)
    bound = target.arguments(args, {})
    program, given = opened(Request(target, steps, bound))
    first = target.parameters.prefix
    moving = dict(enumerate(dots, first))
    tracer = Tracer()
    tracer.search, tracer.helpers = search, program.helpers
    for k, (param, value) in enumerate(zip(program.params, given, strict=True)):
        pairs = zip(
            param.tree.leaves(),
            leaves_at(param.tree, value),
            _dots_at(param.tree, moving.get(k)),
            strict=True,
        )
        for x, content, dot in pairs:
            tracer.enter(x, Moved(content, dot))
    try:
        tracer.run(program.body)
    except Departed as departed:
        return departed.op
    return None


def _dots_at(tree: Tree, dot: Any) -> Iterator[Any]:
    """Yield the tangent of each leaf of ``tree``, None where it is held fixed."""
    if tree.kind == "leaf":
        yield dot
    elif dot is None:
        yield from (None for _ in tree.leaves())
    elif tree.kind not in ("none", "static"):
        for child, part in zip(tree.children, tree_of(dot).children, strict=True):
            yield from _dots_at(child, part.build())


class Tracer(Machine):
    """An interpreter that checks each op, and whose values carry tangents."""

    search: Search

    def __init__(self, outer: Tracer | None = None) -> None:
        super().__init__(outer)
        if outer is not None:
            self.search = outer.search

    def enter(self, value: Value, content: Any) -> None:
        """Define a parameter."""
        given = _as_moved(content)
        self.define(value, Moved(converted(given.value, value.type), given.dot))

    def define(self, value: Value, content: Any) -> None:
        """Give ``value`` its content and its tangent."""
        given = _as_moved(content)
        super().define(value, given.value)
        dot = given.dot if is_floating(value.type) else None
        self.values[value] = Moved(self.values[value], dot)

    def element(self, xs: Any, position: int, type_: Type) -> Any:
        given = _as_moved(xs)
        dot = None if given.dot is None else given.dot[position]
        return Moved(converted(given.value[position], type_), dot)

    def stack(self, column: list[Any], type_: Type) -> Any:
        rows = [_as_moved(x) for x in column]
        value = super().stack([row.value for row in rows], type_)
        if all(row.dot is None for row in rows):
            return Moved(value)
        dots = [_zero_like(row.value) if row.dot is None else row.dot for row in rows]
        return Moved(value, super().stack(dots, type_))

    def results(self, op: Op) -> Sequence[Any]:
        step = Step(self, op)
        if is_assumed(op) or not step.moving:
            return step.at(0.0)
        if step.is_right():
            return step.results()
        if op.regions:
            super().results(op)
        elif op.name == "call" and RULE not in op.attrs:
            self._enter_helper(op)
        raise Departed(op)

    def _enter_helper(self, op: Op) -> None:
        helper = self.helpers[op.attrs["callee"]]
        inside = Tracer()
        inside.search, inside.helpers = self.search, self.helpers
        for param, x in zip(helper.inputs, op.operands, strict=True):
            inside.enter(param, self.read(x))
        inside.run(helper.body)


def _as_moved(content: Any) -> Moved:
    return content if isinstance(content, Moved) else Moved(content)


def _zero_like(value: Any) -> Any:
    return UNDEFINED if value is UNDEFINED else np.zeros_like(value)[()]


class Step:
    """An op by itself: a function of what it reads, at what that holds."""

    def __init__(self, tracer: Tracer, op: Op) -> None:
        self.op = op
        self.tracer = tracer
        self.reads = free_values(Block((), (op,), ()))
        contents = [tracer.values[x] for x in self.reads]
        self.values = [x.value for x in contents]
        self.dots = [x.dot for x in contents]
        self.moving = [k for k, dot in enumerate(self.dots) if dot is not None]

    def at(self, t: float) -> list[Any]:
        """Return what the op computes of operands moved by ``t``."""
        machine = Machine()
        machine.helpers = self.tracer.helpers
        machine.lengths = dict(self.tracer.lengths)
        for k, x in enumerate(self.reads):
            value = self.values[k]
            if self.dots[k] is not None and t:
                value = moved(value, self.dots[k], t)
            machine.values[x] = converted(value, x.type)
        return list(machine.results(self.op))

    def along(self, t: float) -> list[Any]:
        """Return the numbers among the results that have derivatives."""
        return movable(self._floating(self.at(t)))

    def _floating(self, results: Sequence[Any]) -> list[Any]:
        pairs = zip(results, self.op.results, strict=True)
        return [x for x, y in pairs if is_floating(y.type) and x is not UNDEFINED]

    def is_right(self) -> bool:
        """Tell whether the op's derivative agrees with differences, or has a kink."""
        self.base = self.at(0.0)
        search = self.tracer.search
        with np.errstate(all="ignore"):
            self.slope = differences(self.along, search.eps)
            if not self.slope.values:
                self._note_jump(search)
                return True
            try:
                derived = self._tangents() if search.mode == "fwd" else self._bars()
            except (GradgenError, Refusal, ValueError):
                # What cannot be looked at by itself is passed over.
                return True
            return self._agrees(derived, search)

    def _note_jump(self, search: Search) -> None:
        """Note a comparison, or rounding, that comes out differently to either side."""
        step = search.eps**0.4
        pairs = zip(self.at(-step), self.at(step), strict=True)
        if not all(np.array_equal(x, y) for x, y in pairs):
            search.kinks.append(self.op)

    def _agrees(self, derived: Any, search: Search) -> bool:
        along, slope = self.along, self.slope
        if search.mode == "rev":
            weights, bars = derived
            along = lambda t: [inner(self.along(t), weights)]  # noqa: E731
            slope = differences(along, search.eps)
            moving = [self.dots[k] for k in self.moving]
            derived = [inner(bars, moving)]
        _, worst = compare(derived, along, slope, search.near, search.eps)
        if worst is not None and not worst.is_wrong:
            search.kinks.append(self.op)
            return True
        return worst is None

    def results(self) -> list[Moved]:
        """Return the results with their tangents by differences."""
        supply = iter(self.slope.values)
        found = []
        for x, y in zip(self.base, self.op.results, strict=True):
            if not is_floating(y.type) or x is UNDEFINED:
                found.append(Moved(x))
                continue
            tree = tree_of(list(x) if isinstance(x, tuple) else x)
            dot = tree.map(lambda v: _like(next(supply), v)).build()
            found.append(Moved(x, dot))
        return found

    def _function(self) -> Function:
        params = tuple(Param(f"x{k}", leaf(x)) for k, x in enumerate(self.reads))
        results = tuple(self.op.results)
        return Function(
            "step",
            params,
            Block(tuple(self.reads), (self.op,), results),
            Tree("tuple", tuple(map(leaf, results))),
            helpers=self.tracer.helpers,
        )

    def _tangents(self) -> list[Any]:
        made = derive.jvp(self._function(), self.moving)
        dots = [self.dots[k] for k in self.moving]
        found = run_function(made, [*self.values, *dots], made.helpers)
        return movable(found[len(self.base) :])

    def _bars(self) -> tuple[list[Any], list[Any]]:
        made = derive.adjoint(
            self._function(), Selection(tuple(self.moving), single=False)
        )
        weights = random_like(self._floating(self.base), self.tracer.search.random)
        found = run_function(made, [*self.values, *weights], made.helpers)
        return weights, found[len(self.base) :]


def _like(dot: Any, value: Any) -> Any:
    """Return a tangent in the type of its value."""
    if isinstance(value, np.ndarray):
        return np.asarray(dot, value.dtype)
    return type(value)(dot)
