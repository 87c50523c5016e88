"""The text of docs/coverage.md, from the registry and the declared calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradgen.frontend.known import KNOWN, PURE
from gradgen.frontend.makers import maker_of
from gradgen.primitives.lowering import Refused
from gradgen.primitives.registry import (
    LOWERINGS,
    METHODS,
    MUTATORS,
    find_lowering,
)
from gradgen.rules import find_rule
from gradgen.testing.interp import interpret
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.primitives.calls import BY_FUNCTION, REFUSED
from tests.primitives.calls.call import Call, name_of
from tests.primitives.harness import Program, random_like
from tests.primitives.lowered import call_python, first_of_each, leaves, program_of
from tests.primitives.parameters import parameters_of, state_of
from tests.primitives.public import AUTOGRAD, found, in_autograd, modules, public_names

HEAD = """# Coverage

What gradgen knows of NumPy {numpy} and SciPy {scipy}. Written by

```sh
pytest tests/primitives/test_coverage.py --update-goldens
```

from what the modules of `gradgen/primitives` declare; a test fails when it is not
current. `pytest tests/primitives -k np.sum` runs the tests of one function.
"""

STATES = ("done", "known", "refused", "missing")


class Row(NamedTuple):
    """A function, and what becomes of its derivatives and parameters."""

    name: str
    kind: str
    orders: str = ""
    refused: str = ""
    in_part: str = ""


def rows() -> list[Row]:
    """Return a row for each function with declared calls."""
    return [row_of(name, calls) for name, calls in sorted(BY_FUNCTION.items())]


def row_of(name: str, calls: Sequence[Call]) -> Row:
    """Return the row of one function."""
    kind = kind_of(calls)
    third = {name_of(call.function) for call in first_of_each()}
    orders = "1-3" if name in third else "1"
    states = {p: state_of(calls, p) for p in parameters_of(calls[0].function)}
    by_state = [
        ", ".join(f"`{p}`" for p, state in states.items() if state == wanted)
        for wanted in ("refused", "in part")
    ]
    return Row(name, kind, orders, *by_state)


def kind_of(calls: Sequence[Call]) -> str:
    """Return "smooth", or the reason why a derivative is zero or none."""
    moving = [program for call in calls if (program := program_of(call)).moving]
    if any(map(moves, moving)):
        return "smooth"
    results = [np.asarray(y) for call in calls for y in leaves(call_python(call))]
    if all(y.dtype.kind in "biu" for y in results):
        return "the result is an integer or a boolean"
    if not moving:
        return "nothing that goes in has a derivative"
    if all(map(is_same_elsewhere, moving)):
        return "the result does not depend on the values"
    if name_of(calls[0].function).endswith("stop_gradient"):
        return "that is what it is for"
    return "the result is constant between its jumps"


def moves(program: Program) -> bool:
    """Tell whether a derivative is anything but zero, in either mode."""
    rng = np.random.default_rng(1)
    moving = program.moving
    dots = [random_like(program.args[i], rng) for i in moving]
    value, pushed = interpret(jvp(program.function, moving), (*program.args, *dots))
    pull = adjoint(program.function, Selection(moving, single=False))
    bars = interpret(pull, (*program.args, random_like(value, rng)))[1]
    forward, reverse = (any(map(_nonzero, leaves(x))) for x in (pushed, list(bars)))
    assert forward == reverse
    return forward


def _nonzero(x: Any) -> bool:
    return x is not None and bool(np.any(np.asarray(x) != 0))


def is_same_elsewhere(program: Program) -> bool:
    """Tell whether other values of the arguments give the same result."""
    dots = [
        random_like(program.args[i], np.random.default_rng(2)) for i in program.moving
    ]
    here, there = program.run(), program.moved(dots, 10.0)
    return all(np.array_equal(x, y) for x, y in zip(here, there, strict=True))


def state(function: Any) -> str:
    """Return what gradgen does with a function that need not be declared."""
    lowering = find_lowering(function)
    if isinstance(lowering, Refused):
        return "refused"
    if lowering is not None or find_rule(function) is not None:
        return "done"
    if maker_of(function) is not None:
        return "done"
    for table, word in ((MUTATORS, "done"), (KNOWN, "known"), (PURE, "known")):
        if _holds(table, function):
            return word
    return "missing"


def _holds(table: Any, key: Any) -> bool:
    try:
        return key in table
    except TypeError:
        return False


def public() -> dict[str, dict[str, list[str]]]:
    """Return by module and state the names of public functions."""
    table: dict[str, dict[str, list[str]]] = {}
    for module in modules():
        states = table.setdefault(module, {})
        for name in public_names(module):
            states.setdefault(state(found(module, name)), []).append(name)
    return table


def page(numpy: str, scipy: str) -> str:
    """Return the whole page."""
    everything = rows()
    parts = [
        HEAD.format(numpy=numpy, scipy=scipy),
        *summary(),
        *with_derivative(everything),
        *without_derivative(everything),
        *refused_by_name(),
        *methods(),
        *draws(),
        *missing(),
    ]
    return "\n".join(parts)


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Return a table in Markdown."""
    bar = ["---"] * len(head)
    return [*(f"| {' | '.join(cells)} |" for cells in (head, bar, *lines)), ""]


def summary() -> list[str]:
    """Return how many functions of each module are done."""
    lines = []
    for module, states in public().items():
        counts = [
            len(states.get(s, ())) for s in ("done", "known", "refused", "missing")
        ]
        of_autograd = [
            n for ns in states.values() for n in ns if in_autograd(module, n)
        ]
        lacking = sum(in_autograd(module, n) for n in states.get("missing", ()))
        here = f"{len(of_autograd) - lacking} of {len(of_autograd)}"
        lines.append([f"`{module}`", *map(str, counts), here])
    head = ["", "done", "known when compiling", "refused", "missing", "of autograd's"]
    return [
        "Public functions, under all names that they have. Of SciPy only those are "
        "counted that are\nwanted first.\n",
        *table(head, lines),
    ]


def with_derivative(everything: Sequence[Row]) -> list[str]:
    """Return the functions that have a derivative."""
    theirs = {
        name_of(found(module, name))
        for module, names in AUTOGRAD.items()
        for name in names.split()
        if hasattr(found(module, name), "__name__")
    }
    lines = [
        [
            f"`{r.name}`",
            *("yes", "yes", r.orders, r.refused, r.in_part),
            "yes" if r.name in theirs else "",
        ]
        for r in everything
        if r.kind == "smooth"
    ]
    head = "function|tangent|adjoint|orders|refused|in part|autograd".split("|")
    return [
        "## Functions with a derivative\n",
        "*Orders* are those tested, *refused* are parameters for which only the "
        "default is taken,\nand *in part* those of which some values are refused. "
        "`out=` is refused as a parameter and\nhandled as a write: "
        "`np.add(x, y, out=z)` is `z[...] = x + y`.\n",
        *table(head, lines),
    ]


def without_derivative(everything: Sequence[Row]) -> list[str]:
    """Return the functions whose derivative is zero or none, by reason."""
    reasons: dict[str, list[str]] = {}
    for row in everything:
        if row.kind != "smooth":
            reasons.setdefault(row.kind, []).append(f"`{row.name}`")
    lines = [[reason, ", ".join(names)] for reason, names in sorted(reasons.items())]
    return ["## Functions whose derivative is zero\n", *table(["because", ""], lines)]


def refused_by_name() -> list[str]:
    """Return the functions that are refused, by reason."""
    reasons: dict[str, list[str]] = {}
    for lowering in LOWERINGS.values():
        if isinstance(lowering, Refused):
            reasons.setdefault(lowering.reason, []).append(f"`{lowering.name}`")
    lines = [[reason, ", ".join(sorted(names))] for reason, names in reasons.items()]
    return [
        "## Functions refused by name\n",
        *table(["because", ""], sorted(lines)),
        "These calls of functions above are refused, too:\n",
        *sorted({f"- `{call}`" for call in REFUSED}),
        "",
    ]


def methods() -> list[str]:
    """Return the methods of arrays."""
    names = [n for n in dir(np.ndarray) if not n.startswith("_")]
    names = [n for n in names if callable(getattr(np.ndarray, n))]
    done = [n for n in names if n in METHODS or n in MUTATORS]
    return [
        "## Methods of arrays\n",
        f"Done: {_listed(done)}.\n",
        f"Missing: {_listed(n for n in names if n not in done)}.\n",
    ]


def draws() -> list[str]:
    """Return the methods of generators of random numbers."""
    cls = np.random.Generator
    names = [n for n in dir(cls) if not n.startswith("_")]
    states: dict[str, list[str]] = {}
    for name in names:
        found = state(getattr(cls, name)) if callable(getattr(cls, name)) else "missing"
        states.setdefault(found, []).append(name)
    return [
        "## Methods of random generators\n",
        "What is differentiated stands on a [page of its own](random.md).\n",
        f"Done: {_listed(states['done'])}.\n",
        f"Refused: {_listed([*states['refused'], *states['missing']])}.\n",
    ]


def missing() -> list[str]:
    """Return what is not there yet, that of autograd's in bold."""
    parts = ["## Missing\n", "What autograd has is set in bold.\n"]
    for module, states in public().items():
        names = states.get("missing", [])
        shown = [f"**{n}**" if in_autograd(module, n) else n for n in names]
        parts.append(f"- `{module}`: {', '.join(shown) or 'nothing'}")
    return [*parts, ""]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
