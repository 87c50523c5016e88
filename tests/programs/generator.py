"""Whole random programs as source text: loops, branches, views, aliases, writes.

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

from tests.programs.writer import (
    MAX_DEPTH,
    Shape,
    Writer,
    array,
    array_atom,
    condition,
    scalar,
    scalar_atom,
)

HELPERS = {
    "fill": """
def fill(source, target):
    for k in range(len(target)):
        target[k] = np.sin(source[k])
""",
    "bump": """
def bump(target, v):
    target[0] += 0.5 * v
    target[1:] *= 0.9
""",
    "mix": """
def mix(a, b):
    a[1:] += 0.5 * b[:-1]
    b[0] = 0.3 * a[-1]
""",
    "chosen": """
def chosen(v, k):
    if v[k] > 0.4:
        return v[k]
    return 0.5 * np.cos(v[k])
""",
}
HEAD = [
    "def f(x, y, A, s):",
    "    n, m = A.shape",
    "    s += 0.01 * np.sum(x * y * A[:, 0])",
]


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


def set_scalar(w: Writer) -> None:
    name = w.choose([*w.scope.scalars, w.fresh("t")])
    bound = name in w.scope.scalars
    value = scalar(w)
    forms = [f"{name} = {value}"]
    if bound:
        forms += [f"{name} += 0.3 * {value}", f"{name} *= np.cos({value})"]
    test = condition(w)
    forms.append(f"{name} = {value} if {test} else {scalar(w)}")
    w.say(w.choose(forms))
    w.bind_scalar(name)


def set_array(w: Writer) -> None:
    """Bind a name to a new array, a copy, an alias, or a view."""
    source, shape = w.choose(w.scope.arrays)
    name = w.choose([*w.scope.names(shape), w.fresh("v")])
    forms = [f"{source}.copy()", source]
    value = array(w, shape)
    forms += [value, value] if value else []
    others = w.scope.names(shape)
    forms.append(f"{source} if {condition(w)} else {w.choose(others)}")
    w.say(f"{name} = {w.choose(forms)}")
    w.bind_array(name, shape)


def set_view(w: Writer) -> None:
    """Bind a name to a part of an array."""
    shapes = [("n",), ("m",), ("n-1",), ("m-1",), ("m", "n")]
    shape = w.choose(shapes)
    part = array_atom(w, shape)
    if part is not None:
        name = w.choose([*w.scope.names(shape), w.fresh("v")])
        w.say(f"{name} = {part}")
        w.bind_array(name, shape)


def write_item(w: Writer) -> None:
    places = []
    for name, (dim,) in w.scope.rank(1):
        places += [f"{name}[{i}]" for i in w.scope.within(dim)]
    for name, (rows, columns) in w.scope.rank(2):
        i = w.scope.within(rows)
        j = w.scope.within(columns)
        places.append(f"{name}[{w.choose(i)}, {w.choose(j)}]")
    place = w.choose(places)
    forms = [f"{place} = {scalar(w)}", f"{place} += 0.3 * {scalar(w)}"]
    forms.append(f"{place} *= np.cos({scalar(w)})")
    w.say(w.choose(forms))


def write_part(w: Writer) -> None:
    """Write a slice, a row or a column, or the whole array in place."""
    name, shape = w.choose(w.scope.arrays)
    place, part = w.choose(_parts(w, name, shape))
    value = (array(w, part) if w.often(3) else None) or scalar(w)
    forms = [f"{place} += 0.3 * {value}", f"{place} *= np.cos({value})"]
    if "[" in place:
        forms.append(f"{place} = {value}")
    w.say(w.choose(forms))


def _parts(w: Writer, name: str, shape: Shape) -> list[tuple[str, Shape]]:
    parts: list[tuple[str, Shape]] = [(name, shape), (f"{name}[:]", shape)]
    if len(shape) == 2:
        rows, columns = shape
        parts += [(f"{name}[{i}]", (columns,)) for i in w.scope.within(rows)]
        parts += [(f"{name}[:, {j}]", (rows,)) for j in w.scope.within(columns)]
        parts += [(f"{name}.T[{j}]", (rows,)) for j in ("0", "-1")]
    elif "-" not in shape[0]:
        less = (f"{shape[0]}-1",)
        parts += [(f"{name}[1:]", less), (f"{name}[:-1]", less)]
        parts += [(f"{name}[::-1]", shape)]
    return parts


def fill_buffer(w: Writer) -> None:
    dim = w.choose(("n", "m"))
    name, i = w.fresh("b"), w.fresh("i")
    w.say(f"{name} = np.empty({dim})")
    indices = (*w.scope.indices, (i, dim))
    with w.block(f"for {i} in range({dim}):", indices=indices):
        w.say(f"{name}[{i}] = {scalar(w)}")
    w.bind_array(name, (dim,))


def swap(w: Writer) -> None:
    name, shape = w.choose(w.scope.arrays)
    other = w.choose(w.scope.names(shape))
    pairs = [(name, other), (w.scope.scalars[0], w.choose(w.scope.scalars))]
    a, b = w.choose(pairs)
    w.say(f"{a}, {b} = {b}, {a}")


def call_helper(w: Writer) -> None:
    name, shape = w.choose([x for x in w.scope.rank(1) if "-" not in x[1][0]])
    other = w.choose(w.scope.names(shape))
    kind = w.choose(("bump", "mix", "fill"))
    w.helpers.add(kind)
    second = scalar(w) if kind == "bump" else other
    w.say(f"{kind}({name}, {second})")


def grow_list(w: Writer) -> None:
    if not w.scope.lists:
        if w.depth == 1:
            name = w.fresh("xs")
            w.say(f"{name} = [{scalar(w)}]")
            w.bind(lists=(*w.scope.lists, name))
        return
    name = w.choose(w.scope.lists)
    if w.often(2):
        w.say(f"{name}.append({scalar(w)})")
    else:
        item, total = w.fresh("e"), w.choose(w.scope.scalars)
        with w.block(f"for {item} in {name}:"):
            w.say(f"{total} += 0.1 * np.sin({item})")


def branch(w: Writer) -> None:
    with w.block(f"if {condition(w)}:"):
        statements(w)
    if w.often(1):
        with w.block("else:"):
            statements(w)


def early_return(w: Writer) -> None:
    with w.block(f"if {condition(w)}:"):
        w.say(f"return {scalar(w)}")


def leave(w: Writer) -> None:
    """Leave the loop or the iteration under a condition."""
    if w.scope.loop:
        with w.block(f"if {condition(w)}:"):
            if w.often(1):
                w.say(f"{w.choose(w.scope.scalars)} += 0.1")
            w.say(w.choose(("break", "continue")))


def for_range(w: Writer) -> None:
    dim, i = w.choose(("n", "m")), w.fresh("i")
    before, after = f"{i} - 1", f"{i} + 1"
    headers: dict[str, list[tuple[str, str]]] = {
        f"range({dim})": [(i, dim)],
        f"range(1, {dim})": [(i, dim), (before, dim), (before, f"{dim}-1")],
        f"range({dim} - 1)": [(i, dim), (after, dim), (i, f"{dim}-1")],
        f"range({dim} - 1, -1, -1)": [(i, dim)],
        f"reversed(range({dim}))": [(i, dim)],
        "range(3)": [],
    }
    header, places = w.choose(list(headers.items()))
    loop(w, f"for {i} in {header}:", (i,), places)


def for_items(w: Writer) -> None:
    name, (dim,) = w.choose(w.scope.rank(1))
    other = w.choose(w.scope.names((dim,)))
    i, v, u = w.fresh("i"), w.fresh("e"), w.fresh("e")
    form = w.choose(("plain", "enumerate", "zip", "rows"))
    if form == "plain":
        loop(w, f"for {v} in {name}:", (), [], scalars=(v,))
    elif form == "enumerate":
        loop(w, f"for {i}, {v} in enumerate({name}):", (i,), [(i, dim)], scalars=(v,))
    elif form == "zip":
        loop(w, f"for {v}, {u} in zip({name}, {other}):", (), [], scalars=(v, u))
    else:
        matrix, (_, columns) = w.choose(w.scope.rank(2))
        loop(w, f"for {v} in {matrix}:", (), [], arrays=((v, (columns,)),))


def while_loop(w: Writer) -> None:
    k = w.fresh("k")
    w.say(f"{k} = 0")
    test = f"{k} < {w.choose(('n', 'm', '3'))}"
    extra = f" and {scalar_atom(w)} < 0.9" if w.often(1) else ""
    with w.block(
        f"while {test}{extra}:",
        loop=True,
        counters=(*w.scope.counters, k),
        indices=(*w.scope.indices, (f"{k} % n", "n")),
    ):
        w.say(f"{k} += 1")
        statements(w)


def loop(
    w: Writer,
    header: str,
    counters: tuple[str, ...],
    places: list[tuple[str, str]],
    scalars: tuple[str, ...] = (),
    arrays: tuple[tuple[str, Shape], ...] = (),
) -> None:
    """Write a loop, in which more names are bound and more indices in range."""
    outer = w.scope
    with w.block(
        header,
        loop=True,
        counters=outer.counters + counters,
        indices=(*outer.indices, *places),
        scalars=outer.scalars + scalars,
        arrays=outer.arrays + arrays,
    ):
        statements(w)


SIMPLE = (
    set_scalar,
    set_array,
    write_item,
    write_part,
    set_view,
    swap,
    call_helper,
    grow_list,
)
NESTED = (
    branch,
    for_range,
    for_range,
    for_items,
    while_loop,
    leave,
    leave,
    fill_buffer,
    early_return,
)


def statements(w: Writer, most: int = 3) -> None:
    """Write one or more statements; something stands in every block."""
    start = len(w.lines)
    for _ in range(w.choose(range(1, most + 1))):
        menu = SIMPLE if w.depth > MAX_DEPTH else (*SIMPLE, *NESTED)
        w.choose(menu)(w)
    if len(w.lines) == start:
        w.say("pass")


def result(w: Writer) -> str:
    """Return an expression in which everything counts that is at hand."""
    parts = [f"{name} * {k + 1}.0" for k, name in enumerate(w.scope.scalars)]
    parts += [f"np.sum({name} * np.cos({name}))" for name, _ in w.scope.arrays]
    parts += [f"sum({name})" for name in w.scope.lists]
    return " + ".join(parts)


def source_of(choose: Callable[[Sequence[Any]], Any], most: int = 6) -> str:
    """Return the source of a program of up to ``most`` statements at the top."""
    w = Writer(choose)
    statements(w, most)
    w.say(f"return {result(w)}")
    used = [text.lstrip() for name, text in HELPERS.items() if name in w.helpers]
    parts = ["import numpy as np\n", *used, "\n".join([*HEAD, *w.lines]) + "\n"]
    return "\n\n".join(parts)


@st.composite
def programs(draw: st.DrawFn) -> Generated:
    """Draw a program, and the sizes of its arguments."""

    def choose(options: Sequence[Any]) -> Any:
        return options[draw(st.integers(0, len(options) - 1))]

    sizes = st.integers(1, 4)
    return Generated(
        source_of(choose), draw(sizes), draw(sizes), draw(st.integers(0, 99))
    )
