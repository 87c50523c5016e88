"""Statements that read and write arrays by masks and by arrays of indices."""

from __future__ import annotations

from tests.programs.drawing.expressions import (
    array,
    array_atom,
    scalar,
    scalar_atom,
    step,
    test_of,
)
from tests.programs.drawing.writer import Writer


def set_mask(w: Writer) -> None:
    """Bind a name to a boolean array."""
    _, shape = w.choose(w.scope.whole())
    name, value = w.fresh("mask"), array_atom(w, shape)
    assert value is not None
    w.say(f"{name} = {test_of(w, value, shape)}")
    w.add("masks", (name, shape[0]))


def write_masked(w: Writer) -> None:
    """Write where a mask says so."""
    name, shape = w.choose(w.scope.filled())
    masks = [mask for mask, dim in w.scope.masks if dim == shape[0]]
    fresh = f"{name} > {scalar_atom(w)}"
    other, value = array_atom(w, shape), scalar(w)
    mask = w.choose([fresh, *masks, *(f"~{mask}" for mask in masks)])
    forms = [
        f"{name}[{mask}] = {value}",
        f"{name}[{mask}] += {step(w, value)}",
        f"{name}[{mask}] *= 0.8",
        f"{name}[{mask}] = np.sin({name}[{mask}])",
        f"{name}[{mask}] -= 0.2 * {other}[{mask}]",
        f"{name}[:] = np.where({fresh}, {other}, {value})",
        f"np.copyto({name}, {other}, where={fresh})",
    ]
    w.say(w.choose(forms))


def set_picks(w: Writer) -> None:
    """Bind a name to an array of indices, with duplicates and without."""
    of, name = w.choose(("n", "m")), w.fresh("idx")
    makers = [
        (f"np.array([0, -1, 0]) % {of}", "3"),
        (f"np.array([0, {of} - 1, 0])", "3"),
        (f"np.arange({of})[::-1]", of),
        (f"np.arange({of}) // 2", of),
        (f"np.arange({of}) * 2 % {of}", of),
        (f"np.arange(n) % {of}", "n"),
        (f"np.arange(m) * m % {of}", "m"),
    ]
    makers += [(f"np.argsort({x})", of) for x in w.scope.names((of,))]
    maker, length = w.choose(makers)
    w.say(f"{name} = {maker}")
    w.add("picks", (name, of, length))


def write_picked(w: Writer) -> None:
    """Write to the elements or rows that an array of indices names."""
    if not w.scope.picks:
        set_picks(w)
    pick, of, length = w.choose(w.scope.picks)
    vectors = w.scope.names((of,))
    matrices = [x for x, shape in w.scope.rank(2) if shape[0] == of]
    wide = [x for x, shape in w.scope.rank(2) if shape[1] == of]
    places = [f"{name}[{pick}]" for name in (*vectors, *matrices)]
    places += [f"{name}[{pick}, 0]" for name in matrices]
    places += [f"{name}[-1, {pick}]" for name in wide]
    places += [f"{name}[:, {pick}]" for name in wide]
    if not places:
        return
    place = w.choose(places)
    flat = place.split("[")[0] in vectors or ", 0]" in place or "[-1," in place
    value = (array(w, (length,)) if flat and w.often(2) else None) or scalar(w)
    forms = [f"{place} = {value}", f"{place} += {step(w, value)}", f"{place} *= 0.9"]
    forms.append(f"{place} = {place} * 0.5")
    if vectors:
        vector = w.choose(vectors)
        more = (array(w, (length,)) if w.often(2) else None) or scalar(w)
        forms += [f"np.add.at({vector}, {pick}, {step(w, more)})"] * 2
    w.say(w.choose(forms))


def exchange_rows(w: Writer) -> None:
    """Exchange two rows or columns of a matrix."""
    name, _ = w.choose(w.scope.rank(2))
    forms = [
        f"{name}[[0, -1]] = {name}[[-1, 0]]",
        f"{name}[0], {name}[-1] = {name}[-1].copy(), {name}[0].copy()",
        f"{name}[:, [0, -1]] *= 0.9",
        f"{name}[:] = {name}[::-1]",
    ]
    w.say(w.choose(forms))
