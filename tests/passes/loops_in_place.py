"""Programs with regions that are to run in place, and those that cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradgen.ir.core import Function, Literal, Value
from gradgen.ir.types import FLOAT, Array, Scalar, Sym
from gradgen.primitives.indexing import At
from gradgen.primitives.registry import Handle, apply, dim_of
from tests.passes.regions import branch, loop, loop_while, make_function

N = Sym("n", proper=True)
VECTOR, MATRIX, NUMBER = Array(FLOAT, (N,)), Array(FLOAT, (N, N)), Scalar(FLOAT)
TYPES = {"x": VECTOR, "y": VECTOR, "A": MATRIX, "s": NUMBER}

IN_PLACE: dict[str, tuple[int, int, Callable[[], Function]]] = {}
"""How many copies a program needs, and how many of these in its loops."""


def needs(copies: int, *names: str, forced: int = 0) -> Callable[..., Any]:
    def enter(body: Callable[..., Any]) -> Callable[..., Any]:
        types = {name: TYPES[name] for name in names}
        make = lambda: make_function(types, body)
        IN_PLACE[body.__name__] = copies, forced, make
        return body

    return enter


def at(x: Handle, *where: Any) -> Handle:
    index = tuple(At(k + 1) for k in range(len(where)))
    return apply("getitem", x, *where, index=index)


def put(x: Handle, value: Any, *where: Any, name: str = "update") -> Handle:
    index = tuple(At(k + 1) for k in range(len(where)))
    return apply(name, x, *where, value, index=index)


def zeros(x: Handle) -> Handle:
    return apply("zeros_like", x)


def count(x: Handle) -> Handle:
    return dim_of(x, 0)


def recurrence(x: Handle) -> Handle:
    def step(i: Handle, x: Handle) -> list[Handle]:
        return [put(x, apply("tanh", at(x, i - 1)), i)]

    return loop((1, count(x), 1), [x], step)[0]


@needs(1, "x")
def recurrence_over_an_argument(x):
    return recurrence(x)


@needs(0, "x")
def recurrence_over_an_array_of_its_own(x):
    return recurrence(2.0 * x)


@needs(1, "x")
def recurrence_over_an_array_that_lives_on(x):
    a = 2.0 * x
    return recurrence(a), a


@needs(0, "x", "y")
def reverse_accumulation(x, y):
    def step(i, x_bar, s_bar):
        t = at(y, i)
        x_bar = put(x_bar, t, i, name="add_at")
        x_bar = put(x_bar, t * s_bar, i - 1, name="add_at")
        return [x_bar, s_bar + t]

    found = loop((1, count(x), 1), [zeros(x), at(x, 0)], step, reverse=True)
    return found[:2]


@needs(0, "x")
def swapped_buffers(x):
    """A sweep writes one from the other, then they change places."""

    def sweep(i, a, b):
        def write(k, b):
            return [put(b, at(a, k) * 0.5, k)]

        return [loop((0, count(x), 1), [b], write)[0], a]

    return loop((0, 3, 1), [2.0 * x, 3.0 * x], sweep)[:2]


@needs(1, "x")
def swapped_buffers_from_one(x):
    """They start as one array, so that one copy is needed."""
    a = 2.0 * x

    def sweep(i, a, b):
        return [put(b, at(a, 0) * 0.5, 1), a]

    return loop((0, 3, 1), [a, a], sweep)[:2]


@needs(0, "x")
def rotated_buffers(x):
    def step(i, a, b, c):
        return [b, put(c, at(a, 0) + at(b, 0), 1), a]

    return loop((0, 4, 1), [2.0 * x, 3.0 * x, 4.0 * x], step)[:3]


@needs(0, "x", "s")
def either_branch_updates(x, s):
    a = 2.0 * x
    return branch(s > 0.0, lambda: [put(a, 1.0, 0)], lambda: [put(a, 2.0, 1)])[0]


@needs(1, "x", "s")
def branch_updates_an_argument_in_a_loop(x, s):
    def step(i, x):
        return branch(at(x, i) > s, lambda: [put(x, 0.0, i)], lambda: [x])

    return loop((0, count(x), 1), [x], step)[0]


@needs(1, "A")
def nested_loops_over_an_argument(A):
    def row(i, A):
        return [loop((0, count(A), 1), [A], lambda j, A: cell(A, i, j))[0]]

    def cell(A, i, j):
        return [put(A, at(A, j, i) + at(A, i, j), i, j)]

    return loop((0, count(A), 1), [A], row)[0]


@needs(1, "A")
def row_that_is_read_after_the_write(A):
    """The row is copied, not the matrix."""
    a = 2.0 * A

    def step(i, a):
        row = at(a, i)
        a = put(a, 0.0, i)
        return [put(a, row, i - 1, name="add_at")]

    return loop((1, count(A), 1), [a], step)[0]


@needs(1, "A")
def row_on_a_tape_that_is_read_after_the_write(A):
    """One copy of the row is for the tape and for what reads it later."""
    a = 2.0 * A

    def test(k, a):
        return [k < 2]

    def step(i, k, a):
        row = at(a, k)
        first = put(a, 1.0, k, 0)
        second = put(first, row, k - 1, name="add_at")
        return [k + 1, second, row]

    start = count(A) - count(A)
    _, a, tape, n, _ = loop_while(test, [start, a], step)
    back = lambda i, s, e: [s + e]
    return loop((0, n, 1), [zeros(at(A, 0))], back, scanned=[tape])[0], a


@needs(1, "x", forced=1)
def old_version_kept_in_each_iteration(x):
    def step(i, x, before):
        return [put(x, at(before, i), i - 1), x]

    return loop((1, count(x), 1), [2.0 * x, 3.0 * x], step)[:2]


@needs(1, "A", "x", forced=1)
def inner_loop_starts_anew(A, x):
    def row(i, A, s):
        def cell(j, a):
            return [put(a, at(A, i, j), j, name="add_at")]

        a = loop((0, count(x), 1), [x], cell)[0]
        return [A, s + at(a, i)]

    return loop((0, count(A), 1), [A, at(x, 0)], row)[1]


@needs(0, "x")
def array_tape_takes_copies(x):
    def step(i, a):
        return [put(a, 0.5, i), a]

    def back(i, bar, e):
        return [bar + e]

    found = loop((0, count(x), 1), [2.0 * x], lambda i, a: tape_first(i, a))
    return found[0]


def tape_first(i: Handle, a: Handle) -> list[Handle]:
    return [put(a, at(a, i) * 0.5, i), at(a, i)]


@needs(1, "x")
def list_tape_gets_a_copy(x):
    """What is put on a list is overwritten in the next iteration."""
    two = Literal.of(2)

    def test(k, a):
        return [k < 2]

    def step(i, k, a):
        return [k + 1, put(a, at(a, k) * 0.5, k), a]

    def step_with_tape(i, k, a):
        written = put(a, at(a, k) * 0.5, k)
        return [k + 1, written, written]

    start = apply("add", count(x) * 0, 0)
    _k, a, tape, n, _left = loop_while(test, [start, 2.0 * x], step_with_tape)
    back = loop((0, n, 1), [zeros(x)], lambda i, b, e: [b + e], scanned=[tape])
    return back[0], a


@needs(0, "x", "s")
def accumulates_arrays_in_place(x, s):
    def step(i, total):
        return [named(total + x, "total")]

    start = named(2.0 * x, "total")
    return loop((0, 3, 1), [start], step)[0]


def named(x: Handle, name: str) -> Handle:
    assert isinstance(x.atom, Value)
    x.atom.hint = name
    return x
