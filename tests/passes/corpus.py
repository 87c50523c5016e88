"""Programs in which one careless write, inline read or shared result shows.

Each is named after what goes wrong in it if a rule of ``bufferize`` is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Param, Value
from gradgen.ir.tree import Tree, leaf
from gradgen.primitives.indexing import At, Cut, read
from gradgen.primitives.registry import Handle, apply, dims_of
from tests.generate import INDEX, TYPES

Body = Callable[..., Any]
ARGUMENTS = {**TYPES, INDEX[0]: INDEX[1]}
CORPUS: dict[str, Callable[[], Function]] = {}


def program(*names: str) -> Callable[[Body], Body]:
    """Enter a function of handles for the arguments ``names`` of ``TYPES``."""

    def enter(body: Body) -> Body:
        CORPUS[body.__name__] = lambda: build(body, names)
        return body

    return enter


def build(body: Body, names: tuple[str, ...]) -> Function:
    builder = Builder()
    params = tuple(Param(name, leaf(Value(ARGUMENTS[name], name))) for name in names)
    inputs = tuple(param.tree.leaf for param in params)
    builder.enter(inputs)
    found = body(*(Handle(builder, x) for x in inputs))
    results = found if isinstance(found, tuple) else (found,)
    atoms = [x.atom for x in results]
    tree = Tree("tuple", tuple(map(leaf, atoms)))
    return Function("f", params, builder.block(inputs, atoms), tree)


def total(x: Handle) -> Handle:
    return apply("sum", x, axis=tuple(range(x.rank)), keepdims=False)


def bump(x: Handle) -> Handle:
    """Add 1 to the first row, in place where that is allowed."""
    return apply("add_at", x, 0, 1.0, index=(At(1),))


def named(x: Handle, name: str) -> Handle:
    assert isinstance(x.atom, Value)
    x.atom.hint = name
    return x


@program("v")
def overwrites_an_argument(v):
    return bump(v)


@program("x", "y")
def adds_to_an_argument(x, y):
    return named(x + y, "x")


@program("v")
def reads_the_old_version(v):
    a = 2.0 * v
    return bump(a), a


@program("v")
def reads_an_old_view(v):
    a = 2.0 * v
    view = named(apply("getitem", a, index=(Cut(None, -1),)), "view")
    return bump(a), 3.0 * view, total(view)


@program("v")
def updates_twice_through_a_copy(v):
    return bump(bump(v)), v


@program("v")
def keeps_two_versions(v):
    a = 2.0 * v
    b = bump(a)
    return b, bump(b)


@program("x", "v")
def adds_to_a_broadcast_view(x, v):
    spread = apply("broadcast_to", total(x) * v, *dims_of(x))
    return named(spread, "s") + x, total(spread)


@program("x", "v")
def adds_at_of_a_broadcast_view(x, v):
    return bump(apply("broadcast_to", 2.0 * v, *dims_of(x)))


@program("x", "v")
def transposes_a_broadcast_view(x, v):
    spread = apply("broadcast_to", 2.0 * v, *dims_of(x))
    return apply("transpose", spread, axes=(1, 0)), bump(spread)


@program("v")
def inlines_a_read_past_an_update(v):
    a = 2.0 * v
    before = apply("sin", a)
    return before + bump(a)


@program("x", "y")
def reads_after_the_sum(x, y):
    a = named(2.0 * x, "a")
    b = named(a + y, "a")
    return b * a


@program("x", "y")
def inlines_a_read_past_the_sum(x, y):
    a = named(2.0 * x, "a")
    before = apply("sin", a)
    b = named(a + y, "a")
    return before * b, total(b)


@program("x", "y")
def reads_a_view_after_the_sum(x, y):
    a = named(2.0 * x, "a")
    view = named(apply("transpose", a, axes=(1, 0)), "view")
    b = named(a + y, "a")
    return total(b) * view, total(view)


@program("x", "v")
def grows_by_broadcasting(x, v):
    a = named(2.0 * v, "a")
    return named(a + x, "a"), named(x - a, "b")


@program("h", "x")
def grows_in_precision(h, x):
    a = named(2.0 * h, "a")
    return named(a + x, "a")


@program("x", "y")
def returns_what_was_added_to(x, y):
    a = named(2.0 * x, "a")
    return named(a + y, "a"), a


@program("x")
def returns_one_value_twice(x):
    a = 2.0 * x
    return a, a


@program("x")
def returns_a_value_and_its_view(x):
    a = 2.0 * x
    return a, apply("transpose", a, axes=(1, 0))


@program("x")
def returns_an_argument_and_its_view(x):
    return x, read(x, [0])


@program("x", "v")
def returns_a_broadcast_view(x, v):
    return apply("broadcast_to", 2.0 * v, *dims_of(x))


@program("x")
def updates_an_unnamed_array(x):
    return bump(apply("zeros", *dims_of(x), dtype=x.dtype))


@program("x", "y")
def divides_by_a_call(x, y):
    a = named(2.0 * x, "a")
    return named(apply("masked_divide", a, y), "a")


@program("x", "y")
def squares_itself(x, y):
    a = named(x + y, "a")
    b = named(a * a, "a")
    return named(b - b, "a"), total(b)


@program("q")
def adds_its_own_transpose(q):
    a = named(2.0 * q, "a")
    return named(a + apply("transpose", a, axes=(1, 0)), "a")


@program("v")
def shifts_into_itself(v):
    a = 2.0 * v
    view = apply("getitem", a, index=(Cut(None, -1),))
    return apply("add_at", a, view, index=(Cut(1, None),))


@program("x", "y")
def subtracts_from_the_right(x, y):
    a = named(2.0 * x, "a")
    return named(y - a, "a"), total(y)


@program("x", "s")
def changes_a_number(x, s):
    t = named(s * 2.0, "t")
    u = named(t + total(x), "t")
    return named(u * t, "t"), t


@program("c")
def squeezes_to_a_number(c):
    first = apply("getitem", c, 0, index=(At(1),))
    number = named(apply("squeeze", first, axis=(0,)), "t")
    return named(number + 1.0, "t"), c


@program("x", "y")
def mask_in_place(x, y):
    mask = named(apply("larger", x, y), "m")
    return named(mask * x, "m")


@program("x", "y")
def scales_a_derivative_in_place(x, y):
    a = named(2.0 * x, "a")
    b = named(a + y, "a")
    c = named(b * y, "a")
    return c - y, total(c)


@program("h", "v")
def mask_keeps_single_precision(h, v):
    return 2.0 * apply("larger", h, 0.0)


@program("x", "y")
def reads_a_dead_array_for_its_shape(x, y):
    a = named(2.0 * x, "a")
    b = named(a + y, "a")
    return b, apply("zeros", *(apply("dim", a, axis=k) for k in (0, 1)), dtype=a.dtype)


@program("x", "idx")
def returns_rows_picked_by_an_array(x, idx):
    return read(x, [idx])


@program("x", "y")
def adds_a_negative_in_place(x, y):
    a = named(2.0 * x, "a")
    b = named(a + (-1.0), "a")
    c = named(b + (-2.0) * y, "a")
    return named(c - (-y), "a")


@program("x", "y")
def subtracts_a_negative_in_place(x, y):
    a = named(2.0 * x, "a")
    return named(a - (-3.0) * y, "a"), x + (-y), x - (-2.0) * y


@program("v", "s")
def multiplies_vectors_to_a_number_of_their_name(v, s):
    a = named(2.0 * v, "a")
    b = named(a @ v, "a")
    return named(b * s, "a")
