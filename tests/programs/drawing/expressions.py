"""Expressions over what is in scope; their values stay bounded."""

from __future__ import annotations

from tests.programs.drawing.writer import Shape, Writer

CHOSEN = """
def chosen(v, k):
    if v[k] > 0.4:
        return v[k]
    return 0.5 * np.cos(v[k])
"""
FIRST_ABOVE = """
def first_above(A, limit):
    for i, row in enumerate(A):
        if i > 2:
            break
        for v in row:
            if v > limit:
                return v * (i + 1.0)
            if v < -limit:
                continue
    return limit * A[0, -1]
"""


def scalar_atom(w: Writer) -> str:
    """Return an expression for a number that is at hand."""
    scope = w.scope
    options = [*scope.scalars, "0.3"]
    options += [f"0.1 * {name}" for name in scope.counters]
    options += [f"{name}[{w.choose(('0', '-1'))}]" for name in scope.lists]
    options += [f"{name}[{key(w)}]" for name in scope.dicts]
    for name, (dim,) in scope.rank(1):
        options += [f"{name}[{i}]" for i in scope.within(dim)]
    for name, (rows, columns) in scope.rank(2):
        i, j = scope.within(rows), scope.within(columns)
        options.append(f"{name}[{i[-1]}, {j[-1]}]")
    for name, shape in scope.stacks:
        options.append(f"{name}[{place(w, name)}][{', '.join('0' for _ in shape)}]")
    for name, shape in scope.singles:
        options.append(f"float({name}[{', '.join('0' for _ in shape)}])")
    return str(w.choose(options))


def key(w: Writer) -> str:
    """Return a key that every dict has."""
    options = ["0", "1", "2"]
    options += [f"{name} % 3" for name in w.scope.counters]
    options += [f"int({name}[0]) % 3" for name, _, _ in w.scope.picks]
    return str(w.choose(options))


def place(w: Writer, name: str) -> str:
    """Return an index in range of a list."""
    options = ["-1", "0", f"len({name}) // 2"]
    options += [f"{k} % len({name})" for k in w.scope.counters]
    return str(w.choose(options))


def scalar(w: Writer) -> str:
    """Return an expression for a bounded number."""
    a, b = scalar_atom(w), scalar_atom(w)
    name, shape = w.choose(w.scope.arrays)
    forms = [
        a,
        f"np.sin({a})",
        f"0.5 * ({a} + {b})",
        f"np.tanh({a}) * {b}",
        f"np.cos({a} - {b})",
        f"np.sin({a}) * np.cos({b})",
        f"np.sum(np.sin({name})) / 8.0",
    ]
    if len(shape) == 1:
        masks = [mask for mask, dim in w.scope.masks if dim == shape[0]]
        forms += [f"np.sum(np.sin({name}[{mask}])) / 4.0" for mask in masks]
        picks = [pick for pick, of, _ in w.scope.picks if of == shape[0]]
        forms += [f"np.sum(np.cos({name}[{pick}])) / 8.0" for pick in picks]
    forms += [f"{name}({a})" for name in w.scope.closures]
    forms += _calls(w)
    form = str(w.choose(forms))
    if "chosen(" in form:
        w.need(CHOSEN)
    if "first_above(" in form:
        w.need(FIRST_ABOVE)
    return form


def _calls(w: Writer) -> list[str]:
    name, (dim,) = w.choose(w.scope.rank(1))
    matrix, _ = w.choose(w.scope.rank(2))
    places = w.scope.within(dim)
    forms = [f"np.tanh(first_above({matrix}, {scalar_atom(w)}))"]
    return [f"chosen({name}, {w.choose(places)})", *forms] if places else forms


def array_atom(w: Writer, shape: Shape) -> str | None:
    """Return an expression for an array of ``shape`` that is at hand."""
    options = w.scope.names(shape)
    options += [f"{x}[{place(w, x)}]" for x, of in w.scope.stacks if of == shape]
    if len(shape) == 2:
        options += [f"{name}.T" for name in w.scope.names(shape[::-1])]
        options += [f"{name}[::-1]" for name in w.scope.names(shape)]
        return str(w.choose(options)) if options else None
    (dim,) = shape
    options += [f"{name}[::-1]" for name in w.scope.names(shape)]
    if dim.endswith("-1"):
        whole, cuts = w.scope.names((dim[:-2],)), ("1:", ":-1", "-2::-1", "-1:0:-1")
        options += [f"{x}[{cut}]" for x in whole for cut in cuts]
    for name, (rows, columns) in w.scope.rank(2):
        if columns == dim:
            options += [f"{name}[{i}]" for i in w.scope.within(rows)]
        if rows == dim:
            options += [f"{name}[:, {j}]" for j in w.scope.within(columns)]
    return str(w.choose(options)) if options else None


def array(w: Writer, shape: Shape) -> str | None:
    """Return an expression for a bounded array of ``shape``, a new one."""
    a, b = array_atom(w, shape), array_atom(w, shape)
    if a is None or b is None:
        return None
    forms = [
        f"np.sin({a})",
        f"0.5 * ({a} + {b})",
        f"np.tanh({a}) * {b}",
        f"np.cos({a} - {b})",
        f"{scalar_atom(w)} * np.sin({a})",
        f"np.where({test_of(w, a, shape)}, {a}, np.cos({b}))",
    ]
    forms += [f"np.sin({a}) + {name}" for name, of in w.scope.singles if of == shape]
    forms += _matrices(w, a, shape) if len(shape) == 2 else _vectors(w, shape)
    return str(w.choose(forms))


def _matrices(w: Writer, a: str, shape: Shape) -> list[str]:
    column, row = array_atom(w, shape[:1]), array_atom(w, shape[1:])
    forms = [f"np.sin({a}) * {row}"] if row else []
    forms += [f"0.5 * ({column})[:, None] * np.cos({a})"] if column else []
    picks = [pick for pick, of, long in w.scope.picks if (of, long) == shape[:1] * 2]
    return forms + [f"np.sin({a}[{pick}])" for pick in picks]


def _vectors(w: Writer, shape: Shape) -> list[str]:
    forms = []
    for pick, of, long in w.scope.picks:
        if (long,) == shape and w.scope.names((of,)):
            forms.append(f"np.sin({w.choose(w.scope.names((of,)))}[{pick}])")
    for name, (rows, columns) in w.scope.rank(2):
        row = array_atom(w, (columns,))
        if (rows,) == shape and row:
            forms.append(f"np.tanh({name} @ {row})")
        if (columns,) == shape:
            forms.append(f"np.sum(np.sin({name}), axis=0) / 4.0")
    return forms


def step(w: Writer, value: str) -> str:
    """Return a small part of a value, by which something may grow in nested loops."""
    return f"0.3 * {value}" if w.depth < 3 else f"0.3 * np.sin({value})"


def test_of(w: Writer, a: str, shape: Shape) -> str:
    """Return an expression for a boolean array of ``shape``."""
    options = [f"{a} > 0.43", f"{a} < {scalar_atom(w)}"]
    options += [name for name, dim in w.scope.masks if (dim,) == shape]
    options += [f"~{name}" for name, dim in w.scope.masks if (dim,) == shape]
    return str(w.choose(options))


def condition(w: Writer) -> str:
    """Return a test of a counter, or of a number that is seldom near the threshold."""
    a = scalar_atom(w)
    options = [f"{a} > 0.37", f"{a} * {scalar_atom(w)} < 0.21", "n > 2"]
    for name in w.scope.counters:
        options += [f"{name} % 2 == 0", f"{name} > 0", f"{name} == 1"]
    options += [f"len({name}) > 2" for name in w.scope.lists]
    options += [f"np.any({name})" for name, _ in w.scope.masks]
    test = str(w.choose(options))
    return f"{test} and {a} < 5.0" if w.seldom(3) else test
