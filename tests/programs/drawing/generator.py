"""Whole random programs as source text.

What is drawn stays bounded, so that differences make sense: values go through ``sin``,
``cos`` and ``tanh``, and grow by small steps. Names that a block binds are forgotten at
its end, so no program reads what is unbound, and no index is out of range.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.programs.drawing import arrays, calls, containers, flow, indices
from tests.programs.drawing.expressions import scalar
from tests.programs.drawing.writer import MAX_DEPTH, Scope, Writer

HEAD = """
def {name}(x, y, A, s):
    n, m = A.shape
"""
FIRST = "    s += 0.01 * np.sum(x * y * A[:, 0])"
Statement = Callable[[Writer], None]

SIMPLE: tuple[Statement, ...] = (
    arrays.set_scalar,
    arrays.set_scalar,
    arrays.set_array,
    arrays.write_item,
    arrays.write_item,
    arrays.write_part,
    arrays.write_part,
    arrays.write_steps,
    arrays.set_view,
    arrays.swap,
    arrays.use_single,
    indices.write_masked,
    indices.write_picked,
    indices.exchange_rows,
    calls.call_helper,
    containers.use_list,
    containers.use_stack,
    containers.use_dict,
)
NESTED: tuple[Statement, ...] = (
    flow.branch,
    flow.branch,
    flow.for_range,
    flow.for_range,
    flow.for_range,
    flow.for_items,
    flow.for_items,
    flow.while_loop,
    flow.while_data,
    flow.leave,
    flow.leave,
    flow.leave,
    flow.early_return,
    indices.set_mask,
    indices.set_picks,
    arrays.make_buffer,
    calls.use_closure,
    containers.states_by_time,
)


@dataclass(frozen=True)
class Generated:
    """A program's source, and the sizes and seed of its arguments."""

    source: str
    n: int
    m: int
    seed: int

    def __repr__(self) -> str:
        return f"n = {self.n}, m = {self.m}, seed = {self.seed}\n{self.source}"

    @property
    def file(self) -> str:
        """Return the name under which linecache knows the source."""
        return f"<generated {hash(self.source)}>"

    @property
    def single(self) -> bool:
        """Tell whether the program computes in single precision somewhere."""
        return "float32" in self.source

    def function(self) -> Callable[..., Any]:
        """Return the function, whose source ``inspect`` finds."""
        lines = self.source.splitlines(keepends=True)
        linecache.cache[self.file] = (len(self.source), None, lines, self.file)
        names: dict[str, Any] = {"__name__": "generated"}
        exec(compile(self.source, self.file, "exec", dont_inherit=True), names)
        return names["f"]  # type: ignore[no-any-return]

    def args(self) -> tuple[Any, ...]:
        """Return the arguments x, y, A and s."""
        random = np.random.default_rng(self.seed)
        shapes = [(self.n,), (self.n,), (self.n, self.m)]
        return (*(random.uniform(0.2, 1.2, s) for s in shapes), 0.2 + random.random())


def statements(w: Writer, most: int = 3) -> None:
    """Write one or more statements; something stands in every block."""
    start = len(w.lines)
    for _ in range(w.choose(range(1, most + 1))):
        menu = SIMPLE if w.depth > MAX_DEPTH else (*SIMPLE, *NESTED)
        w.choose(menu)(w)
    if len(w.lines) == start:
        w.say("pass")


def result(scope: Scope) -> str:
    """Return an expression in which everything counts that is at hand."""
    parts = [f"{name} * {k + 1}.0" for k, name in enumerate(scope.scalars)]
    parts += [f"np.sum({name} * np.cos({name}))" for name, _ in scope.arrays]
    parts += [f"sum({name})" for name in scope.lists]
    parts += [f"np.sum({name}[-1]) * len({name})" for name, _ in scope.stacks]
    parts += [f"sum({name}.values())" for name in scope.dicts]
    parts += [f"float(np.sum(np.sin({name})))" for name, _ in scope.singles]
    return " + ".join(parts)


def source_of(choose: Callable[[Sequence[Any]], Any], most: int = 6) -> str:
    """Return the source of a program of up to ``most`` statements at the top.

    A helper may be drawn as well, which takes what the program takes.
    """
    w = Writer(choose, statements)
    if w.seldom(3):
        _draw_helper(w)
    statements(w, most)
    w.say(f"return {result(w.scope)}")
    program = HEAD.format(name="f") + "\n".join([FIRST, *w.lines]) + "\n"
    texts = [text.strip("\n") + "\n" for text in (*w.helpers, program)]
    return "\n\n".join(["import numpy as np\n", *texts])


def _draw_helper(w: Writer) -> None:
    """Draw a function, and call it with arrays that may be parts of one another."""
    inner = Writer(w.choose, statements, count=50)
    statements(inner)
    inner.say(f"return np.tanh({scalar(inner)})")
    text = HEAD.format(name="helper") + "\n".join(inner.lines) + "\n"
    for helper in inner.helpers:
        w.need(helper)
    w.need(text)
    calls = [
        "s = helper(x, y, A, s)",
        "s += 0.1 * helper(y, A[:, -1], A, s)",
        "s *= helper(x, x, A, x[0])",
        "s = helper(A[:, 0], y[::-1], A[::-1], 0.5)",
    ]
    for _ in range(w.choose((1, 2))):
        w.say(w.choose(calls))


@st.composite
def programs(draw: st.DrawFn) -> Generated:
    """Draw a program, and the sizes of its arguments."""

    def choose(options: Sequence[Any]) -> Any:
        return options[draw(st.integers(0, len(options) - 1))]

    sizes = st.integers(1, 4)
    return Generated(
        source_of(choose), draw(sizes), draw(sizes), draw(st.integers(0, 99))
    )
