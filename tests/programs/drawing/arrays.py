"""Statements that make arrays, take views of them, and write to them."""

from __future__ import annotations

from tests.programs.drawing.expressions import (
    array,
    array_atom,
    condition,
    scalar,
    step,
)
from tests.programs.drawing.writer import Shape, Writer


def set_scalar(w: Writer) -> None:
    name = w.choose([*w.scope.scalars, w.fresh("t")])
    bound = name in w.scope.scalars
    value = scalar(w)
    forms = [f"{name} = {value}"]
    if bound:
        forms += [f"{name} += {step(w, value)}", f"{name} *= np.cos({value})"]
    test = condition(w)
    forms.append(f"{name} = {value} if {test} else {scalar(w)}")
    w.say(w.choose(forms))
    w.add("scalars", name)


def set_array(w: Writer) -> None:
    """Bind a name to a new array, a copy, an alias, or a view."""
    source, shape = w.choose(w.scope.arrays)
    name = w.choose([*w.scope.names(shape), w.fresh("v")])
    value = array(w, shape)
    forms = [f"{source}.copy()", source]
    forms += [value] * 4 if value else []
    others = w.scope.names(shape)
    test = condition(w)
    forms.append(f"{source}.copy() if {test} else {w.choose(others)}.copy()")
    if w.seldom(5):
        forms = [f"{source} if {test} else {w.choose(others)}"]
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
        i, j = w.scope.within(rows), w.scope.within(columns)
        places.append(f"{name}[{w.choose(i)}, {w.choose(j)}]")
    place, other = w.choose(places), w.choose(places)
    forms = [f"{place} = {scalar(w)}", f"{place} += {step(w, scalar(w))}"]
    forms.append(f"{place} *= np.cos({scalar(w)})")
    forms.append(f"{place}, {other} = {other}, {place}")
    w.say(w.choose(forms))


def write_part(w: Writer) -> None:
    """Write a slice, a row or a column, or the whole array in place."""
    name, shape = w.choose(w.scope.arrays)
    place, part = w.choose(parts(w, name, shape))
    value = (array(w, part) if w.often(3) else None) or scalar(w)
    forms = [f"{place} += {step(w, value)}", f"{place} *= np.cos({value})"]
    if "[" in place:
        forms.append(f"{place} = {value}")
    w.say(w.choose(forms))


def parts(w: Writer, name: str, shape: Shape) -> list[tuple[str, Shape]]:
    """Return places that can be assigned to, and their shapes."""
    found: list[tuple[str, Shape]] = [(name, shape), (f"{name}[:]", shape)]
    if len(shape) == 2:
        rows, columns = shape
        found += [(f"{name}[{i}]", (columns,)) for i in w.scope.within(rows)]
        found += [(f"{name}[:, {j}]", (rows,)) for j in w.scope.within(columns)]
        found += [(f"{name}.T[{j}]", (rows,)) for j in ("0", "-1")]
        found += [(f"{name}[::-1]", shape), (f"{name}[:, ::-1]", shape)]
    elif "-" not in shape[0]:
        less = (f"{shape[0]}-1",)
        cuts = ("1:", ":-1", "-2::-1", "-1:0:-1")
        found += [(f"{name}[{cut}]", less) for cut in cuts]
        found += [(f"{name}[::-1]", shape)]
    return found


def write_steps(w: Writer) -> None:
    """Write every other element, from either end."""
    name, shape = w.choose(w.scope.arrays)
    cut = w.choose(("::2", "1::2", "::-2", "-2::-2"))
    source = array_atom(w, shape) or name
    forms = [f"{name}[{cut}] = np.sin({source})[{cut}]", f"{name}[{cut}] *= 0.7"]
    forms.append(f"{name}[{cut}] += {step(w, scalar(w))}")
    if shape[0] in "nm":
        forms.append(f"{name}[1:] += 0.2 * np.sin({name}[:-1]) * {name}[1:]")
        forms.append(f"{name}[:-1] = {name}[1:]")
    w.say(w.choose(forms))


def make_buffer(w: Writer) -> None:
    """Make an array and fill it element by element, or row by row."""
    dim = w.choose(("n", "m"))
    name, i = w.fresh("b"), w.fresh("i")
    indices = (*w.scope.indices, (i, dim))
    if w.often(1):
        maker = w.choose((f"np.empty({dim})", f"np.zeros({dim})"))
        w.say(f"{name} = {maker}")
        with w.block(f"for {i} in range({dim}):", indices=indices):
            w.say(f"{name}[{i}] = {scalar(w)}")
        w.bind_array(name, (dim,))
    else:
        w.say(f"{name} = np.empty((n, m))")
        j = w.fresh("j")
        with w.block(f"for {i} in range(n):", indices=(*w.scope.indices, (i, "n"))):
            inner = (*w.scope.indices, (j, "m"))
            with w.block(f"for {j} in range(m):", indices=inner):
                w.say(f"{name}[{i}, {j}] = {scalar(w)}")
        w.bind_array(name, ("n", "m"))


def swap(w: Writer) -> None:
    """Exchange or rotate names."""
    name, shape = w.choose(w.scope.arrays)
    same = w.scope.names(shape)
    a, b, c = name, w.choose(same), w.choose(same)
    if w.often(1):
        a, b, c = (w.choose(w.scope.scalars) for _ in range(3))
    w.say(w.choose((f"{a}, {b} = {b}, {a}", f"{a}, {b}, {c} = {b}, {c}, {a}")))


def use_single(w: Writer) -> None:
    """Make a buffer of single precision, write to it, or read it."""
    if not w.scope.singles or w.seldom(2):
        name, shape = w.choose(w.scope.filled())
        single = w.fresh("z")
        made = f"np.zeros(({', '.join(shape)},), np.float32)"
        w.say(f"{single} = {w.choose((made, f'{name}.astype(np.float32)'))}")
        w.add("singles", (single, shape))
        return
    single, shape = w.choose(w.scope.singles)
    value = array(w, shape) or "0.5"
    forms = [f"{single}[:] = {value}", f"{single} += {step(w, value)}"]
    forms.append(f"{single}[0] = {scalar(w)}")
    same = w.scope.names(shape)
    forms += [f"{w.choose(same)}[:] = {single}"] if same else []
    forms += [f"{w.choose(same)}[::-1] *= {single}"] if same else []
    w.say(w.choose(forms))
