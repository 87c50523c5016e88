"""Source text while it is drawn: what is in scope, and expressions over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

Shape = tuple[str, ...]
MAX_DEPTH = 3


@dataclass(frozen=True)
class Scope:
    """The names that are bound, by what they hold, and the indices in range.

    ``counters`` hold integers. ``loop`` says whether ``break`` may stand here.
    """

    scalars: tuple[str, ...] = ("s",)
    arrays: tuple[tuple[str, Shape], ...] = (
        ("x", ("n",)),
        ("y", ("n",)),
        ("A", ("n", "m")),
    )
    indices: tuple[tuple[str, str], ...] = (
        ("0", "n"),
        ("-1", "n"),
        ("0", "m"),
        ("-1", "m"),
    )
    counters: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    loop: bool = False

    def names(self, shape: Shape) -> list[str]:
        """Return the arrays of a shape."""
        return [name for name, found in self.arrays if found == shape]

    def within(self, dim: str) -> list[str]:
        """Return the indices in range of a dimension."""
        return [index for index, of in self.indices if of == dim]

    def rank(self, rank: int) -> list[tuple[str, Shape]]:
        """Return the arrays of a rank."""
        return [(name, shape) for name, shape in self.arrays if len(shape) == rank]


@dataclass
class Writer:
    """Source text while it is drawn."""

    choose: Callable[[Sequence[Any]], Any]
    scope: Scope = field(default_factory=Scope)
    lines: list[str] = field(default_factory=list)
    depth: int = 1
    count: int = 0
    helpers: set[str] = field(default_factory=set)

    def say(self, text: str) -> None:
        """Write a line."""
        self.lines.append("    " * self.depth + text)

    def fresh(self, prefix: str) -> str:
        """Return a name that is not used yet."""
        self.count += 1
        return f"{prefix}{self.count}"

    def often(self, times: int) -> bool:
        """Return true ``times`` out of ``times + 1``; false is simpler."""
        return bool(self.choose((False,) + (True,) * times))

    def bind(self, **changes: Any) -> None:
        """Change the scope."""
        self.scope = replace(self.scope, **changes)

    def bind_array(self, name: str, shape: Shape) -> None:
        """Let ``name`` hold an array from here on."""
        others = tuple(pair for pair in self.scope.arrays if pair[0] != name)
        self.bind(arrays=(*others, (name, shape)))

    def bind_scalar(self, name: str) -> None:
        """Let ``name`` hold a number from here on."""
        self.bind(scalars=tuple(dict.fromkeys((*self.scope.scalars, name))))

    @contextmanager
    def block(self, header: str, **changes: Any) -> Any:
        """Write an indented block, at the end of which its names are forgotten."""
        self.say(header)
        outer = self.scope
        self.depth += 1
        self.bind(**changes)
        yield
        self.depth -= 1
        self.scope = outer


def scalar_atom(w: Writer) -> str:
    """Return an expression for a number that is at hand."""
    options = [*w.scope.scalars, "0.3"]
    options += [f"0.1 * {name}" for name in w.scope.counters]
    options += [f"{name}[-1]" for name in w.scope.lists]
    for name, (dim,) in w.scope.rank(1):
        options += [f"{name}[{i}]" for i in w.scope.within(dim)]
    for name, (rows, columns) in w.scope.rank(2):
        i = w.scope.within(rows)
        j = w.scope.within(columns)
        options.append(f"{name}[{i[-1]}, {j[-1]}]")
    return str(w.choose(options))


def scalar(w: Writer) -> str:
    """Return an expression for a bounded number."""
    a, b = scalar_atom(w), scalar_atom(w)
    forms = [
        a,
        f"np.sin({a})",
        f"0.5 * ({a} + {b})",
        f"np.tanh({a}) * {b}",
        f"np.cos({a} - {b})",
        f"np.sin({a}) * np.cos({b})",
        f"np.sum(np.sin({w.choose(w.scope.arrays)[0]})) / 8.0",
    ]
    if w.scope.indices:
        name = w.choose([name for name, _ in w.scope.rank(1)])
        (dim,) = dict(w.scope.arrays)[name]
        places = w.scope.within(dim)
        if places:
            forms.append(f"chosen({name}, {w.choose(places)})")
    form = str(w.choose(forms))
    if form.startswith("chosen"):
        w.helpers.add("chosen")
    return form


def array_atom(w: Writer, shape: Shape) -> str | None:
    """Return an expression for an array of ``shape`` that is at hand."""
    options = w.scope.names(shape)
    if len(shape) == 2:
        options += [f"{name}.T" for name in w.scope.names(shape[::-1])]
        return str(w.choose(options)) if options else None
    (dim,) = shape
    options += [f"{name}[::-1]" for name in options]
    if dim.endswith("-1"):
        whole = w.scope.names((dim[:-2],))
        options += [f"{x}[{cut}]" for x in whole for cut in ("1:", ":-1")]
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
    ]
    if len(shape) == 2:
        column, row = array_atom(w, shape[:1]), array_atom(w, shape[1:])
        forms += [f"np.sin({a}) * {row}"] if row else []
        forms += [f"0.5 * ({column})[:, None] * np.cos({a})"] if column else []
    return str(w.choose(forms))


def condition(w: Writer) -> str:
    """Return a test of a counter, or of a number that is seldom near the threshold."""
    a = scalar_atom(w)
    options = [f"{a} > 0.37", f"{a} * {scalar_atom(w)} < 0.21", "n > 2"]
    for name in w.scope.counters:
        options += [f"{name} % 2 == 0", f"{name} > 0", f"{name} == 1"]
    test = str(w.choose(options))
    return f"{test} and {a} < 5.0" if w.choose((False, False, False, True)) else test
