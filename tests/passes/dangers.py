"""Programs with regions in which one careless write, late read or reference shows.

Each is named after what goes wrong in it if a rule of ``bufferize`` is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradgen.ir.core import Function
from gradgen.primitives.indexing import At, Cut
from gradgen.primitives.registry import Handle, apply
from tests.passes.loops_in_place import TYPES, at, count, named, put, zeros
from tests.passes.regions import branch, loop, loop_while, make_function

DANGERS: dict[str, Callable[[], Function]] = {}


def program(*names: str) -> Callable[..., Any]:
    def enter(body: Callable[..., Any]) -> Callable[..., Any]:
        types = {name: TYPES[name] for name in names}
        DANGERS[body.__name__] = lambda: make_function(types, body)
        return body

    return enter


def flip(x: Handle) -> Handle:
    return apply("getitem", x, index=(Cut(None, None, -1),))


def zero(x: Handle) -> Handle:
    """Return an integer 0 that is not known to be one."""
    return count(x) - count(x)


@program("x")
def writes_to_a_slot_in_the_test(x):
    def test(k, a):
        return [(at(put(a, 9.0, 0), 0) > 1.0) * (2.0 - k) > 0.5]

    return loop_while(test, [zero(x), 2.0 * x], lambda i, k, a: [k + 1, a * 0.5])[1]


@program("x")
def reads_what_a_mask_has_overwritten(x):
    a = 2.0 * x
    return apply("update", a, a > -100.0, flip(a), index=(At(1),))


@program("x")
def donates_what_the_next_iteration_reads(x):
    a = named(2.0 * x, "a")

    def step(i, s):
        b = named(a + x, "a")
        return [s + apply("sin", b)]

    return loop((0, 3, 1), [zeros(x)], step)[0]


@program("A", "x")
def donates_a_row_that_is_scanned_later(A, x):
    a = 2.0 * A

    def step(i, s, e, f):
        t = named(apply("sin", f), "t")
        b = named(named(e, "e") + x, "e")
        return [s + at(b, 0) * at(t, 1)]

    return loop((0, count(A), 1), [at(x, 0)], step, scanned=[a, flip(a)])[0]


@program("A", "x")
def writes_to_a_row_that_is_scanned_later(A, x):
    a = 2.0 * A

    def step(i, s, e, f):
        return [s + at(put(e, s, 0), 0) * at(f, 0)]

    return loop((0, count(A), 1), [at(x, 0)], step, scanned=[a, flip(a)])[0]


@program("x")
def writes_to_what_the_next_iteration_reads(x):
    a = 2.0 * x
    b = flip(a)

    def step(i, a, s):
        s = s + at(b, 0) * at(a, 1)
        return [put(a, s, -1), s]

    return loop((0, 3, 1), [a, at(x, 0)], step)[1]


@program("x")
def adds_to_an_argument_in_a_loop(x):
    return loop((0, 3, 1), [x], lambda i, a: [named(a + 1.0, "a")])[0]


@program("x", "s")
def inlines_a_read_past_a_branch_that_writes(x, s):
    a = 2.0 * x
    before = apply("sin", a)
    after = branch(s > -9.0, lambda: [put(a, 7.0, 0)], lambda: [a])[0]
    return before + after


@program("x")
def inlines_a_read_past_a_loop_that_writes(x):
    a = 2.0 * x
    before = apply("sin", a)
    after = loop((0, 2, 1), [a], lambda i, a: [put(a, 7.0, i)])[0]
    return before + after


@program("x")
def donates_what_an_inlined_read_after_the_loop_needs(x):
    a = named(2.0 * x, "a")
    before = apply("sin", a)

    def step(i, s):
        return [named(s + x, "a")]

    after = loop((0, 1, 1), [a], step)[0]
    return before * after


@program("x")
def scans_an_expression(x):
    return loop(
        (0, count(x), 1), [at(x, 0)], lambda i, s, e: [s + e], scanned=[2.0 * x]
    )[0]


@program("x")
def writes_to_an_expression_in_a_loop(x):
    return loop((0, 2, 1), [at(x, 0)], lambda i, s: [s + at(put(2.0 * x, s, i), i)])[0]


@program("x")
def shares_by_the_initial_value(x):
    a = 2.0 * x
    return loop((0, 2, 1), [a, a], lambda i, a, b: [put(a, at(b, 1), 0), b])[:2]


@program("x")
def shares_from_the_second_iteration_on(x):
    def step(i, a, b):
        return [put(a, at(b, 0) + 1.0, 1), a]

    return loop((0, 3, 1), [2.0 * x, 3.0 * x], step)[:2]


@program("x")
def shares_from_the_third_iteration_on(x):
    def step(i, a, b, c):
        return [put(a, at(c, 0) + 1.0, 0), a, b]

    return loop((0, 4, 1), [2.0 * x, 3.0 * x, 4.0 * x], step)[:3]


@program("x", "s")
def shares_by_either_branch(x, s):
    a, b = 2.0 * x, 3.0 * x
    c = branch(s > -9.0, lambda: [a], lambda: [b])[0]
    return put(c, 7.0, 0), at(a, 0), at(b, 0)


@program("x")
def shares_a_free_value_at_the_back_edge(x):
    a = 2.0 * x
    found = loop((0, 3, 1), [3.0 * x], lambda i, b: [branch_free(i, a, b)])
    return found[0], at(a, 0)


def branch_free(i: Handle, a: Handle, b: Handle) -> Handle:
    written = put(b, at(a, 0) + 1.0, 0)
    return branch(apply("equal", i, 0), lambda: [a], lambda: [written])[0]


@program("x")
def returns_an_argument_from_a_loop(x):
    return loop((0, 2, 1), [2.0 * x], lambda i, a: [x])[0]


@program("x")
def returns_two_slots_that_share(x):
    return loop((0, 2, 1), [2.0 * x, 3.0 * x], lambda i, a, b: [a, flip(a)])[:2]


@program("x")
def writes_to_the_result_of_a_loop_over_an_argument(x):
    return put(loop((0, 2, 1), [x], lambda i, a: [a])[0], 7.0, 0)


@program("x")
def keeps_references_on_a_tape(x):
    def step(i, k, a):
        written = put(a, at(a, 0) + 1.0, 0)
        return [k + 1, written, written]

    test = lambda k, a: [k < 3]
    _, a, tape, n, _ = loop_while(test, [zero(x), 2.0 * x], step)
    back = lambda i, s, e: [s * 2.0 + e]
    return loop((0, n, 1), [zeros(x)], back, scanned=[tape])[0], a


@program("x")
def overwrites_what_is_on_a_tape_afterwards(x):
    def step(i, k, a):
        return [k + 1, a * 2.0, a]

    test = lambda k, a: [k < 3]
    _, a, tape, n, _ = loop_while(test, [zero(x), 2.0 * x], step)
    b = put(a, 7.0, 0)
    back = lambda i, s, e: [put(s, at(e, 0), 0, name="add_at")]
    first = loop((0, n, 1), [b], back, scanned=[tape])[0]
    return loop((0, n, 1), [first], back, scanned=[tape])[0]


@program("x")
def overwrites_what_is_in_a_list(x):
    a = 2.0 * x
    xs = apply("seq_from", a, a * 3.0, element=a.type)
    b = put(a, 7.0, 0)
    return b, apply("seq_get", xs, 0) + 0.0


@program("x")
def changes_a_list_that_lives_on(x):
    xs = apply("seq_from", 2.0 * x, element=x.type)
    ys = apply("seq_append", xs, x)
    return apply("seq_len", xs) * 1.0 + apply("seq_get", ys, -1)


@program("x")
def goes_on_with_what_has_been_overwritten(x):
    def step(i, s, r):
        x.builder.origin = "adjoint"
        a = 2.0 * x
        return [s + a, r + at(put(a, at(s, 1), 0), 0)]

    return tuple(loop((0, 3, 1), [zeros(x), at(x, 0)], step)[:2])
