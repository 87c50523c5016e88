"""Statements that decide what runs: branches, loops, and ways out of them."""

from __future__ import annotations

from tests.programs.drawing.expressions import condition, scalar, scalar_atom
from tests.programs.drawing.writer import Shape, Writer


def branch(w: Writer) -> None:
    with w.block(f"if {condition(w)}:"):
        w.body()
    if w.seldom(2):
        with w.block(f"elif {condition(w)}:"):
            w.body()
    if w.often(1):
        with w.block("else:"):
            w.body()


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
        f"range({dim} - 1, 0, -2)": [(i, dim), (before, dim), (before, f"{dim}-1")],
        f"reversed(range({dim}))": [(i, dim)],
        "range(3)": [],
    }
    header, places = w.choose(list(headers.items()))
    _loop(w, f"for {i} in {header}:", (i,), places)


def for_items(w: Writer) -> None:
    name, (dim,) = w.choose(w.scope.rank(1))
    other = w.choose(w.scope.names((dim,)))
    i, v, u = w.fresh("i"), w.fresh("e"), w.fresh("e")
    form = w.choose(("plain", "enumerate", "zip", "rows", "columns", "picks"))
    if form == "plain":
        _loop(w, f"for {v} in {name}:", (), [], scalars=(v,))
    elif form == "enumerate":
        _loop(w, f"for {i}, {v} in enumerate({name}):", (i,), [(i, dim)], scalars=(v,))
    elif form == "zip":
        _loop(w, f"for {v}, {u} in zip({name}, {other}):", (), [], scalars=(v, u))
    elif form == "picks" and w.scope.picks:
        pick, of, _ = w.choose(w.scope.picks)
        _loop(w, f"for {i} in {pick}:", (i,), [(i, of)])
    else:
        matrix, (rows, columns) = w.choose(w.scope.rank(2))
        if form == "columns":
            arrays = ((v, (rows,)),)
            _loop(w, f"for {v} in {matrix}.T:", (), [], arrays=arrays)
        else:
            _loop(w, f"for {v} in {matrix}:", (), [], arrays=((v, (columns,)),))


def while_loop(w: Writer) -> None:
    """Write a loop that counts, and ends early if some number is large enough."""
    k = w.fresh("k")
    w.say(f"{k} = 0")
    test = f"{k} < {w.choose(('n', 'm', '3'))}"
    extra = f" and {scalar_atom(w)} < 0.9" if w.often(1) else ""
    with w.block(
        f"while {test}{extra}:",
        loop=True,
        counters=(*w.scope.counters, k),
        indices=(*w.scope.indices, (f"{k} % n", "n"), (f"{k} % m", "m")),
    ):
        w.say(f"{k} += 1")
        w.body()
    _otherwise(w)


def while_data(w: Writer) -> None:
    """Write a loop whose number of turns depends on the data alone."""
    e, total = w.fresh("e"), w.choose(w.scope.scalars)
    w.say(f"{e} = np.abs({scalar(w)})")
    endless = w.often(1)
    limit = w.choose((0.15, 0.4))
    header = "while True:" if endless else f"while {e} > {limit}:"
    with w.block(header, loop=True):
        w.say(f"{e} = 0.4 * {e} + 0.05 * np.cos({e})")
        if endless:
            with w.block(f"if {e} < {limit}:"):
                w.say("break")
        w.say(f"{total} += 0.1 * {e}")
        w.body()


def _loop(
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
        w.body()
    _otherwise(w)


def _otherwise(w: Writer) -> None:
    if w.seldom(4):
        with w.block("else:"):
            w.body()
